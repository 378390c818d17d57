"""Vocabulary and lexicon as lists for people and programs, one entry a line."""

from collections.abc import Sequence

import numpy as np

from kahara_nlp.concepts import Lexicon, merge
from kahara_nlp.errors import DataError
from kahara_nlp.features import Family, Vocabulary
from kahara_nlp.manifest import Manifest
from kahara_nlp.masking import CLASS_NAMES, readable

__all__ = ["lexicon_text", "read_lexicon_text", "read_vocabulary_text", "vocabulary_text"]


def vocabulary_text(vocabulary: Vocabulary, n_texts: int) -> bytes:
    """Write the vocabulary: family, number of texts, term; one term a line.

    Parameters
    ----------
    vocabulary : Vocabulary
        The terms.
    n_texts : int
        Number of texts that the idf rests on.

    Returns
    -------
    bytes
        UTF-8.
    """
    lines = []
    for family in vocabulary.families:
        frequencies = np.rint((1 + n_texts) / np.exp(family.idf - 1) - 1).astype(int)
        lines += [
            f"{family.name}\t{frequency}\t{readable(term)}"
            for frequency, term in zip(frequencies.tolist(), family.terms(), strict=True)
        ]
    return ("\n".join(lines) + "\n").encode()


def lexicon_text(lexicon: Lexicon) -> bytes:
    """Write the lexicon: notion, lemmas; one entry a line.

    Parameters
    ----------
    lexicon : Lexicon
        The notions.

    Returns
    -------
    bytes
        UTF-8.
    """
    lines = [f"{notion}\t{' '.join(lemmas)}" for lemmas, notions in lexicon.entries.items() for notion in notions]
    return readable("\n".join(sorted(lines)) + "\n").encode()


def read_lexicon_text(content: str) -> Lexicon:
    """Rebuild the lexicon.

    Parameters
    ----------
    content : str
        As `lexicon_text` writes it.

    Returns
    -------
    Lexicon
        The same.

    Raises
    ------
    ValueError
        If a line has not two columns.
    """
    rows = [line.split("\t") for line in _with_symbols(content).splitlines() if line]
    return merge((notion, tuple(lemmas.split(" "))) for notion, lemmas in rows)


def _with_symbols(content: str) -> str:
    """Undo `readable`."""
    for symbol, name in CLASS_NAMES.items():
        content = content.replace(name, symbol)
    return content


def read_vocabulary_text(content: str, manifest: Manifest) -> Vocabulary:
    """Rebuild the vocabulary.

    Parameters
    ----------
    content : str
        As `vocabulary_text` writes it.
    manifest : Manifest
        What it says of families and numbers of texts.

    Returns
    -------
    Vocabulary
        The same.

    Raises
    ------
    DataError, KeyError, ValueError
        If the list and the manifest do not fit together.
    """
    content = _with_symbols(content)
    rows: dict[str, list[tuple[Sequence[str], int]]] = {name: [] for name in manifest.families}
    for line in content.splitlines():
        family, frequency, term = line.split("\t")
        rows[family].append((term if family == "char" else term.split(" "), int(frequency)))
    families = (_family(name, max_n, rows[name], manifest.n_texts) for name, max_n in manifest.families.items())
    return Vocabulary(tuple(families)).weighing(manifest.presence, manifest.norm_floor)


def _family(name: str, max_n: int, rows: Sequence[tuple[Sequence[str], int]], n_texts: int) -> Family:
    """Rebuild one family."""
    symbols = tuple(np.unique(np.array([s for term, _ in rows for s in term] or [""])).tolist())
    empty = Family(name, max_n, symbols, np.zeros(0, np.int64), np.zeros(0))
    number = {symbol: place for place, symbol in enumerate(symbols, 1)}
    codes = np.zeros(len(rows), dtype=np.int64)
    for place, (term, _) in enumerate(rows):
        for symbol in term:
            codes[place] = (codes[place] << empty.bits) | number[symbol]
    if (np.diff(codes) <= 0).any():
        msg = f"the terms of family {name} are not in order"
        raise DataError(msg)
    frequencies = np.array([frequency for _, frequency in rows], dtype=np.float64)
    return Family(name, max_n, symbols, codes, np.log((1 + n_texts) / (1 + frequencies)) + 1)
