"""The sample archive as a whole, through `open_source` and `customer_text`."""

import csv
import itertools
import tracemalloc
from pathlib import Path

import pytest

from kahara_nlp.customer_text import customer_text
from kahara_nlp.errors import SourceError
from kahara_nlp.records import Message, Problem
from kahara_nlp.sources import SourceOptions, open_source

SAMPLES = Path(__file__).resolve().parent.parent / "data" / "samples"
OWN = SourceOptions(own_domains=frozenset({"kumiai.example"}))
STATUS = {"customer": "scored", "own": "own_domain"}


@pytest.fixture(scope="module")
def expected() -> list[dict[str, str]]:
    with (SAMPLES / "expected.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_sample_mails(expected: list[dict[str, str]]) -> None:
    found = {
        message.message_id: message
        for message in open_source(SAMPLES / "inbox.mbox", OWN)
        if isinstance(message, Message)
    }
    wanted = {row["message_id"]: row for row in expected if row["source"] == "inbox.mbox"}
    assert found.keys() == wanted.keys()
    for key, message in found.items():
        assert STATUS.get(message.direction, message.direction) == wanted[key]["expected_status"], key
        if wanted[key]["expected_status"] == "scored":
            assert customer_text(message).text == wanted[key]["customer_text"]


def test_sample_calls(expected: list[dict[str, str]]) -> None:
    found = {
        Path(message.source).name: message for message in open_source(SAMPLES / "calls") if isinstance(message, Message)
    }
    wanted = {row["source"]: row for row in expected if row["source"] != "inbox.mbox"}
    assert found.keys() == wanted.keys()
    for name, message in found.items():
        assert customer_text(message).text == wanted[name]["customer_text"], name


def test_a_folder_goes_on_where_it_was_left() -> None:
    whole = list(open_source(SAMPLES, OWN))
    seen: dict[str, int] = {}
    for message in whole[:40]:
        seen[message.source] = message.position
    rest = list(open_source(SAMPLES, SourceOptions(own_domains=OWN.own_domains, resume_after=seen)))
    assert rest == whole[40:]


def test_sources_are_sorted_and_positions_rise() -> None:
    whole = list(open_source(SAMPLES))
    places = [(message.source, message.position) for message in whole]
    assert len(set(places)) == len(places)
    for (source, position), (next_source, next_position) in itertools.pairwise(places):
        assert source != next_source or position < next_position
    # the table of what is expected has no column that is known to hold a text
    assert [message.source for message in whole if isinstance(message, Problem)] == [str(SAMPLES / "expected.csv")]


def test_nothing_there_is_said_at_once() -> None:
    with pytest.raises(SourceError, match="no file or folder"):
        open_source("no/such/archive")
    with pytest.raises(SourceError, match="no file or folder"):
        open_source("x" * 5000)


def test_memory_does_not_grow_with_the_archive(tmp_path: Path) -> None:
    box = tmp_path / "box"
    data = (SAMPLES / "inbox.mbox").read_bytes()
    box.write_bytes(data * 60)
    tracemalloc.start()
    count = sum(1 for _ in open_source(box))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 61 * 60
    assert peak < 8_000_000


def test_an_early_end_closes_the_file(tmp_path: Path) -> None:
    box = tmp_path / "box"
    box.write_bytes((SAMPLES / "inbox.mbox").read_bytes())
    reader = open_source(box)
    next(reader)
    del reader  # a file left open would be a ResourceWarning, and that an error
