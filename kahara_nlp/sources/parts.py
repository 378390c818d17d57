"""The MIME tree of a mail: which parts are its text, and what of it cannot be read."""

import quopri
import re
from collections.abc import Callable, Iterator
from email.message import Message as MimePart
from typing import Any, NamedTuple

from kahara_nlp.sources.decode import decode_text
from kahara_nlp.sources.headers import decode_base64
from kahara_nlp.sources.html import html_to_text

__all__ = ["TEXT_LIMIT", "Body", "field_of", "read_body"]

#: Characters of a mail's text that are kept.
TEXT_LIMIT = 1_000_000
#: Bytes of a text part that are decoded: enough for that text in any encoding.
PART_BYTES = 8_000_000
#: Parts of a mail that are looked at.
PART_LIMIT = 1_000

_STUB = re.compile(
    r"HTML\s*(?:形式|メール|版|対応|表示|e?-?mail|format|version|viewer|capable)|view (?:this|the) (?:e-?mail|message)",
    re.IGNORECASE,
)
_STUB_LENGTH = 200
_BASE64 = re.compile(rb"[A-Za-z0-9+/=\s]*")
_WIDE_END = re.compile(r"[^\x00-\xff]$")
_UNREADABLE = {
    "application/ms-tnef": "TNEF (winmail.dat)",
    "application/vnd.ms-tnef": "TNEF (winmail.dat)",
    "application/pkcs7-mime": "S/MIME",
    "application/x-pkcs7-mime": "S/MIME",
    "application/pgp-encrypted": "PGP",
}
_PGP = "-----BEGIN PGP MESSAGE-----"
_TEXT_KINDS = {"text/plain", "text/html", "text/x-amp-html", "application/xhtml+xml"}


class Body(NamedTuple):
    """The text of a mail.

    Parameters
    ----------
    text : str
        All that a reader sees of it, without attachments.
    spans : tuple of tuple of int, or None
        Ranges that the sender wrote, where HTML told them; else None.
    notes : tuple of str
        What was mended.
    unreadable : str
        What kind of content could not be read, such as ``"S/MIME"``; else empty.
    types : frozenset of str
        The content types in it.
    """

    text: str
    spans: tuple[tuple[int, int], ...] | None
    notes: tuple[str, ...]
    unreadable: str
    types: frozenset[str]


class _Piece(NamedTuple):
    text: str
    spans: tuple[tuple[int, int], ...] | None


class _Findings:
    """What is gathered on the way through the tree."""

    def __init__(self, root: MimePart) -> None:
        self.root = root
        self.named: list[MimePart] = []  # texts with a file name that are shown inline
        self.notes: dict[str, None] = {}
        self.types: set[str] = set()
        self.unreadable = ""
        self.parts = 0


def field_of(read: Callable[[], Any], default: Any) -> Any:  # noqa: ANN401
    """Return what a reader of the standard library says, or a default where it stumbles over the field.

    Parameters
    ----------
    read : callable
        Such as ``part.get_filename``.
    default : object
        Instead of an exception.

    Returns
    -------
    object
        The value.

    Examples
    --------
    >>> field_of(lambda: "".index("x"), -1)
    -1
    """
    try:
        return read()
    except (AttributeError, IndexError, ValueError, LookupError, TypeError, AssertionError):
        return default


