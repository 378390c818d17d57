"""Mail: decoding by evidence, headers, MIME trees, HTML, direction, web forms, containers."""

import base64
import gzip
import io
import quopri
import sys
import zipfile
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kahara_nlp.customer_text import customer_text
from kahara_nlp.errors import SourceError, UnsupportedSourceError
from kahara_nlp.records import Message, Problem
from kahara_nlp.sources import SourceOptions, open_source
from kahara_nlp.sources.decode import decode_text
from kahara_nlp.sources.headers import addresses, decode_base64, decode_field, message_ids, parse_date
from kahara_nlp.sources.html import html_to_text
from kahara_nlp.sources.mail import read_mail
from kahara_nlp.sources.mbox import split_mbox

SAMPLES = Path(__file__).resolve().parent.parent / "data" / "samples"
OWN = SourceOptions(own_domains=frozenset({"kumiai.example"}))
TEXT = "①㈱髙橋です。ｶﾀｶﾅも3回届きません。"
HEAD = b"From: a@b.example\r\nTo: info@kumiai.example\r\nSubject: x\r\nMessage-ID: <1@b.example>\r\n"


def jis(text: str) -> bytes:
    """Encode as Windows does under the label ISO-2022-JP: CP932 characters in JIS rows, kana by escape."""
    out = bytearray()
    state = b"\x1b(B"
    for character in text:
        code = character.encode("cp932")
        if len(code) == 1 and code < b"\x80":
            want, body = b"\x1b(B", code
        elif len(code) == 1:
            want, body = b"\x1b(I", bytes([code[0] & 0x7F])
        else:
            lead, trail = code
            lead -= 0x81 if lead < 0xA0 else 0xC1
            row = lead * 2 + 0x21 + (trail >= 0x9F)
            cell = trail - (0x7E if trail >= 0x9F else 0x20 if trail > 0x7E else 0x1F)
            want, body = b"\x1b$B", bytes([row, cell])
        out += body if want == state else want + body
        state = want
    return bytes(out if state == b"\x1b(B" else out + b"\x1b(B")


def euc(text: str) -> bytes:
    """Encode as CP51932: EUC-JP with the characters of NEC and IBM."""
    plain = jis(text)
    out, state = bytearray(), "ascii"
    index = 0
    while index < len(plain):
        if plain[index] == 0x1B:
            state = {b"$B": "jis", b"(I": "kana"}.get(plain[index + 1 : index + 3], "ascii")
            index += 3
            continue
        out += (
            bytes([plain[index] | 0x80])
            if state == "jis"
            else b"\x8e" + bytes([plain[index] | 0x80])
            if state == "kana"
            else plain[index : index + 1]
        )
        index += 1
    return bytes(out)


def mail(body: bytes, *fields: str, head: bytes = HEAD) -> Message:
    found = read_mail(head + "".join(field + "\r\n" for field in fields).encode() + b"\r\n" + body, "a.eml", 0, OWN)
    assert isinstance(found, Message), found
    return found


# --- decoding --------------------------------------------------------------------------------------

ENCODED = {
    "utf-8": TEXT.encode(),
    "utf-8 bom": b"\xef\xbb\xbf" + TEXT.encode(),
    "cp932": TEXT.encode("cp932"),
    "iso-2022-jp": jis(TEXT),
    "euc": euc(TEXT),
    "utf-16": TEXT.encode("utf-16"),
    "utf-16-be bom": b"\xfe\xff" + TEXT.encode("utf-16-be"),
}
LABELS = {
    "utf-8": [
        "utf-8",
        "UTF8",
        "utf-8n",
        "'utf-8'",
        "",
        "us-ascii",
        "iso-2022-jp",
        "shift_jis",
        "euc-jp",
        "iso-8859-1",
        "unknown-8bit",
        "nonsense",
    ],
    "utf-8 bom": ["utf-8", "", "shift_jis"],
    "cp932": [
        "shift_jis",
        "x-sjis",
        "windows-31j",
        "cp932",
        "MS_Kanji",
        "",
        "iso-2022-jp",
        "utf-8",
        "iso-8859-1",
        "us-ascii",
        "default",
        "euc-jp",
    ],
    "iso-2022-jp": [
        "iso-2022-jp",
        "iso-2022-jp-ms",
        "cp50220",
        "cp50221",
        "jis",
        "csISO2022JP",
        "_iso-2022-jp$SIO",
        "",
        "us-ascii",
        "shift_jis",
        "iso-8859-1",
    ],
    "euc": ["euc-jp", "x-euc-jp", "eucJP-ms", "cp51932", "iso-2022-jp", "utf-8", "us-ascii"],
    "utf-16": ["utf-16", "", "utf-8"],
    "utf-16-be bom": ["utf-16", "unicode"],
}


@pytest.mark.parametrize(("encoding", "label"), [(name, label) for name, labels in LABELS.items() for label in labels])
def test_text_is_decoded_whatever_its_label_says(encoding: str, label: str) -> None:
    found = decode_text(ENCODED[encoding], label)
    assert found.text == TEXT
    assert "\ufffd" not in found.text


