"""HTML mail to its visible text, and which of it the sender wrote.

Quotes are told in the tree, where each mail program marks them in its own way; the text is read in one
walk that puts a line break where a browser would begin a line and nothing anywhere else, so that
``<span>3</span>回も`` stays in one piece.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser, LexborNode

from kahara_nlp.sources.quotes import Region, region_of

__all__ = ["HTML_LIMIT", "VisibleText", "html_to_text"]

#: A longer HTML part is cut at this many characters.
HTML_LIMIT = 4_000_000
#: Elements are not opened deeper than this.
DEPTH_LIMIT = 1_000

_SKIPPED = {
    "script", "style", "head", "title", "template", "noscript", "meta", "link", "object", "svg", "iframe",
    "select",
}  # fmt: skip
_BLOCKS = {
    "address", "article", "aside", "blockquote", "body", "center", "dd", "details", "div", "dl", "dt",
    "fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr",
    "html", "legend", "li", "main", "nav", "ol", "p", "pre", "section", "summary", "table", "tbody", "tfoot",
    "thead", "tr", "ul",
}  # fmt: skip
_CELLS = {"td", "th"}
_ANY_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)[^<>]*>")
# Elements that do not nest, because they are empty or the next one ends them.
_UNNESTED = {
    "br", "img", "hr", "meta", "link", "input", "col", "wbr", "area", "base", "source", "p", "li", "td", "th",
    "tr", "dt", "dd", "option", "html", "body", "head",
}  # fmt: skip
_HIDDEN = re.compile(
    r"display:none|visibility:hidden|mso-hide:all|font-size:0(?:px|pt|em|%)?(?:;|!|$)|opacity:0(?:;|!|$)"
    r"|max-height:0(?:px)?(?:;|!|$)"
)
_PRESERVED = re.compile(r"white-space:(?:pre|break-spaces)")
_SPACES = re.compile(r"[ \t\r\n\f]+")
# A line break in the source between two full-width characters is no space: Japanese is wrapped anywhere.
_WRAPPED = re.compile(
    r"(?<=[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef])[ \t\f]*\r?\n[ "
    r"\t\r\n\f]*(?=[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef])"
)


class VisibleText(NamedTuple):
    """What a reader of the mail sees.

    Parameters
    ----------
    text : str
        All of it.
    spans : tuple of tuple of int, or None
        Ranges that the sender wrote, where the tree holds quotes or a signature; else None.
    complete : bool
        False where the part was cut at `HTML_LIMIT`.
    """

    text: str
    spans: tuple[tuple[int, int], ...] | None
    complete: bool


class _Writer:
    """Collects the text and which ranges of it are the sender's own."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.length = 0
        self.spans: list[list[int]] = []
        self.foreign = False
        self.marked = False
        self._space = False
        self._break = True  # nothing written on this line yet
        self._last = ""

    def _append(self, text: str) -> None:
        start = self.length
        self.pieces.append(text)
        self.length += len(text)
        if self.foreign:
            return
        if self.spans and self.spans[-1][1] == start:
            self.spans[-1][1] = self.length
        else:
            self.spans.append([start, self.length])

    def write(self, text: str, *, preserved: bool) -> None:
        if preserved:
            if text:
                self._append(text)
                self._break, self._space = text.endswith("\n"), False
            return
        if not text.isascii():
            text = _WRAPPED.sub("", text)
        words = _SPACES.sub(" ", text)
        if self._break:
            words = words.lstrip(" ")
        elif self._space and not words.startswith(" "):
            words = " " + words
        if not words:
            return
        self._space = words.endswith(" ")
        words = words.removesuffix(" ")
        if words:
            self._append(words)
            self._break = False

    def line(self) -> None:
        """Begin a line, if one is under way."""
        self._space = False
        if not self._break:
            self._append("\n")
            self._break = True

    def newline(self) -> None:
        self._space = False
        self._append("\n")
        self._break = True

    def cell(self) -> None:
        self._space = False
        if not self._break:
            self._append("\t")


