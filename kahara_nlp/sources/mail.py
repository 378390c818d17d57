"""One mail, from bytes to `Message`."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from email import policy
from email.message import Message as MimePart
from email.parser import BytesParser
from typing import BinaryIO

from kahara_nlp.errors import MessageParseError
from kahara_nlp.records import Message, Problem
from kahara_nlp.sources.direction import Envelope, mail_direction
from kahara_nlp.sources.forms import read_form
from kahara_nlp.sources.guarded import read_at_most
from kahara_nlp.sources.headers import addresses, collect_headers, decode_field, message_ids, parse_date
from kahara_nlp.sources.mbox import MAIL_LIMIT, split_mbox
from kahara_nlp.sources.options import SourceOptions
from kahara_nlp.sources.parts import Body, read_body

__all__ = ["UnreadMail", "build_message", "looks_like_mail", "parse_fields", "read_eml", "read_mail", "read_mbox"]

#: Nested multiparts and lines that may be boundaries; a mail with more is cut there.
BOUNDARY_LIMIT = 50
MARKER_LIMIT = 10_000
LINE_LIMIT = 700_000
HEADER_LIMIT = 512 * 1024

_PARSER = BytesParser(policy=policy.compat32)
_HEADER_END = re.compile(rb"\r\n\r\n|\n\n|\r\r|\n\r\n")
_FIELD_LINE = re.compile(rb"[\x21-\x39\x3b-\x7e]{1,76}[ \t]?:")
_TELLING = re.compile(
    rb"(?:^|[\r\n])(?:Return-Path|Received|From|To|Date|Subject|Message-ID|MIME-Version|Delivered-To"
    rb"|X-Apparently-To|Reply-To"
    rb"|Sender|Content-Type|X-Mailer|DKIM-Signature|X-Original-To|Envelope-To|Authentication-Results|ARC-Seal)[ \t]?:",
    re.IGNORECASE,
)
_EMLX = re.compile(rb"(\d{1,10})[ \t]*\r?\n")


@dataclass(frozen=True, slots=True)
class UnreadMail:
    """A mail as bytes: finding where one begins is quick, reading it can be left to another process.

    Parameters
    ----------
    data : bytes
        Header and body.
    source : str
        The file that it stands in.
    position : int
        Byte offset in an mbox, else 0.
    complete : bool
        False where it was cut because of its size.
    """

    data: bytes
    source: str
    position: int
    complete: bool = True

    def read(self, options: SourceOptions) -> Message | Problem:
        """Read it, see `read_mail`.

        Parameters
        ----------
        options : SourceOptions
            Settings.

        Returns
        -------
        Message or Problem
            The mail.
        """
        return read_mail(self.data, self.source, self.position, options, complete=self.complete)


def looks_like_mail(head: bytes) -> bool:
    r"""Tell whether bytes begin with the header of a mail.

    Parameters
    ----------
    head : bytes
        The first few thousand bytes of a file.

    Returns
    -------
    bool
        True where all lines up to the first blank one are fields and two of them are usual in mail.

    Examples
    --------
    >>> looks_like_mail(b"From: a@b.example\nSubject: x\n\nbody"), looks_like_mail("顧客: はい\n".encode())
    (True, False)
    """
    head = head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
    end = _HEADER_END.search(head)
    block = head[: end.start()] if end else head[:HEADER_LIMIT]
    lines = re.split(rb"\r\n|\n|\r", block)
    if not end and len(lines) > 1:
        lines = lines[:-1]
    bad = sum(not (line.startswith((b" ", b"\t")) or _FIELD_LINE.match(line)) for line in lines if line)
    names = {match[0].strip().rstrip(b":").strip().lower() for match in _TELLING.finditer(block)}
    return bad <= len(lines) // 10 and len(names) >= 2  # noqa: PLR2004


def read_mbox(stream: BinaryIO, name: str, options: SourceOptions) -> Iterator[UnreadMail]:
    r"""Find the mails of an mbox.

    Parameters
    ----------
    stream : seekable binary file
        The mbox.
    name : str
        Its name in messages.
    options : SourceOptions
        Settings; `resume_after` enters the file at that byte.

    Yields
    ------
    UnreadMail
        One for each mail.

    Examples
    --------
    >>> import io
    >>> box = io.BytesIO(b"From -\nFrom: a@b.example\nSubject: x\n\nhello\n")
    >>> [mail.read(SourceOptions()).text for mail in read_mbox(box, "box", SourceOptions())]
    ['hello\n']
    """
    start = options.resume_after.get(name, -1)
    for mail in split_mbox(stream, max(start, 0)):
        if mail.position > start:
            yield UnreadMail(mail.data, name, mail.position, mail.complete)


def read_eml(stream: BinaryIO, name: str, options: SourceOptions) -> Iterator[UnreadMail]:
    r"""Find the mail in a file of one, plain or as Apple Mail writes it (``.emlx``).

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
    UnreadMail
        One.

    Examples
    --------
    >>> import io
    >>> file = io.BytesIO(b"From: a@b.example\nSubject: x\n\nhello")
    >>> next(read_eml(file, "a.eml", SourceOptions())).read(SourceOptions()).text
    'hello'
    """
    if options.taken(name, 0):
        return
    data, complete = read_at_most(stream, MAIL_LIMIT)
    length = _EMLX.match(data)
    if length:
        data = data[length.end() : length.end() + int(length[1])]
    yield UnreadMail(data.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n"), name, 0, complete)


def read_mail(
    data: bytes, source: str, position: int, options: SourceOptions, *, complete: bool = True
) -> Message | Problem:
    r"""Read one mail.

    Parameters
    ----------
    data : bytes
        Header and body.
    source : str
        The file that it stands in.
    position : int
        Where in that file.
    options : SourceOptions
        Settings.
    complete : bool, optional
        False where the mail was cut because of its size, which becomes a note.

    Returns
    -------
    Message or Problem
        A problem where there is no text that can be read, such as for encrypted mail.

    Examples
    --------
    >>> mail = read_mail(b"From: A <a@b.example>\nMessage-ID: <1@b>\n\nhello", "x.eml", 0, SourceOptions())
    >>> mail.sender, mail.message_id, mail.text
    ('a@b.example', '1@b', 'hello')
    """
    try:
        bounded, notes = _bounded(data)
        if not complete:
            notes.append(f"mail cut at {MAIL_LIMIT} bytes")
        mail = _parse(bounded)
        fields = collect_headers(mail)
        if not fields and not bounded.strip():
            return Problem(source, position, "the mail is empty")
        body = read_body(mail)
        if body.unreadable and len(body.text.strip()) == 0:
            return Problem(source, position, f"the mail cannot be read: {body.unreadable} content")
        return build_message(fields, body, (source, position), options, notes)
    except MessageParseError as error:
        return Problem(source, position, str(error))


def _bounded(data: bytes) -> tuple[bytes, list[str]]:
    """Cut a mail that is built to exhaust a parser."""
    notes: list[str] = []
    data = data.removeprefix(b"\xef\xbb\xbf")
    if b"\r" in data and b"\n" not in data:
        data = data.replace(b"\r", b"\n")
    for pattern, limit in ((b"boundary=", BOUNDARY_LIMIT), (b"\n--", MARKER_LIMIT), (b"\n", LINE_LIMIT)):
        if len(data) < limit * len(pattern) or data.count(pattern) <= limit:
            continue
        end = 0
        for _ in range(limit + 1):
            end = data.index(pattern, end) + len(pattern)
        data = data[: end - len(pattern)]
        notes.append("mail cut: it has too many parts or lines")
    end_of_header = _HEADER_END.search(data, 0, HEADER_LIMIT + 4)
    if end_of_header is None and len(data) > HEADER_LIMIT:
        data = data[:HEADER_LIMIT]
        notes.append(f"mail cut: its header is longer than {HEADER_LIMIT} bytes")
    return data, notes


def _parse(data: bytes) -> MimePart:
    try:
        return _PARSER.parsebytes(data)
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError, AssertionError) as error:
        msg = f"the structure of the mail cannot be read ({type(error).__name__})"
        raise MessageParseError(msg) from error


def parse_fields(header: bytes) -> dict[str, list[str]]:
    r"""Read the header of a mail that stands alone.

    Parameters
    ----------
    header : bytes
        Without the body.

    Returns
    -------
    dict of str to list of str
        As `collect_headers` gives them; empty where nothing can be read.

    Examples
    --------
    >>> parse_fields(b"Subject: x\r\n")
    {'subject': ['x']}
    """
    try:
        return collect_headers(_PARSER.parsebytes(header[:HEADER_LIMIT], headersonly=True))
    except (ValueError, LookupError, AttributeError, TypeError, RecursionError):
        return {}


def build_message(
    fields: Mapping[str, list[str]], body: Body, place: tuple[str, int], options: SourceOptions, notes: list[str]
) -> Message:
    """Put a message together from header and body.

    Parameters
    ----------
    fields : mapping of str to list of str
        Header fields by lower-case name, as they stand in the mail.
    body : Body
        Its text.
    place : tuple of str and int
        Source and position.
    options : SourceOptions
        Settings.
    notes : list of str
        What was mended so far.

    Returns
    -------
    Message
        With direction, and with spans where the mail comes from a web form or HTML told them.

    Examples
    --------
    >>> body = Body("遅い", None, (), "", frozenset())
    >>> build_message({"from": ["a@b.example"]}, body, ("a.eml", 0), SourceOptions(), []).direction
    'customer'
    """
    source, position = place
    senders = addresses(fields.get("from", []) or fields.get("sender", []) or fields.get("return-path", []))
    sender = senders[0] if senders else ""
    subject = decode_field((fields.get("subject") or [""])[0])
    envelope = Envelope(fields, sender, subject, body.text, body.types)
    direction = mail_direction(envelope, options.own_domains)
    spans = body.spans
    form = None if direction in {"bounce", "newsletter"} else read_form(body.text, subject, sender, options.own_domains)
    if form is not None:
        direction, spans, subject = "customer", form.spans, form.subject or subject
        notes.append("web form")
        reply_to = addresses(fields.get("reply-to", []))
        sender = form.address or (reply_to[0] if reply_to else sender)
    ids = message_ids(fields.get("message-id", []))
    raw_id = (fields.get("message-id") or [""])[0].strip().strip("<>")
    return Message(
        source=source,
        position=position,
        message_id=ids[0] if ids else decode_field(raw_id) or f"{source}#{position}",
        text=body.text,
        sender=sender,
        recipients=addresses(fields.get("to", []) + fields.get("cc", [])),
        subject=subject,
        date=_date(fields),
        direction=direction,
        thread=message_ids(fields.get("references", []) + fields.get("in-reply-to", [])),
        spans=spans,
        notes=(*notes, *body.notes),
    )


def _date(fields: Mapping[str, list[str]]) -> datetime | None:
    stamps = [value.rpartition(";")[2] for value in fields.get("received", [])[:1]]
    for value in (*fields.get("date", [])[:1], *fields.get("resent-date", [])[:1], *stamps):
        date = parse_date(value)
        if date is not None:
            return date
    return None
