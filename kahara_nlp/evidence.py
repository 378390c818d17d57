"""Which words of a passage its log-odds rest on."""

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from kahara_nlp.model import Model
from kahara_nlp.records import TermContribution
from kahara_nlp.streams import Prepared, symbol_owners
from kahara_nlp.text import normalize_with_offsets
from kahara_nlp.tokens import token_spans

__all__ = ["Attribution"]

FloatArray = npt.NDArray[np.float64]


class Attribution:
    """The words of one passage and the terms that cover them, found once for all categories.

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
    """

    def __init__(self, model: Model, prepared: Prepared, features: csr_array, passage: int) -> None:
        self._model = model
        low, high = features.indptr[passage], features.indptr[passage + 1]
        order = np.argsort(features.indices[low:high])
        self._columns = features.indices[low:high][order]
        self._values = features.data[low:high][order]
        self._tokens = len(prepared.tokens[passage])
        self._spans = _in_original(prepared, passage)
        parts: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], FloatArray]] = []
        for family, offset in zip(model.vocabulary.families, model.vocabulary.offsets, strict=False):
            _, terms, starts, lengths = family.positions([prepared.streams[family.name][passage]])
            _, term, occurrences = np.unique(terms, return_inverse=True, return_counts=True)
            owner = symbol_owners(prepared.tokens[passage], family.name, model.lexicon)
            place = np.searchsorted(self._columns, terms + offset)
            part = 1 / (occurrences[term] * lengths)
            for shift in range(family.max_n):
                inside = lengths > shift
                parts.append((place[inside], owner[starts[inside] + shift], part[inside]))
        self._place, self._owner, self._part = (np.concatenate(column) for column in zip(*parts, strict=True))

    def terms(self, head: int) -> list[TermContribution]:
        """Share out the log-odds of a category among the words.

        A term's part of the log-odds, its TF-IDF weight times the model's, is divided equally among the
        words that it covers, so the contributions and the intercept add up to the log-odds exactly.

        Parameters
        ----------
        head : int
            Column of the model's weights.

        Returns
        -------
        list of TermContribution
            One for each word in the order of the text, with offsets into the original text.
        """
        weighted = self._values * self._model.weights[self._columns, head]
        shares = np.bincount(self._owner, weighted[self._place] * self._part, minlength=self._tokens)
        return [
            TermContribution(text, share, start, end)
            for (text, start, end), share in zip(self._spans, shares.tolist(), strict=True)
        ]


def _in_original(prepared: Prepared, passage: int) -> list[tuple[str, int, int]]:
    """Place the words of a passage in the original text."""
    where = prepared.passages[passage]
    normalized = normalize_with_offsets(where.text)
    spans = [normalized.span(begin, end) for begin, end in token_spans(normalized.text, prepared.tokens[passage])]
    return [(where.text[start:stop], where.start + start, where.start + stop) for start, stop in spans]
