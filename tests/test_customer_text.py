"""What of a mail is the customer's own: replies, forwards, signatures, footers."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kahara_nlp.customer_text import CustomerText, customer_text
from kahara_nlp.records import Message, Turn

OWN = "注文した品がまだ届きません。\nいつになるのか教えてください。"
QUOTE = "> お世話になっております。\n> 十月九日に発送いたします。"
PLAIN = "お世話になっております。\n十月九日に発送いたします。"


def own(text: str, **fields: object) -> str:
    return customer_text(Message("a.eml", 0, "1", text, **fields)).text  # type: ignore[arg-type]


# The line or lines above a quote, as mail programs write them.
ANNOUNCEMENTS = {
    "gmail": "2024年5月1日(水) 10:00 担当 <a@b.example>:",
    "gmail with the family name only": "2024年5月1日(水) 10:00 垣内 <kakiuchi@kumiai.example>:",
    "gmail wrapped": "2024年5月1日(水) 10:00 白帆医歯協同組合 会員サービス課 担当\n<a@b.example>:",
    "gmail without name": "2024年5月1日(水) 10:00 <a@b.example>:",
    "gmail afternoon": "2024年5月1日(水) 午後3:51 担当 <a@b.example>:",
    "gmail comma": "2024年5月1日(水) 10:00、担当 <a@b.example>:",
    "gmail ni": "2024年5月1日(水) 10:00に 担当 <a@b.example> さんは書きました:",
    "gmail old": "2013/4/5 担当 <a@b.example>",
    "gmail old, wrapped": "2013/4/5 白帆医歯協同組合\n<a@b.example>",
    "apple": "2024/05/01 10:00、担当 <a@b.example>のメール:",
    "apple, address only": "2026/10/10 13:26、g.arakida@mail.example.jpのメール:",
    "apple message": "2024/05/01 10:00、担当 <a@b.example>のメッセージ:",
    "apple era": "2024/05/01 午前10:00、担当<a@b.example>のメール：",
    "iphone": "On 2012/08/30, at 13:56, Tantou wrote:",
    "thunderbird": "On 2024/05/01 10:00, 担当 wrote:",
    "thunderbird old": "(2014/08/05 3:51), 担当 wrote:",
    "thunderbird ja": "(2014/08/05 3:51), 担当 さんは書きました:",
    "thunderbird ja, full-width": "（2014/08/05 3:51）、担当 さんは書きました：",
    "roundcube": "2026-06-29 14:16 に 小暮 真澄 さんは書きました:",
    "evolution": "2006-11-08 (水) の 11:31 +0100 に 小暮 さんは書きました:",
    "becky": "On Wed, 1 May 2024 10:00:00 +0900\n小暮 真澄 <kogure@kumiai.example> wrote:",
    "english": "On Wed, May 1, 2024 at 10:00 AM Tantou <a@b.example> wrote:",
    "english wrapped": "On Wed, May 1, 2024 at 10:00 AM Tantou of the Shiraho cooperative\n<a@b.example> wrote:",
    "name and address": "小暮 真澄 <kogure@kumiai.example> wrote:",
    "name only": "小暮さんは書きました：",
    "mew": "From: 小暮 真澄 <kogure@kumiai.example>\nSubject: Re: 納期\nDate: Wed, 01 May 2024 10:00:00 +0900",
    "wanderlust": "At Wed, 01 May 2024 10:00:00 +0900,\n小暮 wrote:",
    "article": "In message <20240501.1000@kumiai.example>\n小暮 wrote:",
    "original message marked": "-----Original Message-----",
    "yahoo": "----- Original Message -----\nFrom: 小暮 <a@b.example>\nTo: c@d.example\nDate: 2024/5/1, Wed 10:00\nSubject: Re: 納期",
    "notes": "-----kogure@kumiai.example wrote: -----",
}


@pytest.mark.parametrize("line", ANNOUNCEMENTS.values(), ids=ANNOUNCEMENTS)
def test_announced_quote_is_cut(line: str) -> None:
    assert own(f"{OWN}\n\n{line}\n{QUOTE}\n") == OWN


@pytest.mark.parametrize("line", ANNOUNCEMENTS.values(), ids=ANNOUNCEMENTS)
def test_answer_below_an_announced_quote_is_kept(line: str) -> None:
    assert own(f"{line}\n\n{QUOTE}\n\n{OWN}\n") == OWN


# What stands above an original without quote marks.
HEADS = {
    "outlook": "-----Original Message-----\nFrom: 小暮 <a@b.example>\nSent: Tuesday, October 6, 2026 10:05 AM\n"
    "To: 客 <c@d.example>\nSubject: Re: 納期",
    "outlook ja": "-----元のメッセージ-----\n差出人: 小暮 <a@b.example>\n送信日時: 2026年10月6日 10:05\n宛先: 客\n件名: Re: 納期",
    "outlook ja, full-width": "-----Original Message-----\n差出人： 小暮 <a@b.example>\n送信日時： 2026年10月6日 10:05\n"
    "宛先： 客\n件名： Re: 納期",
    "outlook web": "________________________________\n差出人: 小暮 <a@b.example>\n送信日時: 2026年10月6日 10:05\n"
    "宛先: 客 <c@d.example>\nCC: 課長\n件名: Re: 納期",
    "outlook web on behalf": "________________________________\n差出人: linux <l@b.example> が 小暮 <a@b.example> の代理で送信\n"
    "送信日時: 2026年10月6日 10:05\n宛先: 客\n件名: Re: 納期",
    "outlook 365": "From: 小暮 <a@b.example>\nSent: Tuesday, October 6, 2026 10:05 AM\nTo: 客\nSubject: Re: 納期",
    "outlook 365 starred": "*From:* 小暮 <a@b.example>\n*Sent:* Tuesday, October 6, 2026 10:05 AM\n*To:* 客\n*Subject:* Re: 納期",
    "outlook many recipients": "From: 小暮 <a@b.example>\nSent: Tuesday, October 6, 2026 10:05 AM\nTo: 客 <c@d.example>;\n"
    " 課長 <k@d.example>\nSubject: Re: 納期",
    "forwarded ja": "----- 転送メッセージ -----\n差出人: 小暮 <a@b.example>\n日時: 2026年10月6日 10:05\n宛先: 客\n件名: 納期",
    "forwarded gmail": "---------- Forwarded message ---------\nFrom: K <a@b.example>\nDate: 2026年10月22日(木) 20:14\n"
    "Subject: 納期\nTo: <c@d.example>",
    "forwarded apple": "Begin forwarded message:\n\nFrom: K <a@b.example>\nSubject: 納期\nDate: May 1, 2024\nTo: c@d.example",
    "forwarded iphone ja": "転送されたメッセージ:\n\n差出人: K <a@b.example>\n日時: 2024年5月1日 10:00:00 JST\n宛先: c@d.example\n件名: 納期",
    "becky forward": "Forwarded by 山田 <y@a.example>\n----------------------- Original Message -----------------------\n From:    小暮 <a@b.example>\n To:      c@d.example\n Date:    Wed, 1 May 2024 10:00:00 +0900",
    "notes ja": "送信者: 小暮/購買課/白帆\n宛先: 客\ncc: \n日付: 2024/05/01 10:00\n件名: Re: 納期",
    "gmail without marks": "2024年5月1日(水) 10:00 担当 <a@b.example>:",
    "wrote without marks": "On 2024/05/01 10:00, 小暮 wrote:",
}


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
def test_original_without_marks_is_cut(head: str) -> None:
    assert own(f"{OWN}\n\n{head}\n\n{PLAIN}\n") == OWN


def test_forward_of_an_iphone_is_a_quote() -> None:
    mail = f"{OWN}\n\nBegin forwarded message:\n\n> 差出人: K <a@b.example>\n> 日時: 2024年5月1日\n> 宛先: c@d.example\n> 件名: 納期\n>\n{QUOTE}\n"
    assert own(mail) == OWN


@pytest.mark.parametrize(
    "quote",
    [
        QUOTE,
        QUOTE.replace(">", "＞"),
        QUOTE.replace("> ", ">"),
        QUOTE.replace(">", "> >"),
        QUOTE.replace(">", "  >"),
        QUOTE.replace("> ", " | "),
        QUOTE.replace("> ", "|| "),
        QUOTE.replace("> ", "itojun> "),
        "> 一行だけの引用",
        "kogure> 一行だけの引用",
    ],
)
def test_quote_marks(quote: str) -> None:
    assert own(f"{OWN}\n\n{quote}\n") == OWN


def test_answers_between_quotes_are_kept() -> None:
    mail = (
        "三枝様\n以下、行の間に書きます。\n\nOn 2026/10/15 14:20, 三枝 佐知 wrote:\n> 1. 診断書をお出しください。\n\n二重に払わせるのか。\n\n"
        "> 2. 二か月かかります。\n\n話が違う。\n\n> 3. お尋ねください。\n"
    )
    assert own(mail) == "三枝様\n以下、行の間に書きます。\n二重に払わせるのか。\n話が違う。"


BOX = "株式会社髙籏技工所　経理　都築\n〒000-0000 汐見市工場町7-1\n電話 03-0000-0000 / FAX 03-0000-0000"
SIGNATURES = {
    "dashes": f"-- \n{BOX}",
    "dashes without space": f"--\n{BOX}",
    "dashes and a name": "-- \n都築",
    "dashes without space and a name": "--\n都築 史",
    "rule and a name in kana": f"{'-' * 20}\n株式会社うみねこ\n浜辺 あかり\nTEL 03-0000-0000\n{'-' * 20}",
    "dashes without contact": "-- \n今日も一日がんばりましょう。",
    **{
        f"rule of {rule[:2]}": f"{rule}\n{BOX}\n{rule}"
        for rule in (
            "━" * 16,
            "─" * 20,
            "＝" * 18,
            "-" * 36,
            "*" * 24,
            "_" * 30,
            "~" * 20,
            "⇒" * 12,
            "■□" * 8,
            "◆◇" * 8,
            "=-" * 12,
            "* " * 12,
            "+" * 20,
        )
    },
    "rule above only": f"{'-' * 30}\n{BOX}",
    "rule above, with a title": f"------ 髙籏技工所 ------\n{BOX}\n------------------------",
    "titled rule and address": "=== 都築 ===\ntsuzuki@takahata.example",
    "box": f"┏{'━' * 12}┓\n{BOX}\n┗{'━' * 12}┛",
    "with a blank line inside": f"{'=' * 20}\n株式会社髙籏技工所\n\nTEL 03-0000-0000\nhttps://takahata.example/\n{'=' * 20}",
    "with opening hours": f"{'*' * 20}\n髙籏技工所\nTEL 03-0000-0000（受付時間 平日9時から17時）\n営業日：月～金\n{'*' * 20}",
    "without rule": "㈲兜木外科　兜木\n〒000-0000 汐見市城下3-3\nTEL 03-0000-0000",
    "without rule, two lines": "泊胃腸科　院長　泊 弘務\n〒000-0000 汐見市南4-4-1　TEL 03-0000-0000",
    "address and phone": "都築\nMail: tsuzuki@takahata.example\nTEL: 03-0000-0000",
    "iphone": "iPhoneから送信",
    "ipad": "iPadから送信",
    "android": "Androidから送信",
    "smartphone": "スマートフォンから送信",
    "my phone": "私のiPhoneから送信",
    "docomo": "ドコモのスマートフォンから送信しました。",
    "english": "Sent from my iPhone",
    "outlook ios": "Outlook for iOS を入手",
    "outlook ios link": "Outlook for iOS<https://aka.ms/o0ukef> を入手",
    "get outlook": "Get Outlook for Android<https://aka.ms/AAb9ysg>",
    "windows": "Windows 版のメールから送信",
    "yahoo": "Yahoo!メールアプリから送信",
    "avast": "ウイルス フリー。www.avast.com",
    "signature and phone": f"-- \n{BOX}\n\niPhoneから送信",
    "disclaimer ja": "本メールには機密情報が含まれる場合があります。誤って受信された場合は、破棄してください。",
    "disclaimer in a box": f"{'-' * 40}\nこのメールは名宛人以外の方による使用、開示、複製を\n禁じます。秘密情報を含むことがあります。\n{'-' * 40}",
    "disclaimer en": "This e-mail is confidential and intended solely for the addressee.\nIf you received it in error, please delete it.",
    "signature and disclaimer": f"{'=' * 20}\n{BOX}\n{'=' * 20}\n\n本メールには秘密情報が含まれます。誤って受信された方は削除してください。",
}


@pytest.mark.parametrize("signature", SIGNATURES.values(), ids=SIGNATURES)
def test_signature_is_cut(signature: str) -> None:
    assert own(f"{OWN}\n\n{signature}\n") == OWN


@pytest.mark.parametrize("signature", SIGNATURES.values(), ids=SIGNATURES)
def test_signature_before_and_behind_a_quote_is_cut(signature: str) -> None:
    line = ANNOUNCEMENTS["gmail"]
    assert own(f"{OWN}\n\n{signature}\n\n{line}\n{QUOTE}\n") == OWN
    assert own(f"{OWN}\n\n{line}\n{QUOTE}\n\n{signature}\n") == OWN


KEPT = {
    "kaomoji": "> <; もう泣きそうです",
    "kaomoji wide": "＞＜ 困りました",
    "kaomoji face": ">_< ひどい\n(>_<) またですか",
    "appointment": "2024年5月1日(水) 10:00に電話した件:\nまだ返事がありません。",
    "appointment with a name": "2024年5月1日(水) 10:00に担当の小暮さんと話した件について\nまだ返事がありません。",
    "form by hand": "件名: クレーム\n内容: 店員の態度が悪い",
    "form by hand, more": "名前: 山田\n日時: 2024年5月1日\n件名: 接客\n内容: 店員の態度が悪い",
    "form of wordpress": "差出人: 山田 <y@a.example>\n題名: 接客\n\nメッセージ本文:\n店員の態度が悪い",
    "rule in the middle": "経緯は次の通りです。\n----------------\n五月一日　電話をした\n五月二日　無視された\n----------------\n以上です。",
    "rule at the end": "払うまで何度でも電話する。\n--------------------",
    "rules without contact": "━━━━━━━━━━\n　お願い\n━━━━━━━━━━\n早く直してください。",
    "rule and a demand with a number": "責任者を出せ。\n----------\n今日中に090-0000-0000へ電話してください。\n----------",
    "number in a sentence": "至急、03-0000-0000までご連絡ください。\n\n電話番号は03-0000-0000です。",
    "dots": "もういい。\n\n・・・・・・\n\n呆れた。",
    "ellipsis": "信じられない……\n……………………\n本当に。",
    "postscript": f"遅い。\n\n{'-' * 20}\n山田　TEL 03-0000-0000\n{'-' * 20}\n\n追伸　返金も忘れないでください。",
    "name at the end": "お返事をお待ちしています。\n\n桐畑　ふみ",
    "date at the end": "敬具\n\n令和八年十一月二日\n鷲津原　恭平",
    "angle brackets": "品番 <A-12> が < 5 個 > しかない",
    "table": "| 品名 | 数 |\n| ガーゼ | 3 |",
    "single bar": "| ここだけ棒がある\n続き",
    "arrow": "-> こちらが届いた品\n=> こちらが頼んだ品",
    "time": "10:00: 電話した\n11:00: 切られた",
    "talks of the phone": "iPhoneから送信した写真を見ていないのか。",
    "talks of mail": "このメールを機密だと言って破棄したのは誰だ。\n説明しろ。",
    "double dash": "言いたいことは一つ -- 返金しろ。",
    "wrote": "社長あてに手紙を書きました:\n読んだのか。",
    "from in a sentence": "From the beginning I was disappointed.\nTo be honest, I want a refund.",
    "list": "・一つ目\n・二つ目\n\n① 三つ目\n* 四つ目\n- 五つ目",
    "list of dates and addresses": "2024年5月1日 10:00 info@kumiai.example\n2024年5月2日 11:00 info@kumiai.example\nどちらも返事がない。",
    "phone in a sentence at the end": "何度も携帯から返信しました。",
    "sent from a place": "昨日から何回もスマホで送信しました。",
    "sender in a sentence": "おかしいのは\n送信元のメール",
    "decorated": ">>> 至急返金しろ <<<",
    "wrote without quote": "Your manager wrote:\nPlease wait. I waited.",
    "company only": "株式会社髙籏技工所",
    "only contact": "山田\nTEL 03-0000-0000",
}


@pytest.mark.parametrize("text", KEPT.values(), ids=KEPT)
def test_own_words_survive(text: str) -> None:
    assert own(text + "\n") == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("\n \n　\n", ""),
        (QUOTE, ""),
        (f"{ANNOUNCEMENTS['gmail']}\n{QUOTE}", ""),
        (f"\n\n{OWN}   \n\n", OWN),
        (OWN.replace("\n", "\r\n") + "\r\n\r\n-- \r\n都築\r\n", OWN.replace("\n", "\r\n")),
        (
            f"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{OWN}\n-----BEGIN PGP SIGNATURE-----\n\niQEz\n-----END PGP SIGNATURE-----\n",
            OWN,
        ),
    ],
)
def test_edges(text: str, expected: str) -> None:
    assert own(text) == expected


def test_turns_of_a_call_are_taken_as_they_stand() -> None:
    turns = (Turn("客", "customer", "> <; 遅い"), Turn("OP", "staff", "承ります"), Turn("客", "customer", "-- "))
    call = Message("a.txt", 0, "1", "> <; 遅い\n承ります\n-- ", turns=turns, spans=((0, 7), (13, 16)))
    assert customer_text(call) == CustomerText("> <; 遅い\n-- ", ((0, 7), (13, 16)))


def test_a_call_whose_roles_are_unknown_has_no_customer_text() -> None:
    turns = (Turn("A", "unknown", "はい"), Turn("B", "unknown", "いいえ"))
    assert customer_text(Message("a.txt", 0, "1", "はい\nいいえ", turns=turns, spans=())).text == ""


def test_spans_of_a_reader_bound_the_text_and_signatures_go_too() -> None:
    text = "返金しろ。\niPhoneから送信\n引用\nまだか。\n"
    message = Message("a.eml", 0, "1", text, spans=((0, 17), (20, 25)))
    assert (
        customer_text(message).text == "返金しろ。\nまだか。"
        or customer_text(message).text == "返金しろ。\niPhoneから送信\nまだか。"
    )


def test_offsets_lead_back_to_the_message() -> None:
    mail = f"三枝様\n\n> 一\n\n遅い。\n\n> 二\n\n話が違う。\n\n-- \n{BOX}\n"
    found = customer_text(Message("a.eml", 0, "1", mail))
    assert found.text == "三枝様\n遅い。\n話が違う。"
    for offset, character in enumerate(found.text):
        if character != "\n":
            assert mail[found.to_message(offset)] == character
    assert found.to_message(len(found.text)) == mail.index("話が違う。") + 5
    with pytest.raises(IndexError, match="outside"):
        found.to_message(len(found.text) + 1)


_FRAGMENTS = st.sampled_from(
    ["> ", "\n", "\r\n", "-- \n", "-----Original Message-----\n", "From: a@b\n", "To: x\n", "Date: 2024\n", "━━━━\n", "TEL 03-0000-0000\n", "　", "| a\n",
     "2024年5月1日(水) 10:00 ", "<a@b.example>:", "さんは書きました:", "iPhoneから送信\n", "本メールは機密 破棄", "\ufeff", "\u2028", "返金しろ。", "x> y\n"]
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.text(max_size=300), st.lists(_FRAGMENTS, max_size=40).map("".join)))
def test_any_text_gives_ordered_spans_inside_it(text: str) -> None:
    found = customer_text(Message("a.eml", 0, "1", text))
    assert found.text == "\n".join(text[start:end] for start, end in found.spans)
    position = 0
    for start, end in found.spans:
        assert position <= start < end <= len(text)
        position = end


@pytest.mark.parametrize(
    "piece",
    [
        "> a\n",
        "-----\n",
        "From: a@b.example 2024\n",
        "2024年5月1日(水) 10:00 ",
        "=- ",
        "wrote ",
        "x@y ",
        "．" * 50,
        "メール",
    ],
)
def test_long_input_takes_linear_time(piece: str) -> None:
    customer_text(Message("a.eml", 0, "1", piece * (300_000 // len(piece))))