def read_body(mail: MimePart) -> Body:
    r"""Return the text of a mail.

    Parameters
    ----------
    mail : email.message.Message
        Parsed under the policy compat32.

    Returns
    -------
    Body
        Of alternatives one is taken: the plain text, unless it is empty or says no more than that there
        is HTML. Attached files and enclosed mails are not part of it.

    Examples
    --------
    >>> from email import message_from_string
    >>> read_body(message_from_string("Subject: x\n\nhello")).text
    'hello'
    """
    findings = _Findings(mail)
    pieces = _inline(mail, findings)
    if not pieces:
        # Some programs give the body a file name; it is a file only if there is a body beside it.
        pieces = [_read_text(part, field_of(part.get_content_type, "text/plain"), findings) for part in findings.named]
    text, spans = _join(pieces)
    if len(text) > TEXT_LIMIT:
        text = text[:TEXT_LIMIT]
        spans = None if spans is None else tuple((a, min(b, TEXT_LIMIT)) for a, b in spans if a < TEXT_LIMIT)
        findings.notes[f"text cut at {TEXT_LIMIT} characters"] = None
    if text.lstrip().startswith(_PGP):
        findings.unreadable, text, spans = "PGP", "", None
    if findings.unreadable:
        findings.notes[f"unreadable part: {findings.unreadable}"] = None
    return Body(text, spans, tuple(findings.notes), findings.unreadable, frozenset(findings.types))


def _join(pieces: list[_Piece]) -> tuple[str, tuple[tuple[int, int], ...] | None]:
    if len(pieces) == 1:
        return pieces[0]
    told = any(piece.spans is not None for piece in pieces)
    text, spans = "", []
    for piece in pieces:
        if text and not text.endswith("\n"):
            text += "\n"
        own = ((0, len(piece.text)),) if piece.spans is None else piece.spans
        spans += [(len(text) + start, len(text) + end) for start, end in own]
        text += piece.text
    return text, tuple(spans) if told else None


def _inline(mail: MimePart, findings: _Findings) -> list[_Piece]:
    """Return the texts of a tree in order, going through it with a stack of its own."""
    pieces: list[_Piece] = []
    stack = [mail]
    while stack:
        part = stack.pop()
        findings.parts += 1
        if findings.parts > PART_LIMIT:
            findings.notes[f"parts after the first {PART_LIMIT} not read"] = None
            break
        kind = field_of(part.get_content_type, "text/plain")
        findings.types.add(kind)
        if kind == "multipart/alternative" and part.is_multipart():
            pieces += _alternative(part, findings)
        elif kind.startswith("multipart/") and part.is_multipart():
            if kind != "multipart/digest":
                stack.extend(reversed(_children(part)))
        elif kind in _UNREADABLE:
            findings.unreadable = findings.unreadable or _UNREADABLE[kind]
        elif _is_own_text(part, kind, findings):
            pieces += [piece for piece in [_read_text(part, kind, findings)] if piece.text.strip()]
    return pieces


def _children(part: MimePart) -> list[MimePart]:
    payload = part.get_payload()
    return [child for child in payload if isinstance(child, MimePart)] if isinstance(payload, list) else []


def _is_own_text(part: MimePart, kind: str, findings: _Findings) -> bool:
    """Tell whether a leaf is text that stands in the mail rather than a file attached to it."""
    if part.is_multipart():  # an enclosed mail
        return False
    if kind not in _TEXT_KINDS:
        # A multipart without parts is read as text; a part of any other type is a file.
        return kind.startswith("multipart/")
    if part is findings.root:
        return True
    disposition = field_of(part.get_content_disposition, None) if "content-disposition" in part else None
    if disposition == "attachment":
        return False
    named = disposition is not None or "name" in str(part.get("content-type", ""))
    if not named or not field_of(part.get_filename, None):
        return True
    if disposition == "inline":
        findings.named.append(part)
    return False


def _alternative(part: MimePart, findings: _Findings) -> list[_Piece]:
    """Return one of the alternatives."""
    plain: list[_Piece] = []
    rich: list[MimePart] = []
    others: list[MimePart] = []
    for child in _children(part):
        kind = field_of(child.get_content_type, "text/plain")
        if kind == "text/plain":
            plain += _inline(child, findings)
        elif kind == "text/html":
            rich.append(child)
        elif kind.startswith("multipart/"):
            others.append(child)
        else:
            findings.types.add(kind)
    text = "\n".join(piece.text for piece in plain).strip()
    if len(text) > _STUB_LENGTH or (text and not rich and not others):
        findings.types |= {"text/html"} if rich else set()
        return plain
    html = [piece for child in (*rich[:1], *others) for piece in _inline(child, findings)]
    shown = "".join(piece.text for piece in html).strip()
    if shown and (not text or _STUB.search(text) or (len(shown) > _STUB_LENGTH and len(text) * 5 < len(shown))):
        return html
    return plain or html


