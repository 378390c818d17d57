"""The lines of a message: where each stands, and whether it is still the customer's own."""

import re
import unicodedata

__all__ = ["LONGEST_LINE", "Line", "disown", "is_rule", "next_filled", "own_ranges", "split_lines"]

#: A mark of a quote or signature stands within the first so many characters.
LONGEST_LINE = 400

_RULE = re.compile(r"(?:[-=*_~#+─━═―—–‐‑ー=_⇒→■□◆◇▼▽▲△●○◎★☆♪♢♦+・:;.^|/\\<>«»┏┓┗┛┣┫┃│┌┐└┘├┤╋╂°⌒∴…‥°｡ ]){3,200}")
_RULE_HEART = re.compile(r"([-=*_~#+─━═―—–‐ー=_⇒→■□◆◇▼▽▲△●○◎★☆♪┏┓┗┛┃│┌┐└┘]\s?){3,}")
_LINE = re.compile(r"([^\r\n]*)(?:\r\n|\r|\n)|([^\r\n]+)$")


class Line:
    """A line, where it stands, and its form for matching.

    Parameters
    ----------
    text : str
        Without its end.
    start : int
        Where it begins in the message.
    end : int
        Where the next one begins.

    Examples
    --------
    >>> Line("　＞ 遅い", 0, 5).plain
    '> 遅い'
    """

    __slots__ = ("blank", "end", "own", "plain", "quoted", "start", "text")

    def __init__(self, text: str, start: int, end: int) -> None:
        self.start = start
        self.end = end
        self.text = text
        head = text[:LONGEST_LINE]
        # Full-width marks count like plain ones; NFKC may change the length, so offsets stay with `text`.
        self.plain = head.strip() if head.isascii() else unicodedata.normalize("NFKC", head).strip()
        self.blank = not text.strip()
        self.quoted = False
        self.own = True


def split_lines(text: str, start: int, end: int) -> list[Line]:
    r"""Cut a stretch of a message into lines, at any of the usual ends.

    Parameters
    ----------
    text : str
        The message.
    start, end : int
        The stretch.

    Returns
    -------
    list of Line
        In order; together they cover the stretch.

    Examples
    --------
    >>> [(line.text, line.start) for line in split_lines("遅い\r\n困る", 0, 6)]
    [('遅い', 0), ('困る', 4)]
    """
    return [Line(found[1] or found[2] or "", found.start(), found.end()) for found in _LINE.finditer(text, start, end)]


def own_ranges(lines: list[Line]) -> list[tuple[int, int]]:
    r"""Return the ranges of own lines, each run without the blank space around it.

    Parameters
    ----------
    lines : list of Line
        With those of others disowned.

    Returns
    -------
    list of tuple of int
        Start and end in the message.

    Examples
    --------
    >>> own_ranges(split_lines("\n遅い \n", 0, 5))
    [(1, 3)]
    """
    spans: list[tuple[int, int]] = []
    run: list[Line] = []
    for line in lines:
        if run and (not line.own or line.start != run[-1].end):
            spans += _trimmed(run)
            run = []
        if line.own:
            run.append(line)
    return spans + _trimmed(run)


def _trimmed(run: list[Line]) -> list[tuple[int, int]]:
    filled = [line for line in run if not line.blank]
    if not filled:
        return []
    first, last = filled[0], filled[-1]
    return [(first.start, last.start + len(last.text.rstrip()))]


def next_filled(lines: list[Line], index: int) -> int:
    r"""Return where the next line with anything on it stands.

    Parameters
    ----------
    lines : list of Line
        All lines.
    index : int
        Where to begin.

    Returns
    -------
    int
        `index` itself if that line is filled; the number of lines if none is.

    Examples
    --------
    >>> next_filled(split_lines("\n\n遅い", 0, 4), 0)
    2
    """
    while index < len(lines) and lines[index].blank:
        index += 1
    return index


def disown(lines: list[Line], start: int, end: int) -> None:
    """Mark lines as not the customer's own.

    Parameters
    ----------
    lines : list of Line
        All lines.
    start, end : int
        Which of them.

    Examples
    --------
    >>> lines = split_lines("遅い", 0, 2)
    >>> disown(lines, 0, 1)
    >>> lines[0].own
    False
    """
    for line in lines[start:end]:
        line.own = False


def is_rule(plain: str) -> bool:
    """Tell a line of rule characters: long enough, and not a run of dots or a face.

    Parameters
    ----------
    plain : str
        `Line.plain`.

    Returns
    -------
    bool
        Whether it is one.

    Examples
    --------
    >>> is_rule("━━━━━"), is_rule("……")
    (True, False)
    """
    if not plain or plain[0].isalnum() or len(plain) < 3:  # noqa: PLR2004
        return False
    return bool(_RULE.fullmatch(plain)) and bool(_RULE_HEART.search(plain))
