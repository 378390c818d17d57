"""Texts to streams of symbols, the one way for training and for scoring."""

import os
import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kahara_nlp.concepts import Lexicon, concept_symbols, merge
from kahara_nlp.errors import DataError
from kahara_nlp.features import Streams
from kahara_nlp.policy import data_root
from kahara_nlp.records import Passage
from kahara_nlp.text import normalize, split_passages
from kahara_nlp.tokens import Token, character_stream, tokenize, word_units

__all__ = ["FAMILIES", "PRESENCE", "Prepared", "default_lexicon", "prepare", "read_lexicon", "symbol_owners"]

#: Term families and their longest n-gram.
FAMILIES = {"word": 2, "char": 4, "concept": 1}
#: Weight of a term of the families that are weighed by presence alone.
PRESENCE = {"concept": 0.1}


class Prepared(NamedTuple):
    """The passages of some texts, cut and tokenised.

    Parameters
    ----------
    passages : list of Passage
        Of all texts, one text behind the other; offsets count within their own text.
    owner : ndarray of int64, shape (n_passages,)
        The text of each passage.
    normalized : list of str
        The normalised passages.
    tokens : list of list of Token
        Their tokens.
    streams : mapping of str to sequence
        What `features` reads.
    lexicon : Lexicon
        The notions that were looked for.
    """

    passages: list[Passage]
    owner: npt.NDArray[np.int64]
    normalized: list[str]
    tokens: list[list[Token]]
    streams: Streams
    lexicon: Lexicon


def prepare(texts: Sequence[str], lexicon: Lexicon) -> Prepared:
    """Cut, normalise and tokenise texts.

    Parameters
    ----------
    texts : sequence of str
        Original texts.
    lexicon : Lexicon
        The notions of the model.

    Returns
    -------
    Prepared
        Every text has at least one passage.

    Examples
    --------
    >>> prepare(["はい。いいえ。"], Lexicon({})).streams["char"]
    ['はい', 'いいえ']
    """
    passages: list[Passage] = []
    owner: list[int] = []
    for number, text in enumerate(texts):
        own = split_passages(text) or [Passage(text, 0, len(text))]
        passages += own
        owner += [number] * len(own)
    normalized = [normalize(passage.text) for passage in passages]
    tokens = tokenize(normalized)
    words = [word_units(row) for row in tokens]
    streams: Streams = {
        "word": words,
        "char": [character_stream(row) for row in tokens],
        "concept": [concept_symbols(row, lexicon)[0] for row in words],
    }
    return Prepared(passages, np.array(owner, dtype=np.int64), normalized, tokens, streams, lexicon)


def symbol_owners(tokens: Sequence[Token], family: str, lexicon: Lexicon) -> npt.NDArray[np.int64]:
    """Return for each symbol of a passage's stream the token that it comes from.

    Parameters
    ----------
    tokens : sequence of Token
        The passage.
    family : str
        Which stream.
    lexicon : Lexicon
        The notions of the model.

    Returns
    -------
    ndarray of int64, shape (n_symbols,)
        Places in `tokens`.

    Examples
    --------
    >>> symbol_owners(tokenize(["はい、どうぞ"])[0], "word", Lexicon({})).tolist()
    [0, 2]
    """
    units = [word_units([token]) for token in tokens]
    heard = np.repeat(np.arange(len(tokens)), [len(unit) for unit in units])
    if family == "word":
        return heard
    if family == "char":
        return np.repeat(np.arange(len(tokens)), [len(character_stream([token])) for token in tokens])
    return heard[concept_symbols([symbol for unit in units for symbol in unit], lexicon)[1]]


def read_lexicon(*paths: str | os.PathLike[str]) -> Lexicon:
    """Read files of notions.

    Parameters
    ----------
    *paths : str or path-like
        TOML files with a table ``[notion.<id>]`` for each notion and in it ``entries``, a list of words
        and phrases as they are said. Several files add up.

    Returns
    -------
    Lexicon
        The lemmas of all entries.

    Raises
    ------
    DataError
        If a file cannot be read or a notion is malformed; the message names the notion.
    """
    parts: list[tuple[str, tuple[str, ...]]] = []
    for path in map(Path, paths):
        try:
            document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as exc:
            msg = f"{path.name} cannot be read as a lexicon: {exc}"
            raise DataError(msg) from exc
        notions = document.get("notion")
        if not isinstance(notions, dict) or not notions:
            msg = f"{path.name}: expected a table [notion.<id>] for each notion"
            raise DataError(msg)
        for notion, table in notions.items():
            entries = table.get("entries") if isinstance(table, dict) else None
            if not isinstance(entries, list) or not all(isinstance(entry, str) for entry in entries):
                msg = f"{path.name}, notion {notion}: entries must be a list of texts"
                raise DataError(msg)
            if not notion.isidentifier():
                msg = f"{path.name}: notion {notion!r} must be an identifier such as shouting"
                raise DataError(msg)
            for entry, tokens in zip(entries, tokenize(map(normalize, entries)), strict=True):
                lemmas = tuple(unit.rstrip("!~") or unit for unit in word_units(tokens))
                if not lemmas:
                    msg = f"{path.name}, notion {notion}: entry {entry!r} holds no word"
                    raise DataError(msg)
                parts.append((notion, lemmas))
    return merge(parts)


@cache
def default_lexicon() -> Lexicon:
    """Return the shipped lexicon.

    Returns
    -------
    Lexicon
        As ``data/concepts.toml`` says.
    """
    return read_lexicon(data_root() / "concepts.toml")
