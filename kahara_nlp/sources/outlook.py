"""Outlook messages (.msg)."""

import struct
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import BinaryIO

from kahara_nlp.errors import SourceError, UnsupportedSourceError
from kahara_nlp.records import Message, Problem
from kahara_nlp.sources.compound import read_streams
from kahara_nlp.sources.decode import decode_text
from kahara_nlp.sources.guarded import read_at_most
from kahara_nlp.sources.html import html_to_text
from kahara_nlp.sources.mail import build_message, parse_fields
from kahara_nlp.sources.options import SourceOptions
from kahara_nlp.sources.parts import TEXT_LIMIT, Body

__all__ = ["MSG_LIMIT", "read_msg"]

#: A larger message file is not read; nearly all of it would be attachments.
MSG_LIMIT = 256 * 1024 * 1024

# Numbers of properties, as in [MS-OXPROPS].
_CLASS, _SUBJECT, _HEADERS, _BODY, _HTML, _RTF, _MESSAGE_ID = 0x001A, 0x0037, 0x007D, 0x1000, 0x1013, 0x1009, 0x1035
_REFERENCES, _IN_REPLY_TO, _SENDER_NAME = 0x1039, 0x1042, 0x0C1A
_SENDERS = (0x5D01, 0x5D02, 0x0C1F, 0x0065)
_RECIPIENT_ADDRESSES = (0x39FE, 0x3003)
_SUBMITTED, _DELIVERED = 0x0039, 0x0E06
_CODEPAGES, _LOCALE = (0x3FFD, 0x3FDE), 0x3FF1
_JAPANESE_CODEPAGES = {932, 50220, 50221, 50222, 51932, 20932}
_JAPANESE_LOCALE = 1041
_PREFIX = "__substg1.0_"
_NO_MAIL = (
    "ipm.appointment",
    "ipm.contact",
    "ipm.task",
    "ipm.stickynote",
    "ipm.activity",
    "ipm.distlist",
    "ipm.schedule",
)


