"""CSV and TSV, in the encodings in which Japanese systems export them."""

import csv
import io
from collections.abc import Iterator
from contextlib import suppress
from typing import BinaryIO

from kahara_nlp.records import Message, Problem
from kahara_nlp.sources.decode import decode_text
from kahara_nlp.sources.options import SourceOptions
from kahara_nlp.sources.rows import Row, read_rows

__all__ = ["LINE_LIMIT", "delimiter_of", "read_csv", "text_lines"]

#: Characters of one line and of one cell.
LINE_LIMIT = 16 * 1024 * 1024

_SNIFF = 65_536


def _sniff_codec(stream: BinaryIO) -> str:
    """Return the codec of a text file, looking as far as the first bytes that are not ASCII."""
    stream.seek(0)
    sample = stream.read(_SNIFF)
    if sample.isascii() and b"\x1b" not in sample and b"\x00" not in sample:
        while chunk := stream.read(1 << 20):
            if not chunk.isascii():
                odd = len(chunk) - len(chunk.lstrip(bytes(range(128))))
                line = chunk.rfind(b"\n", 0, odd) + 1
                sample = chunk[line : line + _SNIFF]
                break
    stream.seek(0)
    # A character that the sample cuts must not speak against an encoding.
    charset = decode_text(sample[: sample.rfind(b"\n") + 1] or sample).charset
    return {"utf-8": "utf-8-sig", "euc-jp": "euc_jp", "iso-2022-jp": "iso2022_jp_ext", "ascii": "utf-8-sig"}.get(
        charset, charset
    )


def text_lines(stream: BinaryIO) -> Iterator[str]:
    r"""Yield the lines of a text file in any of the usual encodings.

    Parameters
    ----------
    stream : seekable binary file
        Read from its beginning.

    Yields
    ------
    str
        With its line end; a line of more than `LINE_LIMIT` characters comes in pieces.

    Examples
    --------
    >>> list(text_lines(io.BytesIO("件名\r\n".encode("cp932"))))
    ['件名\r\n']
    """
    text = io.TextIOWrapper(stream, encoding=_sniff_codec(stream), errors="replace", newline="")
    try:
        while line := text.readline(LINE_LIMIT):
            yield line
    finally:
        # Whoever stops early may have closed the file before this generator is collected.
        with suppress(ValueError):
            text.detach()


def delimiter_of(line: str) -> str:
    """Return the delimiter of a table by its header.

    Parameters
    ----------
    line : str
        The first line.

    Returns
    -------
    str
        Tab, comma, semicolon or bar; the one that occurs most.

    Examples
    --------
    >>> delimiter_of("ID;日時;本文")
    ';'
    """
    return max("\t,;|", key=lambda mark: (line.count(mark), mark == ","))


def _csv_rows(stream: BinaryIO) -> Iterator[Row | Problem]:
    """Yield line number and cells; a row that cannot be read is a problem and the next one goes on."""
    # The limit belongs to the process; raising it harms nobody else, and mails are longer than its 128 KB.
    csv.field_size_limit(max(csv.field_size_limit(), LINE_LIMIT))
    lines = text_lines(stream)
    first = next(lines, "")
    if first.lower().startswith("sep=") and len(first.strip()) == 5:  # noqa: PLR2004
        delimiter, start = first.strip()[4], []
    else:
        delimiter, start = delimiter_of(first), [first]

    def source() -> Iterator[str]:
        yield from start
        yield from lines

    reader = csv.reader(source(), delimiter=delimiter)
    number = 0
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield Problem("", number, "the row cannot be read as CSV")
            number += 1
            continue
        if any(row):
            yield number, row
            number += 1


def read_csv(stream: BinaryIO, name: str, options: SourceOptions) -> Iterator[Message | Problem]:
    r"""Read a table of text: CSV or TSV, in UTF-8, CP932, EUC-JP or UTF-16.

    Parameters
    ----------
    stream : seekable binary file
        The table.
    name : str
        Its name in messages.
    options : SourceOptions
        Settings.

    Yields
    ------
    Message or Problem
        One for each row, or, where the table has a column of speakers, for each call.

    Raises
    ------
    DataError
        If no column holds the text.

    Examples
    --------
    >>> table = io.BytesIO("ID,本文\n7,返事がない\n".encode("cp932"))
    >>> [(row.message_id, row.position, row.text) for row in read_csv(table, "a.csv", SourceOptions())]
    [('7', 1, '返事がない')]
    """
    yield from read_rows(_csv_rows(stream), name, options)