@pytest.mark.parametrize(
    ("data", "label", "expected"),
    [
        (b'\x1b$B$"', "iso-2022-jp", "あ"),
        (b'\x1b$B$"\n\x1b$B$$\x1b(B', "iso-2022-jp", "あ\nい"),
        (b'\x1b$B$"\nabc', "iso-2022-jp", "あ\nabc"),
        (b'\x1b$@$"\x1b(J', "iso-2022-jp", "あ"),
        (b"\x1b(I6E\x1b(B", "iso-2022-jp", "ｶﾅ"),
        (b"\x0e6E\x0f abc", "iso-2022-jp", "\x0e6E\x0f abc"),  # shifts alone are no evidence
        (b"\x1b(B\x0e6E\x0f abc", "iso-2022-jp", "ｶﾅ abc"),
        (b'\x1b(B\xb6\xc5 \x1b$B$"\x1b(B', "iso-2022-jp", "ｶﾅ あ"),
        (b"$B%a!<%k(B 1", "iso-2022-jp", "メール 1"),
        (b"$B%a!<%k(B$B$H(B", "", "メールと"),
        (b"costs $B and (B)", "", "costs $B and (B)"),
        (b"\x1b$(D0!\x1b(B", "iso-2022-jp-1", "丂"),
        (b"\x1b$AVP\x1b(B", "iso-2022-jp-2", "中"),
        ("表示".encode("cp932"), "shift_jis", "表示"),
        ("ソ能十".encode("cp932"), "", "ソ能十"),
        ("件名".encode("cp932"), "", "件名"),
        ("至急".encode("euc_jp"), "euc-jp", "至急"),
        ("至急返事をください".encode("euc_jp"), "shift_jis", "至急返事をください"),
        ("お客様各位".encode("gb18030"), "gb2312", "お客様各位"),
        ("中文邮件内容".encode("gb18030"), "gb2312", "中文邮件内容"),
        ("Привет".encode("koi8-r"), "koi8-r", "Привет"),
        ("한국어".encode("euc_kr"), "euc-kr", "한국어"),
        ("Größe für".encode("latin-1"), "iso-8859-1", "Größe für"),
        ("café".encode("latin-1"), "", "café"),
        ("¡Hola!".encode("latin-1"), "iso-8859-1", "¡Hola!"),
        ("日本".encode("utf-7"), "utf-7", "日本"),
        ("あ".encode() + b"\xe3\x81", "utf-8", "あ\ufffd"),
        (("あ" * 40).encode() + b"\xff", "utf-8", "あ" * 40 + "\ufffd"),
        (b"a\x00b", "", "ab"),
        (b"", "utf-8", ""),
        (b"abc", "rot13", "abc"),
        (b"abc", "idna", "abc"),
        (b"\\x41", "unicode_escape", "\\x41"),
        ("ﾃｽﾄです".encode("cp932"), "", "ﾃｽﾄです"),
        ("〜−".encode("iso2022_jp"), "iso-2022-jp", "〜−"),
    ],
    ids=repr,
)
def test_single_cases_of_decoding(data: bytes, label: str, expected: str) -> None:
    assert decode_text(data, label).text == expected


def test_notes_say_what_was_mended_and_nothing_of_the_text() -> None:
    assert decode_text("あ".encode(), "iso-2022-jp").note == "charset: iso-2022-jp was utf-8"
    assert decode_text("あ".encode(), "utf-8").note == ""
    assert decode_text(b"abc", "us-ascii").note == ""
    assert "髙" not in decode_text("髙橋".encode(), "髙橋").note


@settings(max_examples=200, deadline=None)
@given(
    st.binary(max_size=300),
    st.one_of(st.text(max_size=20), st.sampled_from(sorted(label for labels in LABELS.values() for label in labels))),
)
def test_any_bytes_under_any_label_decode(data: bytes, label: str) -> None:
    assert isinstance(decode_text(data, label).text, str)


# --- headers ---------------------------------------------------------------------------------------


def word(text: bytes, charset: str = "ISO-2022-JP") -> str:
    return f"=?{charset}?B?{base64.b64encode(text).decode()}?="


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (word(jis("件名①")), "件名①"),
        (word("㈱髙橋".encode("cp932"), "Shift_JIS"), "㈱髙橋"),
        (word("件名".encode("cp932"), "x-sjis"), "件名"),
        (word("件名".encode("cp932"), "windows-31j"), "件名"),
        (word(jis("件名"), "iso-2022-jp-ms"), "件名"),
        (word(jis("件名"), "cp50220"), "件名"),
        (word("件名".encode(), "utf-8"), "件名"),
        (word("件名".encode(), "UTF-8*ja"), "件名"),
        ("=?UTF-8?Q?=E4=BB=B6=E5=90=8D?=", "件名"),
        ("=?utf-8?q?Re:_=E4=BB=B6=E5=90=8D_1?=", "Re: 件名 1"),
        ("Re: " + word(jis("件名")) + " 1", "Re: 件名 1"),
        ("a" + word(jis("件名")) + "b", "a件名b"),
        # split inside a character, a shift state, a base64 group
        (word("件名".encode()[:4], "utf-8") + "\r\n " + word("件名".encode()[4:], "utf-8"), "件名"),
        (word(b"\x1b$B7o") + "\r\n\t" + word(b"L>\x1b(B"), "件名"),
        (word("件名".encode("cp932")[:3], "shift_jis") + " " + word("件名".encode("cp932")[3:], "Shift_JIS"), "件名"),
        (word(jis("件")) + " " + word("名".encode(), "utf-8"), "件名"),
        (word(jis("件名"))[:-4] + "?=", "件名"),  # the padding is missing
        ("=?ISO-2022-JP?B?" + base64.b64encode(jis("丸数字テスト①")).decode() + "?=", "丸数字テスト①"),
        ("=?nonsense?B?" + base64.b64encode("件名".encode()).decode() + "?=", "件名"),
        ("=?utf-8?B??=", ""),
        ("=?utf-8?X?abc?=", "=?utf-8?X?abc?="),
        ("件名".encode("cp932").decode("ascii", "surrogateescape"), "件名"),
        ("件名".encode().decode("ascii", "surrogateescape"), "件名"),
        ("件名".encode("euc_jp").decode("ascii", "surrogateescape"), "件名"),
        (jis("件名").decode("ascii"), "件名"),
        ("=?utf-8?Q?a?b?=", "a?b"),
        ("  plain \r\n  text ", "plain text"),
    ],
    ids=ascii,
)
def test_subjects(field: str, expected: str) -> None:
    assert decode_field(field) == expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (["a@b.example"], ("a@b.example",)),
        (["<A@B.example>"], ("a@b.example",)),
        (['"山田, 太郎" <y@a.example>, b@c.example'], ("y@a.example", "b@c.example")),
        (['"x@fake.example" <y@a.example>'], ("y@a.example",)),
        ([word(jis("柏木 (うみねこ坂眼科)")) + " <r@u.example>"], ("r@u.example",)),
        (["=?UTF-8?Q?a=40b.example?= <c@d.example>"], ("c@d.example",)),
        (["y@a.example (山田)"], ("y@a.example",)),
        (["山田".encode("cp932").decode("ascii", "surrogateescape") + " <y@a.example>"], ("y@a.example",)),
        (["x@fake.example <y@a.example>"], ("y@a.example",)),
        (["a@b.example; c@d.example"], ("a@b.example", "c@d.example")),
        (["undisclosed-recipients:;"], ("undisclosed-recipients:;",)),
        (["<>"], ()),
        ([""], ()),
        (["a@b.example", "A@b.example"], ("a@b.example",)),
        (["a..b.@docomo.example"], ("a..b.@docomo.example",)),
    ],
    ids=ascii,
)
def test_addresses(fields: list[str], expected: tuple[str, ...]) -> None:
    assert addresses(fields) == expected


