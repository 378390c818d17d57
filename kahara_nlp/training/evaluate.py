"""Measuring: how well probabilities and labels agree, with intervals over writers."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from kahara_nlp.calibration import LONG, OperatingPoint, Scores
from kahara_nlp.errors import DataError
from kahara_nlp.model import Model
from kahara_nlp.policy import default_policy
from kahara_nlp.records import Example
from kahara_nlp.text import split_passages
from kahara_nlp.training.figures import OVERALL, Outcome, category_figures, overall_figures, rounded, share
from kahara_nlp.training.labels import targets

__all__ = ["Evaluation", "Measure", "Points", "long_texts", "measure", "outcome", "rows_of_writers"]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
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
                return {key: rounded(part) for key, part in value._asdict().items()}
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


def _clause_hits(examples: Sequence[Example], predicted: Sequence[Mapping[int, int]]) -> FloatArray:
    """Return for each example the share of its categories whose clause was right; NaN where there is none."""
    hits = np.full(len(examples), np.nan)
    for row, (example, lines) in enumerate(zip(examples, predicted, strict=True)):
        numbers = {int(clause.split(".")[0]) for clause in example.clauses}
        judged = [f"{number}.{lines[number]}" in example.clauses for number in numbers if number in lines]
        if judged:
            hits[row] = float(np.mean(judged))
    return hits


def long_texts(texts: Sequence[str]) -> BoolArray:
    """Return which texts have many passages, as a model counts them.

    Parameters
    ----------
    texts : sequence of str
        The texts.

    Returns
    -------
    ndarray of bool, shape (n_texts,)
        True from `kahara_nlp.calibration.LONG` passages on.

    Examples
    --------
    >>> long_texts(["はい。", "はい。" * 6])
    array([False,  True])
    """
    return np.array([len(split_passages(text)) >= LONG for text in texts], dtype=np.bool_)


def outcome(
    examples: Sequence[Example], categories: Sequence[str], scores: Scores, clauses: Sequence[Mapping[int, int]] = ()
) -> Outcome:
    """Put what was said beside what is true.

    Parameters
    ----------
    examples : sequence of Example
        The labelled texts.
    categories : sequence of str
        Columns of the scores.
    scores : Scores
        Probabilities, one row for each example.
    clauses : sequence of mapping of int to int, optional
        The likeliest clause of each category, for each example.

    Returns
    -------
    Outcome
        Ready for the functions of `kahara_nlp.training.figures`.
    """
    labels = targets(examples, categories)
    kinds = np.array([example.kind for example in examples], dtype=object)
    harassing = np.array([bool(example.labels) for example in examples])
    harmless = np.logical_not(harassing)
    return Outcome(
        labels,
        harassing,
        long_texts([example.text for example in examples]),
        scores.categories,
        scores.harassment,
        np.logical_and(harmless, kinds == "complaint"),
        np.logical_and(harmless, np.array([kind.startswith("near:") for kind in kinds])),
        np.logical_and(harmless, np.isin(kinds, ["ordinary", "staff"])),
        _clause_hits(examples, clauses) if clauses else np.full(len(examples), np.nan),
    )


class Points(NamedTuple):
    """The thresholds that a model is measured at.

    Parameters
    ----------
    categories : ndarray of float64, shape (n_categories,)
        Review thresholds of the categories.
    review, alert : OperatingPoint
        Of harassment.
    """

    categories: FloatArray
    review: OperatingPoint
    alert: OperatingPoint

    @classmethod
    def of(cls, model: Model) -> "Points":
        """Return those of a model.

        Parameters
        ----------
        model : Model
            The model.

        Returns
        -------
        Points
            Its own.
        """
        return cls(model.review[:-1], model.review_point, model.alert_point)


def measure(  # noqa: PLR0913 -- what was said, what was true, and how it came about
    examples: Sequence[Example],
    categories: Sequence[str],
    scores: Scores,
    clauses: Sequence[Mapping[int, int]],
    points: Points,
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
    points : Points
        The thresholds that the figures at review and alert are of.
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
    data = outcome(examples, categories, scores, clauses)
    labels = data.labels
    per_category = {name: category_figures(column, points.categories[column]) for column, name in enumerate(categories)}
    overall = overall_figures(points.review, points.alert)
    flat: dict[tuple[str, str], Callable[[Outcome], float]] = {
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
        | _mail_figures(mails, points.review.long, points.alert.long),
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
        n, found = int(rows.sum()), share(probabilities >= threshold, rows)
        spread = 1.96 * float(np.sqrt(found * (1 - found) / n))
        figures[name] = Measure(found, max(found - spread, 0.0), min(found + spread, 1.0), n)
    return figures


def rows_of_writers(writers: Sequence[str]) -> Iterator[npt.NDArray[np.int64]]:
    """Draw writers with replacement, 200 times.

    Parameters
    ----------
    writers : sequence of str
        The writer of each row.

    Yields
    ------
    ndarray of int64
        All rows of the writers that were drawn; nothing where there is only one writer.
    """
    names = sorted(set(writers))
    rows_of = {name: np.flatnonzero(np.array(writers, dtype=object) == name) for name in names}
    rng = np.random.default_rng(0)
    for _ in range(_RESAMPLES if len(names) > 1 else 0):
        chosen = rng.choice(len(names), len(names))
        yield np.concatenate([rows_of[names[number]] for number in chosen])


def _intervals(
    data: Outcome, writers: Sequence[str], figures: Mapping[tuple[str, str], Callable[[Outcome], float]]
) -> dict[tuple[str, str], tuple[float, float, float]]:
    """Compute each figure, and again on resampled writers."""
    draws: dict[tuple[str, str], list[float]] = {key: [] for key in figures}
    for rows in rows_of_writers(writers):
        sample = data.take(rows)
        for key, figure in figures.items():
            draws[key].append(figure(sample))
    result = {}
    for key, figure in figures.items():
        values = np.array(draws[key])
        values = values[~np.isnan(values)]
        low, high = np.quantile(values, [0.025, 0.975]) if len(values) else (float("nan"), float("nan"))
        result[key] = (figure(data), float(low), float(high))
    return result
