"""Measuring: how well probabilities and labels agree, with intervals over writers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score, roc_auc_score

from kahara_nlp.errors import DataError
from kahara_nlp.model import Scores
from kahara_nlp.policy import default_policy
from kahara_nlp.records import Example
from kahara_nlp.training.labels import targets

__all__ = ["Evaluation", "Measure", "measure"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
_BINS = 15
_RESAMPLES = 200


class Measure(NamedTuple):
    """A figure with its 95 % interval from resampling writers.

    Parameters
    ----------
    value, low, high : float
        NaN where it cannot be measured.
    n : int
        Number of texts that it rests on.
    """

    value: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        if np.isnan(self.value):
            return "–"
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


@dataclass(frozen=True)
class Evaluation:
    """What an evaluation found.

    Parameters
    ----------
    n : int
        Number of texts.
    writers : int
        Number of writers.
    grouped : bool
        Whether every text was scored by a model that saw none of its writer's texts.
    categories : mapping of str to mapping of str to Measure
        For each category ``average_precision``, and at its review threshold ``precision``, ``recall``, ``f1``.
    overall : mapping of str to Measure
        Of harassment against the rest, see `measure`.
    """

    n: int
    writers: int
    grouped: bool
    categories: Mapping[str, Mapping[str, Measure]]
    overall: Mapping[str, Measure]

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts and lists, rounded to four places, for JSON.

        Returns
        -------
        dict
            NaN is None.
        """

        def plain(value: object) -> object:
            if isinstance(value, Measure):
                return {
                    key: None if isinstance(part, float) and np.isnan(part) else round(part, 4)
                    for key, part in value._asdict().items()
                }
            if isinstance(value, Mapping):
                return {key: plain(part) for key, part in value.items()}
            return value

        return {name: plain(getattr(self, name)) for name in self.__dataclass_fields__}

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> "Evaluation":
        """Rebuild an evaluation from what `to_dict` returned.

        Parameters
        ----------
        document : mapping
            As in a manifest.

        Returns
        -------
        Evaluation
            The same figures, rounded.
        """

        def read(value: Mapping[str, Any]) -> Measure:
            parts = [float("nan") if value[key] is None else float(value[key]) for key in ("value", "low", "high")]
            return Measure(parts[0], parts[1], parts[2], int(value["n"]))

        return cls(
            document["n"],
            document["writers"],
            document["grouped"],
            {name: {key: read(part) for key, part in row.items()} for name, row in document["categories"].items()},
            {name: read(part) for name, part in document["overall"].items()},
        )

    def to_text(self) -> str:
        """Write the tables for people, in Markdown.

        Returns
        -------
        str
            One table of categories, one of the whole.
        """
        how = "each scored by a model that saw none of its writer's texts" if self.grouped else "scored as they are"
        lines = [
            f"{self.n:,} texts by {self.writers} writers, {how}; 95 % intervals from resampling writers.",
            "",
        ]
        lines += [
            "| category | n | average precision | precision | recall | F1 |",
            "|---|---:|---|---:|---:|---:|",
        ]
        policy = default_policy()
        for name, row in self.categories.items():
            title = f"{policy[name].number} {policy[name].name}" if name in policy else name
            ap = row["average_precision"]
            rest = " | ".join(f"{row[key].value:.3f}" for key in ("precision", "recall", "f1"))
            lines.append(f"| {title} | {ap.n} | {ap} | {rest} |")
        lines += ["", "| measure | value | n |", "|---|---|---:|"]
        lines += [f"| {OVERALL[name]} | {value} | {value.n} |" for name, value in self.overall.items()]
        return "\n".join(lines)


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


class _Data(NamedTuple):
    """What figures are computed from; rows may be resampled."""

    labels: npt.NDArray[Any]
    any_label: npt.NDArray[Any]
    categories: npt.NDArray[Any]
    harassment: npt.NDArray[Any]
    complaint: npt.NDArray[Any]
    near_miss: npt.NDArray[Any]
    ordinary: npt.NDArray[Any]
    clause: npt.NDArray[Any]

    def take(self, rows: npt.NDArray[np.int64]) -> "_Data":
        return _Data(*(part[rows] for part in self))