def test_dates_always_have_a_zone() -> None:
    assert str(parse_date("Wed, 1 May 2024 10:00:00 +0900")) == "2024-05-01 10:00:00+09:00"
    assert str(parse_date("Wed, 1 May 2024 10:00:00 -0000")) == "2024-05-01 10:00:00+09:00"
    assert str(parse_date("1 May 2024 10:00")) == "2024-05-01 10:00:00+09:00"
    for broken in ("", "soon", "Wed, 99 May 2024", "1 Jan 9999 00:00:00 +0900", "Wed, 1 May 2024 10:00:00 +9999999999"):
        assert parse_date(broken) is None


def test_ids_and_thread() -> None:
    found = mail(b"x", "References: <r1@a>", " <r2@a>", "In-Reply-To: <r2@a>")
    assert (found.message_id, found.thread) == ("1@b.example", ("r1@a", "r2@a"))
    assert message_ids(["no brackets"]) == ()
    assert mail(b"x", head=b"From: a@b.example\r\n").message_id == "a.eml#0"
    assert mail(b"x", head=b"From: a@b.example\r\nMessage-ID: bare@id\r\n").message_id == "bare@id"


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.sampled_from('=?utf-8BQbq_ <>@",;:()\\\r\n\t=E4あ\udc82\udcff\x1b$B'), max_size=80))
def test_any_header_is_read(value: str) -> None:
    decode_field(value)
    addresses([value])
    message_ids([value])
    parse_date(value)


@given(st.binary(max_size=60))
def test_base64_never_fails(data: bytes) -> None:
    decode_base64(data)


# --- bodies ----------------------------------------------------------------------------------------


def test_transfer_encodings() -> None:
    plain = "遅いですよ。\r\n"
    for encoded, name in (
        (base64.encodebytes(plain.encode()), "base64"),
        (quopri.encodestring(plain.encode()), "quoted-printable"),
        (plain.encode(), "8bit"),
        (plain.encode(), "x-nonsense"),
        (base64.encodebytes(plain.encode())[:-5], "BASE64"),
        (base64.encodebytes(plain.encode()) + b"\r\n-- \r\nlist footer\r\n", "base64"),
    ):
        found = mail(encoded, "Content-Type: text/plain; charset=utf-8", f"Content-Transfer-Encoding: {name}")
        assert found.text.startswith("遅いですよ"), name


def test_clear_text_under_the_label_base64_is_read_as_it_is() -> None:
    found = mail(
        "遅いですよ。何度も言わせるな。".encode(),
        "Content-Type: text/plain; charset=utf-8",
        "Content-Transfer-Encoding: base64",
    )
    assert found.text == "遅いですよ。何度も言わせるな。"
    assert found.notes == ("transfer encoding: base64 was clear text",)


def test_flowed_text_is_joined_within_its_depth() -> None:
    flowed = "箱を開けたところ \r\n扉が折れて \r\nいました。\r\n> 引用の \r\n> 続き\r\n-- \r\n署名\r\n"
    joined = mail(flowed.encode(), "Content-Type: text/plain; charset=utf-8; format=flowed; delsp=yes")
    assert joined.text == "箱を開けたところ扉が折れていました。\n> 引用の続き\n-- \n署名\n"
    spaced = mail(b"one \r\ntwo\r\n stuffed\r\n", "Content-Type: text/plain; format=flowed")
    assert spaced.text == "one two\nstuffed\n"


def multipart(kind: str, *parts: bytes, boundary: str = "B") -> bytes:
    lines = b"".join(b"--" + boundary.encode() + b"\r\n" + part + b"\r\n" for part in parts)
    return (
        f"Content-Type: multipart/{kind}; boundary={boundary}\r\n\r\n".encode() + lines + f"--{boundary}--\r\n".encode()
    )


def part(kind: str, text: str | bytes, *fields: str) -> bytes:
    body = text.encode() if isinstance(text, str) else text
    return "".join(f"{field}\r\n" for field in (f"Content-Type: {kind}", *fields)).encode() + b"\r\n" + body


def read(body: bytes, head: bytes = HEAD, options: SourceOptions = OWN) -> Message | Problem:
    return read_mail(head + body, "a.eml", 0, options)


def text_of(body: bytes) -> str:
    found = read(body)
    assert isinstance(found, Message), found
    return found.text.strip()


PLAIN_PART = part("text/plain; charset=utf-8", "遅いですよ。")
HTML_PART = part(
    "text/html; charset=utf-8", "<p>HTMLの<b>3</b>回も遅い。</p>" + "<p>もう一度書きます。返事をください。</p>" * 3
)


def test_alternatives() -> None:
    assert text_of(multipart("alternative", PLAIN_PART, HTML_PART)) == "遅いですよ。"
    assert text_of(multipart("alternative", part("text/plain; charset=utf-8", "\r\n \r\n"), HTML_PART)).startswith(
        "HTMLの3回も遅い。"
    )
    for stub in ("このメールはHTML形式です。", "HTML メールです", "This is an HTML e-mail."):
        assert text_of(multipart("alternative", part("text/plain; charset=utf-8", stub), HTML_PART)).startswith(
            "HTMLの"
        )
    nested = multipart("related", HTML_PART, part("image/png", b"\x89PNG"), boundary="C")
    assert text_of(multipart("alternative", part("text/plain; charset=utf-8", ""), nested)).startswith("HTMLの")
    assert (
        text_of(multipart("alternative", part("text/plain; charset=utf-8", ""), part("text/html; charset=utf-8", "")))
        == ""
    )
    assert text_of(multipart("alternative", part("text/calendar", "BEGIN:VCALENDAR"), PLAIN_PART)) == "遅いですよ。"


def test_attachments_and_enclosed_mails_are_not_own_words() -> None:
    attached = part("text/plain; charset=utf-8", "殺すぞ", "Content-Disposition: attachment; filename=a.txt")
    named = part('text/plain; charset=utf-8; name="a.txt"', "殺すぞ")
    enclosed = part("message/rfc822", "From: x@y.example\r\nSubject: y\r\n\r\n殺すぞ")
    assert text_of(multipart("mixed", PLAIN_PART, attached, named, enclosed)) == "遅いですよ。"
    assert text_of(multipart("digest", enclosed)) == ""


