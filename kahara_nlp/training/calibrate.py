"""Calibration: out-of-fold scores to probabilities and thresholds.

Nearly all examples are short, but mail is long: a sentence that harasses stands among courteous ones. So
the combiners also learn from long mails put together of held-out texts: the passages of one harassing
text among harmless passages by the same held-out writers, and harmless passages alone.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.sparse import csr_array
from sklearn.metrics import precision_recall_curve
from threadpoolctl import threadpool_limits

from kahara_nlp.calibration import (
    N_INPUTS,
    Scores,
    TextStatistics,
    any_log_odds,
    calibrated_log_odds,
    combine,
    expit,
    text_statistics,
)
from kahara_nlp.features import sum_rows, weight_terms
from kahara_nlp.records import Example
from kahara_nlp.streams import Prepared
from kahara_nlp.training.heads import Heads, Settings

__all__ = ["LongMails", "cross_fit", "fit_combiners", "long_mails", "platt", "rescale", "stack", "thresholds"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
IntArray = npt.NDArray[np.int64]
#: Numbers of harmless passages around a harassing text; forty are about 2,000 characters.
COMPANY = (6, 10, 20, 40)
_SHORTEST = 8


class LongMails(NamedTuple):
    """Long mails put together of held-out passages.

    Parameters
    ----------
    statistics : TextStatistics
        Uncalibrated, as for any text.
    labels : ndarray of bool, shape (n_mails, n_categories)
        Those of the harassing text inside; none for mails without.
    folds : ndarray of int64, shape (n_mails,)
        The fold that all their passages were held out in.
    """

    statistics: TextStatistics
    labels: BoolArray
    folds: IntArray


def long_mails(  # noqa: PLR0913, PLR0917 -- what was scored, by what, and what is known of it
    heads: Heads,
    prepared: Prepared,
    examples: Sequence[Example],
    labels: BoolArray,
    rows: IntArray,
    counts: csr_array,
    fold: int,
) -> LongMails:
    """Put long mails together of the passages of one fold.

    Parameters
    ----------
    heads : Heads
        Fitted on the other folds.
    prepared : Prepared
        All examples, tokenised.
    examples : sequence of Example
        All examples.
    labels : ndarray of bool, shape (n_examples, n_categories)
        Their labels.
    rows : ndarray of int64, shape (n_passages,)
        Passages of the fold, as places among all.
    counts : csr_array, shape (n_passages, n_terms)
        Their terms.
    fold : int
        The fold.

    Returns
    -------
    LongMails
        One for each harassing text, and as many without harassment; empty where the fold has no
        harmless e-mail.
    """
    rng = np.random.default_rng(fold)
    owner = prepared.owner[rows]
    harmless = np.array(
        [
            examples[o].channel == "email"
            and not labels[o].any()
            and not examples[o].kind.startswith("near:")  # no real mail is made of near misses
            and len(prepared.passages[r].text) >= _SHORTEST
            for o, r in zip(owner.tolist(), rows.tolist(), strict=True)
        ],
        dtype=bool,
    )
    company = np.flatnonzero(harmless)
    positives = [o for o in np.unique(owner).tolist() if labels[o].any()] if len(company) else []
    mails: list[IntArray] = []
    truth: list[BoolArray] = []
    for number, text in enumerate(positives):
        size = COMPANY[number % len(COMPANY)]
        inside = np.flatnonzero(owner == text)
        mails += [np.concatenate([inside, rng.choice(company, size)]), rng.choice(company, size + len(inside))]
        truth += [labels[text], np.zeros(labels.shape[1], dtype=bool)]
    n_heads = heads.weights.shape[1]
    if not mails:
        empty = np.zeros((0, n_heads))
        statistics = TextStatistics(empty, empty, np.zeros(0), empty.astype(np.int64))
        return LongMails(statistics, np.zeros((0, labels.shape[1]), dtype=bool), np.zeros(0, dtype=np.int64))
    inside_of = np.repeat(np.arange(len(mails)), [len(mail) for mail in mails])
    passages = np.concatenate(mails)
    scored = weight_terms(counts, heads.vocabulary) @ heads.weights + heads.intercepts
    together = weight_terms(sum_rows(counts[passages], inside_of, len(mails)), heads.vocabulary)
    statistics = text_statistics(scored[passages], together @ heads.weights + heads.intercepts, inside_of)
    return LongMails(statistics, np.array(truth), np.full(len(mails), fold))


def platt(margins: FloatArray, labels: BoolArray) -> FloatArray:
    """Find what turns the margins of each head into log-odds.

    Parameters
    ----------
    margins : ndarray of float64, shape (n_texts, n_heads)
        Out of fold.
    labels : ndarray of bool, shape (n_texts, n_heads)
        What was true.

    Returns
    -------
    ndarray of float64, shape (n_heads, 2)
        A factor above 0 and a constant for each head.

    Notes
    -----
    Platt scaling [1]_. Linear in the margin, so that the log-odds of a text are still the sum of its terms' parts.

    References
    ----------
    .. [1] J. Platt, "Probabilistic outputs for support vector machines and comparisons to regularized likelihood
       methods", Advances in Large Margin Classifiers, 61-74, 1999.
    """
    with threadpool_limits(limits=1, user_api="blas"):
        return np.array(
            [_fit_logistic(margins[:, [head]], labels[:, head], _PLATT_BOUNDS) for head in range(labels.shape[1])]
        )


def rescale(statistics: TextStatistics, scales: FloatArray) -> TextStatistics:
    """Turn the margins of texts into log-odds.

    Parameters
    ----------
    statistics : TextStatistics
        Of margins.
    scales : ndarray of float64, shape (n_heads, 2)
        As `platt` returns them.

    Returns
    -------
    TextStatistics
        Of log-odds; the same passages are the strongest.
    """
    factor, constant = scales.T
    return statistics._replace(
        strongest=statistics.strongest * factor + constant, whole=statistics.whole * factor + constant
    )


def stack(first: TextStatistics, *others: TextStatistics) -> TextStatistics:
    """Put the statistics of several sets of texts one below the other.

    Parameters
    ----------
    first, *others : TextStatistics
        With the same heads.

    Returns
    -------
    TextStatistics
        All their rows.
    """
    return TextStatistics(*(np.concatenate(parts) for parts in zip(first, *others, strict=True)))


def _fit_logistic(
    inputs: FloatArray, target: npt.NDArray[np.bool_], bounds: list[tuple[float | None, float | None]]
) -> FloatArray:
    """Fit a small logistic regression with bounded factors; the constant comes last.

    scikit-learn cannot bound coefficients, and a calibrated probability must never fall when a passage
    or the whole speaks louder for the category.
    """
    design = np.column_stack([inputs, np.ones(len(inputs))])
    sign = np.where(target, 1.0, -1.0)

    def loss(theta: FloatArray) -> tuple[float, FloatArray]:
        margin = sign * (design @ theta)
        value = float(np.logaddexp(0, -margin).sum()) + 0.01 * float(theta[:-1] @ theta[:-1])
        gradient = -(design.T @ (sign * expit(-margin)))
        gradient[:-1] += 0.02 * theta[:-1]
        return value, gradient

    start = np.zeros(design.shape[1])
    start[0] = 1.0
    result = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds)
    return np.asarray(result.x, dtype=np.float64)


_COMBINER_BOUNDS: list[tuple[float | None, float | None]] = [
    (0.0, None), (0.0, None), (None, 0.0), (0.0, None), (0.0, None), (None, 0.0), (None, None), (None, None),
]  # fmt: skip
# A head that tells nothing keeps a trace of its margin, so that its words can still be shown.
_PLATT_BOUNDS: list[tuple[float | None, float | None]] = [(1e-3, None), (None, None)]
_HARASSMENT_BOUNDS: list[tuple[float | None, float | None]] = [(0.0, None), (0.0, None), (None, None)]


def fit_combiners(statistics: TextStatistics, labels: npt.NDArray[np.bool_]) -> tuple[FloatArray, FloatArray]:
    """Calibrate: out-of-fold statistics to probabilities.

    Parameters
    ----------
    statistics : TextStatistics
        Of texts whose writers the heads have not seen.
    labels : ndarray of bool, shape (n_texts, n_categories)
        Their labels.

    Returns
    -------
    combiner : ndarray of float64, shape (n_categories + 1, 8)
        See `Model`.
    harassment_combiner : ndarray of float64, shape (2, 3)
        See `Model`.
    """
    # Eight factors are too few to share out: threads would wait for each other most of the time.
    with threadpool_limits(limits=1, user_api="blas"):
        return _fit_combiners(statistics, labels)


def _fit_combiners(statistics: TextStatistics, labels: BoolArray) -> tuple[FloatArray, FloatArray]:
    """Calibrate each head, then harassment as a whole."""
    columns = np.column_stack([labels, labels.any(axis=1)])
    combiner = np.zeros((columns.shape[1], N_INPUTS + 1))
    for head in range(columns.shape[1]):
        combiner[head] = _fit_logistic(statistics.inputs(head), columns[:, head], _COMBINER_BOUNDS)
    calibrated = calibrated_log_odds(statistics, combiner)
    inputs = np.column_stack([calibrated[:, -1], any_log_odds(calibrated[:, :-1])])
    long = statistics.long
    parts = [
        _fit_logistic(inputs[rows], columns[rows, -1], _HARASSMENT_BOUNDS) if rows.any() else np.array([0.5, 0.5, 0.0])
        for rows in (~long, long)
    ]
    return combiner, np.array(parts)


def thresholds(probabilities: FloatArray, target: npt.NDArray[np.bool_], settings: Settings) -> tuple[float, float]:
    """Return the thresholds of review and alert for one head.

    Parameters
    ----------
    probabilities : ndarray of float64, shape (n,)
        Out of fold, in [0, 1].
    target : ndarray of bool, shape (n,)
        What was true.
    settings : Settings
        Recall and precision to reach.

    Returns
    -------
    review, alert : float
        The highest threshold that reaches the recall, and the lowest that reaches the precision; alert is
        never below review.
    """
    if not target.any():
        return 0.5, 0.9
    precision, recall, limits = precision_recall_curve(target, probabilities)
    enough = np.flatnonzero(recall[:-1] >= settings.review_recall)
    review = float(limits[enough[-1]]) if len(enough) else float(limits[0])
    sure = np.flatnonzero(precision[:-1] >= settings.alert_precision)
    alert = float(limits[sure[0]]) if len(sure) else float(np.nextafter(limits[-1], 2))
    return review, max(alert, review)


def cross_fit(statistics: TextStatistics, labels: BoolArray, folds: IntArray) -> Scores:
    """Calibrate each fold on the others, so that calibration is measured on unseen writers, too.

    Parameters
    ----------
    statistics : TextStatistics
        Uncalibrated, out of fold.
    labels : ndarray of bool, shape (n_texts, n_categories)
        What is true of them.
    folds : ndarray of int64, shape (n_texts,)
        The fold of each.

    Returns
    -------
    Scores
        Probabilities.
    """
    categories = np.zeros(labels.shape)
    harassment = np.zeros(len(labels))
    for fold in range(int(folds.max()) + 1):
        learn, held_out = folds != fold, folds == fold
        combiners = fit_combiners(TextStatistics(*(part[learn] for part in statistics)), labels[learn])
        scores = combine(TextStatistics(*(part[held_out] for part in statistics)), *combiners)
        categories[held_out], harassment[held_out] = scores
    return Scores(categories, harassment)
