"""Sequences of symbols to TF-IDF matrices, with array operations only.

A term is an n-gram of symbols: words, characters, or whatever a later family brings. Each symbol
has a small number, an n-gram is the numbers side by side in one 64-bit integer (exact, so there are
no collisions), and a hash index finds its column.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array

from kahara_nlp.errors import DataError

__all__ = ["CODE_BITS", "Family", "Streams", "Vocabulary", "count_terms", "sum_rows", "weight_terms"]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
# Family name -> one sequence of symbols for each passage; a str is a sequence of characters.
Streams = Mapping[str, Sequence[Sequence[str]]]
#: Bits of a term that are left for its symbols.
CODE_BITS = 60
_FEW_CODES = 500


@dataclass(frozen=True)
class Family:
    """The terms of one kind: n-grams of one stream of symbols.

    Parameters
    ----------
    name : str
        The stream that it reads, such as ``"word"``.
    max_n : int
        Longest n-gram; ``60 // max_n`` bits are left for a symbol's number.
    symbols : tuple of str
        Symbol number ``i + 1`` is ``symbols[i]``; number 0 stands for every other symbol.
    codes : ndarray of int64, shape (n_terms,)
        The terms, ascending; the last symbol of an n-gram has the lowest bits.
    idf : ndarray of float64, shape (n_terms,)
        Inverse document frequency, dimensionless, >= 1.
    presence : float, default 0.0
        Where above 0, a term of this family weighs just this much wherever it stands, instead of TF-IDF:
        notions are few in a text, and scaling one lone notion to unit length would make it shout.
    norm_floor : float, default 0.0
        Joined to the length that rows are scaled by, as one more term of that weight would be: a passage of a
        single word, such as a bare sum of money, must not count for as much as a sentence that is all about it.

    Raises
    ------
    DataError
        If there are more symbols than bits, or `codes` and `idf` differ in length.
    """

    name: str
    max_n: int
    symbols: tuple[str, ...]
    codes: IntArray
    idf: FloatArray
    presence: float = 0.0
    norm_floor: float = 0.0

    def __post_init__(self) -> None:
        if len(self.symbols) >= 1 << self.bits:
            msg = f"family {self.name}: {len(self.symbols)} symbols do not fit {self.bits} bits"
            raise DataError(msg)
        if self.codes.shape != self.idf.shape or self.codes.ndim != 1:
            msg = f"family {self.name}: {self.codes.shape} codes and {self.idf.shape} idf values"
            raise DataError(msg)

    @property
    def bits(self) -> int:
        """Bits for one symbol."""
        return CODE_BITS // self.max_n

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {symbol: number for number, symbol in enumerate(self.symbols, 1)}

    @cached_property
    def _index(self) -> pd.Index:
        return pd.Index(self.codes)

    def _columns(self, codes: IntArray) -> IntArray:
        """Look codes up; -1 for unknown ones."""
        if len(codes) > _FEW_CODES or not len(self.codes):
            return np.asarray(self._index.get_indexer(pd.Index(codes)), dtype=np.int64)
        # For the few codes of one passage a binary search is done before a hash index has been asked.
        places = np.minimum(np.searchsorted(self.codes, codes), len(self.codes) - 1)
        return np.where(self.codes[places] == codes, places, -1)

    @cached_property
    def _of_character(self) -> npt.NDArray[np.uint32]:
        table = np.zeros(0x110000, dtype=np.uint32)
        for symbol, number in self._numbers.items():
            if len(symbol) == 1:
                table[ord(symbol)] = number
        return table

    def number(self, sequences: Sequence[Sequence[str]]) -> IntArray:
        """Return the numbers of all symbols, the sequences one behind the other.

        Parameters
        ----------
        sequences : sequence of sequence of str
            The stream, a sequence for each passage.

        Returns
        -------
        ndarray of int64, shape (total length,)
            0 for symbols that no term has.
        """
        if all(isinstance(sequence, str) for sequence in sequences):
            joined = "".join(sequences)  # type: ignore[arg-type]
            return self._of_character[np.frombuffer(joined.encode("utf-32-le"), dtype=np.uint32)].astype(np.int64)
        get = self._numbers.get
        return np.array([get(symbol, 0) for sequence in sequences for symbol in sequence], dtype=np.int64)

    def positions(self, sequences: Sequence[Sequence[str]]) -> tuple[IntArray, IntArray, IntArray, IntArray]:
        """Find every occurrence of every term.

        Parameters
        ----------
        sequences : sequence of sequence of str
            The stream, a sequence for each passage.

        Returns
        -------
        rows, columns, starts, lengths : ndarray of int64, shape (n_occurrences,)
            Passage; column within this family; place of the first symbol counted over all sequences
            one behind the other; number of symbols.
        """
        lengths = np.array([len(sequence) for sequence in sequences], dtype=np.int64)
        numbers = self.number(sequences)
        rows = np.repeat(np.arange(len(lengths)), lengths)
        found: list[tuple[IntArray, IntArray, IntArray, IntArray]] = []
        code, valid = numbers, numbers > 0
        for n in range(1, self.max_n + 1):
            if n > 1:
                size = len(numbers) - n + 1
                if size <= 0:
                    break
                tail = numbers[n - 1 :]
                valid = valid[:size] & (tail > 0) & (rows[:size] == rows[n - 1 :])
                code = (code[:size] << self.bits) | tail
            places = np.flatnonzero(valid)
            columns = self._columns(code[places])
            known = columns >= 0
            places = places[known]
            found.append((rows[places], columns[known].astype(np.int64), places, np.full(len(places), n)))
        if not found:
            empty = np.zeros(0, dtype=np.int64)
            return empty, empty, empty, empty
        return tuple(np.concatenate(parts) for parts in zip(*found, strict=True))  # type: ignore[return-value]

    def terms(self) -> list[str]:
        """Write the terms out.

        Returns
        -------
        list of str, length n_terms
            Symbols joined by a space, or by nothing where every symbol is one character.
        """
        glue = "" if all(len(symbol) == 1 for symbol in self.symbols) else " "
        mask = (1 << self.bits) - 1
        result = []
        for code in self.codes.tolist():
            numbers = []
            rest = code
            while rest:
                numbers.append(rest & mask)
                rest >>= self.bits
            result.append(glue.join(self.symbols[number - 1] for number in reversed(numbers)))
        return result


@dataclass(frozen=True)
class Vocabulary:
    """All terms of a model: families side by side.

    Parameters
    ----------
    families : tuple of Family
        Their terms take the columns in this order.

    Examples
    --------
    >>> from kahara_nlp.training.vocabulary import fit_vocabulary
    >>> vocabulary = fit_vocabulary({"word": [["返す!"], ["返す!", "早い"]]}, {"word": 2}, min_df=1)
    >>> vocabulary.n_terms, vocabulary.families[0].terms()
    (3, ['早い', '返す!', '返す! 早い'])
    """

    families: tuple[Family, ...]
    offsets: IntArray = field(init=False)
    idf: FloatArray = field(init=False)

    def __post_init__(self) -> None:
        sizes = [len(family.codes) for family in self.families]
        object.__setattr__(self, "offsets", np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64))
        object.__setattr__(self, "idf", np.concatenate([family.idf for family in self.families]))

    @property
    def n_terms(self) -> int:
        """Number of columns."""
        return int(self.offsets[-1])

    def weighing(self, presence: Mapping[str, float], norm_floor: float) -> "Vocabulary":
        """Choose how terms weigh.

        Parameters
        ----------
        presence : mapping of str to float
            Weight of a term that is present, for each family that weighs by presence alone.
        norm_floor : float
            See `Family`; of all others.

        Returns
        -------
        Vocabulary
            The same terms.
        """
        return Vocabulary(
            tuple(replace(f, presence=presence.get(f.name, 0.0), norm_floor=norm_floor) for f in self.families)
        )


def count_terms(streams: Streams, vocabulary: Vocabulary) -> csr_array:
    """Count the known terms of each passage.

    Parameters
    ----------
    streams : mapping of str to sequence of sequence of str
        For each family its symbols, a sequence for each passage.
    vocabulary : Vocabulary
        The terms.

    Returns
    -------
    csr_array of float64, shape (n_passages, n_terms)
        Occurrences; indices sorted.

    Raises
    ------
    DataError
        If a family's stream is missing or the streams differ in length.

    Examples
    --------
    >>> from kahara_nlp.training.vocabulary import fit_vocabulary
    >>> vocabulary = fit_vocabulary({"char": ["ばか", "ばな"]}, {"char": 2}, min_df=1)
    >>> count_terms({"char": ["ばばか"]}, vocabulary).toarray()
    array([[1., 0., 2., 1., 0.]])
    """
    missing = [family.name for family in vocabulary.families if family.name not in streams]
    if missing:
        msg = f"the vocabulary needs the streams {missing}, given are {sorted(streams)}"
        raise DataError(msg)
    sizes = {len(streams[family.name]) for family in vocabulary.families}
    if len(sizes) > 1:
        msg = f"the streams have different numbers of passages: {sorted(sizes)}"
        raise DataError(msg)
    n_rows = sizes.pop() if sizes else 0
    keys = []
    for family, offset in zip(vocabulary.families, vocabulary.offsets, strict=False):
        rows, columns, _, _ = family.positions(streams[family.name])
        keys.append(rows * vocabulary.n_terms + columns + offset)
    unique, counts = np.unique(np.concatenate(keys) if keys else np.zeros(0, np.int64), return_counts=True)
    return _matrix(unique, counts.astype(np.float64), (n_rows, vocabulary.n_terms))


def _matrix(keys: IntArray, values: npt.NDArray[Any], shape: tuple[int, int]) -> csr_array:
    """Build a matrix from sorted keys ``row * n_columns + column``."""
    rows, columns = np.divmod(keys, max(shape[1], 1))
    ends = np.searchsorted(rows, np.arange(shape[0] + 1))
    # scikit-learn's solvers take 32-bit indices only.
    matrix = csr_array((values, columns.astype(np.int32), ends.astype(np.int32)), shape=shape)
    matrix.has_sorted_indices = True
    return matrix


def sum_rows(counts: csr_array, owner: IntArray, n_owners: int) -> csr_array:
    """Add up the passages of each text.

    Parameters
    ----------
    counts : csr_array, shape (n_passages, n_terms)
        Counts of passages.
    owner : ndarray of int64, shape (n_passages,)
        The text of each passage, ascending.
    n_owners : int
        Number of texts; one may have no passage.

    Returns
    -------
    csr_array, shape (n_owners, n_terms)
        Counts of whole texts.
    """
    rows = np.repeat(owner, np.diff(counts.indptr))
    keys = rows * counts.shape[1] + counts.indices.astype(np.int64)
    unique, inverse = np.unique(keys, return_inverse=True)
    return _matrix(
        unique, np.bincount(inverse, weights=counts.data, minlength=len(unique)), (n_owners, counts.shape[1])
    )


def weight_terms(counts: csr_array, vocabulary: Vocabulary) -> csr_array:
    """Weight counted terms by TF-IDF.

    A term that occurs ``n`` times weighs ``(1 + ln n) * idf``; within each family the row is then
    divided by the root of its squared Euclidean length and the family's squared `norm_floor`, so that neither a
    long mail outweighs a short one nor a lone word a sentence. Families with a `presence` weigh each of their
    terms by that instead.

    Parameters
    ----------
    counts : csr_array, shape (n_rows, n_terms)
        As `count_terms` returns them.
    vocabulary : Vocabulary
        The same vocabulary.

    Returns
    -------
    csr_array of float64, shape (n_rows, n_terms)
        Weights in [0, 1]. A row without known terms is all zero: its probability would be the model's
        intercept alone, so callers must not report it.

    Raises
    ------
    DataError
        If the numbers of columns differ.

    Notes
    -----
    Sublinear term frequency with cosine normalisation, [1]_; without a floor each family's block equals
    scikit-learn's ``TfidfTransformer(sublinear_tf=True)`` given the same counts and idf.

    References
    ----------
    .. [1] G. Salton and C. Buckley, "Term-weighting approaches in automatic text retrieval",
       Information Processing & Management 24(5), 513-523, 1988.

    Examples
    --------
    >>> from kahara_nlp.training.vocabulary import fit_vocabulary
    >>> vocabulary = fit_vocabulary({"char": ["ばか", "ばな"]}, {"char": 1}, min_df=1)
    >>> weight_terms(count_terms({"char": ["ばば"]}, vocabulary), vocabulary).toarray()[0]
    array([0., 0., 1.])
    """
    if counts.shape[1] != vocabulary.n_terms:
        msg = f"counts have {counts.shape[1]} columns, the vocabulary has {vocabulary.n_terms} terms"
        raise DataError(msg)
    data = (1.0 + np.log(counts.data)) * vocabulary.idf[counts.indices]
    rows = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))
    family = np.searchsorted(vocabulary.offsets, counts.indices, side="right") - 1
    presence = np.array([f.presence for f in vocabulary.families] or [0.0])[family]
    block = family + rows * len(vocabulary.families)
    squares = np.bincount(block, weights=data * data, minlength=counts.shape[0] * len(vocabulary.families))
    floors = np.array([f.norm_floor for f in vocabulary.families] or [0.0])
    norms = np.sqrt(squares + np.tile(floors**2, counts.shape[0]))
    weights = np.where(presence > 0, presence, data / norms[block])
    return csr_array((weights, counts.indices, counts.indptr), shape=counts.shape)
