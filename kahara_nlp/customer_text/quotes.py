"""Lines that somebody else wrote: marked as quoted, or below a line that announces them."""

import re

from kahara_nlp.customer_text.announcements import MAY_ANNOUNCE, announced
from kahara_nlp.customer_text.lines import Line, disown

__all__ = ["drop_quotes"]

_MOST_ATTEMPTS = 3_000  # lines with a date or address; a log of more is no correspondence
_KAOMOJI = re.compile(r">\s*[_.,ωдДoO0口人▽皿~∀へ^﹏-]{0,3}\s*<(?![A-Za-z0-9\"'])")
_DECORATED = re.compile(r">{2,}[^<>]*<{2,}")
_BAR = re.compile(r"[|｜]{1,2}(?:\s|$)(?!.*[|｜]\s*$)")
_NAMED = re.compile(r"([a-z][a-z0-9_.-]{2,15})>(?:\s|$)")
_NAMED_ANY = re.compile(r"([A-Za-z][A-Za-z0-9_.-]{0,15})>(?:\s|$)")


def drop_quotes(lines: list[Line]) -> None:
    r"""Disown the lines that somebody else wrote, and those that announce them.

    Parameters
    ----------
    lines : list of Line
        Of one message; changed in place.

    Examples
    --------
    >>> from kahara_nlp.customer_text.lines import split_lines
    >>> lines = split_lines("> 発送しました\n遅い", 0, 11)
    >>> drop_quotes(lines)
    >>> [line.own for line in lines]
    [False, True]
    """
    _mark_quotes(lines)
    index = 0
    attempts = 0
    while index < len(lines):
        line = lines[index]
        if line.quoted:
            line.own = False
        elif not line.blank and attempts < _MOST_ATTEMPTS:
            attempts += bool(MAY_ANNOUNCE.search(line.plain))
            behind = announced(lines, index)
            if behind > index:
                disown(lines, index, behind)
                index = behind
                continue
        index += 1


def _mark_quotes(lines: list[Line]) -> None:
    """Mark the lines that carry a quote mark."""
    bars = [line for line in lines if _BAR.match(line.plain)]
    named = [found[1] for line in lines if (found := _NAMED_ANY.match(line.plain))]
    for line in lines:
        if line.plain.startswith(">"):
            line.quoted = not (_KAOMOJI.match(line.plain) or _DECORATED.fullmatch(line.plain))
            continue
        name = _NAMED_ANY.match(line.plain)
        if name and (_NAMED.match(line.plain) or named.count(name[1]) > 1):
            line.quoted = True
    if len(bars) > 1:  # a single bar may be a slip; tables have one at both ends
        for line in bars:
            line.quoted = True
