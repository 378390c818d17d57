"""Bytes to text by evidence: a label is a hint, and Japanese mail labels lie.

The order of belief: byte order mark, ISO-2022 escapes, the label where it decodes without error, valid
UTF-8, and then whichever of CP932 and EUC-JP reads more like Japanese.
"""

import codecs
import re
from functools import cache
from typing import NamedTuple

from kahara_nlp.sources.iso2022 import BAD, ESCAPE, decode_iso2022, decode_japanese, strictly

__all__ = ["Decoded", "codec_for", "decode_text", "looks_binary"]


class Decoded(NamedTuple):
    """A text and what had to be done to get it.

    Parameters
    ----------
    text : str
        Without NUL characters.
    charset : str
        The encoding that was used.
    note : str
        What was mended; empty where the label was true.
    """

    text: str
    charset: str
    note: str


_ALIASES = {
    "iso-2022-jp": (
        "iso-2022-jp csiso2022jp iso2022jp iso-2022-jp-1 iso-2022-jp-2 iso-2022-jp-3 iso-2022-jp-2004 iso-2022-jp-ext "
        "iso-2022-jp-ms cp50220 cp50221 cp50222 jis jis7 jis-7 x-jis _iso-2022-jp$sio _iso-2022-jp$esc iso-2022"
    ),
    "cp932": (
        "shift-jis shiftjis sjis s-jis x-sjis x-shift-jis x-ms-cp932 cp932 ms932 windows-31j windows31j cswindows31j "
        "windows-932 ms-kanji csshiftjis shift-jisx0213 sjis-win x-sjis-cp932 cp943 mskanji"
    ),
    "euc-jp": "euc-jp eucjp euc x-euc-jp x-euc eucjp-ms eucjp-win eucjpms cp51932 ujis cseucpkdfmtjapanese",
    "utf-8": "utf-8 utf8 utf-8n utf8n x-utf-8 utf8mb4 utf-8-sig unicode-1-1-utf-8 csutf8 cesu-8",
    "gb18030": "gb2312 gbk x-gbk gb18030 csgb2312 chinese cp936",
    "": (
        "unknown-8bit unknown 8bit 7bit default binary ascii us-ascii ansi-x3.4-1968 iso646-us x-user-defined none "
        "null x-unknown"
    ),
}  # fmt: skip
_CODECS = {alias: codec for codec, aliases in _ALIASES.items() for alias in aliases.split()} | {"": ""}
# Text encodings of Python that no mail means and that would run code of their own or read escapes.
_REFUSED = {"idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem", "palmos"}
_WESTERN = {"iso8859-1", "cp1252", "iso8859-15", "latin-1", "mac-roman"}
# Encodings whose text may consist of ASCII bytes and still not be ASCII.
_SHIFTED = {"utf-7", "hz", "iso2022_kr", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"}
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LOST_ESCAPE = re.compile(rb"\$[B@]((?:[\x21-\x7e]{2}){1,2000}?)\([BJ]")
_SAMPLE = 4000


def codec_for(label: str) -> str:
    """Return the encoding that a charset label means, ``""`` where it says nothing.

    Parameters
    ----------
    label : str
        As in a Content-Type header, in any spelling.

    Returns
    -------
    str
        ``iso-2022-jp``, ``cp932``, ``euc-jp``, ``utf-8``, another name that Python knows, or ``""``.

    Examples
    --------
    >>> codec_for("x-sjis"), codec_for("cp50221"), codec_for("no-such-charset")
    ('cp932', 'iso-2022-jp', '')
    """
    name = label.strip().strip("\"'").strip().lower().replace("_", "-").lstrip("-")
    known = _CODECS.get(name, _CODECS.get("_" + name))
    if known is not None:
        return known
    try:
        info = codecs.lookup(name)
    except (LookupError, ValueError, UnicodeError):
        return ""
    return info.name if info.name.replace("-", "_") not in _REFUSED and info._is_text_encoding else ""  # noqa: SLF001


def looks_binary(data: bytes) -> bool:
    """Tell whether bytes are no text in any encoding.

    Parameters
    ----------
    data : bytes
        The first few thousand bytes of a file.

    Returns
    -------
    bool
        True where more than one byte in twenty is a control character and there is no sign of UTF-16.

    Examples
    --------
    >>> looks_binary(bytes(range(32)) * 10), looks_binary("件名".encode("cp932"))
    (True, False)
    """
    if _wide(data):
        return False
    controls = len(data) - len(
        data.translate(None, b"\x00\x01\x02\x03\x04\x05\x06\x07\x10\x11\x12\x13\x14\x15\x16\x17")
    )
    return controls * 20 > len(data)


def _wide(data: bytes) -> str:
    """Return the UTF-16 codec that the bytes are in, by mark or by their NULs; else an empty string."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    sample = data[:_SAMPLE]
    if len(sample) < 4 or b"\x00" not in sample:  # noqa: PLR2004
        return ""
    half = len(sample) // 2
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    if odd * 5 > half and even * 50 <= half:
        return "utf-16-le"
    return "utf-16-be" if even * 5 > half and odd * 50 <= half else ""


def decode_text(data: bytes, label: str = "") -> Decoded:
    """Decode bytes by what they are rather than by what they are called.

    Parameters
    ----------
    data : bytes
        A body, a header word or a file.
    label : str, optional
        The charset that goes with it.

    Returns
    -------
    Decoded
        Text, encoding and note. Bytes that fit nothing become U+FFFD; nothing is raised.

    Examples
    --------
    >>> decode_text("㈱髙橋①".encode("cp932"), "shift_jis").text
    '㈱髙橋①'
    >>> decode_text("お客様".encode(), "iso-2022-jp")
    Decoded(text='お客様', charset='utf-8', note='charset: iso-2022-jp was utf-8')
    """
    codec = codec_for(label)
    text, used, damaged = _decode(data, codec)
    note = ""
    if used != codec and not (used == "ascii" or (not codec and not label.strip())):
        note = f"charset: {_tame(label)} was {used}"
    elif damaged or BAD in text:
        note = f"charset: bytes that are not {used}"
    if "\x00" in text:
        text = text.replace("\x00", "")
    return Decoded(text, used, note)


def _tame(label: str) -> str:
    """Return a label that is safe to show: a header may hold anything."""
    return re.sub(r"[^A-Za-z0-9_.:-]", "?", label.strip())[:40].lower() or "none"


def _decode(data: bytes, codec: str) -> tuple[str, str, bool]:
    for mark, name in _BOMS:
        if data.startswith(mark):
            return data.decode(name, "replace").lstrip("\ufeff"), name, False
    wide = "" if codec in _SHIFTED else _wide(data)
    if wide:
        return data.decode(wide, "replace"), wide, False
    if codec in _SHIFTED:
        decoded = strictly(data, codec)
        if decoded is not None:
            return decoded, codec, False
    if b"\x1b" in data and codec not in {"utf-8", "gb18030"} and ESCAPE.search(data):
        return *decode_iso2022(data), not data.isascii()
    if data.isascii():
        return _ascii(data, codec)
    return _eight_bit(data, codec)


def _ascii(data: bytes, codec: str) -> tuple[str, str, bool]:
    if b"\x1b" in data and ESCAPE.search(data):
        return *decode_iso2022(data), False
    if codec in {"iso-2022-jp", ""} and _LOST_ESCAPE.search(data):
        # Some gateways eat the escape character; what is left reads like $B%a!<%k(B.
        mended = _LOST_ESCAPE.sub(lambda found: b"\x1b" + found[0][:-2] + b"\x1b" + found[0][-2:], data)
        text, used = decode_iso2022(mended)
        if codec == "iso-2022-jp" or _japanese_share(text) > 0.7:  # noqa: PLR2004
            return text, used, True
    return data.decode("ascii"), codec if codec in {"utf-8", "cp932", "euc-jp", "iso-2022-jp"} else "ascii", False


def _eight_bit(data: bytes, codec: str) -> tuple[str, str, bool]:
    utf8 = strictly(data, "utf-8")
    if codec == "utf-8" and utf8 is not None:
        return utf8, "utf-8", False
    if codec in {"cp932", "euc-jp"}:
        labelled = decode_japanese(data, codec)
        other = "euc-jp" if codec == "cp932" else "cp932"
        rival = utf8 if utf8 is not None else decode_japanese(data, other)
        # Any EUC-JP is valid CP932 (half-width kana), and a few characters of either may be valid UTF-8.
        if labelled is not None and (rival is None or _japanese_share(labelled) + 0.1 >= _japanese_share(rival)):
            return labelled, codec, False
    elif codec and codec not in _WESTERN and codec not in {"utf-8", "iso-2022-jp"} and utf8 is None:
        return _labelled(data, codec)
    if utf8 is not None:
        return utf8, "utf-8", False
    return _guess(data, codec)


def _labelled(data: bytes, codec: str) -> tuple[str, str, bool]:
    text = strictly(data, codec)
    if text is not None:
        return text, codec, False
    try:
        return data.decode(codec, "replace"), codec, True
    except (ValueError, LookupError):  # a few codecs raise on their own errors even under "replace"
        return _guess(data, "")


def _guess(data: bytes, codec: str) -> tuple[str, str, bool]:
    """Decode eight-bit bytes that are not UTF-8 throughout."""
    # The evidence is taken from the beginning alone: three ways through a long text take three times as long.
    sample = data[: 4 * 8 * _SAMPLE]
    shares = {name: _japanese_share(_patiently(sample, name)) for name in ("cp932", "euc-jp", "utf-8")}
    shares[codec] = shares.get(codec, -1.0) + 0.05
    best = max(("cp932", "euc-jp", "utf-8"), key=lambda name: shares[name])
    # One accented letter of a Western mail is half-width kana in CP932: there the evidence must be stronger.
    if shares[best] > (0.55 if codec in _WESTERN else 0.3):
        return _patiently(data, best), best, False
    if codec in _WESTERN or not codec or codec == "iso-2022-jp":
        return data.decode("cp1252", "replace"), "cp1252", False
    return _patiently(data, codec if codec in {"cp932", "euc-jp"} else "utf-8"), codec, True


def _patiently(data: bytes, codec: str) -> str:
    """Decode with U+FFFD for what does not fit."""
    if codec == "utf-8":
        return data.decode("utf-8", "replace")
    return decode_japanese(data, codec, "replace") or ""


@cache
def _common_kanji() -> frozenset[str]:
    """Return the kanji of JIS level 1: mojibake lands mostly outside of them."""
    rows = (bytes((row, cell)) for row in range(0xB0, 0xD0) for cell in range(0xA1, 0xFF))
    return frozenset(filter(None, (strictly(pair, "euc_jp") for pair in rows)))


def _japanese_share(text: str) -> float:
    """Return how much the non-ASCII characters look like Japanese, from below 0 to 1."""
    sample = [character for character in text[: 8 * _SAMPLE] if character > "\x7f"][:_SAMPLE]
    if not sample:
        return 0.0
    common = _common_kanji()
    total = 0.0
    for character in sample:
        if "ぁ" <= character <= "ん" or character in "、。ーっ「」（）！？　・":
            total += 1.0
        elif "ァ" <= character <= "ヶ":
            total += 0.8
        elif character in common:
            total += 0.7
        elif "一" <= character <= "鿿":
            total += 0.1
        elif "｡" <= character <= "ﾟ":
            total += 0.35
        elif "\u2000" <= character <= "\u33ff" or "！" <= character <= "～":
            total += 0.4
        elif character == BAD or "\ue000" <= character <= "\uf8ff" or character < "\xa0":
            total -= 2.0
    return total / len(sample)
