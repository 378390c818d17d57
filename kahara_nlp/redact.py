"""Personal data out of what is handed on: names, places, addresses, telephone and account numbers.

What the dictionary knows as a name, and what has the form of a number or an address, is replaced by a word
for its kind. A name that the dictionary does not know stays: a person looks over what leaves the house.
"""

import re
from collections.abc import Iterator

from kahara_nlp.masking import SYMBOLS
from kahara_nlp.text import normalize_with_offsets, split_passages
from kahara_nlp.tokens import token_spans, tokenize

__all__ = ["redact"]

_WORDS = {
    SYMBOLS["<NAME>"]: "［名］",
    SYMBOLS["<MAIL>"]: "［メール］",
    SYMBOLS["<PHONE>"]: "［電話］",
    SYMBOLS["<POSTCODE>"]: "［郵便番号］",
    SYMBOLS["<URL>"]: "［URL］",
    SYMBOLS["<CODE>"]: "［番号］",
}
#: A shorter number is a count, a size or a model, not an account.
_FEWEST_DIGITS = 4
# What may stand between the name of a place and the number of a house in it.
_HOUSE = re.compile(
    r"(?:[都道府県市区町村郡]|［名］|\s)*(?:［番号］|［電話］|［郵便番号］"
    r"|(?:[0-9０-９一二三四五六七八九十〇]{1,5}(?:丁目|番地|番|号室|号|[-−‐－ー―のノ])){1,4}"
    r"(?:[0-9０-９一二三四五六七八九十〇]{1,5}(?:号室|号)?)?)"
)


def redact(text: str) -> str:
    """Replace personal data by words for its kind.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    str
        The text with ``［名］`` for names of persons and places, ``［住所］`` for a house in a place,
        ``［メール］``, ``［電話］``, ``［郵便番号］``, ``［URL］``, and ``［番号］`` for other numbers and codes of
        four digits or more. Amounts, dates and times stay.

    Examples
    --------
    >>> redact("田中です。090-0000-0000に三万円の件でお電話ください。口座は1234567です。")
    '［名］です。［電話］に三万円の件でお電話ください。口座は［番号］です。'
    """
    pieces: list[str] = []
    position = 0
    for start, end, word in _personal(text):
        if start < position:
            continue
        pieces += (text[position:start], word)
        position = end
    return _with_houses("".join(pieces) + text[position:])


def _with_houses(text: str) -> str:
    """Put a place and the house number behind it together."""
    pieces: list[str] = []
    position = 0
    for found in re.finditer("［名］", text):
        house = _HOUSE.match(text, found.end())
        if found.start() >= position and house is not None:
            pieces += (text[position : found.start()], "［住所］")
            position = house.end()
    return "".join(pieces) + text[position:]


def _personal(text: str) -> Iterator[tuple[int, int, str]]:
    """Find personal data, in order."""
    passages = split_passages(text)
    normalized = [normalize_with_offsets(passage.text) for passage in passages]
    cut = tokenize(form.text for form in normalized)
    for passage, form, tokens in zip(passages, normalized, cut, strict=True):
        for token, (begin, end) in zip(tokens, token_spans(form.text, tokens), strict=True):
            word = _WORDS.get(token.surface)
            if word is None or begin == end:
                continue
            start, stop = (passage.start + offset for offset in form.span(begin, end))
            digits = sum(character.isdigit() for character in text[start:stop])
            if token.surface != SYMBOLS["<CODE>"] or digits >= _FEWEST_DIGITS:
                yield start, stop, word
