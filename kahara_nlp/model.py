"""Term weights to calibrated probabilities: arrays in, arrays out, no scikit-learn.

A model has one linear head for each category and one for harassment as a whole. A text is scored
passage by passage and as a whole; a logistic combiner turns the strongest passage, the whole and the
number of passages into one calibrated probability for each head.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from kahara_nlp.concepts import Lexicon
from kahara_nlp.errors import DataError
from kahara_nlp.features import Vocabulary

__all__ = [
    "Model",
    "Scores",
    "TextStatistics",
    "any_log_odds",
    "calibrated_log_odds",
    "combine",
    "expit",
    "text_statistics",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
_LOG_LIMIT = 500.0
#: What `combine` weighs, of a text of few passages and, apart, of a long one: the strongest passage, the whole, the
#: logarithm of the number of passages; and that it is long.
N_INPUTS = 7
#: From this number of passages on a text is long.
LONG = 6


def expit(x: FloatArray) -> FloatArray:
    """Return the logistic function.

    Parameters
    ----------
    x : ndarray of float64
        Log-odds (natural logarithm, dimensionless).

    Returns
    -------
    ndarray of float64, same shape
        Probabilities in (0, 1).

    Examples
    --------
    >>> expit(np.array([0.0]))
    array([0.5])
    """
    return 1.0 / (1.0 + np.exp(-np.clip(x, -_LOG_LIMIT, _LOG_LIMIT)))


class TextStatistics(NamedTuple):
    """What the combiner sees of each text.

    Parameters
    ----------
    strongest : ndarray of float64, shape (n_texts, n_heads)
        Highest log-odds over the passages of a text.
    whole : ndarray of float64, shape (n_texts, n_heads)
        Log-odds of the whole text.
    log_passages : ndarray of float64, shape (n_texts,)
        Natural logarithm of the number of passages.
    best_passage : ndarray of int64, shape (n_texts, n_heads)
        Row of the passage with the highest log-odds.
    """

    strongest: FloatArray
    whole: FloatArray
    log_passages: FloatArray
    best_passage: IntArray

    def inputs(self, head: int) -> FloatArray:
        """Return the combiner's inputs for one head.

        Parameters
        ----------
        head : int
            Column of the head.

        Returns
        -------
        ndarray of float64, shape (n_texts, 7)
            See `N_INPUTS`.
        """
        parts = np.column_stack([self.strongest[:, head], self.whole[:, head], self.log_passages])
        long = self.long[:, None]
        return np.hstack([np.where(long, 0.0, parts), np.where(long, parts, 0.0), long])

    @property
    def long(self) -> npt.NDArray[np.bool_]:
        """Whether each text is long."""
        return np.asarray(self.log_passages > np.log(LONG - 0.5))


class Scores(NamedTuple):
    """Calibrated probabilities of texts.

    Parameters
    ----------
    categories : ndarray of float64, shape (n_texts, n_categories)
        In [0, 1]; none is above the same row of `harassment`.
    harassment : ndarray of float64, shape (n_texts,)
        In [0, 1].
    """

    categories: FloatArray
    harassment: FloatArray


def text_statistics(passages: FloatArray, whole: FloatArray, owner: IntArray) -> TextStatistics:
    """Summarise the passages of each text.

    Parameters
    ----------
    passages : ndarray of float64, shape (n_passages, n_heads)
        Log-odds of passages.
    whole : ndarray of float64, shape (n_texts, n_heads)
        Log-odds of whole texts.
    owner : ndarray of int64, shape (n_passages,)
        The text of each passage, ascending; each text has at least one.

    Returns
    -------
    TextStatistics
        One row for each text.

    Raises
    ------
    DataError
        If a text has no passage.

    Examples
    --------
    >>> s = text_statistics(np.array([[1.0], [3.0]]), np.array([[2.0]]), np.array([0, 0]))
    >>> s.strongest, s.best_passage
    (array([[3.]]), array([[1]]))
    """
    sizes = np.bincount(owner, minlength=len(whole))
    if len(sizes) != len(whole) or (len(whole) and sizes.min() == 0):
        msg = "every text needs at least one passage"
        raise DataError(msg)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
    if not len(whole):
        empty = np.zeros((0, whole.shape[1]))
        return TextStatistics(empty, empty, np.zeros(0), empty.astype(np.int64))
    strongest = np.maximum.reduceat(passages, starts, axis=0)
    # The first passage that reaches its text's maximum, for each head.
    reaches = passages == strongest[owner]
    order = np.where(reaches, np.arange(len(passages))[:, None], len(passages))
    best = np.minimum.reduceat(order, starts, axis=0)
    return TextStatistics(strongest, whole, np.log(sizes.astype(np.float64)), best)


def any_log_odds(calibrated: FloatArray) -> FloatArray:
    """Return the log-odds that at least one category applies, as if they were independent.

    Parameters
    ----------
    calibrated : ndarray of float64, shape (n_texts, n_categories)
        Calibrated log-odds of the categories.

    Returns
    -------
    ndarray of float64, shape (n_texts,)
        Log-odds (natural logarithm, dimensionless).

    Examples
    --------
    >>> any_log_odds(np.array([[0.0, 0.0]])).round(4)
    array([1.0986])
    """
    none = -np.logaddexp(0.0, np.clip(calibrated, -_LOG_LIMIT, _LOG_LIMIT)).sum(axis=1)  # log of the product of 1 - p
    return np.asarray(np.log(np.maximum(-np.expm1(none), np.finfo(float).tiny)) - none, dtype=np.float64)


def calibrated_log_odds(statistics: TextStatistics, combiner: FloatArray) -> FloatArray:
    """Return the calibrated log-odds of every head.

    Parameters
    ----------
    statistics : TextStatistics
        As `text_statistics` returns them.
    combiner : ndarray of float64, shape (n_heads, 8)
        See `Model`.

    Returns
    -------
    ndarray of float64, shape (n_texts, n_heads)
        The last column is that of harassment as a whole.
    """
    long = statistics.long[:, None]
    few, many = (
        # Element by element: a matrix product may add up in another order for another number of texts.
        statistics.strongest * combiner[:, first]
        + statistics.whole * combiner[:, first + 1]
        + statistics.log_passages[:, None] * combiner[:, first + 2]
        for first in (0, 3)
    )
    return np.asarray(np.where(long, many + combiner[:, 6], few) + combiner[:, 7], dtype=np.float64)


def combine(statistics: TextStatistics, combiner: FloatArray, harassment_combiner: FloatArray) -> Scores:
    """Turn the statistics of texts into calibrated probabilities.

    Parameters
    ----------
    statistics : TextStatistics
        As `text_statistics` returns them.
    combiner, harassment_combiner : ndarray of float64
        See `Model`.

    Returns
    -------
    Scores
        Probabilities of categories and of harassment.

    Examples
    --------
    >>> s = text_statistics(np.array([[2.0, 0.0]]), np.array([[2.0, 0.0]]), np.array([0]))
    >>> combine(s, np.array([[1.0, 0, 0, 0, 0, 0, 0, 0]] * 2), np.array([[1.0, 0, 0]] * 2)).categories
    array([[0.5]])
    """
    n = len(combiner) - 1
    calibrated = calibrated_log_odds(statistics, combiner)
    of_head, of_any, constant = harassment_combiner[statistics.long.astype(int)].T
    harassment = expit(of_head * calibrated[:, n] + of_any * any_log_odds(calibrated[:, :n]) + constant)
    # A category cannot be likelier than that any category applies at all.
    return Scores(np.minimum(expit(calibrated[:, :n]), harassment[:, None]), harassment)


@dataclass(frozen=True)
class Model:
    """A fitted model.

    Parameters
    ----------
    vocabulary : Vocabulary
        The terms.
    lexicon : Lexicon
        The notions that concept terms are made of.
    categories : tuple of str, length n_categories
        Category ids in policy order.
    weights : ndarray of float32, shape (n_terms, n_categories + 1)
        Log-odds per unit of TF-IDF; the last head is harassment as a whole.
    intercepts : ndarray of float64, shape (n_categories + 1,)
        Log-odds of a text without terms.
    combiner : ndarray of float64, shape (n_categories + 1, 8)
        For each head the calibrated log-odds' factors of the inputs (`N_INPUTS`), and a constant.
    harassment_combiner : ndarray of float64, shape (2, 3)
        For texts of few passages and for long ones the factors of the harassment head's calibrated log-odds
        and of `any_log_odds`, and a constant.
    clauses : tuple of str, length n_clauses
        Clause numbers such as ``"2.3"``.
    clause_weights : ndarray of float32, shape (n_terms, n_clauses)
        Log-odds of a clause within its category.
    clause_intercepts : ndarray of float64, shape (n_clauses,)
        Likewise.
    review, alert : ndarray of float64, shape (n_categories + 1,)
        Probability thresholds of the two operating points; the last is harassment's.

    Raises
    ------
    DataError
        If the shapes do not fit together.
    """

    vocabulary: Vocabulary
    lexicon: Lexicon
    categories: tuple[str, ...]
    weights: npt.NDArray[np.float32]
    intercepts: FloatArray
    combiner: FloatArray
    harassment_combiner: FloatArray
    clauses: tuple[str, ...]
    clause_weights: npt.NDArray[np.float32]
    clause_intercepts: FloatArray
    review: FloatArray
    alert: FloatArray

    def __post_init__(self) -> None:
        heads, terms = len(self.categories) + 1, self.vocabulary.n_terms
        expected = {
            "weights": (terms, heads),
            "intercepts": (heads,),
            "combiner": (heads, N_INPUTS + 1),
            "harassment_combiner": (2, 3),
            "clause_weights": (terms, len(self.clauses)),
            "clause_intercepts": (len(self.clauses),),
            "review": (heads,),
            "alert": (heads,),
        }
        for name, shape in expected.items():
            array = getattr(self, name)
            if array.shape != shape:
                msg = f"{name} has shape {array.shape}, expected {shape}"
                raise DataError(msg)
            if not np.isfinite(array).all():
                msg = f"{name} holds values that are not finite"
                raise DataError(msg)

    def log_odds(self, features: csr_array) -> FloatArray:
        """Return the uncalibrated log-odds of every head.

        Parameters
        ----------
        features : csr_array of float64, shape (n_rows, n_terms)
            TF-IDF weights of passages or whole texts.

        Returns
        -------
        ndarray of float64, shape (n_rows, n_categories + 1)
            As scikit-learn's ``LogisticRegression.decision_function`` gives them.
        """
        return np.asarray(features @ self.weights, dtype=np.float64) + self.intercepts

    def scores(self, statistics: TextStatistics) -> Scores:
        """Turn the statistics of texts into calibrated probabilities.

        Parameters
        ----------
        statistics : TextStatistics
            As `text_statistics` returns them.

        Returns
        -------
        Scores
            Probabilities of categories and of harassment.
        """
        return combine(statistics, self.combiner, self.harassment_combiner)

    def likeliest_clauses(self, features: csr_array) -> list[dict[int, int]]:
        """Choose for each row and category the likeliest behaviour.

        Parameters
        ----------
        features : csr_array of float64, shape (n_rows, n_terms)
            TF-IDF weights.

        Returns
        -------
        list of dict of int to int, length n_rows
            For each category number that has clauses in the model, the line.
        """
        ends = features.indptr
        # Row by row: scipy would first turn all weights of the model into another precision.
        log_odds = [
            features.data[low:high] @ self.clause_weights[features.indices[low:high]] + self.clause_intercepts
            for low, high in pairwise(ends.tolist())
        ]
        numbers = [tuple(int(part) for part in clause.split(".")) for clause in self.clauses]
        result: list[dict[int, int]] = []
        for row in log_odds:
            best: dict[int, tuple[float, int]] = {}
            for value, (category, line) in zip(row.tolist(), numbers, strict=True):
                if category not in best or value > best[category][0]:
                    best[category] = (value, line)
            result.append({category: line for category, (_, line) in best.items()})
        return result
