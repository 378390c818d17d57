"""Outlook messages: written by `outlook_message`, since nothing in the test environment writes them."""

import contextlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kahara_nlp.customer_text import customer_text
from kahara_nlp.errors import KaharaError, SourceError, UnsupportedSourceError
from kahara_nlp.records import Message, Problem
from kahara_nlp.sources import SourceOptions, open_source
from kahara_nlp.sources.compound import read_streams

from .outlook_message import compound, msg


def read(tmp_path: Path, data: bytes) -> Message:
    file = tmp_path / "mail.msg"
    file.write_bytes(data)
    (found,) = list(open_source(file, SourceOptions(own_domains=frozenset({"kumiai.example"}))))
    assert isinstance(found, Message), found
    return found


TICKS = int((datetime(2024, 5, 1, 1, tzinfo=UTC) - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds()) * 10**7
MAIL: dict[int, str | bytes] = {
    0x001A: "IPM.Note",
    0x0037: "髙橋①件",
    0x0C1F: "/O=EXCHANGE/CN=X",
    0x5D01: "K@b.example",
    0x1035: "<1@b.example>",
    0x1000: "遅い①。\r\n\r\n-----Original Message-----\r\nFrom: a\r\n\r\n遅れます。",
}


@pytest.mark.parametrize(
    ("encoding", "numbers"),
    [
        ("utf-16-le", {}),
        ("cp932", {"t3FFD": 932}),
        ("cp932", {"t3FDE": 50220}),
        ("cp932", {"t3FF1": 1041}),
        ("cp932", {}),
    ],
    ids=["unicode", "codepage", "internet codepage", "locale", "nothing said"],
)
def test_messages(encoding: str, numbers: dict[str, int], tmp_path: Path) -> None:
    found = read(tmp_path, msg(MAIL, encoding=encoding, t0039=TICKS, **numbers))
    assert (found.sender, found.recipients, found.subject, found.message_id) == (
        "k@b.example",
        ("info@kumiai.example",),
        "髙橋①件",
        "1@b.example",
    )
    assert found.date == datetime(2024, 5, 1, 1, tzinfo=UTC)
    assert (found.direction, customer_text(found).text) == ("customer", "遅い①。")


def test_header_and_html_are_preferred(tmp_path: Path) -> None:
    header = "Received: x\r\nFrom: =?UTF-8?B?5a6i?= <h@b.example>\r\nSubject: from the header\r\nList-Unsubscribe: <https://x>\r\n"
    html = '<p>遅い。</p><div id="divRplyFwdMsg">From: x</div><p>遅れます。</p>'.encode("cp932")
    found = read(tmp_path, msg({**MAIL, 0x007D: header, 0x1013: html}))
    assert (found.sender, found.subject, found.direction) == ("h@b.example", "from the header", "newsletter")
    assert customer_text(found).text == "遅い。"


def test_long_texts_stand_in_large_sectors(tmp_path: Path) -> None:
    assert read(tmp_path, msg({**MAIL, 0x1000: "遅い。\r\n" * 2000})).text.count("遅い") == 2000


@pytest.mark.parametrize(
    ("strings", "reason"),
    [
        ({**MAIL, 0x001A: "IPM.Appointment"}, "no mail"),
        ({**MAIL, 0x001A: "IPM.Note.SMIME", 0x1000: ""}, "S/MIME"),
        ({**MAIL, 0x1000: "", 0x1009: b"LZFu"}, "RTF"),
    ],
    ids=["appointment", "encrypted", "rtf"],
)
def test_what_cannot_be_read(strings: dict[int, str | bytes], reason: str, tmp_path: Path) -> None:
    file = tmp_path / "mail.msg"
    file.write_bytes(msg(strings))
    (found,) = list(open_source(file))
    assert isinstance(found, Problem)
    assert reason in found.reason


def test_reports_and_absences(tmp_path: Path) -> None:
    assert read(tmp_path, msg({**MAIL, 0x001A: "REPORT.IPM.Note.NDR"})).direction == "bounce"
    assert read(tmp_path, msg({**MAIL, 0x001A: "IPM.Note.Rules.OofTemplate.Microsoft"})).direction == "automatic"
    assert read(tmp_path, msg({**MAIL, 0x5D01: "x@kumiai.example"})).direction == "own"


def test_other_compound_files_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "old.xls"
    file.write_bytes(compound({"Workbook": b"x" * 100}))
    with pytest.raises(UnsupportedSourceError, match="old Office"):
        list(open_source(file))
    file.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100))
    with pytest.raises(SourceError):
        list(open_source(file))


def test_streams_lie_under_their_storage() -> None:
    streams = read_streams(compound({"a": b"1", "b": {"c": b"2" * 5000, "d": {"e": b""}}}))
    assert {path: len(data) for path, data in streams.items()} == {"a": 1, "b/c": 5000, "b/d/e": 0}


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 100_000), st.binary(min_size=1, max_size=8), st.integers(0, 20_000))
def test_any_damage_is_survived(tmp_path_factory: pytest.TempPathFactory, place: int, damage: bytes, cut: int) -> None:
    data = bytearray(msg(MAIL, t0039=TICKS))
    place %= len(data)
    data[place : place + len(damage)] = damage
    file = tmp_path_factory.getbasetemp() / "fuzz-msg"
    file.write_bytes(data[: max(8, len(data) - cut // 3)])
    with contextlib.suppress(KaharaError):
        assert all(isinstance(found, Message | Problem) for found in open_source(file))
