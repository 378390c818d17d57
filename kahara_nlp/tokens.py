"""Normalised text to tokens, with everything personal or merely numeric turned into classes.

MeCab with unidic-lite, through fugashi; the only module that knows either. Names of persons and
places leave as one private-use character each, like the numbers and addresses of `masking`.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cache, lru_cache
from itertools import pairwise
from typing import NamedTuple

from kahara_nlp.errors import TokenizerMismatchError
from kahara_nlp.masking import CLASS_NAMES, SYMBOLS, mask_numbers, mask_with_origin

__all__ = [
    "Token",
    "character_stream",
    "dictionary_version",
    "is_in_dictionary",
    "token_spans",
    "tokenize",
    "word_units",
]

_CLASS = re.compile("[\ue000-\ue0ff]")
_NAME = SYMBOLS["<NAME>"]
#: Words recur; but an archive has no end of new ones, and memory has.
_REMEMBERED = 1 << 16


class Token(NamedTuple):
    """One word as MeCab and UniDic see it.

    Parameters
    ----------
    surface : str
        As it stands in the masked text.
    lemma : str
        Dictionary form; the surface where the dictionary has none.
    pos : str
        Part of speech, such as ``動詞-一般``.
    form : str
        Conjugation form, such as ``命令形``; empty for words that do not conjugate.
    """

    surface: str
    lemma: str
    pos: str
    form: str


@cache
def _tagger() -> object:
    """Return this process's tagger; a tagger cannot be shared between processes."""
    import unidic_lite
    from fugashi import GenericTagger

    # Asking MeCab itself for the fields and splitting once is twice as fast as reading node.feature.
    # fugashi strips the answer, so the last field must never be empty.
    known, unknown = r"%m\t%f[7]\t%f[0]-%f[1]\t%f[5]\t%f[2]-%f[3]\n", r"%m\t\t%f[0]-%f[1]\t\t-\n"
    return GenericTagger(f'-d "{unidic_lite.DICDIR}" -r /dev/null -O "" -F "{known}" -U "{unknown}" -B "" -E ""')


def _lines(masked: str) -> list[str]:
    """Return MeCab's answer for one masked passage, a line for each token."""
    try:
        tagger = _tagger()
    except (ImportError, RuntimeError) as exc:
        msg = "MeCab does not start with unidic-lite; reinstall both: pip install --force-reinstall fugashi unidic-lite"
        raise TokenizerMismatchError(msg) from exc
    # Neighbouring symbols that the dictionary does not know would be one token.
    masked = _CLASS.sub(r" \g<0> ", masked)
    # Without a full stop MeCab reads 早く謝れ as the stem of 謝れる; with one, as the imperative that it is.
    if not masked or masked[-1] in "。!?…":
        return [line for line in tagger.parse(masked).split("\n") if line]  # type: ignore[attr-defined]
    return [line for line in tagger.parse(masked + "。").split("\n") if line][:-1]  # type: ignore[attr-defined]


@cache
def dictionary_version() -> str:
    """Return the version of the installed dictionary package.

    Returns
    -------
    str
        Such as ``"unidic-lite 1.0.8"``.

    Examples
    --------
    >>> dictionary_version().split()[0]
    'unidic-lite'
    """
    from importlib.metadata import version

    return f"unidic-lite {version('unidic-lite')}"


@lru_cache(_REMEMBERED)
def _token(line: str) -> Token:
    """Make a token of one line of MeCab's answer; lines recur, so tokens are shared."""
    surface, lemma, pos, form, proper = line.split("\t")
    if surface in CLASS_NAMES:
        return Token(surface, surface, "クラス", "")
    # Many surnames are places: one class for both, or an exchanged name would move a probability. Countries stay.
    if proper.startswith("人名") or (proper.startswith("地名") and not proper.endswith("国")):
        return Token(_NAME, _NAME, "クラス", "")
    return Token(surface, lemma.split("-")[0] or surface, pos.rstrip("-"), form)


def is_in_dictionary(word: str) -> bool:
    """Tell whether MeCab's dictionary has a word.

    Parameters
    ----------
    word : str
        Without spaces.

    Returns
    -------
    bool
        False where any part of it is unknown.

    Examples
    --------
    >>> is_in_dictionary("土下座"), is_in_dictionary("ゾマホニュラ")
    (True, False)
    """
    return all(line.split("\t")[1] or line.split("\t")[0] in CLASS_NAMES for line in _lines(word))


