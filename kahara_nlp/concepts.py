"""A lexicon of notions: what words mean for the purpose, whatever the words.

A hand-written list says which words and phrases speak of kneeling, of dismissal, of money, of you and
me. A linear model that has seen 「土下座しろ」 then knows something of 「額を床につけろ」, too.
Matching needs word units only, so this module knows no tokenizer.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

__all__ = ["ConceptMatch", "Lexicon", "concept_symbols"]

_MARKS = "!~"


class ConceptMatch(NamedTuple):
    """One place where a notion is spoken of.

    Parameters
    ----------
    notion : str
        Its identifier.
    start, end : int
        Range of word units.
    """

    notion: str
    start: int
    end: int


@dataclass(frozen=True)
class Lexicon:
    """Notions and their words.

    Parameters
    ----------
    entries : mapping of tuple of str to tuple of str
        Lemmas of a word or phrase, and the notions that it belongs to.

    Examples
    --------
    >>> lexicon = Lexicon({("首", "に", "為る"): ("dismissal",), ("床",): ("floor",)})
    >>> lexicon.match(["あいつ", "を", "首", "に", "為る!"])
    [ConceptMatch(notion='dismissal', start=2, end=5)]
    """

    entries: Mapping[tuple[str, ...], tuple[str, ...]]
    _lengths: dict[str, list[int]] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        # Longest first: a phrase hides a shorter entry of the same notion inside it.
        for first, length in sorted({(entry[0], -len(entry)) for entry in self.entries}):
            self._lengths.setdefault(first, []).append(-length)

    def match(self, units: Sequence[str]) -> list[ConceptMatch]:
        """Find the notions of a passage.

        Parameters
        ----------
        units : sequence of str
            Word units as `kahara_nlp.tokens.word_units` returns them; marks of form are ignored.

        Returns
        -------
        list of ConceptMatch
            In the order of the text.
        """
        lemmas = [unit.rstrip(_MARKS) or unit for unit in units]
        found: list[ConceptMatch] = []
        reach: dict[str, int] = {}
        lengths, entries = self._lengths, self.entries
        for start, lemma in enumerate(lemmas):
            for length in lengths.get(lemma, ()):
                end = start + length
                if end > len(lemmas):
                    continue
                for notion in entries.get(tuple(lemmas[start:end]), ()):
                    if reach.get(notion, 0) < end:
                        reach[notion] = end
                        found.append(ConceptMatch(notion, start, end))
        return found


def concept_symbols(units: Sequence[str], lexicon: Lexicon) -> tuple[list[str], list[int]]:
    """Return the concept terms of a passage.

    Parameters
    ----------
    units : sequence of str
        Its word units.
    lexicon : Lexicon
        The notions.

    Returns
    -------
    symbols : list of str
        ``notion``, and ``notion!`` with an imperative in or close behind it. Pairs of notions were tried
        and cost accuracy on unseen writers.
    places : list of int, same length
        The word unit at which each begins.

    Examples
    --------
    >>> lexicon = Lexicon({("床",): ("floor",), ("額",): ("forehead",)})
    >>> concept_symbols(["額", "を", "床", "に", "付ける!"], lexicon)
    (['forehead', 'floor', 'floor!'], [0, 2, 2])
    """
    matches = lexicon.match(units)
    symbols: list[str] = []
    places: list[int] = []
    for match in matches:
        symbols.append(match.notion)
        places.append(match.start)
        if any(unit[-1] == "!" and len(unit) > 1 for unit in units[match.start : match.end + 2]):
            symbols.append(f"{match.notion}!")
            places.append(match.start)
    return symbols, places


def merge(parts: Iterable[tuple[str, tuple[str, ...]]]) -> Lexicon:
    """Make a lexicon of pairs of notion and lemmas.

    Parameters
    ----------
    parts : iterable of tuple
        Notion and lemmas of one entry.

    Returns
    -------
    Lexicon
        An entry may belong to several notions.
    """
    entries: dict[tuple[str, ...], list[str]] = {}
    for notion, lemmas in parts:
        notions = entries.setdefault(lemmas, [])
        if notion not in notions:
            notions.append(notion)
    return Lexicon({lemmas: tuple(sorted(notions)) for lemmas, notions in sorted(entries.items())})
