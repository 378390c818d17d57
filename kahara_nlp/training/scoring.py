"""Scoring labelled examples by a model as it is."""

from collections.abc import Sequence

import numpy as np

from kahara_nlp.calibration import Scores
from kahara_nlp.classifier import Classifier
from kahara_nlp.findings import score_portions
from kahara_nlp.records import Example

__all__ = ["score_examples"]


def score_examples(classifier: Classifier, examples: Sequence[Example]) -> tuple[Scores, list[dict[int, int]]]:
    """Score examples.

    Parameters
    ----------
    classifier : Classifier
        The model.
    examples : sequence of Example
        The texts.

    Returns
    -------
    scores : Scores
        Probabilities, one row for each.
    clauses : list of dict of int to int
        The likeliest clause of each category.
    """
    model = classifier.model
    categories, harassment = [np.zeros((0, len(model.categories)))], [np.zeros(0)]
    clauses: list[dict[int, int]] = []
    for portion in score_portions(model, [example.text for example in examples]):
        categories.append(portion.scores.categories)
        harassment.append(portion.scores.harassment)
        clauses += model.likeliest_clauses(portion.whole)
    return Scores(np.concatenate(categories), np.concatenate(harassment)), clauses
