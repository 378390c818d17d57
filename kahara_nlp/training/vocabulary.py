"""Learning a vocabulary: which n-grams are common enough, among texts and among writers."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from kahara_nlp.errors import DataError
from kahara_nlp.features import CODE_BITS, Family, Streams, Vocabulary

__all__ = ["fit_vocabulary"]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]


def fit_vocabulary(  # noqa: PLR0913 -- the streams, and five ways to thin them out
    streams: Streams,
    families: Mapping[str, int],
    *,
    owner: IntArray | None = None,
    min_df: int = 2,
    groups: Sequence[str] | None = None,
    min_groups: int = 1,
) -> Vocabulary:
    """Learn the terms and their idf from texts.

    Parameters
    ----------
    streams : mapping of str to sequence of sequence of str
        For each family its symbols, a sequence for each passage.
    families : mapping of str to int
        For each family its longest n-gram.
    owner : ndarray of int64, shape (n_passages,), optional
        The text of each passage, from 0; each passage is a text of its own if not given.
    min_df : int, default 2
        Least number of texts that a term stands in, >= 1.
    groups : sequence of str, optional
        The writer or sender of each text.
    min_groups : int, default 1
        Least number of different groups that a term stands in, so that what only one sender writes
        never enters a model.

    Returns
    -------
    Vocabulary
        Terms sorted by code within each family; idf ``ln((1 + n) / (1 + df)) + 1``.

    Raises
    ------
    DataError
        If there is no text at all.
    """
    fitted = []
    for name, max_n in families.items():
        sequences = streams[name]
        if not len(sequences):
            msg = "no texts to learn terms from"
            raise DataError(msg)
        texts = np.arange(len(sequences)) if owner is None else owner
        group = _group_numbers(groups, int(texts.max()) + 1)
        fitted.append(_fit_family(name, max_n, sequences, texts, group, (min_df, min_groups)))
    return Vocabulary(tuple(fitted))


def _group_numbers(groups: Sequence[str] | None, n: int) -> IntArray:
    """Return a number for each text's group."""
    if groups is None:
        return np.arange(n)
    return pd.factorize(np.asarray(groups, dtype=object))[0].astype(np.int64)


def _fit_family(  # noqa: PLR0913, PLR0917 -- private, called once
    name: str,
    max_n: int,
    sequences: Sequence[Sequence[str]],
    texts: IntArray,
    groups: IntArray,
    minima: tuple[int, int],
) -> Family:
    """Count n-grams by text and by group, and keep those that are common enough."""
    min_df, min_groups = minima
    family = Family(name, max_n, _common_symbols(sequences, min_df, max_n), np.zeros(0, np.int64), np.zeros(0))
    lengths = np.array([len(sequence) for sequence in sequences], dtype=np.int64)
    rows = np.repeat(np.arange(len(lengths)), lengths)
    numbers = family.number(sequences)
    code, valid = numbers, numbers > 0
    codes, counts = [], []
    for n in range(1, max_n + 1):
        if n > 1:
            size = max(len(numbers) - n + 1, 0)
            valid = valid[:size] & (numbers[n - 1 :] > 0) & (rows[:size] == rows[n - 1 :])
            code = (code[:size] << family.bits) | numbers[n - 1 :]
        places = np.flatnonzero(valid)
        frame = pd.DataFrame({"code": code[places], "text": texts[rows[places]]}).drop_duplicates()
        frame["group"] = groups[frame["text"].to_numpy()]
        stats = frame.groupby("code").agg(df=("text", "size"), groups=("group", "nunique"))
        stats = stats[(stats["df"] >= min_df) & (stats["groups"] >= min_groups)]
        codes.append(stats.index.to_numpy(dtype=np.int64))
        counts.append(stats["df"].to_numpy(dtype=np.float64))
    all_codes, all_counts = np.concatenate(codes), np.concatenate(counts)
    order = np.argsort(all_codes, kind="stable")
    idf = np.log((1 + len(groups)) / (1 + all_counts[order])) + 1
    return _renumber(family, all_codes[order], idf)


def _common_symbols(sequences: Sequence[Sequence[str]], min_df: int, max_n: int) -> tuple[str, ...]:
    """Return the symbols that stand in enough passages, sorted; as many as have room in a code."""
    symbols, frequency = np.unique(
        np.array([symbol for sequence in sequences for symbol in set(sequence)], dtype=object).astype(str),
        return_counts=True,
    )
    common = frequency >= min_df
    symbols, frequency = symbols[common], frequency[common]
    capacity = (1 << (CODE_BITS // max_n)) - 1
    if len(symbols) > capacity:  # the rarest have the least to say
        symbols = np.sort(symbols[np.argsort(-frequency, kind="stable")[:capacity]])
    return tuple(symbols.tolist())


def _renumber(family: Family, codes: IntArray, idf: FloatArray) -> Family:
    """Drop unused symbols of a family, keeping the order of symbols and therefore of codes."""
    mask, bits = (1 << family.bits) - 1, family.bits
    used = np.zeros(len(family.symbols) + 1, dtype=bool)
    for n in range(family.max_n):
        used[(codes >> (bits * n)) & mask] = True
    used[0] = False
    renumbered = np.cumsum(used) * used
    new = np.zeros_like(codes)
    for n in range(family.max_n):
        new |= renumbered[(codes >> (bits * n)) & mask] << (bits * n)
    symbols = tuple(np.array(family.symbols, dtype=object)[used[1:]].tolist())
    return Family(family.name, family.max_n, symbols, new, idf, family.presence, family.norm_floor)
