"""From one's own examples to a better model, or to a refusal."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from kahara_nlp.classifier import Classifier, load
from kahara_nlp.policy import Policy
from kahara_nlp.records import Example
from kahara_nlp.training.contest import Contest, contest
from kahara_nlp.training.examples import read_examples
from kahara_nlp.training.heads import Settings
from kahara_nlp.training.merge import Merged, merge_examples
from kahara_nlp.training.train import Trained, fit_classifier

__all__ = ["Retrained", "Retraining", "retrain"]


@dataclass(frozen=True)
class Retraining:
    """How to put one's own examples to use.

    Parameters
    ----------
    base : sequence of Example, optional
        What they are added to; the shipped examples if not given, nothing if empty.
    weight : float, optional
        Weight of each; by default so that all of them together weigh a tenth of the base, each once to ten times.
    conflicts : {"added", "base", "refuse"}, default "added"
        Whose labels count where the same text has others in the base.
    champion : Classifier, optional
        What to compare with; the model in use if not given.
    policy : Policy, optional
        Whose categories to learn; the shipped policy if not given.
    settings : Settings, optional
        How to train.
    """

    base: Sequence[Example] | None = None
    weight: float | None = None
    conflicts: Literal["added", "base", "refuse"] = "added"
    champion: Classifier | None = None
    policy: Policy | None = None
    settings: Settings | None = None


class Retrained(NamedTuple):
    """A new model and how it compares; nothing is saved yet.

    Parameters
    ----------
    trained : Trained
        The model; `save_trained` saves it.
    contest : Contest
        ``.reasons`` is empty where it may replace the champion.
    merged : Merged
        What it was trained on.
    """

    trained: Trained
    contest: Contest
    merged: Merged


def retrain(
    added: Sequence[Example], how: Retraining | None = None, *, say: Callable[[str], None] = lambda _: None
) -> Retrained:
    """Train a model on one's own examples on top of others, and compare it with the model in use.

    Parameters
    ----------
    added : sequence of Example
        One's own; see `read_examples`.
    how : Retraining, optional
        Weights, rules and what to compare with.
    say : callable, optional
        Is told what is going on, in lines for a person that hold no text of an example.

    Returns
    -------
    Retrained
        The model, the comparison, and what it was trained on.

    Raises
    ------
    DataError
        If the examples contradict themselves or cannot teach anything.

    Examples
    --------
    >>> examples = read_examples("tests/data/small.csv")
    >>> result = retrain(examples[50:], Retraining(base=examples[:50]))
    >>> len(result.merged.added), result.trained.classifier.manifest.parents[0][:6]
    (10, 'kahara')
    """
    how = how or Retraining()
    champion = how.champion or load()
    base = read_examples(policy=how.policy) if how.base is None else how.base
    merged = merge_examples(base, added, weight=how.weight, rule=how.conflicts)
    say(merged.to_text())
    say(f"training on {len(merged.examples):,} texts; about {_minutes(len(merged.examples))} …")
    trained = fit_classifier(merged.examples, policy=how.policy, settings=how.settings, parent=champion)
    return Retrained(
        trained, contest(champion, trained.classifier, merged.examples, trained.scores, merged.added), merged
    )


def _minutes(n_texts: int) -> str:
    """Guess how long training takes on two cores."""
    minutes = n_texts / SPEED
    return "a minute" if minutes <= 1 else f"{minutes:.0f} minutes"


#: Texts for each minute of training on two cores, cross-validation included; see tests/benchmarks.
SPEED = 10_000
