"""Champion and challenger: whether a new model is better than the one in use, and on what.

Both are measured on the same texts, each by a model that saw none of its writer's texts, and on pairs of a
complaint and a harassing text that no model has seen.
"""

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from kahara_nlp.calibration import Scores
from kahara_nlp.classifier import Classifier
from kahara_nlp.policy import data_root
from kahara_nlp.records import Example
from kahara_nlp.training.doctor import unseen_scores
from kahara_nlp.training.evaluate import long_texts, outcome, rows_of_writers
from kahara_nlp.training.figures import OVERALL, Outcome, average_precision, overall_figures, rounded
from kahara_nlp.training.scoring import score_examples

__all__ = ["TOLERANCE", "Comparison", "Contest", "contest", "quality_pairs"]

#: A fall by less is never called worse: so much a figure moves when other writers are drawn.
TOLERANCE = 0.005
_FEWEST = 5
_CHANGES = 10
_COMPARED = (
    "macro_average_precision", "auroc", "recall_at_1_percent_complaints", "recall_at_1_percent_near_misses",
    "precision_at_alert", "recall_at_review",
)  # fmt: skip
#: By the thresholds of each model these trade against each other, so a fall in one alone is no verdict.
_INFORMATIVE = {"precision_at_alert", "recall_at_review", "recall_at_1_percent_near_misses"}


class Comparison(NamedTuple):
    """One figure of both models.

    Parameters
    ----------
    part : str
        ``general``, ``added`` or ``pairs``.
    figure : str
        What is compared.
    champion, challenger : float
        NaN where it cannot be measured.
    low, high : float
        95 % interval of the difference, from resampling writers, or pairs.
    n : int
        Number of texts or pairs.
    """

    part: str
    figure: str
    champion: float
    challenger: float
    low: float
    high: float
    n: int

    @property
    def worse(self) -> bool:
        """Whether the challenger is worse beyond noise."""
        fall = self.champion - self.challenger
        return self.figure not in _INFORMATIVE and self.high < 0 and fall > TOLERANCE


