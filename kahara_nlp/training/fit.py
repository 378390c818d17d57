"""Fitting: examples to a model, with out-of-fold scores by writer on the way."""

import hashlib
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from sklearn.model_selection import StratifiedGroupKFold
from tqdm import tqdm

from kahara_nlp.calibration import Scores, TextStatistics, text_statistics
from kahara_nlp.concepts import Lexicon
from kahara_nlp.errors import DataError
from kahara_nlp.features import count_terms, sum_rows, weight_terms
from kahara_nlp.model import Model
from kahara_nlp.records import Example
from kahara_nlp.streams import Prepared, prepare
from kahara_nlp.training.calibrate import (
    LongMails,
    cross_fit,
    fit_combiners,
    long_mails,
    platt,
    rescale,
    stack,
    thresholds,
)
from kahara_nlp.training.heads import Heads, Settings, fit_clauses, fit_heads, half, subset
from kahara_nlp.training.labels import targets

__all__ = ["CrossValidation", "Fitted", "Settings", "cross_validate", "fit", "fold_numbers", "writer_digest"]

#: Thresholds for long texts rest on at least so many that harass.
_FEWEST_LONG = 50
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


class Fitted(NamedTuple):
    """A model with what was measured on the way.

    Parameters
    ----------
    model : Model
        Fitted on all examples.
    out_of_fold : Scores
        Probabilities of each example by models that saw none of its writer's texts.
    clauses_out_of_fold : list of dict of int to int
        The likeliest clause of each category, likewise.
    mails : ndarray of bool, shape (n_mails,)
        For long mails put together of held-out texts, whether one of their passages harasses.
    mails_out_of_fold : Scores
        Their probabilities.
    folds : ndarray of int64, shape (n_examples,)
        The fold in which each example was held out.
    """

    model: Model
    out_of_fold: Scores
    clauses_out_of_fold: list[dict[int, int]]
    mails: npt.NDArray[np.bool_]
    mails_out_of_fold: Scores
    folds: IntArray