def tokenize(texts: Iterable[str]) -> list[list[Token]]:
    """Cut normalised texts into tokens.

    Parameters
    ----------
    texts : iterable of str
        Normalised passages; much longer texts slow MeCab down per character.

    Returns
    -------
    list of list of Token
        In the same order. Neighbouring tokens of the class <NAME> are one.

    Raises
    ------
    TokenizerMismatchError
        If MeCab or its dictionary cannot be used.

    Examples
    --------
    >>> from kahara_nlp.masking import readable
    >>> [(readable(t.lemma), t.form) for t in tokenize(["田中さん、早く謝れ"])[0]]
    [('<NAME>', ''), ('さん', ''), ('、', ''), ('早い', '連用形-一般'), ('謝る', '命令形')]
    """
    result: list[list[Token]] = []
    for text in texts:
        tokens = [_token(line) for line in _lines(mask_numbers(text))]
        merged = tokens[:1]
        merged += [b for a, b in pairwise(tokens) if not (a.lemma == b.lemma == _NAME)]
        result.append(merged)
    return result


def token_spans(text: str, tokens: Sequence[Token]) -> list[tuple[int, int]]:
    """Find where the tokens of a normalised text stand in it.

    Parameters
    ----------
    text : str
        The normalised text.
    tokens : sequence of Token
        What `tokenize` made of it.

    Returns
    -------
    list of tuple of int, same length as `tokens`
        Offsets into `text`; a class token covers all that it stands for.

    Examples
    --------
    >>> token_spans("1,000円返せ", tokenize(["1,000円返せ"])[0])
    [(0, 6), (6, 8)]
    """
    masked, origin = mask_with_origin(text)
    spans: list[tuple[int, int]] = []
    position = 0
    for line in _lines(masked):
        surface = line.split("\t", 1)[0]
        start = masked.index(surface, position)
        position = start + len(surface)
        token = _token(line)
        span = (origin[start][0], origin[position - 1][1])
        if spans and token.lemma == _NAME == tokens[len(spans) - 1].lemma:
            spans[-1] = (spans[-1][0], span[1])
        else:
            spans.append(span)
    return spans


_SILENT = {"補助記号-読点", "補助記号-括弧開", "補助記号-括弧閉", "空白", "補助記号-AA"}
_FULL_STOPS = {"。", "."}
_KEPT_FORMS = {"命令形": "!", "意志推量形": "~"}


@lru_cache(_REMEMBERED)
def _unit(token: Token) -> str:
    """Return the word term of a token: its lemma, marked where it is an imperative or a volitional."""
    return token.lemma + _KEPT_FORMS.get(token.form, "")


@lru_cache(_REMEMBERED)
def _heard(token: Token) -> bool:
    """Tell whether a token is more than a comma, bracket or full stop."""
    return token.pos not in _SILENT and token.surface not in _FULL_STOPS


def word_units(tokens: Sequence[Token]) -> list[str]:
    """Return the symbols that word terms are made of.

    Parameters
    ----------
    tokens : sequence of Token
        One passage.

    Returns
    -------
    list of str
        Lemmas, with ``!`` behind imperatives and ``~`` behind volitionals; commas, brackets and full
        stops left out, since speech recognition and hasty mail leave them out too.

    Examples
    --------
    >>> word_units(tokenize(["早く、謝れ。"])[0])
    ['早い', '謝る!']
    """
    return [_unit(token) for token in tokens if _heard(token)]


def character_stream(tokens: Sequence[Token]) -> str:
    """Return the text that character terms are made of.

    Parameters
    ----------
    tokens : sequence of Token
        One passage.

    Returns
    -------
    str
        The surfaces without spaces, commas, brackets and full stops, classes as one character each.

    Examples
    --------
    >>> from kahara_nlp.masking import readable
    >>> readable(character_stream(tokenize(["田中 さん、三回 も。"])[0]))
    '<NAME>さん<TWO-THREE>回も'
    """
    return "".join([token.surface for token in tokens if _heard(token)])
