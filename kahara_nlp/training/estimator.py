"""Training as a scikit-learn estimator, for pipelines and searches of settings."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted

from kahara_nlp.calibration import Scores
from kahara_nlp.errors import DataError
from kahara_nlp.findings import score_portions
from kahara_nlp.records import Example
from kahara_nlp.streams import FAMILIES, PRESENCE, default_lexicon
from kahara_nlp.training.estimator_inputs import as_texts, as_writers, deal, read_target
from kahara_nlp.training.figures import average_precision
from kahara_nlp.training.fit import fit
from kahara_nlp.training.heads import Settings

__all__ = ["KaharaClassifier"]

FloatArray = npt.NDArray[np.float64]
_TINY = 1e-15


class KaharaClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Train and score as `kahara_nlp.train` does, behind scikit-learn's interface.

    Parameters
    ----------
    categories : Policy or sequence of str, optional
        Category ids, the columns of a multilabel target; those of the shipped policy if not given.
        Not used where the target is a single class for each text.
    regularization : float, default 0.5
        Inverse strength C of the L2 penalty, > 0.
    loss : {"squared_hinge", "logistic"}, default "squared_hinge"
        What the heads minimise; a logistic one wants a `regularization` of about 100.
    min_df : int, default 4
        Least number of texts that a term stands in.
    min_writers : int, default 4
        Least number of writers that use a term.
    passage_weight : float, default 0.3
        Weight of each sentence of a text without label as an example of its own, >= 0.
    families : dict of str to int, optional
        Term families and their longest n-gram; those of `Settings` if not given.
    presence : dict of str to float, optional
        Families whose terms weigh by presence alone, and how much; those of `Settings` if not given.
    norm_floor : float, default 10.0
        How much of a text it takes to weigh in full, >= 0.
    folds : int, default 5
        Number of groups of writers for the out-of-fold scores that calibration learns from; fewer where
        there are fewer writers or texts with or without a label.
    threshold : float, default 0.5
        Probability from which `predict` assigns a category, in [0, 1]; of single classes it takes the likeliest.
    negative : object, optional
        Of single classes the one that stands for no category; the first in sorted order if not given.
    n_jobs : int, default 1
        Processes for each fit.

    Attributes
    ----------
    classes_ : ndarray, shape (n_classes,)
        Category ids, or the sorted classes.
    multilabel_ : bool
        Whether the target had several labels for a text.
    model_ : Model
        The fitted arrays.
    settings_ : Settings
        As `train` takes them, to train the model that is kept with what a search found.
    n_texts_ : int
        Number of texts learnt from.

    See Also
    --------
    kahara_nlp.train : Train a model that can be saved, with its evaluation and thresholds.

    Notes
    -----
    A text has no columns, so there is no ``n_features_in_``. Texts of one writer must not stand on both sides of a
    split: give `groups` to `fit` and a splitter by groups, such as ``GroupKFold``. A search hands its groups to the
    splitter alone, unless metadata routing is enabled and ``set_fit_request(groups=True)`` was said. Stratified
    splitting (``cv=5``) understands indicator arrays and single classes, but no sets of labels. Every text counts as
    an e-mail; clauses, and the kinds of harmless texts, are known to `train` alone.

    Examples
    --------
    >>> from sklearn.model_selection import GroupKFold, cross_validate
    >>> from kahara_nlp.training import KaharaClassifier, read_examples
    >>> examples = read_examples("tests/data/small.csv")
    >>> texts, writers = [e.text for e in examples], [e.writer for e in examples]
    >>> harassing = ["harassment" if e.labels else "complaint" for e in examples]
    >>> classifier = KaharaClassifier(negative="complaint").fit(texts, harassing, groups=writers)
    >>> classifier.predict(["そこに土下座して詫びろ"]).tolist()
    ['harassment']
    >>> result = cross_validate(
    ...     classifier, texts, harassing, groups=writers, params={"groups": writers}, cv=GroupKFold(3)
    ... )
    >>> result["test_score"].shape
    (3,)
    """

    def __init__(  # noqa: PLR0913 -- scikit-learn's searches set parameters one by one
        self,
        categories: Sequence[str] | Mapping[str, Any] | None = None,
        *,
        regularization: float = 0.5,
        loss: Literal["squared_hinge", "logistic"] = "squared_hinge",
        min_df: int = 4,
        min_writers: int = 4,
        passage_weight: float = 0.3,
        families: Mapping[str, int] | None = None,
        presence: Mapping[str, float] | None = None,
        norm_floor: float = 10.0,
        folds: int = 5,
        threshold: float = 0.5,
        negative: object = None,
        n_jobs: int = 1,
    ) -> None:
        self.categories = categories
        self.regularization = regularization
        self.loss = loss
        self.min_df = min_df
        self.min_writers = min_writers
        self.passage_weight = passage_weight
        self.families = families
        self.presence = presence
        self.norm_floor = norm_floor
        self.folds = folds
        self.threshold = threshold
        self.negative = negative
        self.n_jobs = n_jobs

    def __sklearn_tags__(self) -> Tags:
        """Say that texts go in, and that several labels may come out."""
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.one_d_array = True
        tags.input_tags.two_d_array = False
        tags.classifier_tags.multi_label = True
        return tags

    def _settings(self) -> Settings:
        """Return the parameters as the rest of the library takes them."""
        return Settings(
            regularization=self.regularization,
            loss=self.loss,
            min_df=self.min_df,
            min_writers=self.min_writers,
            passage_weight=self.passage_weight,
            folds=self.folds,
            families=dict(FAMILIES if self.families is None else self.families),
            presence=dict(PRESENCE if self.presence is None else self.presence),
            norm_floor=self.norm_floor,
            jobs=self.n_jobs,
        )

    def fit(self, X: Any, y: Any, groups: Any = None) -> "KaharaClassifier":  # noqa: ANN401, N803 -- scikit-learn's
        """Learn from labelled texts.

        Parameters
        ----------
        X : sequence of str, shape (n,)
            The texts: a list, a one-dimensional array or a Series.
        y : array-like
            One of three: an indicator array of 0 and 1, shape (n, n_categories); for each text a tuple, set or
            list of category ids; or a one-dimensional array of two or more classes.
        groups : sequence of hashable, shape (n,), optional
            Who wrote each text. Without it every text counts as a writer of its own, and equal texts as one.

        Returns
        -------
        KaharaClassifier
            Itself.

        Raises
        ------
        DataError
            If texts, labels and groups do not fit together, or cannot teach anything.
        TextTypeError
            If a text is no str.
        """
        texts = as_texts(X)
        target = read_target(y, None if self.categories is None else tuple(self.categories), self.negative)
        writers = as_writers(texts, groups)
        if not len(texts) == len(target.labels) == len(writers):
            msg = f"found {len(texts)} texts, {len(target.labels)} labels and {len(writers)} groups; expected as many"
            raise DataError(msg)
        settings = self._settings()
        folds, known = deal(writers, target.labels, settings.folds, alone=groups is None)
        examples = [
            Example(str(number), text, labels, writer=writer)
            for number, (text, labels, writer) in enumerate(zip(texts, target.labels, writers, strict=True))
        ]
        fitted = fit(examples, target.categories, default_lexicon(), replace(settings, folds=folds), known)
        self.classes_ = target.classes
        self.multilabel_ = target.multilabel
        self.model_, self.settings_, self.n_texts_ = fitted.model, settings, len(texts)
        return self

    def predict_proba(self, X: Any) -> FloatArray:  # noqa: ANN401, N803 -- scikit-learn's names
        """Return calibrated probabilities.

        Parameters
        ----------
        X : sequence of str, shape (n,)
            The texts.

        Returns
        -------
        ndarray of float64, shape (n, n_categories) or (n, n_classes)
            In [0, 1], columns as in `classes_`; rows of single classes add up to 1. A text without known terms has the
            probabilities of a text without terms.

        Raises
        ------
        TextTypeError
            If a text is no str.
        """
        check_is_fitted(self)
        texts = as_texts(X)
        parts = [portion.scores for portion in score_portions(self.model_, texts)]
        scores = Scores(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
        return scores.categories if self.multilabel_ else self._single(scores)

    def _single(self, scores: Scores) -> FloatArray:
        """Share the probability that it is not the negative class out among the others."""
        names = [str(number) for number in range(len(self.classes_))]
        result = np.zeros((len(scores.harassment), len(names)))
        columns = [names.index(name) for name in self.model_.categories]
        (negative,) = set(range(len(names))) - set(columns)
        others = np.maximum(scores.categories, _TINY)
        result[:, columns] = others / others.sum(axis=1, keepdims=True) * scores.harassment[:, None]
        result[:, negative] = 1 - scores.harassment
        return result

    def decision_function(self, X: Any) -> FloatArray:  # noqa: ANN401, N803 -- scikit-learn's names
        """Return log-odds.

        Parameters
        ----------
        X : sequence of str, shape (n,)
            The texts.

        Returns
        -------
        ndarray of float64, shape (n, n_categories), (n, n_classes) or (n,)
            Natural logarithm, dimensionless, of p / (1 - p); of two classes that of the second alone.
        """
        p = np.clip(self.predict_proba(X), _TINY, 1 - _TINY)
        log_odds: FloatArray = np.log(p) - np.log1p(-p)
        return log_odds[:, 1] if not self.multilabel_ and len(self.classes_) == 2 else log_odds  # noqa: PLR2004

    def predict(self, X: Any) -> npt.NDArray[Any]:  # noqa: ANN401, N803 -- scikit-learn's names
        """Assign categories or classes.

        Parameters
        ----------
        X : sequence of str, shape (n,)
            The texts.

        Returns
        -------
        ndarray, shape (n, n_categories) or (n,)
            0 and 1 where the target had several labels for a text, whatever form it was given in, otherwise the
            likeliest class of each.
        """
        p = self.predict_proba(X)
        if self.multilabel_:
            return np.asarray(p >= self.threshold, dtype=np.int64)
        return np.asarray(self.classes_[p.argmax(axis=1)])

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:  # noqa: ANN401, N803 -- scikit-learn's names
        """Measure on labelled texts; what searches maximise if they are told nothing else.

        Parameters
        ----------
        X : sequence of str, shape (n,)
            The texts.
        y : array-like
            Labels in any form that `fit` takes.
        sample_weight : array-like of float, shape (n,), optional
            Weights, for single classes only.

        Returns
        -------
        float
            In [0, 1]: accuracy of single classes; otherwise the macro average precision, as in the model card, over
            the categories that some text has (NaN if none has). It depends on no threshold.

        Raises
        ------
        DataError
            If texts and labels do not fit together.
        """
        check_is_fitted(self)
        if not self.multilabel_:
            return float(accuracy_score(y, self.predict(X), sample_weight=sample_weight))
        target = read_target(y, self.model_.categories)
        p = self.predict_proba(X)
        if not target.multilabel or len(p) != len(target.labels):
            msg = (
                f"found {len(p)} texts and {len(target.labels)} labels; expected as many, in a form for several labels"
            )
            raise DataError(msg)
        truth = np.array([[name in row for name in target.categories] for row in target.labels])
        values = [average_precision(truth[:, c], p[:, c]) for c in range(p.shape[1]) if truth[:, c].any()]
        return float(np.mean(values)) if values else float("nan")
