"""Fitting: examples to a model, with out-of-fold scores by writer on the way."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from joblib import Parallel, delayed
from scipy.optimize import minimize
from scipy.sparse import csr_array
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import precision_recall_curve
from sklearn.model_selection import StratifiedGroupKFold

from kahara_nlp.concepts import Lexicon
from kahara_nlp.errors import DataError
from kahara_nlp.features import Streams, Vocabulary, count_terms, fit_vocabulary, sum_rows, weight_terms
from kahara_nlp.model import N_INPUTS, Model, Scores, TextStatistics, any_log_odds, combine, expit, text_statistics
from kahara_nlp.records import Example
from kahara_nlp.streams import FAMILIES, PRESENCE, Prepared, prepare
from kahara_nlp.training.labels import targets

__all__ = ["Fitted", "Settings", "cross_validate", "fit"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
_FEWEST_PER_HEAD = 2


@dataclass(frozen=True)
class Settings:
    """How a model is trained.

    Parameters
    ----------
    regularization : float, default 100.0
        Inverse strength C of the L2 penalty, > 0.
    min_df : int, default 3
        Least number of texts that a term stands in.
    min_writers : int, default 3
        Least number of writers that use a term, so that what one person writes never enters a model.
    folds : int, default 5
        Number of groups of writers for out-of-fold scores.
    alert_precision : float, default 0.95
        Precision that the `alert` threshold must reach out of fold.
    review_recall : float, default 0.95
        Recall that the `review` threshold must reach out of fold.
    families : dict of str to int
        Term families and their longest n-gram.
    presence : dict of str to float
        Families whose terms weigh by presence alone, and how much.
    jobs : int, default 2
        Processes.
    """

    regularization: float = 100.0
    min_df: int = 3
    min_writers: int = 3
    folds: int = 5
    alert_precision: float = 0.95
    review_recall: float = 0.95
    families: dict[str, int] = field(default_factory=lambda: dict(FAMILIES))
    presence: dict[str, float] = field(default_factory=lambda: dict(PRESENCE))
    jobs: int = 2


class Heads(NamedTuple):
    """Linear heads over one vocabulary, before calibration."""

    vocabulary: Vocabulary
    lexicon: Lexicon
    weights: npt.NDArray[np.float32]
    intercepts: FloatArray


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
    """

    model: Model
    out_of_fold: Scores
    clauses_out_of_fold: list[dict[int, int]]


def fold_numbers(examples: Sequence[Example], folds: int) -> IntArray:
    """Deal the writers out to folds.

    Parameters
    ----------
    examples : sequence of Example
        The data.
    folds : int
        How many; fewer where there are fewer writers.

    Returns
    -------
    ndarray of int64, shape (n_examples,)
        The fold in which an example is held out.

    Raises
    ------
    DataError
        If all examples are by one writer.
    """
    writers = np.array([example.writer for example in examples], dtype=object)
    n_writers = len(set(writers.tolist()))
    if n_writers < 2:  # noqa: PLR2004
        msg = "all examples have the same writer; evaluation needs at least two (column writer: who wrote or sent it)"
        raise DataError(msg)
    splitter = StratifiedGroupKFold(n_splits=min(folds, n_writers), shuffle=True, random_state=0)
    result = np.zeros(len(examples), dtype=np.int64)
    labelled = np.array([bool(example.labels) for example in examples])
    for number, (_, held_out) in enumerate(splitter.split(np.zeros(len(examples)), labelled, writers)):
        result[held_out] = number
    return result


def _subset(prepared: Prepared, chosen: IntArray) -> tuple[Streams, IntArray]:
    """Return the streams of some texts and the new numbers of their passages' texts."""
    renumber = np.full(int(prepared.owner.max()) + 1, -1)
    renumber[chosen] = np.arange(len(chosen))
    rows = np.flatnonzero(renumber[prepared.owner] >= 0)
    streams = {name: [stream[row] for row in rows.tolist()] for name, stream in prepared.streams.items()}
    return streams, renumber[prepared.owner[rows]]


