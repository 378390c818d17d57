"""One's own examples on top of others: duplicates, conflicts and weights."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from kahara_nlp.errors import DataError
from kahara_nlp.records import Example

__all__ = ["Conflict", "Merged", "default_weight", "merge_examples"]

#: All added examples together weigh a tenth of the others, each between once and ten times.
SHARE = 0.1
HEAVIEST = 10.0
_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Conflict:
    """The same text with other labels.

    Parameters
    ----------
    old, new : Example
        As it stood, and as it is in the added examples.
    """

    old: Example
    new: Example


@dataclass(frozen=True)
class Merged:
    """Two sets of examples in one.

    Parameters
    ----------
    examples : tuple of Example
        All, the added ones weighted.
    added : frozenset of str
        Ids of those that come from the added set.
    conflicts : tuple of Conflict
        Same text, other labels.
    repeated : tuple of str
        Ids of added examples that stood in the data already with the same labels; they are left out.
    rule : str
        How conflicts were decided.
    """

    examples: tuple[Example, ...]
    added: frozenset[str]
    conflicts: tuple[Conflict, ...]
    repeated: tuple[str, ...]
    rule: str

    def to_text(self) -> str:
        """Say what was put together.

        Returns
        -------
        str
            Lines with ids and labels, and no text of an example.
        """
        weight = max((e.weight for e in self.examples if e.id in self.added), default=1.0)
        lines = [f"{len(self.added):,} added examples, each weighing {weight:.1f}, of {len(self.examples):,}"]
        if self.repeated:
            lines.append(f"{len(self.repeated):,} stood in the data already with the same labels and were left out")
        if self.conflicts:
            kept = "the added labels count" if self.rule == "added" else "the earlier labels count"
            lines.append(f"{len(self.conflicts):,} texts have other labels in the added file; {kept}:")
            lines += [
                f"  {c.new.id}: {'|'.join(c.new.labels) or 'none'}; {c.old.id}: {'|'.join(c.old.labels) or 'none'}"
                for c in self.conflicts[:_SHOWN]
            ]
            if len(self.conflicts) > _SHOWN:
                lines.append(f"  … and {len(self.conflicts) - _SHOWN} more")
        return "\n".join(lines)


def default_weight(n_base: int, n_added: int) -> float:
    """Return the weight of each added example.

    Parameters
    ----------
    n_base, n_added : int
        Numbers of examples.

    Returns
    -------
    float
        In [1, 10]: 40 examples on top of 20,000 weigh ten times, 4,000 once.

    Examples
    --------
    >>> default_weight(20_000, 40), default_weight(20_000, 500), default_weight(20_000, 4_000)
    (10.0, 4.0, 1.0)
    """
    return min(max(SHARE * n_base / max(n_added, 1), 1.0), HEAVIEST)


def merge_examples(
    base: Sequence[Example],
    added: Sequence[Example],
    *,
    weight: float | None = None,
    rule: Literal["added", "base", "refuse"] = "added",
) -> Merged:
    """Put examples on top of others.

    Parameters
    ----------
    base, added : sequence of Example
        The two sets.
    weight : float, optional
        Of each added example; `default_weight` if not given.
    rule : {"added", "base", "refuse"}, default "added"
        Whose labels count where the same text has others.

    Returns
    -------
    Merged
        Ids that stand in both sets get ``added:`` in front.

    Raises
    ------
    DataError
        If the added set contradicts itself, or, with ``refuse``, the base.

    Examples
    --------
    >>> base, added = [Example("1", "遅い")], [Example("1", "遅い", ("sexual",))]
    >>> merge_examples(base, added).examples[0].labels
    ('sexual',)
    """
    first: dict[str, Example] = {}
    for example in added:
        if (other := first.setdefault(_text(example), example)).labels != example.labels:
            msg = f"the added examples contradict themselves: {other.id} and {example.id} are one text with two labels"
            raise DataError(msg)
    at = {_text(example): place for place, example in enumerate(base)}
    taken = {example.id for example in base}
    weight = default_weight(len(base), len(first)) if weight is None else weight
    examples: list[Example] = list(base)
    new: set[str] = set()
    conflicts: list[Conflict] = []
    repeated = [example.id for example in added if first[_text(example)] is not example]
    for text, example in first.items():
        own = replace(example, id=f"added:{example.id}" if example.id in taken else example.id, weight=weight)
        place = at.get(text)
        if place is None:
            examples.append(own)
        elif base[place].labels == example.labels:
            repeated.append(example.id)
            continue
        else:
            conflicts.append(Conflict(base[place], example))
            if rule == "base":
                continue
            examples[place] = own
        new.add(own.id)
    merged = Merged(tuple(examples), frozenset(new), tuple(conflicts), tuple(repeated), rule)
    if conflicts and rule == "refuse":
        raise DataError(merged.to_text())
    return merged


def _text(example: Example) -> str:
    return "".join(example.text.split())
