"""The Japanese encodings as mail programs really write them.

Python's codecs for ISO-2022-JP and EUC-JP lack the characters of NEC and IBM (①, ㈱, 髙), which Windows
programs write all the same. Here a pair of JIS goes through CP932 where the codec has no answer.
"""

import re
from functools import cache

__all__ = ["BAD", "ESCAPE", "decode_iso2022", "decode_japanese", "strictly"]

#: What stands for bytes that cannot be decoded.
BAD = "\ufffd"
#: Escape sequences, shifts and line ends of ISO-2022.
ESCAPE = re.compile(rb"\x1b(\$[@AB]|\$\([@-Z]|\([@-Z]|&@)|([\x0e\x0f\n])")
_EUC_RUN = re.compile(rb"[\x00-\x7f]+|\x8e[\xa1-\xdf]|\x8f[\xa1-\xfe]{2}|(?:[\xa1-\xfe]{2}){1,1000}|[\x80-\xff]")
_HIGH_BIT = bytes(byte | 0x80 for byte in range(256))
_PLANES = {
    b"$(D": "x0212",
    b"$(O": "x0213",
    b"$(Q": "x0213",
    b"$(P": "x0213-2",
    b"$A": "gb",
    b"$(A": "gb",
    b"$(C": "ks",
}


def strictly(data: bytes, codec: str) -> str | None:
    r"""Decode bytes that are wholly in an encoding.

    Parameters
    ----------
    data : bytes
        To decode.
    codec : str
        A codec of Python.

    Returns
    -------
    str or None
        None where a byte does not fit.

    Examples
    --------
    >>> strictly(b"\xff", "utf-8") is None
    True
    """
    try:
        return data.decode(codec)
    except (ValueError, LookupError):
        return None


def decode_japanese(data: bytes, codec: str, errors: str = "strict") -> str | None:
    r"""Decode CP932 or EUC-JP, the latter with the NEC and IBM characters that Python's codec lacks.

    Parameters
    ----------
    data : bytes
        To decode.
    codec : {"cp932", "euc-jp"}
        Which of the two.
    errors : {"strict", "replace"}, optional
        What to do about bytes that do not fit.

    Returns
    -------
    str or None
        None where a byte does not fit and `errors` is ``"strict"``.

    Examples
    --------
    >>> decode_japanese(b"\xad\xa1", "euc-jp")
    '①'
    """
    if codec == "cp932":
        try:
            return data.decode("cp932", errors)
        except UnicodeDecodeError:
            return None
    plain = strictly(data, "euc_jp")
    if plain is not None:
        return plain
    pieces: list[str] = []
    for found in _EUC_RUN.finditer(data):
        piece = found[0]
        decoded = [piece.decode("ascii")] if piece.isascii() else _euc_run(piece)
        if errors == "strict" and BAD in decoded:
            return None
        pieces += decoded
    return "".join(pieces)


def _euc_run(data: bytes) -> list[str]:
    """Decode one character or a run of pairs; as a whole where that goes, which is many times as fast."""
    if len(data) <= 3:  # noqa: PLR2004
        return [_euc_character(data)]
    plain = strictly(data, "euc_jp")
    return [plain] if plain is not None else [_euc_character(data[i : i + 2]) for i in range(0, len(data), 2)]


@cache
def _euc_character(piece: bytes) -> str:
    decoded = strictly(piece, "euc_jp")
    if decoded is not None:
        return decoded
    return _cp932_pair(piece[0] & 0x7F, piece[1] & 0x7F) if len(piece) == 2 else BAD  # noqa: PLR2004


def _cp932_pair(row: int, cell: int) -> str:
    """Return the character of a JIS pair as CP932 has it: ①, ㈱ and 髙 stand in no JIS table."""
    lead = ((row - 0x21) >> 1) + (0x81 if row < 0x5F else 0xC1)  # noqa: PLR2004
    trail = cell + 0x7E if row % 2 == 0 else cell + (0x20 if cell > 0x5F else 0x1F)  # noqa: PLR2004
    return bytes((lead & 0xFF, trail & 0xFF)).decode("cp932", "replace")


def _jis_run(data: bytes) -> str:
    high = data.translate(_HIGH_BIT)
    plain = strictly(high, "euc_jp")
    if plain is not None:
        return plain
    pairs = [high[i : i + 2] for i in range(0, len(high), 2)]
    return "".join(_euc_character(pair) if len(pair) == 2 else BAD for pair in pairs)  # noqa: PLR2004


def _single_byte_run(data: bytes, *, kana: bool) -> str:
    if data.isascii() and not kana:
        return data.decode("ascii")
    shift = 0xFF61 - 0x21
    pieces = []
    for byte in data:
        low = byte & 0x7F if byte >= 0xA1 or kana else byte  # noqa: PLR2004
        is_kana = (kana or byte >= 0xA1) and 0x21 <= low <= 0x5F  # noqa: PLR2004
        pieces.append(chr(low + shift) if is_kana else chr(byte) if byte < 0x80 else BAD)  # noqa: PLR2004
    return "".join(pieces)


def _run(data: bytes, state: str) -> str:
    if state in {"ascii", "kana"}:
        return _single_byte_run(data, kana=state == "kana")
    if state == "jis":
        return _jis_run(data)
    high = data.translate(_HIGH_BIT)
    if state in {"x0212", "x0213-2"}:
        high = b"".join(b"\x8f" + high[i : i + 2] for i in range(0, len(high) - 1, 2))
    codec = {"gb": "gb2312", "ks": "euc_kr", "x0212": "euc_jp"}.get(state, "euc_jis_2004")
    return high.decode(codec, "replace")


def decode_iso2022(data: bytes) -> tuple[str, str]:
    r"""Decode ISO-2022-JP as Windows writes it, with half-width kana by escape, shift or eighth bit.

    Parameters
    ----------
    data : bytes
        To decode.

    Returns
    -------
    text : str
        With U+FFFD for what does not fit.
    charset : str
        ``"iso-2022-jp"``.

    Examples
    --------
    >>> decode_iso2022(b"\x1b$B-!\x1b(I6E\x1b(B")[0]
    '①ｶﾅ'
    """
    quick = strictly(data, "iso2022_jp_ext") if b"\x0e" not in data else None
    if quick is not None and "\x1b" not in quick and b"\x1b(J" not in data:
        return quick, "iso-2022-jp"
    pieces: list[str] = []
    state, before_shift, position = "ascii", "ascii", 0
    for found in ESCAPE.finditer(data):
        start, end = found.span()
        pieces.append(_run(data[position:start], state))
        position = end
        escape, control = found.groups()
        if control == b"\n":
            pieces.append("\n")
            state = "ascii"  # a line that forgot its last escape does not spoil the next one
        elif control == b"\x0e":
            before_shift, state = state, "kana"
        elif control == b"\x0f":
            state = before_shift
        elif escape in {b"$B", b"$@", b"$(B", b"$(@"}:
            state = "jis"
        elif escape == b"(I":
            state = "kana"
        elif escape != b"&@":
            state = _PLANES.get(escape, "ascii")
    pieces.append(_run(data[position:], state))
    return "".join(pieces), "iso-2022-jp"