def _fit_head(
    features: csr_array, target: npt.NDArray[np.bool_], sample_weight: FloatArray, c: float
) -> tuple[FloatArray, float]:
    """Fit one logistic regression; a head without both kinds of examples is silent."""
    if min(target.sum(), (~target).sum()) < _FEWEST_PER_HEAD:
        rate = (target.sum() + 0.5) / (len(target) + 1)
        return np.zeros(features.shape[1]), float(np.log(rate / (1 - rate)))
    head = LogisticRegression(C=c, solver="liblinear", tol=1e-4, max_iter=200, random_state=0)
    head.fit(features, target, sample_weight=sample_weight)
    return head.coef_[0], float(head.intercept_[0])


def _half(weights: FloatArray) -> npt.NDArray[np.float32]:
    """Round weights to what the model file holds, so that nothing changes on saving."""
    return weights.astype(np.float16).astype(np.float32)


def fit_heads(
    prepared: Prepared,
    examples: Sequence[Example],
    chosen: IntArray,
    categories: Sequence[str],
    settings: Settings,
) -> tuple[Heads, csr_array]:
    """Learn the vocabulary and the heads from some of the examples.

    Parameters
    ----------
    prepared : Prepared
        All examples, tokenised.
    examples : sequence of Example
        All examples.
    chosen : ndarray of int64
        Which to learn from.
    categories : sequence of str
        Category ids; one more head is fitted for harassment as a whole.
    settings : Settings
        How.

    Returns
    -------
    heads : Heads
        Vocabulary, weights and intercepts.
    features : csr_array, shape (n_chosen, n_terms)
        TF-IDF weights of the whole texts that were learnt from.
    """
    streams, owner = _subset(prepared, chosen)
    mine = [examples[number] for number in chosen.tolist()]
    vocabulary = fit_vocabulary(
        streams,
        settings.families,
        owner=owner,
        groups=[example.writer for example in mine],
        min_df=settings.min_df,
        # While one of two writers is held out, the other one alone has to do; no such model is kept.
        min_groups=min(settings.min_writers, len({example.writer for example in mine})),
    ).with_presence(settings.presence)
    counts = count_terms(streams, vocabulary)
    features = weight_terms(sum_rows(counts, owner, len(mine)), vocabulary)
    labels = targets(mine, categories)
    columns = np.column_stack([labels, labels.any(axis=1)])
    sample_weight = np.array([example.weight for example in mine])
    fitted = Parallel(n_jobs=settings.jobs)(
        delayed(_fit_head)(features, columns[:, head], sample_weight, settings.regularization)
        for head in range(columns.shape[1])
    )
    weights = _half(np.column_stack([coefficients for coefficients, _ in fitted]))
    return Heads(vocabulary, prepared.lexicon, weights, np.array([intercept for _, intercept in fitted])), features


def fit_clauses(
    features: csr_array, examples: Sequence[Example], settings: Settings
) -> tuple[tuple[str, ...], npt.NDArray[np.float32], FloatArray]:
    """Learn to tell the behaviours of each category apart.

    Parameters
    ----------
    features : csr_array, shape (n_examples, n_terms)
        TF-IDF weights of whole texts.
    examples : sequence of Example
        The same texts.
    settings : Settings
        How.

    Returns
    -------
    clauses : tuple of str
        Clause numbers that the data shows, of categories with more than one.
    weights : ndarray of float32, shape (n_terms, n_clauses)
        Log-odds of a clause among the texts of its category.
    intercepts : ndarray of float64, shape (n_clauses,)
        Likewise.
    """
    by_category: dict[str, set[str]] = {}
    for example in examples:
        for clause in example.clauses:
            by_category.setdefault(clause.split(".")[0], set()).add(clause)
    clauses = tuple(
        clause
        for number in sorted(by_category, key=int)
        if len(by_category[number]) > 1
        for clause in sorted(by_category[number])
    )
    rows_of = {
        number: np.array([i for i, e in enumerate(examples) if any(c.startswith(f"{number}.") for c in e.clauses)])
        for number in by_category
    }

    def one(clause: str) -> tuple[FloatArray, float]:
        rows = rows_of[clause.split(".", maxsplit=1)[0]]
        target = np.array([clause in examples[row].clauses for row in rows])
        return _fit_head(features[rows], target, np.ones(len(rows)), settings.regularization)

    fitted = [one(clause) for clause in clauses]
    if not fitted:
        return (), np.zeros((features.shape[1], 0), np.float32), np.zeros(0)
    return clauses, _half(np.column_stack([w for w, _ in fitted])), np.array([b for _, b in fitted])


