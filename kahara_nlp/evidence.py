"""Which words of a passage its log-odds rest on."""

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from kahara_nlp.model import Model
from kahara_nlp.records import TermContribution
from kahara_nlp.streams import Prepared, symbol_owners
from kahara_nlp.text import normalize_with_offsets
from kahara_nlp.tokens import token_spans

__all__ = ["attribute"]

FloatArray = npt.NDArray[np.float64]


def attribute(model: Model, prepared: Prepared, features: csr_array, passage: int, head: int) -> list[TermContribution]:
    """Share out the log-odds of a passage among its words.

    A term's part of the log-odds, its TF-IDF weight times the model's, is divided equally among the
    words that it covers, so the contributions and the intercept add up to the log-odds exactly.

    Parameters
    ----------
    model : Model
        The model.
    prepared : Prepared
        The passages.
    features : csr_array, shape (n_passages, n_terms)
        Their TF-IDF weights.
    passage : int
        Which passage.
    head : int
        Column of the model's weights.

    Returns
    -------
    list of TermContribution
        One for each word in the order of the text, with offsets into the original text.
    """
    tokens = prepared.tokens[passage]
    low, high = features.indptr[passage], features.indptr[passage + 1]
    weighted = np.zeros(model.vocabulary.n_terms)
    columns = features.indices[low:high]
    weighted[columns] = features.data[low:high] * model.weights[columns, head]
    shares = np.zeros(len(tokens))
    for family, offset in zip(model.vocabulary.families, model.vocabulary.offsets, strict=False):
        stream = prepared.streams[family.name][passage]
        _, terms, starts, lengths = family.positions([stream])
        occurrences = np.bincount(terms, minlength=len(family.codes))
        owner = symbol_owners(tokens, family.name, model.lexicon)
        part = weighted[terms + offset] / (occurrences[terms] * lengths)
        for shift in range(family.max_n):
            inside = lengths > shift
            np.add.at(shares, owner[starts[inside] + shift], part[inside])
    return _in_original(prepared, passage, shares)


def _in_original(prepared: Prepared, passage: int, shares: FloatArray) -> list[TermContribution]:
    """Place the words of a passage in the original text."""
    where = prepared.passages[passage]
    normalized = normalize_with_offsets(where.text)
    result = []
    for (begin, end), share in zip(
        token_spans(normalized.text, prepared.tokens[passage]), shares.tolist(), strict=True
    ):
        start, stop = normalized.span(begin, end)
        result.append(TermContribution(where.text[start:stop], share, where.start + start, where.start + stop))
    return result
