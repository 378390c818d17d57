"""How mail programs mark quotes, forwarded mails and signatures in HTML."""

import re
from enum import Enum

from selectolax.lexbor import LexborNode

__all__ = ["Region", "region_of"]


class Region(Enum):
    """Who wrote what is in a node.

    Examples
    --------
    >>> Region.FOREIGN.name
    'FOREIGN'
    """

    OWN = "as around it"
    FOREIGN = "somebody else, in this node"
    REST = "somebody else, from this node to the end of the mail"
    ANSWERS = "the sender, between quotes that stand in nodes of their own"


_FOREIGN_CLASSES = {
    "gmail_attr", "gmail_signature", "gmail_signature_prefix", "moz-cite-prefix", "moz-signature",
    "moz-forward-container", "moz-email-headers-table", "yahoo_quoted", "protonmail_quote",
    "protonmail_signature_block", "zmail_extra", "outlookmessageheader", "ms-outlook-mobile-reference-message",
    "tutanota_quote", "quoted-mail", "freebirdmessagequote",
}  # fmt: skip
_REST_IDS = {"appendonsend", "divrplyfwdmsg", "olk_src_body_section", "stopspelling", "zwchr", "mailcontainerquote"}
_FOREIGN_IDS = {
    "signature", "ms-outlook-mobile-signature", "applemailsignature", "replybody1", "reply-intro", "yahoo-quoted",
    "isreplycontent", "mobile-signature", "lineworks_signature",
}  # fmt: skip
_SENDER_LABEL = re.compile(r"\s*(?:From|差出人|送信者|発信者|発信元)\s*[:：]", re.IGNORECASE)
_FORWARDED = re.compile(r"Forwarded message|転送メッセージ|転送された?メッセージ", re.IGNORECASE)
# Gmail and Apple Mail indent with a blockquote that has no border and a margin on the left only.
_INDENTED = re.compile(r"margin:00040px|margin-left:40px|border:none|border-width:0")
_NODES_TO_LOOK_AT = 60


def region_of(node: LexborNode, tag: str, attributes: dict[str, str | None], style: str) -> Region:
    """Tell who wrote what is in a node.

    Parameters
    ----------
    node : LexborNode
        An element.
    tag : str
        Its name.
    attributes : dict
        Its attributes.
    style : str
        Its style in lower case without spaces.

    Returns
    -------
    Region
        ``OWN`` for an ordinary element.

    Examples
    --------
    >>> from selectolax.lexbor import LexborHTMLParser
    >>> node = LexborHTMLParser('<div id="divRplyFwdMsg">').css_first("div")
    >>> region_of(node, "div", node.attributes, "")
    <Region.REST: 'somebody else, from this node to the end of the mail'>
    """
    if tag == "blockquote":
        return _blockquote(attributes, style)
    marked = _by_name(node, attributes)
    if marked is not None:
        return marked
    if "border-top:solid" in style and _SENDER_LABEL.match(_beginning(node)):
        # Outlook; the padding around it is written in inches, centimetres or, in Japan, millimetres.
        return Region.REST
    return Region.FOREIGN if attributes.get("data-marker") == "__QUOTED_TEXT__" else Region.OWN


def _by_name(node: LexborNode, attributes: dict[str, str | None]) -> Region | None:
    """Tell a region by the id and the classes that mail programs give it."""
    identity = (attributes.get("id") or "").lower()
    if identity in _REST_IDS:
        return Region.REST
    if identity in _FOREIGN_IDS or identity.startswith("yahoo_quoted"):
        return Region.FOREIGN
    names = set((attributes.get("class") or "").lower().split())
    if "gmail_quote" in names:
        return _gmail(node)
    return Region.FOREIGN if names & _FOREIGN_CLASSES else None


def _blockquote(attributes: dict[str, str | None], style: str) -> Region:
    marked = attributes.get("type") or attributes.get("cite") or attributes.get("class")
    return Region.OWN if not marked and _INDENTED.search(style) and "border-left:" not in style else Region.FOREIGN


def _gmail(node: LexborNode) -> Region:
    """Tell a whole quote from the frame in which the sender answers between blockquotes."""
    if _FORWARDED.search(_beginning(node)) or node.css_first("blockquote") is None:
        return Region.FOREIGN
    return Region.ANSWERS


def _beginning(node: LexborNode) -> str:
    """Return some of the first text in a node, without reading all of it."""
    pieces: list[str] = []
    length = 0
    for count, below in enumerate(node.traverse(include_text=True)):
        if below.tag == "-text":
            pieces.append(below.text_content or "")
            length += len(pieces[-1])
        if count >= _NODES_TO_LOOK_AT or length > 200:  # noqa: PLR2004
            break
    return "".join(pieces)[:400]