def html_to_text(html: str) -> VisibleText:
    r"""Return the visible text of HTML and the ranges that its sender wrote.

    Parameters
    ----------
    html : str
        Decoded already: a charset in a ``<meta>`` is out of date and is not looked at.

    Returns
    -------
    VisibleText
        With a tab between the cells of a table row.

    Examples
    --------
    >>> html_to_text('<p><span>3</span>回も<br>電話した</p><blockquote type="cite">申し訳ございません</blockquote>')
    VisibleText(text='3回も\n電話した\n申し訳ございません\n', spans=((0, 9),), complete=True)
    """
    writer = _Writer()
    root = LexborHTMLParser(_flattened(html[:HTML_LIMIT])).root
    if root is not None:
        _walk(root, writer)
    text = "".join(writer.pieces).replace("\xa0", " ")
    spans = tuple((start, end) for start, end in writer.spans) if writer.marked else None
    return VisibleText(text, spans, len(html) <= HTML_LIMIT)


def _flattened(html: str) -> str:
    """Drop the tags below a depth that no mail needs, and keep their text: a parser's time goes with the depth."""
    if html.count("<") <= DEPTH_LIMIT:
        return html
    depth = dropped = 0

    def shallow(tag: re.Match[str]) -> str:
        nonlocal depth, dropped
        if tag[2].lower() in _UNNESTED:
            return tag[0]
        if not tag[1]:
            if depth < DEPTH_LIMIT:
                depth += 1
                return tag[0]
            dropped += 1
            return "<p>"  # begins a line, and ends with the next one
        if dropped:
            dropped -= 1
            return "<p>"
        depth = max(0, depth - 1)
        return tag[0]

    return _ANY_TAG.sub(shallow, html)


def _walk(root: LexborNode, writer: _Writer) -> None:
    """Visit the tree in document order with a stack of its own: mails nest 20,000 deep."""
    # An entry is a node to enter, or the state to go back to when a node is left.
    stack: list[tuple[LexborNode | None, str, bool, bool]] = [(root, "", False, False)]
    below = False  # everything from here on was written by somebody else
    preserved = False
    while stack:
        node, tag, foreign, pre = stack.pop()
        if node is None:
            _leave(tag, writer)
            writer.foreign, preserved = foreign or below, pre
            continue
        tag = node.tag or ""
        if tag == "-text":
            writer.write(node.text_content or "", preserved=preserved)
            continue
        if tag in _SKIPPED or tag.startswith(("-", "!")):
            continue
        attributes = node.attributes
        style = _style(attributes)
        if "hidden" in attributes or (style and _HIDDEN.search(style)):
            continue
        _enter(node, tag, writer)
        stack.append((None, tag, writer.foreign, preserved))
        # Inside a quote there is nothing more to tell apart: older quotes are somebody else's too.
        region = Region.OWN if writer.foreign else region_of(node, tag, attributes, style)
        if region is not Region.OWN:
            writer.marked = True
            below = below or region is Region.REST
            writer.foreign = region is not Region.ANSWERS
        preserved = preserved or tag in {"pre", "textarea"} or bool(style and _PRESERVED.search(style))
        stack.extend((child, "", False, False) for child in reversed(list(_children(node))))


def _children(node: LexborNode) -> Iterator[LexborNode]:
    child = node.first_child
    while child is not None:
        yield child
        child = child.next


def _style(attributes: dict[str, str | None]) -> str:
    value = attributes.get("style")
    return _SPACES.sub("", value).lower() if value else ""


def _enter(node: LexborNode, tag: str, writer: _Writer) -> None:
    if tag == "br":
        writer.newline()
    elif tag in _BLOCKS:
        writer.line()
    elif tag in _CELLS:
        writer.cell()
    elif tag == "img":
        # Gmail and carriers send emoji as pictures with the character as alternative text.
        alternative = node.attributes.get("alt") or ""
        if 0 < len(alternative) <= 4 and not alternative.isascii():  # noqa: PLR2004
            writer.write(alternative, preserved=False)


def _leave(tag: str, writer: _Writer) -> None:
    if tag in _BLOCKS:
        writer.line()
