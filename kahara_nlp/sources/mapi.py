"""The properties of an Outlook item, wherever it lies: in a file of its own (.msg) or in a data file (.pst, .ost)."""

import struct
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from kahara_nlp.records import Message, Problem
from kahara_nlp.sources.decode import decode_text
from kahara_nlp.sources.html import html_to_text
from kahara_nlp.sources.mail import build_message, parse_fields
from kahara_nlp.sources.options import SourceOptions
from kahara_nlp.sources.parts import TEXT_LIMIT, Body

__all__ = ["Properties", "is_mail", "read_item"]

# Types of properties, as in [MS-OXCDATA].
_INTEGER, _TIME, _NARROW, _WIDE, _BINARY = 0x0003, 0x0040, 0x001E, 0x001F, 0x0102
# Numbers of properties, as in [MS-OXPROPS].
_CLASS, _SUBJECT, _HEADERS, _BODY, _HTML, _RTF, _MESSAGE_ID = 0x001A, 0x0037, 0x007D, 0x1000, 0x1013, 0x1009, 0x1035
_REFERENCES, _IN_REPLY_TO, _SENDER_NAME = 0x1039, 0x1042, 0x0C1A
_SENDERS = (0x5D01, 0x5D02, 0x0C1F, 0x0065)
_RECIPIENT_ADDRESSES = (0x39FE, 0x3003)
_SUBMITTED, _DELIVERED = 0x0039, 0x0E06
_CODEPAGES, _LOCALE = (0x3FFD, 0x3FDE), 0x3FF1
_JAPANESE_CODEPAGES = {932, 50220, 50221, 50222, 51932, 20932}
_JAPANESE_LOCALE = 1041
_MOST_RECIPIENTS = 200
_NO_MAIL = (
    "ipm.appointment",
    "ipm.contact",
    "ipm.task",
    "ipm.stickynote",
    "ipm.activity",
    "ipm.distlist",
    "ipm.schedule",
)


class Properties:
    r"""The properties of a message, of a recipient or of a folder.

    Parameters
    ----------
    read : callable
        Given number and type of a property, returns its bytes, or None where it is missing.
    codepage : str, optional
        Encoding of strings that are not Unicode; as the properties say it if not given.

    Examples
    --------
    >>> stored = {(0x3001, 0x001E): "受信トレイ".encode("cp932")}
    >>> Properties(lambda tag, kind: stored.get((tag, kind))).text(0x3001)
    '受信トレイ'
    """

    def __init__(self, read: Callable[[int, int], bytes | None], codepage: str = "") -> None:
        self._read = read
        self.codepage = codepage or self._codepage()

    def _codepage(self) -> str:
        numbers = [self.number(tag) for tag in _CODEPAGES]
        # An InternetCodepage of 50220 stands beside strings that are CP932 all the same.
        if _JAPANESE_CODEPAGES & set(numbers) or self.number(_LOCALE) == _JAPANESE_LOCALE:
            return "cp932"
        return next((f"cp{number}" for number in numbers if number and number != 65001), "")  # noqa: PLR2004

    def number(self, tag: int) -> int:
        """Return an integer, 0 where it is missing."""
        data = self._read(tag, _INTEGER) or b""
        return int.from_bytes(data[:4], "little")

    def time(self, tag: int) -> datetime | None:
        """Return a time, None where it is missing or out of all reason."""
        data = self._read(tag, _TIME) or b""
        ticks = struct.unpack("<Q", data[:8].ljust(8, b"\0"))[0]
        try:
            date = datetime(1601, 1, 1, tzinfo=UTC) + timedelta(microseconds=ticks // 10)
        except OverflowError:
            return None
        return date if 1970 <= date.year < 9999 else None  # noqa: PLR2004

    def text(self, tag: int) -> str:
        """Return a string, empty where it is missing."""
        wide = self._read(tag, _WIDE)
        if wide is not None:
            return wide.decode("utf-16-le", "replace").rstrip("\x00")
        narrow = (self._read(tag, _NARROW) or b"").rstrip(b"\x00")
        return decode_text(narrow, self.codepage).text

    def binary(self, tag: int) -> bytes:
        """Return bytes, none where they are missing."""
        return self._read(tag, _BINARY) or b""


def is_mail(properties: Properties) -> bool:
    """Tell mail from appointments, contacts and other items.

    Parameters
    ----------
    properties : Properties
        Of the item.

    Returns
    -------
    bool
        True for an item of unknown class, too.

    Examples
    --------
    >>> is_mail(Properties(lambda tag, kind: b"IPM.Contact" if (tag, kind) == (0x001A, 0x001E) else None))
    False
    """
    return not properties.text(_CLASS).lower().startswith(_NO_MAIL)


def read_item(
    properties: Properties, recipients: Sequence[Properties], place: tuple[str, int], options: SourceOptions
) -> Message | Problem:
    """Read a mail from its properties.

    Parameters
    ----------
    properties : Properties
        Of the mail.
    recipients : sequence of Properties
        Of each recipient.
    place : tuple of str and int
        Source and position.
    options : SourceOptions
        Settings.

    Returns
    -------
    Message or Problem
        A problem for what is encrypted or has its text in RTF alone.

    Examples
    --------
    >>> stored = {(0x1000, 0x001F): "遅い".encode("utf-16-le")}
    >>> read_item(Properties(lambda *key: stored.get(key)), [], ("a.msg", 0), SourceOptions()).text
    '遅い'
    """
    kind = properties.text(_CLASS).lower()
    body = _body(properties)
    if "smime" in kind and not body.text.strip():
        return Problem(*place, "the mail cannot be read: S/MIME content")
    if not body.text.strip() and properties.binary(_RTF):
        return Problem(*place, "the mail cannot be read: its text stands in RTF only; save it as .eml")
    return build_message(_fields(properties, recipients, kind), body, place, options, [])


def _body(properties: Properties) -> Body:
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


def _fields(properties: Properties, recipients: Sequence[Properties], kind: str) -> dict[str, list[str]]:
    """Return the header of the mail as it came, filled up from the properties."""
    fields = parse_fields(properties.text(_HEADERS).encode("utf-8", "surrogateescape").removeprefix(b"\xef\xbb\xbf"))
    sender = next((text for tag in _SENDERS if "@" in (text := properties.text(tag))), properties.text(_SENDER_NAME))
    date = properties.time(_SUBMITTED) or properties.time(_DELIVERED)
    known = {
        "from": sender,
        "to": ", ".join(_addresses(recipients)),
        "subject": _subject(properties.text(_SUBJECT)),
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


def _subject(stored: str) -> str:
    """Return a subject without the two characters that tell how long its prefix (such as "RE: ") is."""
    return stored[2:] if stored.startswith("\x01") else stored


def _as_bytes_read(value: str) -> str:
    """Return a text in the form in which the standard library hands out raw bytes of a header."""
    return value.encode("utf-8", "replace").decode("ascii", "surrogateescape")


def _addresses(recipients: Sequence[Properties]) -> list[str]:
    found = []
    for recipient in recipients[:_MOST_RECIPIENTS]:
        found += [text for tag in _RECIPIENT_ADDRESSES if "@" in (text := recipient.text(tag))][:1]
    return found
