"""Outlook data files (.pst): written by `outlook_store`, in the Unicode and in the ANSI format."""

import contextlib
import gzip
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kahara_nlp.customer_text import customer_text
from kahara_nlp.errors import KaharaError, MissingExtraError, SourceError
from kahara_nlp.records import Message, Problem
from kahara_nlp.sources import SourceOptions, open_source

from .outlook_store import ROOT, OutlookStore, Values

OWN = frozenset({"kumiai.example"})
TICKS = int((datetime(2024, 5, 1, 1, tzinfo=UTC) - datetime(1601, 1, 1, tzinfo=UTC)).total_seconds()) * 10**7
MAIL: Values = {
    0x001A: "IPM.Note",
    0x0037: "\x01\x05RE: 髙橋①件",
    0x0039: TICKS,
    0x0C1F: "/O=EXCHANGE/CN=X",
    0x5D01: "K@b.example",
    0x1000: "遅い①。\r\n\r\n-----Original Message-----\r\nFrom: a\r\n\r\n遅れます。",
    0x1035: "<2@b.example>",
    0x1042: "<1@b.example>",
}
TO: list[Values] = [{0x3001: "組合", 0x39FE: "info@kumiai.example"}, {0x3001: "客", 0x39FE: "K@b.example"}]
FORMATS = pytest.mark.parametrize("encoding", ["", "cp932"], ids=["unicode", "ansi"])

pytest.importorskip("pypff", reason="needs the extra 'outlook'")


def save(folder: Path, store: OutlookStore | bytes, name: str = "archive.pst") -> Path:
    file = folder / name
    file.write_bytes(bytes(store))
    return file


def found_in(file: Path, **resume: int) -> list[Message | Problem]:
    return list(open_source(file, SourceOptions(own_domains=OWN, resume_after=resume)))


def small_store(encoding: str = "", count: int = 3) -> OutlookStore:
    store = OutlookStore(encoding)
    inbox = store.folder("受信トレイ")
    for number in range(count):
        store.message(inbox, {**MAIL, 0x1035: f"<{number}@b.example>"}, TO)
    return store


@FORMATS
@pytest.mark.parametrize(
    "stated", [{}, {0x3FFD: 932}, {0x3FDE: 50220}, {0x3FF1: 1041}], ids=["nothing", "codepage", "internet", "locale"]
)
def test_a_mail_with_all_its_properties(encoding: str, stated: Values, tmp_path: Path) -> None:
    store = OutlookStore(encoding)
    store.message(store.folder("受信トレイ"), {**MAIL, **stated}, TO)
    (mail,) = found_in(save(tmp_path, store))
    assert isinstance(mail, Message)
    assert mail.source == f"{tmp_path / 'archive.pst'}!/受信トレイ"
    assert (mail.sender, mail.recipients) == ("k@b.example", ("info@kumiai.example", "k@b.example"))
    assert (mail.subject, mail.message_id, mail.thread) == ("RE: 髙橋①件", "2@b.example", ("1@b.example",))
    assert mail.date == datetime(2024, 5, 1, 1, tzinfo=UTC)
    assert (mail.direction, customer_text(mail).text) == ("customer", "遅い①。")


@FORMATS
def test_transport_headers_come_before_properties(encoding: str, tmp_path: Path) -> None:
    store = OutlookStore(encoding)
    headers = "Received: x\r\nFrom: =?UTF-8?B?5a6i?= <h@b.example>\r\nSubject: from the header\r\nList-Unsubscribe: <https://x>\r\n"
    store.message(store.folder("Inbox"), {**MAIL, 0x007D: headers}, TO)
    (mail,) = found_in(save(tmp_path, store))
    assert isinstance(mail, Message)
    assert (mail.sender, mail.subject, mail.direction) == ("h@b.example", "from the header", "newsletter")
    assert mail.recipients == ("info@kumiai.example", "k@b.example")


