"""Header fields of a mail: encoded words, raw bytes, addresses, dates and message ids."""

import binascii
import re
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from email.message import Message as MimePart
from email.utils import parsedate_to_datetime

from kahara_nlp.sources.decode import codec_for, decode_text

__all__ = [
    "JAPAN",
    "Headers",
    "addresses",
    "collect_headers",
    "decode_base64",
    "decode_field",
    "message_ids",
    "parse_date",
    "raw_bytes",
]

#: Zone of a date that names none.
JAPAN = timezone(timedelta(hours=9), "JST")
#: Lower-case field name to its values as they stand in the mail.
Headers = Mapping[str, list[str]]

_LONGEST_FIELD = 20_000
_WORD = re.compile(r"=\?([^?*\s=]{1,60})(?:\*[^?\s]{0,20})?\?([bBqQ])\?([^?]*(?:\?(?!=)[^?]*){0,8})\?=")
_ADDRESS = re.compile(r"[^\s<>()\[\]\",;:@\\]{1,128}@[^\s<>()\[\]\",;:@\\]{1,255}")
_IN_ANGLES = re.compile(r"<\s*([^<>@\s]{1,128}@[^<>@\s]{1,255})\s*>")
_ID = re.compile(r"<([^<>\s]{1,500})>")
_MOST_RECIPIENTS = 200
_MOST_REFERENCES = 100
_QUOTED_BYTE = re.compile(rb"=([0-9A-Fa-f]{2})")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")


def raw_bytes(value: str) -> bytes:
    r"""Return the bytes behind a field that the standard library read as ASCII with surrogates.

    Parameters
    ----------
    value : str
        Field or payload.

    Returns
    -------
    bytes
        What stands in the file.

    Examples
    --------
    >>> raw_bytes("\udc82\udca0").decode("cp932")
    'あ'
    """
    return value.encode("utf-8", "surrogateescape")


def collect_headers(part: MimePart) -> dict[str, list[str]]:
    r"""Return the header fields of a part by lower-case name.

    Parameters
    ----------
    part : email.message.Message
        Parsed under the policy compat32.

    Returns
    -------
    dict of str to list of str
        The values in order, still encoded and folded.

    Examples
    --------
    >>> from email import message_from_bytes
    >>> collect_headers(message_from_bytes(b"X-A: 1\nX-a: 2\n\n"))
    {'x-a': ['1', '2']}
    """
    fields: dict[str, list[str]] = {}
    for name, value in part.raw_items():
        fields.setdefault(name.strip().lower(), []).append(str(value)[:_LONGEST_FIELD])
    return fields


def decode_base64(data: bytes) -> bytes:
    r"""Decode base64 that may be damaged or cut off.

    Parameters
    ----------
    data : bytes
        Characters outside the alphabet are skipped; a rest that makes no byte is dropped.

    Returns
    -------
    bytes
        As much as can be read.

    Examples
    --------
    >>> decode_base64(b"44GCL\n")
    b'\xe3\x81\x82'
    """
    pieces = []
    for piece in data.split(b"="):
        letters = _NOT_BASE64.sub(b"", piece)
        letters = letters[: len(letters) - 1] if len(letters) % 4 == 1 else letters
        if letters:
            pieces.append(binascii.a2b_base64(letters + b"=" * (-len(letters) % 4)))
    return b"".join(pieces)


def _word_bytes(encoding: str, content: str) -> bytes:
    data = raw_bytes(content)
    if encoding in "bB":
        return decode_base64(data)
    return _QUOTED_BYTE.sub(lambda found: bytes((int(found[1], 16),)), data.replace(b"_", b" "))


def _decode_words(value: str) -> str:
    """Decode encoded words, joining neighbours of one charset as bytes: they may be cut inside a character."""
    pieces: list[str] = []
    pending, charset, position = b"", "", 0
    for found in _WORD.finditer(value):
        between = value[position : found.start()]
        label = found[1]
        gap = between.strip(" \t\r\n")
        if pending and (gap or codec_for(label) != codec_for(charset)):
            pieces.append(decode_text(pending, charset).text)
            pending = b""
        if gap or not position:
            pieces.append(_raw_text(between))
        pending += _word_bytes(found[2], found[3])
        charset, position = label, found.end()
    if pending:
        pieces.append(decode_text(pending, charset).text)
    return "".join(pieces) + _raw_text(value[position:])