def test_parts_of_a_mail_with_pictures_are_joined() -> None:
    assert (
        text_of(
            multipart(
                "mixed", PLAIN_PART, part("image/jpeg", b"\xff\xd8"), part("text/plain; charset=utf-8", "まだです。")
            )
        )
        == "遅いですよ。\nまだです。"
    )


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (part("application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m", b"MIIB"), "S/MIME"),
        (
            multipart(
                "encrypted", part("application/pgp-encrypted", b"Version: 1"), part("application/octet-stream", b"x")
            ),
            "PGP",
        ),
        (part("application/ms-tnef; name=winmail.dat", b"x"), "TNEF"),
    ],
    ids=repr,
)
def test_what_cannot_be_read_is_a_problem(body: bytes, what: str) -> None:
    found = read(body)
    assert isinstance(found, Problem)
    assert what in found.reason


def test_a_readable_text_beside_an_unreadable_part_is_kept_with_a_note() -> None:
    found = read(multipart("mixed", PLAIN_PART, part("application/ms-tnef; name=winmail.dat", b"x")))
    assert isinstance(found, Message)
    assert found.notes == ("unreadable part: TNEF (winmail.dat)",)


def test_an_inline_pgp_message_is_a_problem() -> None:
    found = read(b"\r\n-----BEGIN PGP MESSAGE-----\r\n\r\nhQ\r\n-----END PGP MESSAGE-----\r\n")
    assert isinstance(found, Problem)
    assert "PGP" in found.reason


def test_named_inline_text_counts_where_there_is_no_other() -> None:
    named = part("text/plain; charset=utf-8", "遅い。", "Content-Disposition: inline; filename=body.txt")
    assert text_of(multipart("mixed", named)) == "遅い。"
    assert text_of(multipart("mixed", PLAIN_PART, named)) == "遅いですよ。"
    picture = read(b"Content-Type: image/png\r\n\r\n\x89PNG")
    assert isinstance(picture, Message)
    assert picture.text == ""


def test_a_single_part_is_the_text_whatever_it_is_called() -> None:
    assert mail(b"x", 'Content-Type: text/html; name="mail.html"', "Content-Disposition: attachment").text == "x\n"
    assert text_of(multipart("mixed", PLAIN_PART, part('text/html; name="a.html"', "<p>y</p>"))) == "遅いですよ。"


@pytest.mark.parametrize(
    "body",
    [
        b"Content-Type: multipart/mixed\r\n\r\nno boundary",
        b"Content-Type: multipart/mixed; boundary=\r\n\r\nx",
        b"Content-Type: text/plain; charset*=utf-8'ja'utf-8\r\n\r\nx",
        b"Content-Type: text/plain; charset*0=ut; charset*1=f-8\r\n\r\nx",
        b"Content-Type: ;;;\r\n\r\nx",
        b"Content-Type: text\r\n\r\nx",
        b"Content-Disposition: \xff\xff\r\n\r\nx",
        b"Content-Type: text/plain; name*=nonsense''%ff\r\n\r\nx",
        b"Content-Transfer-Encoding: uuencode\r\n\r\nbegin 644 a\r\n#86)C\r\n \r\nend\r\n",
    ],
    ids=repr,
)
def test_broken_structure_still_gives_a_message(body: bytes) -> None:
    assert isinstance(read(body), Message)


def test_hostile_mails_are_cut_and_noted() -> None:
    nested = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(5000))
    wide = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 100_000
    headers = b"X-A: 1\r\n" * 100_000
    lines = b"\r\n" * 900_000
    for body in (nested, wide, headers, b"\r\n" + lines):
        found = read(body)
        assert isinstance(found, Message)
        assert any("cut" in note for note in found.notes)
    long = read(b"Content-Type: text/plain\r\n\r\n" + b"a" * 3_000_000)
    assert isinstance(long, Message)
    assert len(long.text) == 1_000_000


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [b"From: a@b\r\n", b"Content-Type: multipart/mixed; boundary=B\r\n", b"--B\r\n", b"--B--\r\n", b"\r\n", b"Content-Type: text/html; charset=",
             b"utf-8", b"Content-Transfer-Encoding: base64\r\n", b"<div>", b"\xe3\x81\x82", b"\x82\xa0", b"=?utf-8?B?", b"Subject: ", b"\x1b$B", b":",
             b"Content-Type: message/rfc822\r\n", b"Content-Type: multipart/alternative; boundary=B\r\n", b"\x00", b"format=flowed", b">", b" \r\n"]
        ) | st.binary(max_size=8),
        max_size=40,
    ).map(b"".join)
)  # fmt: skip
@example(b"")
@example(b"\r\n")
@example(b"Content-Type: multipart/alternative; boundary=B\r\n\r\n--B\r\n--B\r\n--B--")
def test_any_bytes_are_one_message_or_problem(data: bytes) -> None:
    assert isinstance(read_mail(data, "a", 0, OWN), Message | Problem)


# --- HTML ------------------------------------------------------------------------------------------


def own_html(html: str) -> str:
    found = html_to_text(html)
    message = Message("a", 0, "1", found.text, spans=found.spans)
    return customer_text(message).text


