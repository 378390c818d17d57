"""The learning curve: whether more examples would help, and more of what."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from kahara_nlp.calibration import OperatingPoint
from kahara_nlp.concepts import Lexicon
from kahara_nlp.errors import DataError
from kahara_nlp.policy import default_policy
from kahara_nlp.records import Example
from kahara_nlp.streams import default_lexicon, prepare
from kahara_nlp.training.curve_report import FIGURES, CurvePoint, Gain, LearningCurve
from kahara_nlp.training.evaluate import outcome, rows_of_writers
from kahara_nlp.training.figures import Outcome, average_precision, overall_figures
from kahara_nlp.training.fit import cross_validate, fold_numbers, writer_digest
from kahara_nlp.training.heads import Settings

__all__ = ["SHARES", "CurvePoint", "Gain", "LearningCurve", "learning_curve"]

#: Each share is twice the one before, so that a step is a doubling.
SHARES = (0.125, 0.25, 0.5, 1.0)

IntArray = npt.NDArray[np.int64]


def _figures(data: Outcome, categories: Sequence[str]) -> dict[str, float]:
    """Return the figures of one point, the overall ones by a key without a category's name."""
    overall = overall_figures(OperatingPoint(0.5, 0.5), OperatingPoint(0.5, 0.5))
    values = {f"/{name}": overall[name][0](data) for name in FIGURES[1:]}
    each = {name: average_precision(data.labels[:, c], data.categories[:, c]) for c, name in enumerate(categories)}
    measured = [value for value in each.values() if not np.isnan(value)]
    return values | each | {f"/{FIGURES[0]}": float(np.mean(measured)) if measured else float("nan")}


def _learners(writers: Sequence[str], folds: IntArray, share: float) -> list[IntArray]:
    """Choose for each fold the examples to learn from; a smaller share is part of a greater one."""
    names = np.array(writers, dtype=object)
    chosen = []
    for fold in range(int(folds.max()) + 1):
        # Another order in each fold, so that a curve does not hang on which writers happen to come first.
        order = sorted(set(names[folds != fold]), key=lambda name: (writer_digest(f"{fold} {name}"), name))
        taken = order[: max(1, round(share * len(order)))]
        chosen.append(np.flatnonzero(np.isin(names, np.array(taken, dtype=object))))
    return chosen


def learning_curve(
    examples: Sequence[Example],
    categories: Sequence[str] | Mapping[str, Any] | None = None,
    settings: Settings | None = None,
    shares: Sequence[float] = SHARES,
    *,
    lexicon: Lexicon | None = None,
) -> LearningCurve:
    """Measure what more examples bring.

    Parameters
    ----------
    examples : sequence of Example
        By at least two writers, with and without labels.
    categories : Policy or sequence of str, optional
        What to learn; the categories of the shipped policy if not given.
    settings : Settings, optional
        How to train.
    shares : sequence of float, default (0.125, 0.25, 0.5, 1.0)
        Shares of the writers that are not held out, each in (0, 1]. Of shares that come to the same writers only the
        greatest is measured.
    lexicon : Lexicon, optional
        The notions of concept terms; the shipped lexicon if not given.

    Returns
    -------
    LearningCurve
        The same for the same input. With a share of 1 the figures are those of cross-validation.

    Raises
    ------
    DataError
        If a share is none, all texts have one writer, or there is nothing to learn from.

    Notes
    -----
    Calibration is learnt from all scored texts of the other folds, whatever the share: it has a handful of parameters,
    and its noise would hide what the term weights gain.

    Examples
    --------
    >>> from kahara_nlp.training import read_examples
    >>> curve = learning_curve(read_examples("tests/data/small.csv"), ["dogeza_demand"], Settings(jobs=1))
    >>> [(point.share, point.writers) for point in curve.points]
    [(0.5, 1.0), (1.0, 2.0)]
    """
    if not shares or not all(0 < share <= 1 for share in shares):
        msg = "found a share of the writers that is none; expected numbers above 0 and up to 1, such as 0.5"
        raise DataError(msg)
    if not any(e.labels for e in examples) or all(e.labels for e in examples):
        msg = "a learning curve needs texts with labels and texts without; found only one of the two"
        raise DataError(msg)
    names = tuple(default_policy() if categories is None else categories)
    settings = settings or Settings()
    writers = [example.writer for example in examples]
    folds = fold_numbers(examples, settings.folds)
    chosen: dict[tuple[bytes, ...], tuple[float, list[IntArray]]] = {}
    for share in sorted(set(shares)):
        rows = _learners(writers, folds, share)
        chosen[tuple(part.tobytes() for part in rows)] = (share, rows)
    prepared = prepare([example.text for example in examples], lexicon or default_lexicon())
    points, outcomes = [], []
    for share, learners in chosen.values():
        found = cross_validate(prepared, examples, names, settings, learners=learners)
        outcomes.append(outcome(examples, names, found.scores))
        points.append(_point(share, learners, writers, _figures(outcomes[-1], names)))
    labelled = {name: int(outcomes[0].labels[:, column].sum()) for column, name in enumerate(names)}
    gains = _gains(outcomes[-2:], writers, names) if len(outcomes) > 1 else {}
    overall, each = {k[1:]: g for k, g in gains.items() if k[0] == "/"}, {n: gains[n] for n in names if n in gains}
    return LearningCurve(len(examples), len(set(writers)), labelled, tuple(points), overall, each)


def _point(
    share: float, learners: Sequence[IntArray], writers: Sequence[str], figures: Mapping[str, float]
) -> CurvePoint:
    """Put one point together."""
    return CurvePoint(
        share,
        float(np.mean([len({writers[row] for row in rows.tolist()}) for rows in learners])),
        float(np.mean([len(rows) for rows in learners])),
        {name: figures[f"/{name}"] for name in FIGURES},
        {name: value for name, value in figures.items() if name[0] != "/"},
    )


def _gains(outcomes: Sequence[Outcome], writers: Sequence[str], names: Sequence[str]) -> dict[str, Gain]:
    """Compare the last two points on the same draws of writers."""
    before, after = (_figures(data, names) for data in outcomes)
    draws: dict[str, list[float]] = {name: [] for name in after}
    for rows in rows_of_writers(writers):
        one, other = (_figures(data.take(rows), names) for data in outcomes)
        for name, values in draws.items():
            values.append(other[name] - one[name])
    result = {}
    for name, found in draws.items():
        differences = np.array(found)
        differences = differences[~np.isnan(differences)]
        low, high = np.quantile(differences, [0.025, 0.975]) if len(differences) else (float("nan"), float("nan"))
        result[name] = Gain(after[name] - before[name], float(low), float(high))
    return result
