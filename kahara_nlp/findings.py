"""From the probabilities of texts to findings: which categories are reported, on which clause, passage and words."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from kahara_nlp.calibration import Scores, TextStatistics, text_statistics
from kahara_nlp.evidence import Attribution
from kahara_nlp.features import count_terms, sum_rows, weight_terms
from kahara_nlp.model import Model
from kahara_nlp.policy import Category, Clause, Policy, default_policy
from kahara_nlp.records import Evidence, Finding
from kahara_nlp.streams import Prepared, prepare

__all__ = ["Portion", "head_of", "report_findings", "score_portion", "score_portions"]

#: A finding is at least this share as likely as the likeliest one. Review thresholds alone are so low that the
#: average flagged text would carry 2.8 findings instead of 1.8, for two points more of recall.
RELATIVE_FLOOR = 0.1
_WORDS_SHOWN = 8


class Portion(NamedTuple):
    """A portion of texts on its way through the model."""

    prepared: Prepared
    features: csr_array
    whole: csr_array
    statistics: TextStatistics
    scores: Scores


def score_portion(model: Model, texts: Sequence[str]) -> Portion:
    """Take texts through tokens and features to probabilities.

    Parameters
    ----------
    model : Model
        The model.
    texts : sequence of str
        So many as memory has room for at once.

    Returns
    -------
    Portion
        Everything on the way.
    """
    prepared = prepare(texts, model.lexicon)
    counts = count_terms(prepared.streams, model.vocabulary)
    features = weight_terms(counts, model.vocabulary)
    whole = weight_terms(sum_rows(counts, prepared.owner, len(texts)), model.vocabulary)
    statistics = text_statistics(model.log_odds(features), model.log_odds(whole), prepared.owner)
    return Portion(prepared, features, whole, statistics, model.scores(statistics))


def score_portions(model: Model, texts: Sequence[str], size: int = 2000) -> Iterator[Portion]:
    """Take texts through the model, not more at once than memory has room for.

    Parameters
    ----------
    model : Model
        The model.
    texts : sequence of str
        Any number.
    size : int, default 2000
        How many at once, > 0; of long ones fewer.

    Yields
    ------
    Portion
        The texts in their order; nothing where there are none.
    """
    for first in range(0, len(texts), size):
        yield score_portion(model, texts[first : first + size])


def head_of(model: Model, category: Category, probabilities: npt.NDArray[np.float64]) -> int:
    """Return the model's head for a policy row: of several, the likeliest.

    Parameters
    ----------
    model : Model
        The model.
    category : Category
        The row.
    probabilities : ndarray of float64, shape (n_categories,)
        Of one text.

    Returns
    -------
    int
        Column of the model's weights.
    """
    heads = [model.categories.index(name) for name in category.maps]
    return max(heads, key=lambda head: probabilities[head])


def report_findings(model: Model, policy: Policy, portion: Portion, place: int) -> tuple[Finding, ...]:
    """Report the categories of one flagged text: those at their threshold, at least the likeliest.

    Parameters
    ----------
    model : Model
        The model.
    policy : Policy
        The rows to report in.
    portion : Portion
        Scored texts.
    place : int
        Which of them.

    Returns
    -------
    tuple of Finding
        The likeliest first, at least one.
    """
    row = portion.scores.categories[place]
    heads = {category.id: head_of(model, category, row) for category in policy.values()}
    floor = RELATIVE_FLOOR * max(row[head] for head in heads.values())
    reported = [c for c in policy.values() if row[heads[c.id]] >= max(model.review[heads[c.id]], floor)]
    if not reported:
        reported = [max(policy.values(), key=lambda c: row[heads[c.id]])]
    reported.sort(key=lambda c: -row[heads[c.id]])
    attributions: dict[int, Attribution] = {}
    clauses: dict[int, dict[int, int]] = {}
    findings = []
    for category in reported:
        head = heads[category.id]
        passage = int(portion.statistics.best_passage[place, head])
        if passage not in attributions:
            attributions[passage] = Attribution(model, portion.prepared, portion.features, passage)
            clauses[passage] = model.likeliest_clauses(portion.features[[passage]])[0]
        terms = [term for term in attributions[passage].terms(head) if term.contribution > 0]
        terms.sort(key=lambda term: -term.contribution)
        findings.append(
            Finding(
                category,
                _clause(model, clauses[passage], category, head),
                float(row[head]),
                "alert" if row[head] >= model.alert[head] else "review",
                Evidence(portion.prepared.passages[passage], tuple(terms[:_WORDS_SHOWN])),
            )
        )
    return tuple(findings)


def _clause(model: Model, lines: dict[int, int], category: Category, head: int) -> Clause | None:
    """Return the likeliest behaviour, where the row lists as many as the category that the model learnt."""
    learnt = default_policy().get(model.categories[head], category)
    if not category.behaviors or len(category.maps) > 1 or len(category.behaviors) != len(learnt.behaviors):
        return None
    if not any(clause.split(".")[0] == str(learnt.number) for clause in model.clauses):
        return category.clause(1) if len(category.behaviors) == 1 else None
    return category.clause(lines[learnt.number])