class _Properties:
    """The properties of a message or of a recipient."""

    def __init__(self, streams: Mapping[str, bytes], prefix: str, header: int, codepage: str = "") -> None:
        self._streams = streams
        self._prefix = prefix
        self.fixed: dict[int, bytes] = {}
        table = streams.get(f"{prefix}__properties_version1.0", b"")
        for place in range(header, len(table) - 15, 16):
            self.fixed[struct.unpack_from("<H", table, place + 2)[0]] = table[place + 8 : place + 16]
        self.codepage = codepage or self._codepage()

    def _codepage(self) -> str:
        numbers = [self.number(tag) for tag in _CODEPAGES]
        # An InternetCodepage of 50220 stands beside strings that are CP932 all the same.
        if _JAPANESE_CODEPAGES & set(numbers) or self.number(_LOCALE) == _JAPANESE_LOCALE:
            return "cp932"
        return next((f"cp{number}" for number in numbers if number and number != 65001), "")  # noqa: PLR2004

    def number(self, tag: int) -> int:
        return int(struct.unpack("<I", self.fixed[tag][:4])[0]) if tag in self.fixed else 0

    def time(self, tag: int) -> datetime | None:
        ticks = struct.unpack("<Q", self.fixed[tag])[0] if tag in self.fixed else 0
        try:
            date = datetime(1601, 1, 1, tzinfo=UTC) + timedelta(microseconds=ticks // 10)
        except OverflowError:
            return None
        return date if 1970 <= date.year < 9999 else None  # noqa: PLR2004

    def text(self, tag: int) -> str:
        wide = self._streams.get(f"{self._prefix}{_PREFIX}{tag:04X}001F")
        if wide is not None:
            return wide.decode("utf-16-le", "replace").rstrip("\x00")
        narrow = self._streams.get(f"{self._prefix}{_PREFIX}{tag:04X}001E", b"").rstrip(b"\x00")
        return decode_text(narrow, self.codepage).text

    def binary(self, tag: int) -> bytes:
        return self._streams.get(f"{self._prefix}{_PREFIX}{tag:04X}0102", b"")


def read_msg(stream: BinaryIO, name: str, options: SourceOptions) -> Iterator[Message | Problem]:
    """Read an Outlook message file.

    Parameters
    ----------
    stream : seekable binary file
        At its beginning.
    name : str
        Its name in messages.
    options : SourceOptions
        Settings.

    Yields
    ------
    Message or Problem
        One; a problem for what is no mail, is encrypted or has its text in RTF alone.

    Raises
    ------
    UnsupportedSourceError
        If the file is another kind of compound file, such as an old Office document.
    SourceError
        If it is damaged or too large.
    """
    if options.taken(name, 0):
        return
    data, complete = read_at_most(stream, MSG_LIMIT)
    if not complete:
        msg = f"{name} is larger than {MSG_LIMIT} bytes"
        raise SourceError(msg)
    streams = read_streams(data)
    if "__properties_version1.0" not in streams:
        msg = f"{name} is an old Office file; save it as .xlsx or .eml"
        raise UnsupportedSourceError(msg)
    properties = _Properties(streams, "", 32)
    kind = properties.text(_CLASS).lower()
    if kind.startswith(_NO_MAIL):
        yield Problem(name, 0, "the Outlook item is no mail")
        return
    body = _body(properties)
    if "smime" in kind and not body.text.strip():
        yield Problem(name, 0, "the mail cannot be read: S/MIME content")
    elif not body.text.strip() and properties.binary(_RTF):
        yield Problem(name, 0, "the mail cannot be read: its text stands in RTF only; save it as .eml")
    else:
        yield build_message(_fields(properties, streams, kind), body, (name, 0), options, [])


def _body(properties: _Properties) -> Body:
    """Return the text: from HTML where there is any, because the plain text is made from it."""
    html = properties.binary(_HTML)
    markup = decode_text(html, properties.codepage).text if html else properties.text(_HTML)
    notes: tuple[str, ...] = ()
    if markup.strip("\x00 \r\n"):
        visible = html_to_text(markup)
        text, spans = visible.text, visible.spans
    else:
        text, spans = properties.text(_BODY).replace("\r\n", "\n").replace("\r", "\n").replace("\x00", ""), None
    if len(text) > TEXT_LIMIT:
        text = text[:TEXT_LIMIT]
        spans = None if spans is None else tuple((a, min(b, TEXT_LIMIT)) for a, b in spans if a < TEXT_LIMIT)
        notes = (f"text cut at {TEXT_LIMIT} characters",)
    return Body(text, spans, notes, "", frozenset())


def _fields(properties: _Properties, streams: Mapping[str, bytes], kind: str) -> dict[str, list[str]]:
    """Return the header of the mail as it came, filled up from the properties."""
    fields = parse_fields(properties.text(_HEADERS).encode("utf-8", "surrogateescape").removeprefix(b"\xef\xbb\xbf"))
    sender = next((text for tag in _SENDERS if "@" in (text := properties.text(tag))), properties.text(_SENDER_NAME))
    date = properties.time(_SUBMITTED) or properties.time(_DELIVERED)
    known = {
        "from": sender,
        "to": ", ".join(_recipients(properties, streams)),
        "subject": properties.text(_SUBJECT),
        "message-id": properties.text(_MESSAGE_ID),
        "references": properties.text(_REFERENCES),
        "in-reply-to": properties.text(_IN_REPLY_TO),
        "date": format_datetime(date) if date else "",
    }
    for name, value in known.items():
        if value and name not in fields:
            fields[name] = [_as_bytes_read(value)]
    if kind.startswith("report."):
        fields.setdefault("x-failed-recipients", [""])
    if "ooftemplate" in kind:
        fields["auto-submitted"] = ["auto-replied"]
    return fields


def _as_bytes_read(value: str) -> str:
    """Return a text in the form in which the standard library hands out raw bytes of a header."""
    return value.encode("utf-8", "replace").decode("ascii", "surrogateescape")


def _recipients(properties: _Properties, streams: Mapping[str, bytes]) -> list[str]:
    prefixes = {path.split("/")[0] + "/" for path in streams if path.startswith("__recip_version1.0_")}
    found = []
    for prefix in sorted(prefixes)[:200]:
        recipient = _Properties(streams, prefix, 8, properties.codepage)
        found += [text for tag in _RECIPIENT_ADDRESSES if "@" in (text := recipient.text(tag))][:1]
    return found
