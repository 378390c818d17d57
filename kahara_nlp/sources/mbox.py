"""The mails of an mbox, one after the other, from any byte on.

The standard library's reader cuts a mail in two at any body line that begins with "From ", finds nothing
behind a byte order mark or in a file with bare carriage returns, and holds a whole mail however long.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

__all__ = ["MAIL_LIMIT", "RawMail", "split_mbox"]

#: A longer mail is cut at this many bytes. Text parts come before attachments, so little is lost.
MAIL_LIMIT = 32 * 1024 * 1024

_CHUNK = 1 << 20
_LOOKAHEAD = 4096
# Of the line: "From -", "From" with an address or nothing, or with a date.
_DATED = re.compile(
    rb"From .*(?:(?:mon|tue|wed|thu|fri|sat|sun)\w*,?\s.*\d{1,2}:\d\d|\d{1,2}:\d\d(?::\d\d)?\b.*\b(?:19"
    rb"|20)\d\d\b)[^\n]{0,60}$",
    re.IGNORECASE | re.DOTALL,
)
_BARE = re.compile(rb"From (?:-.*|\S*\s*|\"[^\"]*\"\s*|\S+\s+\S*@\S+\s*|\S+\s+remote from \S+\s*)$", re.DOTALL)
_FIELD = re.compile(rb"(?:[\x21-\x39\x3b-\x7e]{1,80}[ \t]*:|>?From )")
_KNOWN_FIELD = re.compile(
    rb"(?:Return-Path|Received|From|To|Cc|Bcc|Date|Subject|Message-I[Dd]|MIME-Version|Delivered-To|Reply-To|Sender"
    rb"|Status"
    rb"|Delivery-Date|Envelope-To|X-[A-Za-z0-9-]+|Content-[A-Za-z-]+|List-[A-Za-z-]+|DKIM-Signature|ARC-[A-Za-z-]+"
    rb"|Authentication-Results|Received-SPF|In-Reply-To|References|Importance|Precedence|Organization|User-Agent"
    rb"|DomainKey-Signature|Auto-Submitted|Apparently-To|Old-[A-Za-z-]+|Resent-[A-Za-z-]+)[ \t]*:",
    re.IGNORECASE,
)
_STUFFED = re.compile(rb"(?m)(^|\r)>(>*From )")
_LINE_END = re.compile(rb"\r\n|\n|\r")


class RawMail(NamedTuple):
    """One mail as bytes.

    Parameters
    ----------
    position : int
        Byte offset of its "From " line.
    data : bytes
        The mail without that line, with ``>From`` undone.
    complete : bool
        False where it was cut at `MAIL_LIMIT`.
    """

    position: int
    data: bytes
    complete: bool


def _is_separator(buffer: bytes, start: int) -> bool:
    """Tell whether the "From " at `start`, which begins a line, begins a mail."""
    window = buffer[start : start + _LOOKAHEAD]
    end = _LINE_END.search(window)
    if end is None:
        return False
    line, following = window[: end.start()], window[end.end() :]
    if _BARE.match(line):
        return _KNOWN_FIELD.match(following) is not None or (
            line.startswith(b"From -") and bool(_FIELD.match(following))
        )
    if not _DATED.match(line):
        return _KNOWN_FIELD.match(following) is not None and b"@" in line
    return _FIELD.match(following) is not None or _after_blank_line(buffer, start)


def _after_blank_line(buffer: bytes, start: int) -> bool:
    before = buffer[max(0, start - 4) : start]
    return before.endswith((b"\n\n", b"\n\r\n", b"\r\r")) or not before.strip(b"\xef\xbb\xbf\r\n")


def _next_separator(buffer: bytes, start: int, *, at_end: bool) -> tuple[int, int]:
    """Return where the next mail begins, or -1 and where to go on looking once there is more to see."""
    while True:
        found = buffer.find(b"From ", start)
        if found < 0:
            return -1, max(start, len(buffer) - 5)
        if not at_end and found + _LOOKAHEAD > len(buffer):
            return -1, found
        if _begins_line(buffer, found) and _is_separator(buffer, found):
            return found, found
        start = found + 5


def _begins_line(buffer: bytes, index: int) -> bool:
    return index == 0 or buffer[index - 1] in b"\r\n" or (index == 3 and buffer.startswith(b"\xef\xbb\xbf"))  # noqa: PLR2004


def split_mbox(stream: BinaryIO, start: int = 0, limit: int = MAIL_LIMIT) -> Iterator[RawMail]:
    r"""Split an mbox into mails.

    Parameters
    ----------
    stream : seekable binary file
        In any of the mbox variants, with any line ends, with or without a byte order mark.
    start : int, optional
        Position of the mail to begin with, as an earlier `RawMail` gave it.
    limit : int, optional
        Bytes of a mail that are kept.

    Yields
    ------
    RawMail
        In order. What stands before the first "From " line is skipped. No more than `limit` bytes and
        two megabytes are held at a time.

    Examples
    --------
    >>> import io
    >>> box = io.BytesIO(b"From a@x Wed May  1 10:00:00 2024\nSubject: 1\n\nFrom here\n\nFrom -\nSubject: 2\n\n")
    >>> [(mail.position, mail.data) for mail in split_mbox(box)]
    [(0, b'Subject: 1\n\nFrom here\n'), (57, b'Subject: 2\n')]
    """
    stream.seek(start)
    buffer, base = b"", start  # base: offset of buffer[0] in the file
    begin = -1  # index of the current mail in the buffer
    look = 0  # index to look on from
    head = b""  # the kept beginning of a mail that is longer than the limit
    origin = start
    at_end = False
    while True:
        found, look = _next_separator(buffer, look, at_end=at_end)
        if found >= 0:
            if begin >= 0:
                yield _mail(origin, head, buffer[begin:found], limit)
            begin, head, origin = found, b"", base + found
            look = found + 5
            continue
        if at_end:
            break
        if begin >= 0 and len(head) + look - begin > limit:
            head = (head + buffer[begin:look])[: limit + 1]
            begin = look
        keep = look - 4 if begin < 0 else min(begin, look - 4)  # what is before a separator decides too
        keep = max(0, min(keep, len(buffer)))
        chunk = stream.read(_CHUNK)
        at_end = not chunk
        buffer, base = buffer[keep:] + chunk, base + keep
        begin, look = (begin - keep if begin >= 0 else -1), look - keep
    if begin >= 0:
        yield _mail(origin, head, buffer[begin:], limit)


def _mail(position: int, head: bytes, rest: bytes, limit: int) -> RawMail:
    data = head + rest if head else rest
    complete = len(data) <= limit
    data = data[:limit]
    line = _LINE_END.search(data)
    body = data[line.end() :] if line else b""
    if complete:
        body = _without_last_blank(body)
    return RawMail(position, _STUFFED.sub(rb"\1\2", body) if b">From " in body else body, complete)


def _without_last_blank(body: bytes) -> bytes:
    """Drop the blank line that belongs to the mbox and not to the mail."""
    for blank in (b"\r\n\r\n", b"\n\n", b"\r\r"):
        if body.endswith(blank):
            return body[: -len(blank) // 2]
    return body
