"""The figures of an evaluation: each a function of what a model said and what was true."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.metrics import roc_auc_score

from kahara_nlp.calibration import OperatingPoint

__all__ = [
    "OVERALL",
    "Figure",
    "Outcome",
    "average_precision",
    "category_figures",
    "expected_calibration_error",
    "overall_figures",
    "recall_at_false_alarms",
    "rounded",
    "share",
]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
_BINS = 15

#: What each figure of the whole is called.
OVERALL = {
    "macro_average_precision": "macro average precision",
    "auroc": "AUROC, harassment against the rest",
    "recall_at_1_percent_complaints": "recall at 1 % false alarms on legitimate complaints",
    "recall_at_1_percent_near_misses": "recall at 1 % false alarms on near misses",
    "recall_at_01_percent_ordinary": "recall at 0.1 % false alarms on ordinary texts",
    "precision_at_alert": "precision at alert",
    "recall_at_alert": "recall at alert",
    "precision_at_review": "precision at review",
    "recall_at_review": "recall at review",
    "false_alarms_complaints_alert": "false alarms on legitimate complaints, alert",
    "false_alarms_near_misses_alert": "false alarms on near misses, alert",
    "false_alarms_ordinary_alert": "false alarms on ordinary texts, alert",
    "false_alarms_complaints_review": "false alarms on legitimate complaints, review",
    "false_alarms_near_misses_review": "false alarms on near misses, review",
    "false_alarms_ordinary_review": "false alarms on ordinary texts, review",
    "expected_calibration_error": "expected calibration error (15 bins)",
    "clause_accuracy": "clause right, given the category",
    "buried_sentence_found": "one harassing text in a long mail of 6 to 40 other sentences, found (review)",
    "long_mail_false_alarms": "long mails without harassment, flagged (review)",
    "buried_sentence_alert": "one harassing text in a long mail, found (alert)",
    "long_mail_false_alerts": "long mails without harassment, flagged (alert)",
}


def expected_calibration_error(probabilities: FloatArray, target: BoolArray) -> float:
    """Return the mean gap between probability and frequency over equally wide bins.

    Parameters
    ----------
    probabilities : ndarray of float64, shape (n,)
        In [0, 1].
    target : ndarray of bool, shape (n,)
        What was true.

    Returns
    -------
    float
        In [0, 1]; bins weigh by their number of texts.

    Examples
    --------
    >>> expected_calibration_error(np.array([0.0, 1.0]), np.array([False, True]))
    0.0
    """
    bins = np.minimum((probabilities * _BINS).astype(int), _BINS - 1)
    sizes = np.bincount(bins, minlength=_BINS)
    gaps = np.abs(np.bincount(bins, probabilities, _BINS) - np.bincount(bins, target, _BINS))
    return float(gaps.sum() / sizes.sum())


def recall_at_false_alarms(probabilities: FloatArray, positive: BoolArray, negative: BoolArray, rate: float) -> float:
    """Return the recall where at most a share of some negatives is flagged.

    Parameters
    ----------
    probabilities : ndarray of float64, shape (n,)
        In [0, 1].
    positive, negative : ndarray of bool, shape (n,)
        Which texts are which.
    rate : float
        Highest share of the negatives at or above the threshold, in [0, 1].

    Returns
    -------
    float
        In [0, 1]; NaN without positives or negatives.

    Examples
    --------
    >>> p = np.array([0.9, 0.2, 0.8, 0.1])
    >>> recall_at_false_alarms(p, p > 0.5, p < 0.5, 0.0)
    1.0
    """
    if not positive.any() or not negative.any():
        return float("nan")
    descending = np.sort(probabilities[negative])[::-1]
    allowed = int(rate * len(descending))
    limit = descending[allowed] if allowed < len(descending) else -1.0
    return float((probabilities[positive] > limit).mean())


class Outcome(NamedTuple):
    """What figures are computed from, a row for each text.

    Parameters
    ----------
    labels : ndarray of bool, shape (n_texts, n_categories)
        Which categories apply.
    any_label : ndarray of bool, shape (n_texts,)
        Whether any does.
    long : ndarray of bool, shape (n_texts,)
        Whether a text has many passages (`kahara_nlp.calibration.LONG`).
    categories : ndarray of float64, shape (n_texts, n_categories)
        Probabilities.
    harassment : ndarray of float64, shape (n_texts,)
        Probability of any.
    complaint, near_miss, ordinary : ndarray of bool, shape (n_texts,)
        Kinds of texts without a label.
    clause : ndarray of float64, shape (n_texts,)
        Share of the categories whose clause was right; NaN where there is none.
    """

    labels: npt.NDArray[Any]
    any_label: npt.NDArray[Any]
    long: npt.NDArray[Any]
    categories: npt.NDArray[Any]
    harassment: npt.NDArray[Any]
    complaint: npt.NDArray[Any]
    near_miss: npt.NDArray[Any]
    ordinary: npt.NDArray[Any]
    clause: npt.NDArray[Any]

    def take(self, rows: npt.NDArray[np.int64]) -> "Outcome":
        """Return some of the rows.

        Parameters
        ----------
        rows : ndarray of int64
            Which; one may come several times.

        Returns
        -------
        Outcome
            Those.
        """
        return Outcome(*(part[rows] for part in self))


def share(condition: BoolArray, among: BoolArray) -> float:
    """Return how many of some rows fulfil a condition.

    Parameters
    ----------
    condition, among : ndarray of bool, shape (n,)
        The condition, and the rows that count.

    Returns
    -------
    float
        In [0, 1]; NaN where no row counts.
    """
    return float(condition[among].mean()) if among.any() else float("nan")


def rounded(value: Any) -> Any:  # noqa: ANN401 -- any field of a record
    """Make a figure fit for JSON.

    Parameters
    ----------
    value : object
        A float, or anything else, which stays.

    Returns
    -------
    object
        A float rounded to four places, None for NaN.

    Examples
    --------
    >>> rounded(0.123456), rounded(float("nan")), rounded(7)
    (0.1235, None, 7)
    """
    if not isinstance(value, float):
        return value
    return None if np.isnan(value) else round(value, 4)


def average_precision(labels: BoolArray, probabilities: FloatArray) -> float:
    """Return the average precision.

    Parameters
    ----------
    labels : ndarray of bool, shape (n,)
        What is true.
    probabilities : ndarray of float64, shape (n,)
        What was said.

    Returns
    -------
    float
        In [0, 1]; NaN where nothing is true.
    """
    # As scikit-learn's, which checks its input for longer than it computes: four thousand calls in one evaluation.
    total = int(labels.sum())
    if not total:
        return float("nan")
    order = np.argsort(-probabilities, kind="stable")
    descending = probabilities[order]
    ends = np.append(np.flatnonzero(np.diff(descending)), len(order) - 1)  # equal probabilities count as one step
    hits = np.cumsum(labels[order])[ends]
    return float(np.sum(np.diff(hits, prepend=0) / total * hits / (ends + 1)))


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def category_figures(column: int, threshold: float) -> dict[str, Callable[[Outcome], float]]:
    """Return the figures of one category.

    Parameters
    ----------
    column : int
        Its column.
    threshold : float
        Of review.

    Returns
    -------
    dict of str to callable
        ``average_precision``, ``precision``, ``recall`` and ``f1`` of an `Outcome`.
    """

    def precision(d: Outcome) -> float:
        return share(d.labels[:, column], d.categories[:, column] >= threshold)

    def recall(d: Outcome) -> float:
        return share(d.categories[:, column] >= threshold, d.labels[:, column])

    return {
        "average_precision": lambda d: average_precision(d.labels[:, column], d.categories[:, column]),
        "precision": precision,
        "recall": recall,
        "f1": lambda d: _f1(precision(d), recall(d)),
    }


Figure = tuple[Callable[[Outcome], float], Callable[[Outcome], int]]


def _at_point(level: str, point: OperatingPoint) -> dict[str, Figure]:
    """Return the figures of one operating point."""

    def reached(d: Outcome) -> BoolArray:
        return point.reached(d.harassment, d.long)

    def false_alarms(field: str) -> Figure:
        return (
            lambda d: share(reached(d), getattr(d, field)),
            lambda d: int(getattr(d, field).sum()),
        )

    return {
        f"precision_at_{level}": (lambda d: share(d.any_label, reached(d)), lambda d: len(d.any_label)),
        f"recall_at_{level}": (
            lambda d: share(reached(d), d.any_label),
            lambda d: int(d.any_label.sum()),
        ),
        f"false_alarms_complaints_{level}": false_alarms("complaint"),
        f"false_alarms_near_misses_{level}": false_alarms("near_miss"),
        f"false_alarms_ordinary_{level}": false_alarms("ordinary"),
    }


def overall_figures(review: OperatingPoint, alert: OperatingPoint) -> dict[str, Figure]:
    """Return the figures of the whole.

    Parameters
    ----------
    review, alert : OperatingPoint
        Of harassment.

    Returns
    -------
    dict of str to tuple of callable
        By the keys of `OVERALL`: the figure of an `Outcome`, and the number of texts that it rests on.
    """

    def macro(d: Outcome) -> float:
        values = [average_precision(d.labels[:, c], d.categories[:, c]) for c in range(d.labels.shape[1])]
        return float(np.nanmean(values)) if any(not np.isnan(v) for v in values) else float("nan")

    def auroc(d: Outcome) -> float:
        both = d.any_label.any() and not d.any_label.all()
        return float(roc_auc_score(d.any_label, d.harassment)) if both else float("nan")

    def everything(d: Outcome) -> int:
        return len(d.any_label)

    figures: dict[str, Figure] = {
        "macro_average_precision": (macro, everything),
        "auroc": (auroc, everything),
        "recall_at_1_percent_complaints": (
            lambda d: recall_at_false_alarms(d.harassment, d.any_label, d.complaint, 0.01),
            lambda d: int(d.complaint.sum()),
        ),
        "recall_at_1_percent_near_misses": (
            lambda d: recall_at_false_alarms(d.harassment, d.any_label, d.near_miss, 0.01),
            lambda d: int(d.near_miss.sum()),
        ),
        "recall_at_01_percent_ordinary": (
            lambda d: recall_at_false_alarms(d.harassment, d.any_label, d.ordinary, 0.001),
            lambda d: int(d.ordinary.sum()),
        ),
    }
    for level, point in (("alert", alert), ("review", review)):
        figures |= _at_point(level, point)
    figures["expected_calibration_error"] = (
        lambda d: expected_calibration_error(d.harassment, d.any_label),
        everything,
    )
    figures["clause_accuracy"] = (
        lambda d: float(np.nanmean(d.clause)) if (~np.isnan(d.clause)).any() else float("nan"),
        lambda d: int((~np.isnan(d.clause)).sum()),
    )
    return {name: figures[name] for name in OVERALL if name in figures}