def writer_digest(writer: str) -> str:
    """Return a short digest of a writer's id: enough to know a writer again, and no name.

    Parameters
    ----------
    writer : str
        The id.

    Returns
    -------
    str
        Twelve hexadecimal digits.

    Examples
    --------
    >>> writer_digest("w01")
    '670fe15e8369'
    """
    return hashlib.sha256(writer.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def fold_numbers(examples: Sequence[Example], folds: int, known: Mapping[str, int] | None = None) -> IntArray:
    """Deal the writers out to folds.

    Parameters
    ----------
    examples : sequence of Example
        The data.
    folds : int
        How many; fewer where there are fewer writers.
    known : mapping of str to int, optional
        Folds that writers had in an earlier training, by `writer_digest`: they keep them, so that two models
        can be compared, and new writers go where there are the fewest texts.

    Returns
    -------
    ndarray of int64, shape (n_examples,)
        The fold in which an example is held out.

    Raises
    ------
    DataError
        If all examples are by one writer.
    """
    writers = [example.writer for example in examples]
    sizes = Counter(writers)
    if len(sizes) < 2:  # noqa: PLR2004
        msg = "all examples have the same writer; evaluation needs at least two (column writer: who wrote or sent it)"
        raise DataError(msg)
    n_folds = min(folds, len(sizes))
    known = known or {}
    fold_of = {name: known[digest] for name in sizes if (digest := writer_digest(name)) in known}
    if len(set(fold_of.values())) == n_folds and max(fold_of.values()) < n_folds:
        filled = dict.fromkeys(range(n_folds), 0)
        for name, fold in fold_of.items():
            filled[fold] += sizes[name]
        for name in sorted(sizes.keys() - fold_of.keys(), key=lambda name: (-sizes[name], name)):
            fold_of[name] = min(filled, key=lambda fold: (filled[fold], fold))
            filled[fold_of[name]] += sizes[name]
        return np.array([fold_of[name] for name in writers])
    splitter = StratifiedGroupKFold(n_splits=n_folds, shuffle=True, random_state=0)
    result = np.zeros(len(examples), dtype=np.int64)
    labelled = np.array([bool(example.labels) for example in examples])
    for number, (_, held_out) in enumerate(splitter.split(np.zeros(len(examples)), labelled, writers)):
        result[held_out] = number
    return result


def _statistics(heads: Heads, counts: csr_array, owner: IntArray, n_texts: int) -> tuple[TextStatistics, csr_array]:
    """Score texts with uncalibrated heads."""
    passages = weight_terms(counts, heads.vocabulary)
    whole = weight_terms(sum_rows(counts, owner, n_texts), heads.vocabulary)
    statistics = text_statistics(
        passages @ heads.weights + heads.intercepts, whole @ heads.weights + heads.intercepts, owner
    )
    return statistics, whole


class CrossValidation(NamedTuple):
    """Out-of-fold results.

    Parameters
    ----------
    statistics : TextStatistics
        Margins, each text scored by heads that saw none of its writer's texts.
    scores : Scores
        Probabilities, calibrated on the other folds.
    clauses : list of dict of int to int
        Likeliest clause of each category.
    mails : LongMails
        Long mails put together of held-out texts.
    mail_scores : Scores
        Their probabilities, calibrated on the other folds.
    folds : ndarray of int64, shape (n_examples,)
        Where each text was held out.
    """

    statistics: TextStatistics
    scores: Scores
    clauses: list[dict[int, int]]
    mails: LongMails
    mail_scores: Scores
    folds: IntArray


def cross_validate(  # noqa: PLR0913 -- what `fit` takes, and what a learning curve holds back
    prepared: Prepared,
    examples: Sequence[Example],
    categories: Sequence[str],
    settings: Settings,
    known_folds: Mapping[str, int] | None = None,
    *,
    learners: Sequence[IntArray] | None = None,
) -> CrossValidation:
    """Score every example by models that saw none of its writer's texts.

    Parameters
    ----------
    prepared : Prepared
        The examples, tokenised.
    examples : sequence of Example
        The data.
    categories : sequence of str
        Category ids.
    settings : Settings
        How to train.
    known_folds : mapping of str to int, optional
        See `fold_numbers`.
    learners : sequence of ndarray of int64, optional
        For each fold the examples to learn from, none of them held out; all that are not held out if not given.

    Returns
    -------
    CrossValidation
        In the order of `examples`.
    """
    folds = fold_numbers(examples, settings.folds, known_folds)
    n_heads = len(categories) + 1
    strongest, whole = np.zeros((len(examples), n_heads)), np.zeros((len(examples), n_heads))
    log_passages, best = np.zeros(len(examples)), np.zeros((len(examples), n_heads), dtype=np.int64)
    clauses: list[dict[int, int]] = [{} for _ in examples]
    labels = targets(examples, categories)
    mails: list[LongMails] = []
    rounds = range(int(folds.max()) + 1)
    for fold in tqdm(rounds, desc="cross-validation", unit=" folds", disable=None, file=sys.stderr, leave=False):
        held_out = np.flatnonzero(folds == fold)
        learn = np.flatnonzero(folds != fold) if learners is None else learners[fold]
        heads, features = fit_heads(prepared, examples, learn, categories, settings)
        streams, owner, rows = subset(prepared, held_out)
        counts = count_terms(streams, heads.vocabulary)
        found, whole_features = _statistics(heads, counts, owner, len(held_out))
        mails.append(long_mails(heads, prepared, examples, labels, rows, counts, fold))
        strongest[held_out], whole[held_out] = found.strongest, found.whole
        log_passages[held_out], best[held_out] = found.log_passages, found.best_passage
        names, weights, intercepts = fit_clauses(
            features, [examples[i] for i in learn.tolist()], heads.vocabulary, settings
        )
        model = _assemble(heads, categories, (names, weights, intercepts))
        for row, lines in zip(held_out, model.likeliest_clauses(whole_features), strict=True):
            clauses[row] = lines
    statistics = TextStatistics(strongest, whole, log_passages, best)
    mixed = LongMails(
        stack(*(part.statistics for part in mails)),
        np.concatenate([part.labels for part in mails]),
        np.concatenate([part.folds for part in mails]),
    )
    scores = cross_fit(
        stack(statistics, mixed.statistics),
        np.concatenate([labels, mixed.labels]),
        np.concatenate([folds, mixed.folds]),
    )
    n = len(examples)
    own, theirs = (Scores(*(part[place] for part in scores)) for place in (slice(n), slice(n, None)))
    return CrossValidation(statistics, own, clauses, mixed, theirs, folds)


def _assemble(
    heads: Heads,
    categories: Sequence[str],
    clauses: tuple[tuple[str, ...], npt.NDArray[np.float32], FloatArray],
    calibration: tuple[FloatArray, FloatArray, FloatArray, FloatArray, FloatArray] | None = None,
) -> Model:
    """Put the parts of a model together; without calibration it serves for log-odds and clauses only."""
    n_heads = len(categories) + 1
    if calibration is None:
        identity = np.tile([1.0, 0.0, 0.0] * 2 + [0.0, 0.0], (n_heads, 1))
        halves = np.full(n_heads, 0.5)
        calibration = (identity, np.tile([1.0, 0.0, 0.0], (2, 1)), halves, halves, halves[:2])
    combiner, harassment_combiner, review, alert, long_points = calibration
    return Model(
        heads.vocabulary, heads.lexicon, tuple(categories), heads.weights, heads.intercepts, combiner,
        harassment_combiner, clauses[0], clauses[1], clauses[2], review, alert, long_points,
    )  # fmt: skip


def _operating_points(
    validated: CrossValidation, labels: npt.NDArray[np.bool_], settings: Settings
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Choose the thresholds: of each category, and of harassment in texts of few passages and in long ones."""
    points = [
        thresholds(validated.scores.categories[:, head], labels[:, head], settings) for head in range(labels.shape[1])
    ]
    harassing, long = np.asarray(labels.any(axis=1)), validated.statistics.long
    few = ~long if (harassing & ~long).any() else np.full(len(long), fill_value=True)
    points.append(thresholds(validated.scores.harassment[few], harassing[few], settings))
    in_mails = np.asarray(validated.mails.labels.any(axis=1))
    # What is found in a text of its own must be found in the middle of a long mail, too, and what is sure in a mail
    # that was written as one must be sure there.
    in_long = [
        thresholds(scores[rows], target[rows], settings)
        for scores, target, rows in (
            (validated.scores.harassment, harassing, long),
            (validated.mail_scores.harassment, in_mails, np.full(len(in_mails), fill_value=True)),
        )
        if target[rows].sum() >= _FEWEST_LONG
    ] or [points[-1]]
    review, alert = (np.array(values) for values in zip(*points, strict=True))
    return review, alert, np.array([min(at for at, _ in in_long), max(at for _, at in in_long)])


def fit(
    examples: Sequence[Example],
    categories: Sequence[str],
    lexicon: Lexicon,
    settings: Settings,
    known_folds: Mapping[str, int] | None = None,
) -> Fitted:
    """Train a model.

    Parameters
    ----------
    examples : sequence of Example
        The data, by at least two writers.
    categories : sequence of str
        Category ids in policy order.
    lexicon : Lexicon
        The notions of concept terms.
    settings : Settings
        How.
    known_folds : mapping of str to int, optional
        See `fold_numbers`.

    Returns
    -------
    Fitted
        The model, and the out-of-fold probabilities that it is calibrated on.

    Raises
    ------
    DataError
        If there is nothing to learn from.
    """
    if not any(example.labels for example in examples) or all(example.labels for example in examples):
        msg = "training needs texts with labels and texts without; found only one of the two"
        raise DataError(msg)
    prepared = prepare([example.text for example in examples], lexicon)
    validated = cross_validate(prepared, examples, categories, settings, known_folds)
    labels = targets(examples, categories)
    scales = platt(validated.statistics.whole, np.column_stack([labels, labels.any(axis=1)]))
    combiners = fit_combiners(
        rescale(stack(validated.statistics, validated.mails.statistics), scales),
        np.concatenate([labels, validated.mails.labels]),
    )
    review, alert, long_points = _operating_points(validated, labels, settings)
    everything = np.arange(len(examples))
    heads, features = fit_heads(prepared, examples, everything, categories, settings)
    factor, constant = scales.T
    heads = heads._replace(weights=half(heads.weights * factor), intercepts=heads.intercepts * factor + constant)
    clauses = fit_clauses(features, examples, heads.vocabulary, settings)
    model = _assemble(heads, categories, clauses, (*combiners, review, alert, long_points))
    return Fitted(
        model,
        validated.scores,
        validated.clauses,
        np.asarray(validated.mails.labels.any(axis=1)),
        validated.mail_scores,
        validated.folds,
    )