def _raw_text(value: str) -> str:
    if value.isascii() and "\x1b" not in value:
        return value
    return decode_text(raw_bytes(value)).text


def decode_field(value: str) -> str:
    r"""Decode an unstructured field, such as a subject.

    Parameters
    ----------
    value : str
        As it stands in the mail, folded, with encoded words, raw 8-bit bytes or raw escapes.

    Returns
    -------
    str
        One line.

    Examples
    --------
    >>> decode_field("Re: =?UTF-8?B?44GU6Iul?=\n =?UTF-8?B?5oOF?=")
    'Re: ご若情'
    """
    value = value[:_LONGEST_FIELD]
    # A raw ISO-2022-JP field holds bytes that look like anything, so its escapes go first.
    text = _decode_words(value) if "=?" in value else _raw_text(value)
    return " ".join(text.split())


def addresses(values: list[str]) -> tuple[str, ...]:
    """Return the mail addresses of address fields, in lower case and without repetition.

    Parameters
    ----------
    values : list of str
        Fields such as From or To, as they stand in the mail.

    Returns
    -------
    tuple of str
        Bare addresses, at most 200; where a field holds none, its decoded text.

    Examples
    --------
    >>> addresses(['"E. Marsh" <Marsh@harbour-eye.example>, a@b.example'])
    ('marsh@harbour-eye.example', 'a@b.example')
    """
    found: dict[str, None] = {}
    for value in values:
        field = value
        # Display names go first: an encoded or quoted one may hold anything, even an address.
        bare = re.sub(r'"(?:[^"\\]|\\.)*"', " ", _WORD.sub(" ", field))
        bare = _IN_ANGLES.sub(lambda angle: f" {angle[1]} ", _without_names(bare))
        matches = _ADDRESS.findall(bare)
        if not matches:
            matches = _ADDRESS.findall(field)
        if not matches:
            text = decode_field(field)
            matches = [text] if text and text != "<>" else []
        for match in matches[:_MOST_RECIPIENTS]:
            text = match if match.isascii() else _raw_text(match)
            found.setdefault(text.strip("'").lower())
    return tuple(found)[:_MOST_RECIPIENTS]


def _without_names(value: str) -> str:
    """Drop what stands before an address in angle brackets: it is a name, even with an @ in it."""
    pieces = []
    for piece in value.split(","):
        angle = _IN_ANGLES.search(piece)
        pieces.append(angle[0] if angle else piece)
    return ",".join(pieces)


def message_ids(values: list[str]) -> tuple[str, ...]:
    """Return the ids of fields such as References, without angle brackets.

    Parameters
    ----------
    values : list of str
        Fields as they stand in the mail.

    Returns
    -------
    tuple of str
        In order, each once, at most the last hundred.

    Examples
    --------
    >>> message_ids(["<a@x> <b@x>", "<b@x>"])
    ('a@x', 'b@x')
    """
    ids: dict[str, None] = {}
    for value in values:
        for match in _ID.findall(value):
            ids.setdefault(match if match.isascii() else _raw_text(match))
    return tuple(ids)[-_MOST_REFERENCES:]


def parse_date(value: str) -> datetime | None:
    """Read the date of a mail.

    Parameters
    ----------
    value : str
        A Date field.

    Returns
    -------
    datetime.datetime or None
        With a zone: Japan where the field names none. None where it cannot be read.

    Examples
    --------
    >>> parse_date("Wed, 1 May 2024 10:00:00 +0900").isoformat()
    '2024-05-01T10:00:00+09:00'
    """
    try:
        date = parsedate_to_datetime(" ".join(value[:200].split()))
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        return None
    date = date if date.tzinfo else date.replace(tzinfo=JAPAN)
    # Spam dates itself to the year 1 or 9999, and no other zone can be computed from those.
    return date if 1970 <= date.year < 9999 else None  # noqa: PLR2004
