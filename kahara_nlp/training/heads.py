"""Linear heads: examples to term weights, before calibration.

The heads are fitted by the squared hinge loss, a linear support vector machine. Its margins are no log-odds; `fit`
turns them into log-odds by a factor and a constant for each head (Platt scaling), so that what a model holds, and what
evidence shares out among words, is log-odds whatever the loss was.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from joblib import Parallel, delayed
from scipy.sparse import csr_array, vstack
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC
from threadpoolctl import threadpool_limits

from kahara_nlp.concepts import Lexicon
from kahara_nlp.errors import DataError
from kahara_nlp.features import Streams, Vocabulary, count_terms, sum_rows, weight_terms
from kahara_nlp.records import Example
from kahara_nlp.streams import FAMILIES, PRESENCE, Prepared
from kahara_nlp.training.labels import targets
from kahara_nlp.training.vocabulary import fit_vocabulary

__all__ = ["Heads", "Settings", "fit_clauses", "fit_heads", "half", "subset"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
_FEWEST_PER_HEAD = 2


@dataclass(frozen=True)
class Settings:
    """How a model is trained.

    Parameters
    ----------
    regularization : float, default 0.5
        Inverse strength C of the L2 penalty, > 0.
    loss : {"squared_hinge", "logistic"}, default "squared_hinge"
        What the heads minimise: a linear support vector machine or a logistic regression. A logistic one wants a `C` of
        about 100.
    min_df : int, default 4
        Least number of texts that a term stands in.
    min_writers : int, default 4
        Least number of writers that use a term, so that what one person writes never enters a model.
    passage_weight : float, default 0.3
        Weight of each sentence of a harmless text as an example of its own, >= 0.
    folds : int, default 5
        Number of groups of writers for out-of-fold scores.
    alert_precision : float, default 0.96
        Precision that the `alert` threshold must reach out of fold.
    review_recall : float, default 0.96
        Recall that the `review` threshold must reach out of fold.
    families : dict of str to int
        Term families and their longest n-gram.
    presence : dict of str to float
        Families whose terms weigh by presence alone, and how much.
    norm_floor : float, default 10.0
        How much of a text it takes to weigh in full, >= 0; see `kahara_nlp.features.Family`.
    jobs : int, default 2
        Processes.
    """

    regularization: float = 0.5
    loss: Literal["squared_hinge", "logistic"] = "squared_hinge"
    min_df: int = 4
    min_writers: int = 4
    passage_weight: float = 0.3
    folds: int = 5
    alert_precision: float = 0.96
    review_recall: float = 0.96
    families: dict[str, int] = field(default_factory=lambda: dict(FAMILIES))
    presence: dict[str, float] = field(default_factory=lambda: dict(PRESENCE))
    norm_floor: float = 10.0
    jobs: int = 2

    @classmethod
    def of_model(cls, kept: Mapping[str, Any]) -> "Settings":
        """Return the settings that a model's manifest keeps.

        Parameters
        ----------
        kept : mapping of str to object
            ``manifest.metrics["settings"]``.

        Returns
        -------
        Settings
            Those; models of before 0.3.0 were fitted by logistic regression without a floor, and do not say so.
        """
        before: dict[str, Any] = {"loss": "logistic", "norm_floor": 0.0}
        return cls(**(before | dict(kept)))


class Heads(NamedTuple):
    """Linear heads over one vocabulary, before calibration."""

    vocabulary: Vocabulary
    lexicon: Lexicon
    weights: npt.NDArray[np.float32]
    intercepts: FloatArray


def subset(prepared: Prepared, chosen: IntArray) -> tuple[Streams, IntArray, IntArray]:
    """Return the streams of some texts.

    Parameters
    ----------
    prepared : Prepared
        All texts.
    chosen : ndarray of int64
        Which texts, ascending.

    Returns
    -------
    streams : mapping of str to sequence
        Of their passages.
    owner : ndarray of int64, shape (n_passages,)
        Place in `chosen` of each passage's text.
    rows : ndarray of int64, shape (n_passages,)
        Place of each passage among all.
    """
    renumber = np.full(int(prepared.owner.max()) + 1, -1)
    renumber[chosen] = np.arange(len(chosen))
    rows = np.flatnonzero(renumber[prepared.owner] >= 0)
    streams = {name: [stream[row] for row in rows.tolist()] for name, stream in prepared.streams.items()}
    return streams, renumber[prepared.owner[rows]], rows


def _fit_head(
    features: csr_array,
    target: npt.NDArray[np.bool_],
    sample_weight: FloatArray,
    c: float,
    loss: Literal["squared_hinge", "logistic"],
) -> tuple[FloatArray, float]:
    """Fit one linear head; one without both kinds of examples is silent."""
    if min(target.sum(), (~target).sum()) < _FEWEST_PER_HEAD:
        rate = (target.sum() + 0.5) / (len(target) + 1)
        return np.zeros(features.shape[1]), float(np.log(rate / (1 - rate)))
    head = (
        LinearSVC(C=c, loss="squared_hinge", tol=1e-4, max_iter=5000, random_state=0)
        if loss == "squared_hinge"
        else LogisticRegression(C=c, solver="liblinear", tol=1e-4, max_iter=200, random_state=0)
    )
    # The solver adds up long vectors; the number of threads, which differs between machines, would change the last
    # digits and so the bytes of a model. Heads run side by side in processes anyway.
    with threadpool_limits(limits=1, user_api="blas"):
        head.fit(features, target, sample_weight=sample_weight)
    return head.coef_[0], float(head.intercept_[0])


def half(weights: FloatArray) -> npt.NDArray[np.float32]:
    """Round weights to what the model file holds, so that nothing changes on saving.

    Parameters
    ----------
    weights : ndarray of float64
        Term weights.

    Returns
    -------
    ndarray of float32, same shape
        The nearest values of half precision.
    """
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
    streams, owner, _ = subset(prepared, chosen)
    mine = [examples[number] for number in chosen.tolist()]
    vocabulary = fit_vocabulary(
        streams,
        settings.families,
        owner=owner,
        groups=[example.writer for example in mine],
        min_df=settings.min_df,
        # While one of two writers is held out, the other one alone has to do; no such model is kept.
        min_groups=min(settings.min_writers, len({example.writer for example in mine})),
    ).weighing(settings.presence, settings.norm_floor)
    if not vocabulary.n_terms:
        msg = f"no term stands in {settings.min_df} texts of the {len(mine)} learnt from; add examples, or lower min_df"
        raise DataError(msg)
    counts = count_terms(streams, vocabulary)
    features = weight_terms(sum_rows(counts, owner, len(mine)), vocabulary)
    labels = targets(mine, categories)
    columns = np.column_stack([labels, labels.any(axis=1)])
    sample_weight = np.array([example.weight for example in mine])
    # Each sentence of a harmless text is harmless, too; which sentence of a harassing one harasses, nobody said.
    several = np.bincount(owner, minlength=len(mine))[owner] > 1
    extra = np.flatnonzero(several & ~columns[owner, -1]) if settings.passage_weight else np.zeros(0, np.int64)
    rows = vstack([features, weight_terms(counts, vocabulary)[extra]], format="csr")
    row_targets = np.concatenate([columns, columns[owner[extra]]])
    row_weight = np.concatenate([sample_weight, sample_weight[owner[extra]] * settings.passage_weight])
    fitted = Parallel(n_jobs=settings.jobs)(
        delayed(_fit_head)(rows, row_targets[:, head], row_weight, settings.regularization, settings.loss)
        for head in range(columns.shape[1])
    )
    weights = half(np.column_stack([coefficients for coefficients, _ in fitted]))
    return Heads(vocabulary, prepared.lexicon, weights, np.array([intercept for _, intercept in fitted])), features


def fit_clauses(
    features: csr_array, examples: Sequence[Example], vocabulary: Vocabulary, settings: Settings
) -> tuple[tuple[str, ...], npt.NDArray[np.float32], FloatArray]:
    """Learn to tell the behaviours of each category apart, by words and notions.

    Characters tell them apart no better, and their weights would be most of a model's file.

    Parameters
    ----------
    features : csr_array, shape (n_examples, n_terms)
        TF-IDF weights of whole texts.
    examples : sequence of Example
        The same texts.
    vocabulary : Vocabulary
        What the columns are.
    settings : Settings
        How.

    Returns
    -------
    clauses : tuple of str
        Clause numbers that the data shows, of categories with more than one.
    weights : ndarray of float32, shape (n_terms, n_clauses)
        Margin of a clause among the texts of its category.
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
    telling = np.concatenate(
        [
            np.arange(offset, offset + len(family.codes))
            for family, offset in zip(vocabulary.families, vocabulary.offsets, strict=False)
            if family.name != "char" or len(vocabulary.families) == 1
        ]
    )
    told = features[:, telling]
    rows_of = {
        number: np.array([i for i, e in enumerate(examples) if any(c.startswith(f"{number}.") for c in e.clauses)])
        for number in by_category
    }

    def one(clause: str) -> tuple[FloatArray, float]:
        rows = rows_of[clause.split(".", maxsplit=1)[0]]
        target = np.array([clause in examples[row].clauses for row in rows])
        return _fit_head(told[rows], target, np.ones(len(rows)), settings.regularization, settings.loss)

    fitted = [one(clause) for clause in clauses]
    if not fitted:
        return (), np.zeros((features.shape[1], 0), np.float32), np.zeros(0)
    weights = np.zeros((features.shape[1], len(clauses)))
    weights[telling] = np.column_stack([w for w, _ in fitted])
    return clauses, half(weights), np.array([b for _, b in fitted])
