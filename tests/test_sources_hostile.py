"""Files that are built to exhaust or to confuse a reader, and random damage to whatever no other test damages."""

import contextlib
import gzip
import io
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kahara_nlp.customer_text import customer_text
from kahara_nlp.errors import KaharaError, MissingExtraError, SourceError
from kahara_nlp.records import Message, Problem
from kahara_nlp.sources import open_source
from kahara_nlp.sources.decode import decode_text
from kahara_nlp.sources.forms import read_form

from .fuzz.readers import main, read_everything
from .fuzz.seeds import seeds

HEAD = b"From: a@b.example\r\nSubject: x\r\n"
MEGABYTES = 50
SEEDS = seeds()


@pytest.fixture(autouse=True)
def soon() -> Iterator[None]:
    """Every one of these is read in seconds, however it is built; usually in far less than one."""
    started = time.perf_counter()
    yield
    assert time.perf_counter() - started < 20


def read(tmp_path: Path, data: bytes) -> list[Message | Problem]:
    file = tmp_path / "file"
    file.write_bytes(data)
    found = list(open_source(file))
    for row in found:
        if isinstance(row, Message):
            customer_text(row)
    return found


# --- parts and nesting ---


@pytest.mark.parametrize("depth", [40, 100, 10_000])
def test_nested_multiparts_still_give_a_message(depth: int, tmp_path: Path) -> None:
    opening = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (i, i) for i in range(depth))
    (found,) = read(tmp_path, HEAD + opening + b"\r\nhello\r\n")
    assert isinstance(found, Message)
    assert ("hello" in found.text) == (depth == 40)
    assert bool(found.notes) == (depth != 40)


@pytest.mark.parametrize("kind", [b"multipart/alternative; boundary=b", b"multipart/mixed; boundary=b"], ids=repr)
def test_a_boundary_that_is_used_on_every_level(kind: bytes, tmp_path: Path) -> None:
    (found,) = read(tmp_path, HEAD + b"".join([b"Content-Type: " + kind + b"\r\n\r\n--b\r\n"] * 5_000))
    assert isinstance(found, Message)


@pytest.mark.parametrize("depth", [50, 1_000, 50_000])
def test_mails_inside_mails_are_one_message_or_problem(depth: int, tmp_path: Path) -> None:
    (found,) = read(tmp_path, HEAD + b"Content-Type: message/rfc822\r\n\r\n" * depth + b"\r\nhello\r\n")
    assert isinstance(found, Message | Problem)


def test_ten_thousand_parts(tmp_path: Path) -> None:
    parts = b"".join(b"--b\r\nContent-Type: text/plain\r\n\r\npart %d\r\n" % number for number in range(10_000))
    (found,) = read(tmp_path, HEAD + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + parts + b"--b--\r\n")
    assert isinstance(found, Message)
    assert found.text.startswith("part 0\npart 1\n")
    assert "parts after the first 1000 not read" in found.notes


def test_nested_html_keeps_its_text(tmp_path: Path) -> None:
    html = b"<div>" * 50_000 + b"hello" + b"</div>" * 50_000
    (found,) = read(tmp_path, HEAD + b"Content-Type: text/html\r\n\r\n" + html)
    assert isinstance(found, Message)
    assert "hello" in found.text


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"segments":'], ids=repr)
def test_nested_json_is_refused_or_read(opening: bytes, tmp_path: Path) -> None:
    with contextlib.suppress(KaharaError):
        read(tmp_path, opening * 200_000)


# --- archives ---