@FORMATS
@pytest.mark.parametrize("charset", ["cp932", "utf-8", "iso-2022-jp"])
def test_html_is_read_in_its_own_charset(encoding: str, charset: str, tmp_path: Path) -> None:
    store = OutlookStore(encoding)
    html = '<p>遅い。</p><div id="divRplyFwdMsg">From: x</div><p>遅れます。</p>'.encode(charset)
    store.message(store.folder("Inbox"), {**MAIL, 0x1013: html})
    (mail,) = found_in(save(tmp_path, store))
    assert isinstance(mail, Message)
    assert customer_text(mail).text == "遅い。"


@FORMATS
def test_long_texts_and_many_mails(encoding: str, tmp_path: Path) -> None:
    store = small_store(encoding, 200)
    store.message(store.folder("長い"), {**MAIL, 0x1000: "遅い。\r\n" * 4000})
    whole = found_in(save(tmp_path, store))
    assert [mail.message_id for mail in whole[:200] if isinstance(mail, Message)] == [
        f"{number}@b.example" for number in range(200)
    ]
    assert isinstance(whole[200], Message)
    assert whole[200].text == "遅い。\n" * 4000


def test_folders_are_told_by_their_path(tmp_path: Path) -> None:
    store = OutlookStore()
    inbox = store.folder("Inbox")
    for folder in (inbox, store.folder("2024/05", inbox), store.folder("Inbox"), store.folder("Beside", 0x122)):
        store.message(folder, MAIL)
    file = save(tmp_path, store)
    # What lies beside the folder that Outlook shows as the file has a path of its own.
    assert sorted(mail.source.removeprefix(str(file)) for mail in found_in(file)) == [
        "!/Beside", "!/Inbox", "!/Inbox (2)", "!/Inbox/2024%2F05",
    ]  # fmt: skip


def test_items_that_are_no_mail_are_passed_over(tmp_path: Path) -> None:
    store = OutlookStore()
    folder = store.folder("予定表")
    for kind in ("IPM.Appointment", "IPM.Contact", "IPM.Task", "IPM.Schedule.Meeting.Request"):
        store.message(folder, {**MAIL, 0x001A: kind})
    store.message(folder, {**MAIL, 0x001A: "REPORT.IPM.Note.NDR"})
    store.message(folder, {**MAIL, 0x001A: "IPM.Note.Rules.OofTemplate.Microsoft"})
    store.message(folder, {**MAIL, 0x5D01: "x@kumiai.example"})
    directions = [mail.direction for mail in found_in(save(tmp_path, store)) if isinstance(mail, Message)]
    assert directions == ["bounce", "automatic", "own"]


def test_what_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    store = OutlookStore()
    folder = store.folder("Inbox")
    store.message(folder, {**MAIL, 0x001A: "IPM.Note.SMIME", 0x1000: ""})
    store.message(folder, {**MAIL, 0x1000: "", 0x1009: b"LZFu"})
    reasons = [row.reason for row in found_in(save(tmp_path, store)) if isinstance(row, Problem)]
    assert ["S/MIME" in reasons[0], "RTF" in reasons[1]] == [True, True]


def test_reading_goes_on_at_a_position(tmp_path: Path) -> None:
    store = small_store(count=5)
    file = save(tmp_path, store)
    whole = found_in(file)
    positions = [mail.position for mail in whole]
    assert positions == sorted(set(positions))
    seen = {whole[2].source: whole[2].position}
    assert list(open_source(file, SourceOptions(own_domains=OWN, resume_after=seen))) == whole[3:]
    # Mail that comes later has a higher number.
    store.message(store.folder("later"), MAIL)
    assert len(list(open_source(save(tmp_path, store), SourceOptions(resume_after=seen)))) == 3


