"""The strongest passage, the whole and the number of passages of a text to one calibrated probability for each head.

Arrays in, arrays out; `kahara_nlp.training.calibrate` fits the factors.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kahara_nlp.errors import DataError

__all__ = [
    "LONG",
    "N_INPUTS",
    "OperatingPoint",
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


class OperatingPoint(NamedTuple):
    """Where a policy acts: the probability of harassment from which on a text is reported.

    A long text is many sentences, and one of them may harass among dozens that do not; what is sure enough
    in one sentence alone is found there at another probability.

    Parameters
    ----------
    few, long : float
        Thresholds in [0, 1] for texts of few passages and for long ones (`LONG`).
    """

    few: float
    long: float

    def reached(self, harassment: FloatArray, long: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Return which texts reach it.

        Parameters
        ----------
        harassment : ndarray of float64, shape (n_texts,)
            Probabilities of harassment in [0, 1].
        long : ndarray of bool, shape (n_texts,)
            Which texts are long.

        Returns
        -------
        ndarray of bool, shape (n_texts,)
            Those at or above their threshold.

        Examples
        --------
        >>> OperatingPoint(0.5, 0.2).reached(np.array([0.3, 0.3]), np.array([False, True]))
        array([False,  True])
        """
        return np.asarray(harassment >= np.where(long, self.long, self.few))


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