def _statistics(heads: Heads, prepared: Prepared, chosen: IntArray) -> tuple[TextStatistics, csr_array, csr_array]:
    """Score texts with uncalibrated heads."""
    streams, owner = _subset(prepared, chosen)
    counts = count_terms(streams, heads.vocabulary)
    passages = weight_terms(counts, heads.vocabulary)
    whole = weight_terms(sum_rows(counts, owner, len(chosen)), heads.vocabulary)
    statistics = text_statistics(
        passages @ heads.weights + heads.intercepts, whole @ heads.weights + heads.intercepts, owner
    )
    return statistics, passages, whole


def _fit_logistic(
    inputs: FloatArray, target: npt.NDArray[np.bool_], bounds: list[tuple[float | None, float | None]]
) -> FloatArray:
    """Fit a small logistic regression with bounded factors; the constant comes last.

    scikit-learn cannot bound coefficients, and a calibrated probability must never fall when a passage
    or the whole speaks louder for the category.
    """
    design = np.column_stack([inputs, np.ones(len(inputs))])
    sign = np.where(target, 1.0, -1.0)

    def loss(theta: FloatArray) -> tuple[float, FloatArray]:
        margin = sign * (design @ theta)
        value = float(np.logaddexp(0, -margin).sum()) + 0.01 * float(theta[:-1] @ theta[:-1])
        gradient = -(design.T @ (sign * expit(-margin)))
        gradient[:-1] += 0.02 * theta[:-1]
        return value, gradient

    start = np.zeros(design.shape[1])
    start[0] = 1.0
    result = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds)
    return np.asarray(result.x, dtype=np.float64)


_COMBINER_BOUNDS: list[tuple[float | None, float | None]] = [
    (0.0, None),
    (0.0, None),
    (None, 0.0),
    (None, None),
]
_HARASSMENT_BOUNDS: list[tuple[float | None, float | None]] = [(0.0, None), (0.0, None), (None, None)]


def fit_combiners(statistics: TextStatistics, labels: npt.NDArray[np.bool_]) -> tuple[FloatArray, FloatArray]:
    """Calibrate: out-of-fold statistics to probabilities.

    Parameters
    ----------
    statistics : TextStatistics
        Of texts whose writers the heads have not seen.
    labels : ndarray of bool, shape (n_texts, n_categories)
        Their labels.

    Returns
    -------
    combiner : ndarray of float64, shape (n_categories + 1, 4)
        See `Model`.
    harassment_combiner : ndarray of float64, shape (3,)
        See `Model`.
    """
    columns = np.column_stack([labels, labels.any(axis=1)])
    combiner = np.zeros((columns.shape[1], N_INPUTS + 1))
    for head in range(columns.shape[1]):
        combiner[head] = _fit_logistic(statistics.inputs(head), columns[:, head], _COMBINER_BOUNDS)
    calibrated = np.column_stack(
        [statistics.inputs(h) @ combiner[h, :-1] + combiner[h, -1] for h in range(columns.shape[1])]
    )
    inputs = np.column_stack([calibrated[:, -1], any_log_odds(calibrated[:, :-1])])
    return combiner, _fit_logistic(inputs, columns[:, -1], _HARASSMENT_BOUNDS)


def _thresholds(probabilities: FloatArray, target: npt.NDArray[np.bool_], settings: Settings) -> tuple[float, float]:
    """Return the thresholds of review and alert for one head."""
    if not target.any():
        return 0.5, 0.9
    precision, recall, thresholds = precision_recall_curve(target, probabilities)
    enough = np.flatnonzero(recall[:-1] >= settings.review_recall)
    review = float(thresholds[enough[-1]]) if len(enough) else float(thresholds[0])
    sure = np.flatnonzero(precision[:-1] >= settings.alert_precision)
    alert = float(thresholds[sure[0]]) if len(sure) else float(np.nextafter(thresholds[-1], 2))
    return review, max(alert, review)