OUTLOOK_HEAD = (
    "<div><div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt {pad} 0{unit} 0{unit}'><p class=MsoNormal><b>From:</b> 小暮 &lt;a@b.example&gt;<br>"
    "<b>Sent:</b> Tuesday<br><b>To:</b> 客<br><b>Subject:</b> 納期</p></div></div><p class=MsoNormal>遅れます。</p>"
)
QUOTED_HTML = {
    "gmail": '<div>遅い。</div><br><div class="gmail_quote"><div class="gmail_attr">2026年11月13日(金) 16:20 垣内 &lt;a@b.example&gt;:<br></div><blockquote class="gmail_quote">遅れます。</blockquote></div>',
    "gmail forward": '<div>遅い。</div><div class="gmail_quote"><div class="gmail_attr">---------- Forwarded message ---------<br>From: K</div><p>遅れます。</p><blockquote>古い</blockquote></div>',
    "gmail signature": '<div>遅い。</div><div class="gmail_signature">都築<br>TEL 03-0000-0000</div>',
    "outlook inches": "<p>遅い。</p>" + OUTLOOK_HEAD.format(pad="0in", unit="in"),
    "outlook millimetres": "<p>遅い。</p>" + OUTLOOK_HEAD.format(pad="0mm", unit="mm"),
    "outlook japanese": "<p>遅い。</p>"
    + OUTLOOK_HEAD.format(pad="0mm", unit="mm").replace("From:", "差出人:").replace("Sent:", "送信日時:"),
    "outlook web": '<div>遅い。</div><div id="appendonsend"></div><hr><div id="divRplyFwdMsg"><b>差出人:</b> 小暮</div><div>遅れます。</div>',
    "outlook web without append": '<div>遅い。</div><hr tabindex="-1"><div id="divRplyFwdMsg"><b>差出人:</b> 小暮</div><div>遅れます。</div>',
    "outlook mac": '<p>遅い。</p><span id="OLK_SRC_BODY_SECTION"><div>差出人: 小暮</div>遅れます。</span>',
    "apple": '<div>遅い。</div><div><br><blockquote type="cite"><div>2024/05/01 10:00、小暮 &lt;a@b.example&gt;のメール:</div>遅れます。</blockquote></div>',
    "apple, attribution outside": '<div>遅い。</div><div>2024/05/01 10:00、小暮 &lt;a@b.example&gt;のメール:</div><blockquote type="cite">遅れます。</blockquote>',
    "iphone": "<div>遅い。<br><br>iPhoneから送信</div><blockquote type='cite'>遅れます。</blockquote>",
    "thunderbird": '<p>遅い。</p><div class="moz-cite-prefix">On 2024/05/01 10:00, 小暮 wrote:<br></div><blockquote type="cite" cite="mid:1">遅れます。</blockquote><div class="moz-signature">-- <br>都築</div>',
    "roundcube": '<p>遅い。</p><p id="reply-intro">2026-06-29 14:16 に 小暮 さんは書きました:</p><blockquote type="cite">遅れます。</blockquote>',
    "yahoo": '<div>遅い。</div><div class="yahoo_quoted" id="yahoo_quoted_1"><div>2024年5月1日 10:00, 小暮:</div>遅れます。</div>',
    "zimbra": '<div>遅い。</div><hr id="zwchr"><div>遅れます。</div>',
    "plain blockquote with a border": '<p>遅い。</p><blockquote style="border-left:2px solid #ccc">遅れます。</blockquote>',
    "text quote inside HTML": "<div>遅い。</div><div>&gt; 遅れます。</div><div>&gt; 以上</div>",
    "header block as text": "<div>遅い。</div><div>差出人: 小暮 &lt;a@b.example&gt;<br>送信日時: 2024年5月1日<br>宛先: 客<br>件名: 納期</div><div>遅れます。</div>",
    "signature id": '<div>遅い。</div><div id="Signature">泊胃腸科<br>TEL 03-0000-0000</div>',
}


@pytest.mark.parametrize("html", QUOTED_HTML.values(), ids=QUOTED_HTML)
def test_html_quotes_are_cut(html: str) -> None:
    assert own_html(html) == "遅い。"
    assert "遅れます" in html_to_text(html).text or "signature" in html.lower()


def test_answers_between_html_quotes_are_kept() -> None:
    html = (
        '<div class="gmail_quote"><div class="gmail_attr">On X wrote:</div><blockquote class="gmail_quote">一つ目</blockquote><div>遅い。</div>'
        '<blockquote class="gmail_quote">二つ目<div class="gmail_quote"><blockquote>古い</blockquote>外</div></blockquote><div>まだか。</div></div>'
    )
    assert own_html(html) == "遅い。\nまだか。"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p><span>3</span>回も<span lang=EN>call</span>した</p>", "3回もcallした\n"),
        ("<div>a</div><div><br></div><div>b</div>", "a\n\nb\n"),
        ("a<br>b<br/>c", "a\nb\nc\n"),
        ("<p>一</p><p>二</p>", "一\n二\n"),
        ("<ul><li>一<li>二</ul>", "一\n二\n"),
        ("<table><tr><th>内容<td>遅い</table>", "内容\t遅い\n"),
        ("<p>折り返\n   しの行</p>", "折り返しの行\n"),
        ("<p>two\n words</p>", "two words\n"),
        ("<p>a  <b> b</b></p>", "a b\n"),
        ("<pre>a\n  b</pre>", "a\n  b\n"),
        ('<div style="white-space:pre-wrap">a\nb</div>', "a\nb\n"),
        ('<div style="display: none">見えない</div>見える', "見える\n"),
        ('<div style="DISPLAY:NONE !important">見えない</div>見える', "見える\n"),
        ('<span style="font-size:0">見えない</span>見える', "見える\n"),
        ("<p hidden>見えない</p>見える", "見える\n"),
        ("<style>p{}</style><script>x</script><title>t</title>見える<!-- c -->", "見える\n"),
        ("&lt;b&gt; &amp;&nbsp;&#x3042;", "<b> & あ\n"),
        ('<img alt="😡">怒<img alt="company logo">', "😡怒\n"),
        ("<meta charset=iso-2022-jp>件名", "件名\n"),
        ('<blockquote style="margin: 0 0 0 40px; border: none; padding: 0px;">字下げ</blockquote>', "字下げ\n"),
        ("<div>" * 20_000 + "深い" + "</div>" * 20_000, "深い\n"),
        ("<p>" * 20_000 + "広い", "広い\n"),
        ("<", "<\n"),
        ("", ""),
    ],
)
def test_visible_text(html: str, text: str) -> None:
    found = html_to_text(html)
    assert (found.text, found.spans) == (text, None)


def test_html_mail_carries_spans() -> None:
    found = mail(QUOTED_HTML["gmail"].encode("cp932"), "Content-Type: text/html; charset=shift_jis")
    assert found.spans is not None
    assert "遅れます" in found.text
    assert customer_text(found).text == "遅い。"


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "<div>",
                "</div>",
                "<blockquote type=cite>",
                "</blockquote>",
                "<br>",
                "<p>",
                "<table>",
                "<tr>",
                "<td>",
                "あ",
                " ",
                "\n",
                "<pre>",
                "<div class=gmail_quote>",
                "<div id=appendonsend>",
                "&amp;",
                "<!--",
                "-->",
                "<b",
                ">",
                "<div style='display:none'>",
                "\x00",
            ]
        ),
        max_size=40,
    ).map("".join)
)
def test_any_html_gives_spans_inside_the_text(html: str) -> None:
    found = html_to_text(html)
    position = 0
    for start, end in found.spans or ():
        assert position <= start < end <= len(found.text)
        position = end


