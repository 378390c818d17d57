"""Labels that are probably wrong, found by what a model says that did not learn from them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kahara_nlp.calibration import Scores
from kahara_nlp.classifier import Classifier
from kahara_nlp.errors import DataError
from kahara_nlp.records import Example
from kahara_nlp.training.labels import targets
from kahara_nlp.training.scoring import score_examples
from kahara_nlp.training.validation import read_validation

__all__ = ["Doubt", "doubtful_labels", "unseen_scores"]


@dataclass(frozen=True, slots=True)
class Doubt:
    """A label that the model sees otherwise.

    Parameters
    ----------
    id : str
        Of the example.
    category : str
        Which category.
    given : bool
        Whether the example has it.
    probability : float
        What the model says, in [0, 1].
    margin : float
        How far beyond what is usual for texts of the other kind, in [0, 1]; the largest first.
    """

    id: str
    category: str
    given: bool
    probability: float
    margin: float

    def to_text(self) -> str:
        """Write a line for a person.

        Returns
        -------
        str
            Without any text of the example.
        """
        what = "labelled" if self.given else "not labelled"
        return f"{self.id}: {what} {self.category}, the model says {self.probability:.2f}"


def unseen_scores(classifier: Classifier, examples: Sequence[Example]) -> Scores:
    """Score examples by a model that has not seen their writers.

    Parameters
    ----------
    classifier : Classifier
        What it was trained on is scored as it was in cross-validation, the rest as it is.
    examples : sequence of Example
        The texts.

    Returns
    -------
    Scores
        Probabilities, one row for each.
    """
    validation = read_validation(classifier)
    rows = validation.find(examples)
    known, unknown = np.flatnonzero(rows >= 0), np.flatnonzero(rows < 0)
    categories = np.zeros((len(examples), len(classifier.model.categories)))
    harassment = np.zeros(len(examples))
    categories[known], harassment[known] = validation.scores(rows[known])
    if len(unknown):
        fresh, _ = score_examples(classifier, [examples[row] for row in unknown.tolist()])
        categories[unknown], harassment[unknown] = fresh
    return Scores(categories, harassment)


def doubtful_labels(classifier: Classifier, examples: Sequence[Example]) -> list[Doubt]:
    """Find labels that are probably wrong.

    A label is doubted where the model is as sure of the opposite as it is on average of texts that have the
    opposite label.

    Parameters
    ----------
    classifier : Classifier
        The judge, see `unseen_scores`.
    examples : sequence of Example
        The labelled texts.

    Returns
    -------
    list of Doubt
        The clearest first; a text may come once for each category.

    Raises
    ------
    DataError
        If there are no examples.

    References
    ----------
    .. [1] C. Northcutt, L. Jiang, I. Chuang, "Confident Learning: Estimating Uncertainty in Dataset Labels",
       JAIR 70, 2021. The library of its authors is under the AGPL and could not be required here.

    Examples
    --------
    >>> from kahara_nlp import load, read_examples
    >>> examples = [*read_examples("tests/data/small.csv"), Example("wrong", "土下座して謝れ、今すぐだ")]
    >>> "wrong" in [doubt.id for doubt in doubtful_labels(load("kahara-linear-0.3.0"), examples)][:3]
    True
    """
    if not examples:
        msg = "no examples to look at"
        raise DataError(msg)
    scores = unseen_scores(classifier, examples)
    names = [*classifier.model.categories, "harassment"]
    labels = targets(examples, classifier.model.categories)
    columns = np.column_stack([labels, [bool(example.labels) for example in examples]])
    probabilities = np.column_stack([scores.categories, scores.harassment])
    doubts: list[Doubt] = []
    for column, name in enumerate(names):
        given, said = columns[:, column], probabilities[:, column]
        if not given.any() or given.all():
            continue
        usual_with, usual_without = float(said[given].mean()), float(said[~given].mean())
        if usual_with <= usual_without:  # the model does not know this category
            continue
        margin = np.where(given, usual_without - said, said - usual_with)
        doubts += [
            Doubt(examples[row].id, name, bool(given[row]), float(said[row]), float(margin[row]))
            for row in np.flatnonzero(margin >= 0).tolist()
        ]
    return sorted(doubts, key=lambda doubt: (-doubt.margin, doubt.id, doubt.category))