class CrossValidation(NamedTuple):
    """Out-of-fold results.

    Parameters
    ----------
    statistics : TextStatistics
        Uncalibrated, each text scored by heads that saw none of its writer's texts.
    scores : Scores
        Probabilities, calibrated on the other folds.
    clauses : list of dict of int to int
        Likeliest clause of each category.
    """

    statistics: TextStatistics
    scores: Scores
    clauses: list[dict[int, int]]


def cross_validate(
    prepared: Prepared, examples: Sequence[Example], categories: Sequence[str], settings: Settings
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

    Returns
    -------
    CrossValidation
        In the order of `examples`.
    """
    folds = fold_numbers(examples, settings.folds)
    n_heads = len(categories) + 1
    strongest, whole = np.zeros((len(examples), n_heads)), np.zeros((len(examples), n_heads))
    log_passages, best = np.zeros(len(examples)), np.zeros((len(examples), n_heads), dtype=np.int64)
    clauses: list[dict[int, int]] = [{} for _ in examples]
    for fold in range(int(folds.max()) + 1):
        learn, held_out = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        heads, features = fit_heads(prepared, examples, learn, categories, settings)
        found, _, whole_features = _statistics(heads, prepared, held_out)
        strongest[held_out], whole[held_out] = found.strongest, found.whole
        log_passages[held_out], best[held_out] = found.log_passages, found.best_passage
        names, weights, intercepts = fit_clauses(features, [examples[i] for i in learn.tolist()], settings)
        model = _assemble(heads, categories, (names, weights, intercepts))
        for row, lines in zip(held_out, model.likeliest_clauses(whole_features), strict=True):
            clauses[row] = lines
    statistics = TextStatistics(strongest, whole, log_passages, best)
    return CrossValidation(statistics, _cross_fit(statistics, targets(examples, categories), folds), clauses)


def _cross_fit(statistics: TextStatistics, labels: npt.NDArray[np.bool_], folds: IntArray) -> Scores:
    """Calibrate each fold on the others, so that calibration is measured on unseen writers, too."""
    categories = np.zeros(labels.shape)
    harassment = np.zeros(len(labels))
    for fold in range(int(folds.max()) + 1):
        learn, held_out = folds != fold, folds == fold
        combiners = fit_combiners(TextStatistics(*(part[learn] for part in statistics)), labels[learn])
        scores = combine(TextStatistics(*(part[held_out] for part in statistics)), *combiners)
        categories[held_out], harassment[held_out] = scores
    return Scores(categories, harassment)


def _assemble(
    heads: Heads,
    categories: Sequence[str],
    clauses: tuple[tuple[str, ...], npt.NDArray[np.float32], FloatArray],
    calibration: tuple[FloatArray, FloatArray, FloatArray, FloatArray] | None = None,
) -> Model:
    """Put the parts of a model together; without calibration it serves for log-odds and clauses only."""
    n_heads = len(categories) + 1
    if calibration is None:
        identity = np.tile([1.0, 0.0, 0.0, 0.0], (n_heads, 1))
        calibration = (identity, np.array([1.0, 0.0, 0.0]), np.full(n_heads, 0.5), np.full(n_heads, 0.5))
    combiner, harassment_combiner, review, alert = calibration
    return Model(
        heads.vocabulary, heads.lexicon, tuple(categories), heads.weights, heads.intercepts, combiner,
        harassment_combiner, clauses[0], clauses[1], clauses[2], review, alert,
    )  # fmt: skip


def fit(examples: Sequence[Example], categories: Sequence[str], lexicon: Lexicon, settings: Settings) -> Fitted:
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
    validated = cross_validate(prepared, examples, categories, settings)
    labels = targets(examples, categories)
    combiners = fit_combiners(validated.statistics, labels)
    columns = np.column_stack([labels, labels.any(axis=1)])
    probabilities = np.column_stack([validated.scores.categories, validated.scores.harassment])
    points = [_thresholds(probabilities[:, head], columns[:, head], settings) for head in range(columns.shape[1])]
    review, alert = (np.array(values) for values in zip(*points, strict=True))
    everything = np.arange(len(examples))
    heads, features = fit_heads(prepared, examples, everything, categories, settings)
    clauses = fit_clauses(features, examples, settings)
    model = _assemble(heads, categories, clauses, (*combiners, review, alert))
    return Fitted(model, validated.scores, validated.clauses)