# --- direction -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "direction"),
    [
        (["From: a@b.example"], "customer"),
        (["From: x@kumiai.example"], "own"),
        (["From: x@mail.kumiai.example"], "own"),
        (["From: x@notkumiai.example"], "customer"),
        (["Subject: x"], "unknown"),
        (["From: MAILER-DAEMON@b.example", "Subject: Undelivered Mail Returned to Sender"], "bounce"),
        (["From: postmaster@b.example", "Subject: x"], "bounce"),
        (["From: a@b.example", "X-Failed-Recipients: c@d.example"], "bounce"),
        (["From: a@b.example", "Return-Path: <>", "Subject: 配信不能"], "bounce"),
        (["From: MAILER-DAEMON@kumiai.example", "Subject: failure notice"], "bounce"),
        (["From: a@b.example", "Content-Type: multipart/report; report-type=delivery-status; boundary=B"], "bounce"),
        (
            ["From: a@b.example", "Content-Type: multipart/report; report-type=disposition-notification; boundary=B"],
            "automatic",
        ),
        (["From: a@b.example", "Auto-Submitted: auto-replied"], "automatic"),
        (["From: a@b.example", "Auto-Submitted: no"], "customer"),
        (["From: a@b.example", "X-Auto-Response-Suppress: All"], "automatic"),
        (["From: a@b.example", "X-Autoreply: yes"], "automatic"),
        (["From: a@b.example", "Precedence: auto_reply"], "automatic"),
        (["From: a@b.example", f"Subject: {word(jis('自動応答: 不在です'))}"], "automatic"),
        (["From: a@b.example", f"Subject: {word(jis('【自動送信】出荷のお知らせ'))}"], "automatic"),
        (["From: a@b.example", f"Subject: {word(jis('不在通知'))}"], "automatic"),
        (["From: a@b.example", "Subject: Out of Office: x"], "automatic"),
        (["From: a@b.example", "Subject: Automatic reply: x"], "automatic"),
        (["From: a@b.example", f"Subject: {word(jis('担当者が不在の件'))}"], "customer"),
        (["From: a@b.example", f"Subject: {word(jis('Re: 自動車保険の件'))}"], "customer"),
        (["From: a@b.example", "List-Unsubscribe: <https://b.example/u>"], "newsletter"),
        (["From: a@b.example", "List-Id: <news.b.example>"], "newsletter"),
        (["From: a@b.example", "Precedence: bulk"], "newsletter"),
        (["From: a@b.example", "Precedence: bulk", "Auto-Submitted: auto-generated"], "automatic"),
        # customers' mail through a shared inbox that is a list of one's own
        (
            [
                "From: a@b.example",
                "To: support@kumiai.example",
                "List-Id: <support.kumiai.example>",
                "Precedence: list",
            ],
            "customer",
        ),
        (
            [
                "From: a@b.example",
                "List-Id: support <support.kumiai.example>",
                "List-Unsubscribe: <mailto:x@kumiai.example>",
            ],
            "customer",
        ),
    ],
)
def test_directions(fields: list[str], direction: str) -> None:
    assert (
        mail(
            "返事をください。".encode(),
            "Content-Type: text/plain; charset=utf-8",
            head="".join(f + "\r\n" for f in fields).encode(),
        ).direction
        == direction
    )


@pytest.mark.parametrize(
    ("sender", "text", "direction"),
    [
        ("order@shop.example", "※このメールはシステムから自動送信しています。\nご注文番号 1", "automatic"),
        ("a@b.example", "不在にしております。\n\n※このメールは自動で送信しています。", "automatic"),
        ("a@b.example", "「このメールは自動送信です」という返事しか来ない。\nふざけるな。", "customer"),
        ("a@b.example", "遅い。\n\n> このメールは自動送信です\n> 返信できません", "customer"),
        ("noreply@b.example", "送信専用アドレスから配信しています。", "automatic"),
        ("a@b.example", "このメールは自動返信ですか。人間が読んでいるのか。", "customer"),
        ("contact@b.example", "送信専用アドレスから来たメールの件だが、ふざけるな。", "customer"),
        ("a@b.example", "本メールは自動的に送信されたものです。", "automatic"),
    ],
)
def test_automatic_by_text(sender: str, text: str, direction: str) -> None:
    assert (
        mail(text.encode(), "Content-Type: text/plain; charset=utf-8", head=f"From: {sender}\r\n".encode()).direction
        == direction
    )


# --- web forms -------------------------------------------------------------------------------------

FORMS = {
    "brackets": "このメールはお問い合わせフォームから送信されました。\n\n【お名前】塩見\n【メールアドレス】r.shiomi@mail.example\n【お問い合わせ種別】会員カード\n"
    "【お問い合わせ内容】\n遅い。\n返金しろ。\n\n--------------------\n送信日時: 2026/10/06 21:36:58\n※このメールは送信専用アドレスから自動で配信しています。",
    "colons": "お名前: 塩見\nメールアドレス: r.shiomi@mail.example\nお問い合わせ内容: 遅い。\n返金しろ。\n",
    "full-width colons": "お名前：塩見\nメール：r.shiomi@mail.example\n内容：遅い。\n返金しろ。\n送信日時：2026/10/06\nIPアドレス：192.0.2.1",
    "squares": "■お名前\n塩見\n■メールアドレス\nr.shiomi@mail.example\n■お問い合わせ内容\n遅い。\n返金しろ。\n■個人情報の取り扱い\n同意する",
    "equals": "[お名前] = 塩見\n[E-mail] = r.shiomi@mail.example\n[お問い合わせ内容] = 遅い。\n返金しろ。\n[備考] = ",
    "wordpress": "差出人: 塩見 <r.shiomi@mail.example>\n題名: 返金\n\nメッセージ本文:\n遅い。\n返金しろ。\n\n-- \nこのメールは 白帆 (https://kumiai.example) のお問い合わせフォームから送信されました",
    "table": "お名前\t塩見\nメールアドレス\tr.shiomi@mail.example\nお問い合わせ内容\t遅い。\n返金しろ。\n",
    "required": "お名前（必須）：塩見\nメールアドレス（必須）：r.shiomi@mail.example\nお問い合わせ内容（必須）：遅い。\n返金しろ。\n",
    "english": "Name: Shiomi\nEmail: r.shiomi@mail.example\nMessage: 遅い。\n返金しろ。\n",
    "value with labels": "お名前: 塩見\nメール: r.shiomi@mail.example\nお問い合わせ内容:\n遅い。\n返金しろ。\n",
}