def _read_text(part: MimePart, kind: str, findings: _Findings) -> _Piece:
    data = _payload(part, findings)
    if len(data) > PART_BYTES:
        # At the end of a line, lest the last character is cut.
        data = data[: data.rfind(b"\n", PART_BYTES - 100_000, PART_BYTES) + 1 or PART_BYTES]
        findings.notes[f"text part cut at {PART_BYTES} bytes"] = None
    parameters = _parameters(part)
    decoded = decode_text(data, parameters.get("charset", ""))
    if decoded.note:
        findings.notes[decoded.note] = None
    text = decoded.text
    if kind in _TEXT_KINDS - {"text/plain"}:
        visible = html_to_text(text)
        if not visible.complete:
            findings.notes["HTML part cut"] = None
        return _Piece(visible.text, visible.spans)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if parameters.get("format", "").lower() == "flowed":
        text = _unflow(text, joined=parameters.get("delsp", "").lower() == "yes")
    return _Piece(text, None)


def _parameters(part: MimePart) -> dict[str, str]:
    """Return the parameters of the content type; RFC 2231 makes one a triple of charset, language and value."""
    pairs = field_of(part.get_params, None) or []
    return {name.lower(): value[2] if isinstance(value, tuple) else str(value) for name, value in pairs[1:]}


def _payload(part: MimePart, findings: _Findings) -> bytes:
    """Undo the transfer encoding, as far as the content bears it out."""
    encoding = str(part.get("content-transfer-encoding", "")).split(";")[0].strip().strip("\"'").lower()
    del part["content-transfer-encoding"]
    raw = field_of(lambda: part.get_payload(decode=True), b"")
    data = raw if isinstance(raw, bytes) else b""
    if encoding == "base64":
        # A list's footer may have been added in the clear behind the encoded text.
        clear = _BASE64.match(data)
        encoded = clear[0] if clear else b""
        if len(encoded) < len(data) and b"\n" in encoded:
            encoded = encoded[: encoded.rindex(b"\n")]
        if len(data) > len(encoded) * 2:
            findings.notes["transfer encoding: base64 was clear text"] = None
            return data
        return decode_base64(encoded)
    if encoding == "quoted-printable":
        return quopri.decodestring(data)
    if encoding in {"x-uuencode", "uuencode", "uue", "x-uue"}:
        part["content-transfer-encoding"] = encoding
        decoded = field_of(lambda: part.get_payload(decode=True), data)
        return decoded if isinstance(decoded, bytes) else data
    if encoding not in {"", "7bit", "8bit", "binary", "7-bit", "8-bit"}:
        findings.notes["transfer encoding: unknown, read as it is"] = None
    return data


def _flowed_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield quote depth and content of each line of RFC 3676."""
    for line in text.split("\n"):
        content = line.lstrip(">")
        yield len(line) - len(content), content.removeprefix(" ")


def _unflow(text: str, *, joined: bool) -> str:
    """Join the lines that format=flowed wrapped; `joined` is its parameter DelSp=yes."""
    result: list[str] = []
    open_depth = -1  # depth of the paragraph that the last line left open
    for depth, content in _flowed_lines(text):
        if depth == open_depth:
            result[-1] += content
        else:
            result.append((">" * depth + " " if depth else "") + content)
        soft = content.endswith(" ") and content != "-- "
        open_depth = depth if soft else -1
        # Between full-width characters the space is an artefact of wrapping even without DelSp.
        if soft and (joined or _WIDE_END.search(content[:-1])):
            result[-1] = result[-1][:-1]
    return "\n".join(result)