@dataclass(frozen=True)
class Contest:
    """The outcome.

    Parameters
    ----------
    champion, challenger : str
        Names of the models.
    comparisons : tuple of Comparison
        Figure by figure.
    changes : tuple of tuple
        Id, labels and both probabilities of harassment of the texts on which the models differ most.
    reasons : tuple of str
        Why the challenger should not replace the champion; empty where it may.
    """

    champion: str
    challenger: str
    comparisons: tuple[Comparison, ...]
    changes: tuple[tuple[str, tuple[str, ...], float, float], ...]
    reasons: tuple[str, ...]

    def to_text(self) -> str:
        """Write the table for people, in Markdown.

        Returns
        -------
        str
            Figures side by side, then the texts that change most, by id.
        """
        lines = [
            f"| on | figure | {self.champion} | {self.challenger} | difference | n |",
            "|---|---|---:|---:|---|---:|",
        ]
        for c in self.comparisons:
            name = OVERALL.get(c.figure, c.figure.replace("_", " "))
            spread = f"{c.challenger - c.champion:+.3f} [{c.low:+.3f}, {c.high:+.3f}]"
            lines.append(f"| {c.part} | {name} | {c.champion:.3f} | {c.challenger:.3f} | {spread} | {c.n:,} |")
        lines += ["", "What changes most:", "", "| text | labels | before | after |", "|---|---|---:|---:|"]
        lines += [f"| {i} | {'|'.join(labels) or 'none'} | {a:.2f} | {b:.2f} |" for i, labels, a, b in self.changes]
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Return the figures for a manifest.

        Returns
        -------
        dict
            Rounded to four places, NaN as None.
        """
        rows = [{key: rounded(value) for key, value in c._asdict().items()} for c in self.comparisons]
        return {"champion": self.champion, "comparisons": rows, "reasons": list(self.reasons)}


def quality_pairs() -> list[dict[str, str]]:
    """Read the pairs of a legitimate and a harassing text with the same nouns; no model is trained on them.

    Returns
    -------
    list of dict of str to str
        With ``id``, ``category``, ``legitimate`` and ``harassing``.
    """
    installed = data_root() / "pairs.csv"
    path = installed if installed.is_file() else data_root().parent / "tests" / "quality" / "pairs.csv"
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def contest(
    champion: Classifier, challenger: Classifier, examples: Sequence[Example], scores: Scores, added: frozenset[str]
) -> Contest:
    """Compare a new model with the one in use.

    Parameters
    ----------
    champion, challenger : Classifier
        The model in use and the new one.
    examples : sequence of Example
        What the challenger was trained on.
    scores : Scores
        Its out-of-fold probabilities.
    added : frozenset of str
        Ids of the examples that are new.

    Returns
    -------
    Contest
        With reasons where the challenger is worse beyond noise: in ranking, or on the pairs, by more than
        `TOLERANCE` with an interval below zero; and where the champion ranks the added examples the other
        way round than their labels say.
    """
    shared = [name for name in challenger.model.categories if name in champion.model.categories]
    before = unseen_scores(champion, examples)
    sides = [
        (champion, _columns(champion, before, shared)),
        (challenger, _columns(challenger, scores, shared)),
    ]
    is_added = np.array([example.id in added for example in examples])
    comparisons: list[Comparison] = []
    for part, rows in (("general", np.flatnonzero(~is_added)), ("added", np.flatnonzero(is_added))):
        if len(rows):
            chosen = [examples[row] for row in rows.tolist()]
            outcomes = [outcome(chosen, shared, Scores(*(column[rows] for column in own))) for _, own in sides]
            comparisons += _compare(part, outcomes, (champion, challenger), [e.writer for e in chosen])
    comparisons += _pairs(champion, challenger)
    gap = np.abs(before.harassment - scores.harassment)
    changes = tuple(
        (examples[row].id, examples[row].labels, float(before.harassment[row]), float(scores.harassment[row]))
        for row in np.argsort(-gap, kind="stable")[:_CHANGES].tolist()
    )
    reasons = [
        f"{OVERALL.get(c.figure, c.figure.replace('_', ' '))} on {c.part} texts falls from {c.champion:.3f} to "
        f"{c.challenger:.3f}, beyond noise"
        for c in comparisons
        if c.worse
    ]
    reasons += _turned_round([e for e in examples if e.id in added], before.harassment[is_added])
    return Contest(champion.manifest.name, challenger.manifest.name, tuple(comparisons), changes, tuple(reasons))


def _columns(classifier: Classifier, scores: Scores, shared: Sequence[str]) -> Scores:
    """Keep the categories that both models have."""
    columns = [classifier.model.categories.index(name) for name in shared]
    return Scores(scores.categories[:, columns], scores.harassment)


def _compare(
    part: str, outcomes: Sequence[Outcome], models: tuple[Classifier, Classifier], writers: Sequence[str]
) -> Iterator[Comparison]:
    """Compare the figures of one part, on the same resampled writers."""
    figures: list[dict[str, Callable[[Outcome], float]]] = []
    for classifier in models:
        found = overall_figures(classifier.model.review_point, classifier.model.alert_point)
        own = {name: found[name][0] for name in _COMPARED}
        own["average_precision_of_harassment"] = lambda d: average_precision(d.any_label, d.harassment)
        figures.append(own)
    draws: dict[str, list[float]] = {name: [] for name in figures[0]}
    for rows in rows_of_writers(writers):
        before, after = (data.take(rows) for data in outcomes)
        for name, drawn in draws.items():
            drawn.append(figures[1][name](after) - figures[0][name](before))
    for name, drawn in draws.items():
        values = [own[name](data) for own, data in zip(figures, outcomes, strict=True)]
        if not any(np.isnan(values)):
            yield Comparison(part, name, values[0], values[1], *_interval(np.array(drawn)), len(writers))


def _interval(draws: npt.NDArray[np.float64]) -> tuple[float, float]:
    draws = draws[~np.isnan(draws)]
    if not len(draws):
        return float("nan"), float("nan")
    low, high = np.quantile(draws, [0.025, 0.975])
    return float(low), float(high)


def _pairs(champion: Classifier, challenger: Classifier) -> Iterator[Comparison]:
    """Compare on the pairs of a complaint and a harassing text."""
    pairs = quality_pairs()
    if not pairs:
        return
    long = {side: long_texts([pair[side] for pair in pairs]) for side in ("legitimate", "harassing")}
    hits: dict[str, list[npt.NDArray[np.bool_]]] = {"pairs_in_order": [], "pairs_on_right_sides": []}
    for classifier in (champion, challenger):
        sides = [
            score_examples(classifier, [Example(pair["id"], pair[side]) for pair in pairs])[0].harassment
            for side in long
        ]
        review = classifier.model.review_point
        hits["pairs_in_order"].append(sides[0] < sides[1])
        hits["pairs_on_right_sides"].append(
            ~review.reached(sides[0], long["legitimate"]) & review.reached(sides[1], long["harassing"])
        )
    rng = np.random.default_rng(0)
    draws = rng.integers(0, len(pairs), (1000, len(pairs)))
    for name, (before, after) in hits.items():
        difference = after.astype(np.float64) - before
        low, high = _interval(difference[draws].mean(axis=1))
        yield Comparison("pairs", name, float(before.mean()), float(after.mean()), low, high, len(pairs))


def _turned_round(added: Sequence[Example], before: npt.NDArray[np.float64]) -> list[str]:
    """Find a file whose labels are turned round: the champion ranks its texts the other way."""
    harassing = np.array([bool(example.labels) for example in added], dtype=bool)
    n, m = int(harassing.sum()), int((~harassing).sum())
    if min(n, m) < _FEWEST:
        return []
    wins = (before[harassing][:, None] > before[~harassing][None, :]).mean()
    ties = (before[harassing][:, None] == before[~harassing][None, :]).mean()
    auroc = float(wins + ties / 2)
    # Standard error of AUROC where both kinds are alike (Mann-Whitney).
    error = float(np.sqrt((n + m + 1) / (12 * n * m)))
    if auroc + 1.64 * error >= 0.5:  # noqa: PLR2004 -- chance
        return []
    reason = (
        "the model in use takes the added texts without labels for harassment rather than those with labels "
        f"(AUROC {auroc:.2f}): labels may be turned round, or columns mixed up"
    )
    return [reason]