@pytest.mark.parametrize("text", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("sender", ["noreply@form.example", "form@kumiai.example", "wordpress@kumiai.example"])
def test_forms(text: str, sender: str) -> None:
    found = mail(
        text.encode(),
        "Content-Type: text/plain; charset=utf-8",
        "Auto-Submitted: auto-generated",
        head=f"From: {sender}\r\nTo: info@kumiai.example\r\n".encode(),
    )
    assert (found.direction, found.sender) == ("customer", "r.shiomi@mail.example")
    assert customer_text(found).text == "遅い。\n返金しろ。"
    assert "web form" in found.notes


def test_a_form_uses_reply_to_and_its_own_subject() -> None:
    found = mail(
        "件名: 返金\nお名前: 塩見\n内容: 遅い。".encode(),
        "Content-Type: text/plain; charset=utf-8",
        "Reply-To: R@mail.example",
        head=b"From: noreply@f.example\r\n",
    )
    assert (found.sender, found.subject) == ("r@mail.example", "返金")


def test_what_is_no_form() -> None:
    by_hand = mail("件名: クレーム\n内容: 店員の態度が悪い".encode(), "Content-Type: text/plain; charset=utf-8")
    assert by_hand.spans is None
    answer = mail(
        ("お問い合わせありがとうございます。\n" + FORMS["colons"]).encode(),
        "Content-Type: text/plain; charset=utf-8",
        head=b"From: noreply@kumiai.example\r\n",
    )
    assert answer.direction == "own"
    staff = mail(
        "山田様\n\nお名前: 塩見\n".encode(),
        "Content-Type: text/plain; charset=utf-8",
        head=b"From: a@kumiai.example\r\n",
    )
    assert staff.direction == "own"


def test_labels_inside_the_message_do_not_end_it() -> None:
    text = "【お名前】塩見\n【メールアドレス】r@mail.example\n【お問い合わせ内容】\n担当者: 小暮という男\n日時: 昨日\n返金しろ。\n"
    found = mail(text.encode(), "Content-Type: text/plain; charset=utf-8", head=b"From: noreply@f.example\r\n")
    assert customer_text(found).text == "担当者: 小暮という男\n日時: 昨日\n返金しろ。"


# --- mbox and other containers ---------------------------------------------------------------------

ONE = b"From: a@b.example\nMessage-ID: <1@b>\nSubject: one\n\nhello\n"
TWO = b"From: a@b.example\nMessage-ID: <2@b>\nSubject: two\n\nFrom here on it is body.\n\n>From now on\n"


@pytest.mark.parametrize(
    "line",
    [
        b"From a@b.example Wed May  1 10:00:00 2024",
        b"From a@b.example Wed May  1 10:00:00 +0900 2024",
        b"From a@b.example  Wed, 1 May 2024 10:00:00 +0900",
        b"From - Wed May 01 10:00:00 2024",
        b"From -",
        b"From ",
        b"From MAILER-DAEMON",
        b"From 1798012345678901234@xxx Wed May 01 10:00:00 +0000 2024",
        b"From a@b.example Wed May  1 10:00 2024 remote from host",
        "From 山田 Wed May  1 10:00:00 2024".encode("cp932"),
        b'From "a b"@c.example Wed May  1 10:00:00 2024',
        b"From ???@??? Wed May 01 10:00:00 2024",
    ],
    ids=repr,
)
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"], ids=repr)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=repr)
def test_mbox_variants(line: bytes, end: bytes, mark: bytes, tmp_path: Path) -> None:
    box = tmp_path / "box"
    box.write_bytes(mark + b"".join(line + b"\n" + body + b"\n" for body in (ONE, TWO, ONE)).replace(b"\n", end))
    found = list(open_source(box))
    assert [message.message_id for message in found if isinstance(message, Message)] == ["1@b", "2@b", "1@b"]
    assert isinstance(found[1], Message)
    assert found[1].text == "From here on it is body.\n\nFrom now on\n"


def test_body_lines_do_not_split_a_mail() -> None:
    body = (
        b"From the beginning of 2024 at 10:00 I waited.\n\nFrom: not a separator\n\nFrom Tokyo with love\nTel: 03\n\n"
        b"From a@b.example\nI got nothing.\n>From x\n"
    )
    box = (
        b"From a@b Wed May  1 10:00:00 2024\nSubject: 1\n\n"
        + body
        + b"\nFrom a@b Wed May  1 10:00:00 2024\nSubject: 2\n\nx\n"
    )
    assert [mail.data[:10] for mail in split_mbox(io.BytesIO(box))] == [b"Subject: 1", b"Subject: 2"]


def test_a_mail_without_header_is_found_behind_a_dated_separator() -> None:
    box = b"From a@b Wed May  1 10:00:00 2024\nSubject: 1\n\nx\n\nFrom a@b Wed May  1 10:00:00 2024\n\nbody only\n"
    assert len(list(split_mbox(io.BytesIO(box)))) == 2


def test_reading_goes_on_at_a_position(tmp_path: Path) -> None:
    box = tmp_path / "box"
    box.write_bytes((SAMPLES / "inbox.mbox").read_bytes())
    whole = list(open_source(box))
    assert [message.position for message in whole] == sorted({message.position for message in whole})
    for index in (0, 20, len(whole) - 1):
        rest = open_source(box, SourceOptions(resume_after={str(box): whole[index].position}))
        assert list(rest) == whole[index + 1 :]


def test_mails_over_the_limit_are_cut_and_the_next_one_is_found() -> None:
    box = (
        b"".join(b"From -\nSubject: %d\n\n" % i + b"x" * 3000 * 1000 + b"\n\n" for i in range(3))
        + b"From -\nSubject: 3\n\nend\n"
    )
    found = list(split_mbox(io.BytesIO(box), limit=1000))
    assert [mail.complete for mail in found] == [False, False, False, True]
    assert all(len(mail.data) <= 1000 for mail in found)
    assert [mail.position for mail in found] == [index for index in range(len(box)) if box.startswith(b"From -", index)]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                b"From ",
                b"From -\n",
                b"From a@b Wed May  1 10:00:00 2024\n",
                b"Subject: x\n",
                b"\n",
                b"\r\n",
                b"\r",
                b"text",
                b">From ",
                b"\xef\xbb\xbf",
                b"From: ",
            ]
        )
        | st.binary(max_size=5),
        max_size=40,
    ).map(b"".join),
    st.integers(1, 60),
)
def test_any_mbox_gives_rising_positions_and_can_be_entered_at_each(box: bytes, limit: int) -> None:
    found = list(split_mbox(io.BytesIO(box), limit=limit))
    positions = [mail.position for mail in found]
    assert positions == sorted(set(positions))
    for index, mail in enumerate(found):
        assert next(split_mbox(io.BytesIO(box), mail.position, limit=limit)).position == mail.position or index == 0