@FORMATS
def test_a_damaged_mail_is_one_problem_and_the_rest_goes_on(encoding: str, tmp_path: Path) -> None:
    store = small_store(encoding)
    hurt = sorted(number for number in store.nodes if number & 0x1F == 0x04)[1]
    block = store.nodes[hurt][0]
    store.blocks = [(number, b"\xff" * 40 if number == block else data) for number, data in store.blocks]
    found = found_in(save(tmp_path, store))
    assert [type(row) for row in found] == [Message, Problem, Message]
    assert found[0].position < found[1].position <= hurt < found[2].position
    assert isinstance(found[1], Problem)
    assert "damaged" in found[1].reason


def test_a_damaged_folder_does_not_take_the_others_along(tmp_path: Path) -> None:
    store = small_store()
    other = store.folder("other")
    store.message(other, MAIL)
    tables: list[int] = []
    write = store._members

    def write_and_hurt() -> None:
        write()
        inbox = min(number for number in store.nodes if number & 0x1F == 0x02 and number > 0x9000)
        tables.append(store.nodes[inbox & ~0x1F | 0x0E][0])
        store.blocks = [(number, b"\xff" * 40 if number == tables[0] else data) for number, data in store.blocks]

    store._members = write_and_hurt  # type: ignore[method-assign]
    found = found_in(save(tmp_path, store))
    assert [type(row) for row in found] == [Problem, Message]
    assert found[0].source.endswith("受信トレイ")
    assert found[1].source.endswith("other")


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    whole = bytes(small_store())
    rootless = small_store()
    del rootless.nodes[ROOT]
    for damaged in (b"!BDN" + bytes(600), whole[:600], whole[:20], bytes(rootless)):
        with pytest.raises(SourceError, match="scanpst"):
            found_in(save(tmp_path, damaged))
    save(tmp_path, small_store(), "b.pst")
    assert [type(row) for row in found_in(tmp_path)] == [Problem, Message, Message, Message]


def test_folders_that_are_nested_too_deep_are_one_problem(tmp_path: Path) -> None:
    store = small_store()
    folder = store.folder("deep")
    for number in range(150):
        folder = store.folder(f"{number}", folder)
    store.message(folder, MAIL)
    found = found_in(save(tmp_path, store))
    assert [type(row) for row in found] == [Message, Message, Message, Problem]
    assert isinstance(found[-1], Problem)
    assert "nested too deep" in found[-1].reason


def test_packed_files_are_read(tmp_path: Path) -> None:
    data = bytes(small_store())
    (tmp_path / "a.pst.gz").write_bytes(gzip.compress(data))
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("c.pst", data)
    sources = {row.source.removeprefix(f"{tmp_path}/") for row in found_in(tmp_path)}
    assert sources == {"a.pst.gz!/受信トレイ", "b.zip!/c.pst!/受信トレイ"}


def test_the_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = save(tmp_path, small_store())
    monkeypatch.setitem(sys.modules, "pypff", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'kahara-nlp\[outlook\]'"):
        found_in(file)


def test_an_early_end_closes_the_file(tmp_path: Path) -> None:
    reader = open_source(save(tmp_path, small_store()))
    next(reader)
    del reader  # a file left open would be a ResourceWarning, and that an error


WHOLE = {encoding: bytes(small_store(encoding)) for encoding in ("", "cp932")}


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["", "cp932"]),
    st.lists(st.tuples(st.integers(0, 60_000), st.binary(min_size=1, max_size=8)), min_size=1, max_size=6),
    st.integers(0, 20_000),
)
def test_any_damage_is_survived(
    tmp_path_factory: pytest.TempPathFactory, encoding: str, damages: list[tuple[int, bytes]], cut: int
) -> None:
    data = bytearray(WHOLE[encoding])
    for place, damage in damages:
        start = 4 + place % (len(data) - 16)
        data[start : start + len(damage)] = damage
    file = save(tmp_path_factory.getbasetemp(), bytes(data[: len(data) - cut // 3]), "fuzz.pst")
    with contextlib.suppress(KaharaError):
        assert all(isinstance(row, Message | Problem) for row in open_source(file))