def packed(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def test_archives_inside_archives_end(tmp_path: Path) -> None:
    data = HEAD + b"\r\nhello"
    for depth in range(6):
        data = packed({f"{depth}.zip": data, "beside.eml": HEAD + b"\r\nbeside"})
    found = read(tmp_path, data)
    assert {type(row) for row in found} == {Message, Problem}
    assert [row.reason for row in found if isinstance(row, Problem)] == ["archives are nested more than 3 deep"]


def test_a_bomb_of_many_layers_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kahara_nlp.sources.files.EXPANSION_FREE", 1_000_000)
    bomb = gzip.compress(gzip.compress(HEAD + b"\r\n" + b"0" * 60_000_000))
    assert len(bomb) < 1_000
    with pytest.raises(SourceError, match="expands"):
        read(tmp_path, bomb)
    found = read(tmp_path, packed({"a.gz": bomb, "b.eml": HEAD + b"\r\nhello"}))
    assert [type(row) for row in found] == [Problem, Message]


def test_a_workbook_that_unpacks_too_far_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("openpyxl")
    monkeypatch.setattr("kahara_nlp.sources.tables.WORKBOOK_LIMIT", 1_000_000)
    bomb = packed({"xl/workbook.xml": b"<a/>", "xl/worksheets/sheet1.xml": b" " * 5_000_000})
    with pytest.raises(SourceError, match="unpacks to"):
        read(tmp_path, bomb)


def test_members_that_claim_to_be_small(tmp_path: Path) -> None:
    data = bytearray(packed({"a.eml": HEAD + b"\r\n" + b"0" * 3_000_000}))
    place = data.index(b"PK\x01\x02") + 24  # the size that the directory states
    data[place : place + 4] = (10).to_bytes(4, "little")
    (found,) = read(tmp_path, bytes(data))
    assert isinstance(found, Message | Problem)


# --- long lines ---

LINES = {
    "mail": HEAD + b"\r\n%b",
    "mail of one character": HEAD + b"Content-Type: text/plain; charset=utf-8\r\n\r\n\xe9%b",
    "html": HEAD + b"Content-Type: text/html\r\n\r\n<p>%b</p>",
    "base64": HEAD + b"Content-Transfer-Encoding: base64\r\n\r\n%b",
    "header": b"From: a@b.example\r\nSubject: %b",
    "mbox": b"From a@b.example Wed May  1 10:00:00 2024\n" + HEAD + b"\n%b\n\nFrom -\n" + HEAD + b"\nlast\n",
    "table": b"ID,text,\xe6\x9c\xac\xe6\x96\x87\n1,%b,x\n2,y,z\n",
    "subtitles": b"WEBVTT\n\n00:01.000 --> 00:02.000\n<v A>%b\n",
    "labelled": "担当：はい。\n顧客：".encode() + b"%b\n" + "担当：はい。\n".encode(),
    "json": b'{"segments": [{"speaker": "A", "text": "%b"}]}',
    "json lines": b'{"text": "first"}\n{"text": "%b"}\n',
    "blanks": b"%b",
}
FILLINGS = [b"a", b" ", b"\xe3\x81\x82", b'\x1b$B$"\x1b(B', b"From ", b"=?utf-8?B?"]


@pytest.mark.parametrize("name", LINES)
def test_a_line_of_fifty_megabytes(name: str, tmp_path: Path) -> None:
    filling = FILLINGS[list(LINES).index(name) % 3]
    with contextlib.suppress(KaharaError):
        for row in read(tmp_path, LINES[name] % (filling * (MEGABYTES * 1_000_000 // len(filling)))):
            assert not isinstance(row, Message) or len(row.text) <= 2_000_000


def test_what_follows_a_long_line_is_found(tmp_path: Path) -> None:
    found = read(tmp_path, LINES["mbox"] % (b"a" * MEGABYTES * 1_000_000))
    assert [row.text.strip() for row in found if isinstance(row, Message)][1:] == ["last"]


@pytest.mark.parametrize("filling", ["遅い".encode(), "遅い".encode("euc-jp"), "遅い".encode("cp932")], ids=repr)
def test_a_long_text_that_is_cut_inside_a_character_is_decoded_soon(filling: bytes) -> None:
    started = time.perf_counter()
    found = decode_text(filling * 3_000_000 + filling[:1])
    assert found.text.startswith("遅い遅い")
    assert time.perf_counter() - started < 3


def test_a_long_text_part_is_cut_with_a_note(tmp_path: Path) -> None:
    body = "遅いぞ\n".encode() * 1_000_000
    (found,) = read(tmp_path, HEAD + b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + body)
    assert isinstance(found, Message)
    assert found.text == "遅いぞ\n" * 250_000
    assert found.notes == ("mail cut: it has too many parts or lines", "text cut at 1000000 characters")
    body = "遅いぞ。困る。".encode() * 300_000
    (found,) = read(tmp_path, HEAD + b"Content-Type: text/html; charset=utf-8\r\n\r\n" + (body + b"\n") * 2)
    assert isinstance(found, Message)
    assert found.notes[0] == "text part cut at 8000000 bytes"


@pytest.mark.parametrize("filling", FILLINGS, ids=repr)
@pytest.mark.parametrize("name", LINES)
def test_any_filling_is_read_in_linear_time(name: str, filling: bytes, tmp_path: Path) -> None:
    with contextlib.suppress(KaharaError):
        read(tmp_path, LINES[name] % (filling * (300_000 // len(filling))))


# --- random damage ---


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(sorted(SEEDS)),
    st.lists(st.tuples(st.integers(0, 60_000), st.binary(min_size=1, max_size=8)), max_size=5),
    st.integers(0, 60_000),
)
def test_any_damage_to_any_format_is_survived(
    tmp_path_factory: pytest.TempPathFactory, name: str, damages: list[tuple[int, bytes]], cut: int
) -> None:
    data = bytearray(SEEDS[name][:20_000] if cut % 3 else SEEDS[name][: cut + 1])
    for place, damage in damages:
        start = place % len(data)
        data[start : start + len(damage)] = damage
    file = tmp_path_factory.getbasetemp() / "fuzz-any"
    file.write_bytes(data)
    read_everything(file)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.sampled_from(["お名前", "件名", "内容", ":", "：", "【", "】", "■", "\n", " ", "a@b.example", "遅い。", "フォーム", "-----\n", "[", "]"]),
        max_size=40,
    ).map("".join)
)  # fmt: skip
def test_any_form_gives_spans_inside_the_text(text: str) -> None:
    form = read_form(text, "お問い合わせ", "no-reply@kumiai.example", frozenset({"kumiai.example"}))
    for start, end in form.spans if form else ():
        assert 0 <= start <= end <= len(text)


def test_the_fuzzer_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.fuzz.readers.find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r"pip install 'kahara-nlp\[fuzz\]'"):
        main(["--seconds", "1"])