def _share(condition: BoolArray, among: BoolArray) -> float:
    return float(condition[among].mean()) if among.any() else float("nan")


def _average_precision(labels: BoolArray, probabilities: FloatArray) -> float:
    return float(average_precision_score(labels, probabilities)) if labels.any() else float("nan")


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def _category_figures(column: int, threshold: float) -> dict[str, Callable[[_Data], float]]:
    def precision(d: _Data) -> float:
        return _share(d.labels[:, column], d.categories[:, column] >= threshold)

    def recall(d: _Data) -> float:
        return _share(d.categories[:, column] >= threshold, d.labels[:, column])

    return {
        "average_precision": lambda d: _average_precision(d.labels[:, column], d.categories[:, column]),
        "precision": precision,
        "recall": recall,
        "f1": lambda d: _f1(precision(d), recall(d)),
    }


_Figure = tuple[Callable[[_Data], float], Callable[[_Data], int]]


def _at_threshold(level: str, threshold: float) -> dict[str, _Figure]:
    """Return the figures of one operating point."""

    def false_alarms(field: str) -> _Figure:
        return (
            lambda d: _share(d.harassment >= threshold, getattr(d, field)),
            lambda d: int(getattr(d, field).sum()),
        )

    return {
        f"precision_at_{level}": (lambda d: _share(d.any_label, d.harassment >= threshold), lambda d: len(d.any_label)),
        f"recall_at_{level}": (
            lambda d: _share(d.harassment >= threshold, d.any_label),
            lambda d: int(d.any_label.sum()),
        ),
        f"false_alarms_complaints_{level}": false_alarms("complaint"),
        f"false_alarms_near_misses_{level}": false_alarms("near_miss"),
        f"false_alarms_ordinary_{level}": false_alarms("ordinary"),
    }


