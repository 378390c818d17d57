"""Texts to streams of symbols, the one way for training and for scoring."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kahara_nlp.features import Streams
from kahara_nlp.records import Passage
from kahara_nlp.text import normalize, split_passages
from kahara_nlp.tokens import Token, character_stream, tokenize, word_units

__all__ = ["FAMILIES", "Prepared", "prepare"]

#: Term families and their longest n-gram.
FAMILIES = {"word": 2, "char": 5}


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
    """

    passages: list[Passage]
    owner: npt.NDArray[np.int64]
    normalized: list[str]
    tokens: list[list[Token]]
    streams: Streams


def prepare(texts: Sequence[str]) -> Prepared:
    """Cut, normalise and tokenise texts.

    Parameters
    ----------
    texts : sequence of str
        Original texts.

    Returns
    -------
    Prepared
        Every text has at least one passage.

    Examples
    --------
    >>> prepare(["はい。いいえ。"]).streams["char"]
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
    streams: Streams = {
        "word": [word_units(row) for row in tokens],
        "char": [character_stream(row) for row in tokens],
    }
    return Prepared(passages, np.array(owner, dtype=np.int64), normalized, tokens, streams)
