"""What a file is, by its first bytes, and who reads it."""

import csv
import io
import re
from collections.abc import Callable, Iterator
from typing import BinaryIO

from kahara_nlp.errors import SourceError, UnsupportedSourceError
from kahara_nlp.records import Message, Problem
from kahara_nlp.sources import compound, outlook_store
from kahara_nlp.sources.columns import looks_like_header
from kahara_nlp.sources.csv_rows import delimiter_of, read_csv
from kahara_nlp.sources.decode import decode_text, looks_binary
from kahara_nlp.sources.files import SourceFile
from kahara_nlp.sources.json_rows import read_json
from kahara_nlp.sources.labelled import parse_labelled
from kahara_nlp.sources.mail import UnreadMail, looks_like_mail, read_eml, read_mbox
from kahara_nlp.sources.mbox import split_mbox
from kahara_nlp.sources.options import SourceOptions
from kahara_nlp.sources.outlook import read_msg
from kahara_nlp.sources.tables import read_excel, read_parquet
from kahara_nlp.sources.transcripts import read_labelled, read_subtitles

__all__ = ["read_file"]

_HEAD = 65_536
_EMLX = re.compile(rb"\s*\d{1,10}[ \t]*\r?\n(?=[\x21-\x39\x3b-\x7e]{1,76}:)")
_SUBTITLES = re.compile(
    r"\ufeff?\s*(?:WEBVTT(?:[ \t\n]|$)|(?:\d{1,7}\s*\n)?\s*(?:\d{1,3}:)?\d{1,2}:\d{2}[.,]\d{1,3}\s*-->)"
)
_READER = Callable[[BinaryIO, str, SourceOptions], Iterator[UnreadMail] | Iterator[Message | Problem]]
_BINARY: tuple[tuple[bytes, _READER], ...] = (
    (b"PAR1", read_parquet),
    (b"PK\x03\x04", read_excel),
    (compound.MAGIC, read_msg),
    (outlook_store.MAGIC, outlook_store.read_store),
)
_UNREADABLE = (
    (b"%PDF", "PDF"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"RIFF", "sound or a picture"),
    (b"ID3", "sound"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive; unpack it first"),
    (b"Rar!", "a RAR archive; unpack it first"),
    (b"SQLite format 3", "an SQLite database"),
    (b"{\\rtf", "RTF"),
    (b"bplist0", "a property list"),
)


def read_file(file: SourceFile, options: SourceOptions) -> Iterator[UnreadMail | Message | Problem]:
    """Read the messages of one file.

    Parameters
    ----------
    file : SourceFile
        Unpacked.
    options : SourceOptions
        Settings.

    Yields
    ------
    UnreadMail, Message or Problem
        In the order of the file. An empty file has none.

    Raises
    ------
    KaharaError
        If the file as a whole cannot be read.
    """
    try:
        with file.opener() as stream:
            head = stream.read(_HEAD)
            if not head.strip(b"\x00 \t\r\n"):
                return
            reader = _reader(head, file.name, options)
            stream.seek(0)
            yield from reader(stream, file.name, options)
    except OSError as error:
        msg = f"{file.name} cannot be read ({type(error).__name__})"
        raise SourceError(msg) from error


def _reader(head: bytes, name: str, options: SourceOptions) -> _READER:
    for magic, reader in _BINARY:
        if head.startswith(magic):
            return reader
    for magic, what in _UNREADABLE:
        if head.startswith(magic):
            msg = f"{name} is {what}; expected mail, a transcript or a table: export it as one of these"
            raise UnsupportedSourceError(msg)
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    if start.startswith(b"From ") and _is_mbox(head):
        return read_mbox
    if looks_like_mail(head) or (_EMLX.match(head) and looks_like_mail(_EMLX.sub(b"", head, count=1))):
        return read_eml
    if looks_binary(head[:8192]):
        msg = f"{name} is in no format that is read"
        raise UnsupportedSourceError(msg)
    return _text_reader(head, options)


def _is_mbox(head: bytes) -> bool:
    return next(split_mbox(io.BytesIO(head)), None) is not None


def _text_reader(head: bytes, options: SourceOptions) -> _READER:
    # The sample may end inside a character.
    text = decode_text(head[: head.rfind(b"\n") + 1] or head).text.replace("\r\n", "\n").replace("\r", "\n")
    if text.lstrip("\ufeff \t\n").startswith(("{", "[")) and not _SUBTITLES.match(text) and _is_json(text):
        return read_json
    if _SUBTITLES.match(text):
        return read_subtitles
    if _has_header(text, options):
        return read_csv
    if parse_labelled(text) is not None:
        return read_labelled
    first = text.lstrip("\n").split("\n", 1)[0]
    if options.text_column is not None and first.count(delimiter_of(first)):
        return read_csv  # which says which columns there are
    return read_csv if _is_regular(text) else read_labelled


def _is_json(text: str) -> bool:
    """Tell JSON from a transcript whose lines begin with [label]."""
    start = text.lstrip("\ufeff \t\n")
    return bool(re.match(r"\{\s*(?:\"|\}|$)|\[\s*(?:[{\"\]]|-?\d+\s*[,\]]|$)", start[:200]))


def _has_header(text: str, options: SourceOptions) -> bool:
    """Tell whether one of the first lines names a text column."""
    for line in text.lstrip("\ufeff\n").split("\n")[:10]:
        delimiter = delimiter_of(line)
        cells = next(csv.reader([line], delimiter=delimiter), []) if len(line) < 20_000 else []  # noqa: PLR2004
        if len(cells) > 1 and looks_like_header(cells):
            return True
        if options.text_column is not None and options.text_column in [cell.strip() for cell in cells]:
            return True
        if len(cells) == 1 and looks_like_header(cells) and line == text.lstrip("\ufeff\n").split("\n", 1)[0]:
            return True
    return False


def _is_regular(text: str) -> bool:
    """Tell whether all of the first lines have the same number of cells, as in a table of unknown names."""
    lines = [line for line in text.split("\n")[:20] if line.strip()]
    if len(lines) < 2:  # noqa: PLR2004
        return False
    delimiter = delimiter_of(lines[0])
    counts = {line.count(delimiter) for line in lines}
    return len(counts) == 1 and counts != {0}