def _overall_figures(review: float, alert: float) -> dict[str, _Figure]:
    def macro(d: _Data) -> float:
        values = [_average_precision(d.labels[:, c], d.categories[:, c]) for c in range(d.labels.shape[1])]
        return float(np.nanmean(values)) if any(not np.isnan(v) for v in values) else float("nan")

    def auroc(d: _Data) -> float:
        both = d.any_label.any() and not d.any_label.all()
        return float(roc_auc_score(d.any_label, d.harassment)) if both else float("nan")

    def everything(d: _Data) -> int:
        return len(d.any_label)

    figures: dict[str, _Figure] = {
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
    for level, threshold in (("alert", alert), ("review", review)):
        figures |= _at_threshold(level, threshold)
    figures["expected_calibration_error"] = (
        lambda d: expected_calibration_error(d.harassment, d.any_label),
        everything,
    )
    figures["clause_accuracy"] = (
        lambda d: float(np.nanmean(d.clause)) if (~np.isnan(d.clause)).any() else float("nan"),
        lambda d: int((~np.isnan(d.clause)).sum()),
    )
    return {name: figures[name] for name in OVERALL if name in figures}


def _clause_hits(examples: Sequence[Example], predicted: Sequence[Mapping[int, int]]) -> FloatArray:
    """Return for each example the share of its categories whose clause was right; NaN where there is none."""
    hits = np.full(len(examples), np.nan)
    for row, (example, lines) in enumerate(zip(examples, predicted, strict=True)):
        numbers = {int(clause.split(".")[0]) for clause in example.clauses}
        judged = [f"{number}.{lines[number]}" in example.clauses for number in numbers if number in lines]
        if judged:
            hits[row] = float(np.mean(judged))
    return hits


def measure(  # noqa: PLR0913 -- what was said, what was true, and how it came about
    examples: Sequence[Example],
    categories: Sequence[str],
    scores: Scores,
    clauses: Sequence[Mapping[int, int]],
    thresholds: tuple[FloatArray, FloatArray],
    *,
    grouped: bool,
    mails: tuple[BoolArray, FloatArray] | None = None,
) -> Evaluation:
    """Compare probabilities with labels.

    Parameters
    ----------
    examples : sequence of Example
        The labelled texts.
    categories : sequence of str
        Columns of the scores.
    scores : Scores
        Probabilities, one row for each example.
    clauses : sequence of mapping of int to int
        The likeliest clause of each category, for each example.
    thresholds : tuple of ndarray
        Of review and of alert, the last entry that of harassment.
    grouped : bool
        Whether the scores come from models that had not seen the texts' writers.
    mails : tuple of ndarray, optional
        For long mails whether one of their sentences harasses, and their probabilities of harassment.

    Returns
    -------
    Evaluation
        Figures with 95 % intervals from resampling writers with replacement, 200 times.

    Raises
    ------
    DataError
        If there are no examples, or not one score for each.
    """
    if not examples or len(examples) != len(scores.harassment):
        msg = f"{len(examples)} examples and {len(scores.harassment)} scores"
        raise DataError(msg)
    labels = targets(examples, categories)
    kinds = np.array([example.kind for example in examples], dtype=object)
    complaint = np.array([example.kind == "complaint" for example in examples])
    harmless = np.logical_not(labels.any(axis=1))
    near_miss = np.logical_and(harmless, np.array([kind.startswith("near:") for kind in kinds]))
    ordinary = np.logical_and(harmless, np.isin(kinds, ["ordinary", "staff"]))
    clause_hits = _clause_hits(examples, clauses)
    data = _Data(
        labels,
        np.asarray(labels.any(axis=1)),
        scores.categories,
        scores.harassment,
        np.logical_and(harmless, complaint),
        near_miss,
        ordinary,
        clause_hits,
    )
    review, alert = thresholds
    per_category = {name: _category_figures(column, review[column]) for column, name in enumerate(categories)}
    overall = _overall_figures(float(review[-1]), float(alert[-1]))
    flat: dict[tuple[str, str], Callable[[_Data], float]] = {
        (name, key): figure for name, row in per_category.items() for key, figure in row.items()
    }
    flat |= {("", key): figure for key, (figure, _) in overall.items()}
    intervals = _intervals(data, [example.writer for example in examples], flat)
    return Evaluation(
        len(examples),
        len({example.writer for example in examples}),
        grouped,
        {
            name: {key: Measure(*intervals[name, key], int(labels[:, column].sum())) for key in per_category[name]}
            for column, name in enumerate(categories)
        },
        {key: Measure(*intervals["", key], count(data)) for key, (_, count) in overall.items()}
        | _mail_figures(mails, float(review[-1]), float(alert[-1])),
    )


def _mail_figures(mails: tuple[BoolArray, FloatArray] | None, review: float, alert: float) -> dict[str, Measure]:
    """Measure long mails; their intervals take them for independent."""
    if mails is None or not len(mails[0]):
        return {}
    harassing, probabilities = mails
    figures = {}
    for name, rows, threshold in (
        ("buried_sentence_found", harassing, review),
        ("long_mail_false_alarms", ~harassing, review),
        ("buried_sentence_alert", harassing, alert),
        ("long_mail_false_alerts", ~harassing, alert),
    ):
        n, share = int(rows.sum()), _share(probabilities >= threshold, rows)
        spread = 1.96 * float(np.sqrt(share * (1 - share) / n))
        figures[name] = Measure(share, max(share - spread, 0.0), min(share + spread, 1.0), n)
    return figures


def _intervals(
    data: _Data, writers: Sequence[str], figures: Mapping[tuple[str, str], Callable[[_Data], float]]
) -> dict[tuple[str, str], tuple[float, float, float]]:
    """Compute each figure, and again on resampled writers."""
    names = sorted(set(writers))
    rows_of = {name: np.flatnonzero(np.array(writers, dtype=object) == name) for name in names}
    rng = np.random.default_rng(0)
    draws: dict[tuple[str, str], list[float]] = {key: [] for key in figures}
    for _ in range(_RESAMPLES if len(names) > 1 else 0):
        chosen = rng.choice(len(names), len(names))
        sample = data.take(np.concatenate([rows_of[names[number]] for number in chosen]))
        for key, figure in figures.items():
            draws[key].append(figure(sample))
    result = {}
    for key, figure in figures.items():
        values = np.array(draws[key])
        values = values[~np.isnan(values)]
        low, high = np.quantile(values, [0.025, 0.975]) if len(values) else (float("nan"), float("nan"))
        result[key] = (figure(data), float(low), float(high))
    return result
