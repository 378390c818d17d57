"""Values of options: read, or refused with an example."""

import argparse
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from kahara_nlp.errors import DataError, SourceError
from kahara_nlp.records import COLUMNS

__all__ = ["check_places", "column", "count", "date", "share", "weight"]


def date(text: str) -> datetime:
    """Read a date or a moment."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        msg = f"{text!r} is no date; write 2026-10-01 or 2026-10-01T09:00"
        raise argparse.ArgumentTypeError(msg) from None


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def share(text: str) -> float:
    """Read a share in (0, 1]."""
    if not 0 < _number(text) <= 1:
        msg = f"{text!r} is no share; write a number above 0 and up to 1, such as 0.1"
        raise argparse.ArgumentTypeError(msg)
    return _number(text)


def weight(text: str) -> float:
    """Read a weight above 0."""
    if not 0 < _number(text) < float("inf"):
        msg = f"{text!r} is no weight; write a number above 0, such as 3"
        raise argparse.ArgumentTypeError(msg)
    return _number(text)


def count(text: str) -> int:
    """Read a number from 1."""
    if not text.isdigit() or int(text) < 1:
        msg = f"{text!r} is not a number from 1"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


def column(text: str) -> tuple[str, str]:
    """Read which column of a file holds what."""
    field, mark, name = text.partition("=")
    if not mark or field not in COLUMNS:
        msg = f"{text!r} names no column; write one of {', '.join(COLUMNS)}, = and the column's name"
        raise argparse.ArgumentTypeError(msg)
    return field, name


def check_places(sources: Sequence[str], output: Path | None, endings: set[str]) -> None:
    """Refuse before the work what could not be read or written after it."""
    for source in sources:
        if source != "-" and not Path(source).exists():
            msg = f"there is no {source}"
            raise SourceError(msg)
    if output is None:
        return
    if output.suffix.lower() not in endings:
        msg = f"cannot write {output.name}; use a name that ends in {', '.join(sorted(endings))}"
        raise DataError(msg)
    if not output.absolute().parent.is_dir():
        msg = f"there is no folder {output.absolute().parent}; make it first"
        raise DataError(msg)