@pytest.fixture
def eml() -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = (
        "a@b.example",
        "info@kumiai.example",
        "件名",
        "<1@b>",
    )
    mail.set_content("遅い。\n")
    return bytes(mail)


def texts(path: Path) -> list[str]:
    return [message.text.strip() if isinstance(message, Message) else message.reason for message in open_source(path)]


def test_folders_of_mail(tmp_path: Path, eml: bytes) -> None:
    for name in ("cur", "new", "tmp", ".&U9dP4TBU-/cur", "sub/deep/cur"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "1:2,S").write_bytes(eml.replace(b"<1@b>", f"<{name}>".encode()))
    (tmp_path / "dovecot-uidlist").write_text("3 V1")
    (tmp_path / ".DS_Store").write_bytes(b"\x00\x00Bud1")
    (tmp_path / "empty.eml").write_bytes(b"")
    found = list(open_source(tmp_path))
    assert [message.message_id for message in found if isinstance(message, Message)] == [
        ".&U9dP4TBU-/cur",
        "cur",
        "new",
        "sub/deep/cur",
    ]
    assert len(found) == 4


def test_emlx_and_apple_mail_folders(tmp_path: Path, eml: bytes) -> None:
    folder = tmp_path / "INBOX.mbox" / "Messages"
    folder.mkdir(parents=True)
    (folder / "1.emlx").write_bytes(
        str(len(eml)).encode() + b"      \n" + eml + b'<?xml version="1.0"?>\n<plist><dict/></plist>\n'
    )
    (tmp_path / "INBOX.mbox" / "Info.plist").write_text("<?xml?>")
    (tmp_path / "INBOX.mbox" / "Attachments").mkdir()
    (tmp_path / "INBOX.mbox" / "Attachments" / "a.txt").write_text("殺すぞ")
    (tmp_path / "Old.mbox").mkdir()
    (tmp_path / "Old.mbox" / "mbox").write_bytes(b"From a@b Wed May  1 10:00:00 2024\n" + eml)
    (tmp_path / "Old.mbox" / "table_of_contents").write_bytes(b"\x00\x01")
    assert texts(tmp_path) == ["遅い。", "遅い。"]


def test_packed_sources(tmp_path: Path, eml: bytes) -> None:
    box = b"From a@b Wed May  1 10:00:00 2024\n" + eml
    (tmp_path / "a.mbox.gz").write_bytes(gzip.compress(box))
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("deep.eml", eml)
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("z.eml", eml)
        archive.writestr("a/box", box)
        archive.writestr("in.zip", inner.getvalue())
        archive.writestr("__MACOSX/._z.eml", b"junk")
        archive.writestr("junk.bin", bytes(range(256)))
    sources = [message.source for message in open_source(tmp_path)]
    zipped = tmp_path / "b.zip"
    assert sources == [
        str(tmp_path / "a.mbox.gz"),
        f"{zipped}!/a/box",
        f"{zipped}!/in.zip!/deep.eml",
        f"{zipped}!/junk.bin",
        f"{zipped}!/z.eml",
    ]


def test_positions_in_packed_mbox_can_be_entered(tmp_path: Path) -> None:
    packed = tmp_path / "inbox.mbox.gz"
    packed.write_bytes(gzip.compress((SAMPLES / "inbox.mbox").read_bytes()))
    whole = list(open_source(packed))
    rest = open_source(packed, SourceOptions(resume_after={str(packed): whole[30].position}))
    assert list(rest) == whole[31:]


def test_expanding_archives_are_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kahara_nlp.sources.files.EXPANSION_FREE", 100_000)
    bomb = b"From a@b Wed May  1 10:00:00 2024\nSubject: x\n\n" + b"0" * 20_000_000
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(bomb))
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", bomb)
        archive.writestr("b.eml", ONE)
    found = list(open_source(tmp_path))
    assert [type(message) for message in found] == [Problem, Problem, Message]
    with pytest.raises(SourceError, match="expands"):
        list(open_source(tmp_path / "bomb.gz"))


def test_damaged_archives_are_problems(tmp_path: Path, eml: bytes) -> None:
    (tmp_path / "a.gz").write_bytes(gzip.compress(eml * 2000)[:-200])
    (tmp_path / "b.zip").write_bytes(b"PK\x03\x04 nonsense")
    (tmp_path / "c.eml").write_bytes(eml)
    found = list(open_source(tmp_path))
    assert isinstance(found[-1], Message)
    assert all(isinstance(problem, Problem) for problem in found[-2:-1])
    with pytest.raises(SourceError, match="damaged"):
        list(open_source(tmp_path / "b.zip"))


def test_standard_input(monkeypatch: pytest.MonkeyPatch, eml: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(eml)))
    assert [(message.source, type(message)) for message in open_source("-")] == [("-", Message)]


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"%PDF-1.7", "PDF"),
        (bytes(range(256)) * 4, "no format"),
        ("ただの文章です。\n二行目です。\n".encode(), "neither"),
    ],
    ids=repr,
)
def test_unknown_formats_are_named(tmp_path: Path, data: bytes, word: str) -> None:
    file = tmp_path / "x"
    file.write_bytes(data)
    with pytest.raises(UnsupportedSourceError, match=word):
        list(open_source(file))
    (tmp_path / "y.eml").write_bytes(ONE)
    assert [type(message) for message in open_source(tmp_path)] == [Problem, Message]


def test_a_letter_that_quotes_a_form_is_a_letter() -> None:
    letter = (
        "先月フォームから送信しましたが、返事がありません。\n"
        + "どういうつもりですか。責任者から電話をください。\n" * 5
        + "お名前: 塩見\n内容: 遅い。\n"
    )
    found = mail(letter.encode(), "Content-Type: text/plain; charset=utf-8")
    assert found.spans is None
    short = mail(
        ("ホームページのフォームから送信されました。\n\n" + FORMS["colons"]).encode(),
        "Content-Type: text/plain; charset=utf-8",
    )
    assert customer_text(short).text == "遅い。\n返金しろ。"
