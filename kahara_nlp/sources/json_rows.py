"""JSON: calls, lists of rows or calls, and one of either on each line."""

import json
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from kahara_nlp.errors import DataError, SourceError, UnsupportedSourceError
from kahara_nlp.records import Message, Problem
from kahara_nlp.sources.columns import find_columns
from kahara_nlp.sources.csv_rows import text_lines
from kahara_nlp.sources.options import SourceOptions
from kahara_nlp.sources.rows import row_message
from kahara_nlp.sources.transcripts import TRANSCRIPT_LIMIT, load_json, read_json_call

__all__ = ["read_json"]


def read_json(stream: BinaryIO, name: str, options: SourceOptions) -> Iterator[Message | Problem]:
    r"""Read JSON: one call, a list of rows or calls, or one of either on each line.

    Parameters
    ----------
    stream : seekable binary file
        The JSON.
    name : str
        Its name in messages.
    options : SourceOptions
        Settings.

    Yields
    ------
    Message or Problem
        One for each row or call.

    Raises
    ------
    DataError
        If the rows have no column with the text.
    UnsupportedSourceError
        If it is neither rows nor a transcript of a known shape.
    SourceError
        If it cannot be read as JSON.

    Examples
    --------
    >>> import io
    >>> rows = io.BytesIO('{"id": 1, "text": "遅い"}\n{"id": 2, "text": "困る"}\n'.encode())
    >>> [row.text for row in read_json(rows, "a.jsonl", SourceOptions())]
    ['遅い', '困る']
    """
    if _is_json_lines(stream):
        yield from _json_lines(text_lines(stream), name, options)
        return
    stream.seek(0)
    data = stream.read(TRANSCRIPT_LIMIT + 1)
    if len(data) > TRANSCRIPT_LIMIT:
        msg = f"{name} is one JSON value of more than {TRANSCRIPT_LIMIT} bytes; write one value on each line"
        raise SourceError(msg)
    value = load_json(data)
    items = value if isinstance(value, list) else [value]
    turns = read_json_call({"turns": value}, (name, 0), options) if isinstance(value, list) else None
    if isinstance(turns, Message) and turns.turns:
        if not options.taken(name, 0):
            yield turns
        return
    yield from _json_values(enumerate(items), name, options, single=not isinstance(value, list))


def _is_json_lines(stream: BinaryIO) -> bool:
    """Tell whether the first line is a JSON object of its own and something follows it."""
    lines = (line for line in text_lines(stream) if line.strip())
    first, second = next(lines, ""), next(lines, "")
    if not second or not first.lstrip("\ufeff \t").startswith("{"):
        return False
    try:
        json.loads(first.lstrip("\ufeff"))
    except (ValueError, RecursionError):
        return False
    return True


def _json_lines(lines: Iterable[str], name: str, options: SourceOptions) -> Iterator[Message | Problem]:
    def values() -> Iterator[tuple[int, object]]:
        number = 0
        for line in lines:
            if not line.strip():
                continue
            try:
                value: object = json.loads(line.lstrip("\ufeff"))
            except (ValueError, RecursionError):
                value = _BROKEN
            yield number, value
            number += 1

    yield from _json_values(values(), name, options, single=False)


_BROKEN = object()


def _json_values(
    values: Iterable[tuple[int, object]], name: str, options: SourceOptions, *, single: bool
) -> Iterator[Message | Problem]:
    """Turn JSON values into messages: each is a call of a known shape or a row with a text column."""
    for index, value in values:
        number = 0 if single else index + 1
        if options.taken(name, number):
            continue
        if value is _BROKEN or not isinstance(value, dict):
            if single:
                msg = f"{name} is JSON, but neither rows nor a transcript of a known shape"
                raise UnsupportedSourceError(msg)
            yield Problem(name, number, "the value is not a JSON object")
            continue
        try:
            yield _json_message(value, name, number, options)
        except DataError as error:
            if single:
                msg = f"{name} is JSON, but neither a transcript of a known shape nor a row: {error}"
                raise UnsupportedSourceError(msg) from error
            if index == 0:
                raise
            yield Problem(name, number, str(error))


def _json_message(value: dict[str, Any], name: str, number: int, options: SourceOptions) -> Message | Problem:
    if options.text_column is None or options.text_column not in value:
        call = read_json_call(value, (name, number), options)
        if call is not None:
            return call
    flat = {key: inner for key, inner in value.items() if not isinstance(inner, dict | list)}
    columns = find_columns(list(flat), options)
    return row_message((number, list(flat.values())), columns, name, options)
