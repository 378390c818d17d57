"""The estimator does what scikit-learn's own do, on texts."""

import pickle
from inspect import signature

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import DataConversionWarning, NotFittedError, SkipTestWarning
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils.estimator_checks import check_estimator, parametrize_with_checks
from sklearn.utils.validation import check_is_fitted, validate_data

import kahara_nlp as kn
from kahara_nlp.training import KaharaClassifier
from kahara_nlp.training.labels import targets

CATEGORIES = list(kn.default_policy())
WORDS = ["謝れ", "返金", "電話", "社長", "住所", "土下座", "会社", "荷物", "予約", "壊れ"]
STEPS = "がはをにもへとやで"


class Written(KaharaClassifier):
    """Takes rows of numbers, as scikit-learn's checks give them, and writes each out as a text."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.string, tags.input_tags.one_d_array, tags.input_tags.two_d_array = False, False, True
        return tags

    def _written(self, X, *, reset):
        rows = validate_data(self, X, reset=reset, dtype=float)
        return ["。".join(f"{WORDS[c % 10]}{STEPS[round(v * 1.5) % 9]}" for c, v in enumerate(row)) for row in rows]

    def fit(self, X, y, groups=None):
        return super().fit(self._written(X, reset=True) if y is not None else ["返金"], y, groups)

    def predict_proba(self, X):
        check_is_fitted(self)
        return super().predict_proba(self._written(X, reset=False))


@pytest.fixture(scope="module")
def data(small_examples):
    texts = [e.text for e in small_examples]
    return texts, [e.labels for e in small_examples], [e.writer for e in small_examples]


@pytest.fixture(scope="module")
def fitted(data):
    texts, labels, writers = data
    return KaharaClassifier().fit(texts, labels, groups=writers)


def test_scikit_learn_knows_it_for_a_taker_of_texts():
    with pytest.warns(SkipTestWarning, match=r"one_d_array=True, two_d_array=False.*string=True"):
        results = check_estimator(KaharaClassifier())
    assert {result["check_name"]: result["status"] for result in results} == {"check_estimator_cloneable": "passed"}


@parametrize_with_checks([Written([f"c{i}" for i in range(5)], min_df=1, min_writers=1, folds=2)])
@pytest.mark.filterwarnings("ignore")
def test_scikit_learns_checks_with_numbers_written_out(estimator, check):
    check(estimator)


def test_every_parameter_has_the_default_of_the_settings(fitted):
    ours, settings = signature(KaharaClassifier).parameters, signature(kn.Settings).parameters
    shared = set(ours) & set(settings)
    assert shared == set(settings) - {"alert_precision", "review_recall", "jobs"}
    for name in shared - {"families", "presence"}:
        assert ours[name].default == settings[name].default
    assert fitted.settings_ == kn.Settings(jobs=1)


def test_it_says_what_training_says(data, small_examples):
    """With writers given it is the same model as `train` makes."""
    texts, labels, writers = data
    estimator = KaharaClassifier(regularization=10.0, min_df=2).fit(texts, labels, groups=writers)
    assert estimator.settings_ == kn.Settings(regularization=10.0, min_df=2, jobs=1)
    plain = [kn.Example(e.id, e.text, e.labels, writer=e.writer) for e in small_examples]
    results = kn.train(plain, settings=estimator.settings_).classify_many(texts)
    expected = [[result.probabilities[name] for name in CATEGORIES] for result in results]
    np.testing.assert_allclose(estimator.predict_proba(texts), expected, atol=1e-12)


def test_all_forms_of_several_labels_are_one(data, fitted, small_examples):
    texts, labels, writers = data
    indicator = targets(small_examples, CATEGORIES).astype(int)
    expected = fitted.predict_proba(texts)
    forms = [indicator, csr_array(indicator), indicator.tolist(), pd.DataFrame(indicator), [set(row) for row in labels]]
    for form in (*forms, pd.Series(labels)):
        other = clone(fitted).fit(np.array(texts, dtype=object), form, groups=pd.Series(writers))
        np.testing.assert_array_equal(other.predict_proba(pd.Series(texts)), expected)
        assert other.score(texts, form) == fitted.score(texts, labels)
    assert fitted.classes_.tolist() == CATEGORIES
    np.testing.assert_array_equal(fitted.predict(texts), (expected >= 0.5).astype(int))
    np.testing.assert_array_equal(
        clone(fitted).set_params(threshold=0.1).fit(texts, labels, writers).predict(texts), expected >= 0.1
    )
    np.testing.assert_allclose(1 / (1 + np.exp(-fitted.decision_function(texts))), expected)


def test_the_score_is_the_macro_average_precision(fitted, data):
    texts, labels, _ = data
    some = [i for i, row in enumerate(labels) if row == ("dogeza_demand",) or not row]
    p = fitted.predict_proba(texts)[some, CATEGORIES.index("dogeza_demand")]
    truth = np.array([bool(labels[i]) for i in some])
    ranks = np.argsort(-p, kind="stable")
    hits = np.cumsum(truth[ranks])
    expected = (hits / np.arange(1, len(some) + 1))[truth[ranks]].mean()
    assert fitted.score([texts[i] for i in some], [labels[i] for i in some]) == pytest.approx(expected, abs=0.02)
    assert np.isnan(fitted.score(texts[:2], [(), ()]))


def test_single_classes_add_up_and_the_negative_one_has_no_head(data):
    texts, labels, _ = data
    classes = np.array([row[0] if row and row[0] in CATEGORIES[1:3] else "none" for row in labels])
    estimator = KaharaClassifier(negative="none", min_df=1, min_writers=1).fit(texts, classes)
    p = estimator.predict_proba(texts)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    assert len(estimator.model_.categories) == len(estimator.classes_) - 1 == 2
    assert estimator.predict(texts).tolist() == estimator.classes_[p.argmax(axis=1)].tolist()
    assert estimator.score(texts, classes) == np.mean(estimator.predict(texts) == classes) > 0.9
    assert estimator.decision_function(texts).shape == p.shape


def test_without_groups_equal_texts_never_stand_on_both_sides():
    """Copies that carry all the labels teach nothing about texts that are held out, so calibration must not trust them."""
    texts = ["土下座しろ", "土下座しろ", "返金して", "返金して"]
    with pytest.raises(kn.DataError, match="found 1 different text"):
        KaharaClassifier().fit(texts[:2], [1, 0])
    from kahara_nlp.training.estimator_inputs import as_writers, deal

    writers = as_writers(texts, None)
    assert len(set(writers)) == 2
    folds, known = deal(writers, [("x",), ("x",), (), ()], 5, alone=True)
    assert folds == 2
    assert len(known) == 2


def test_few_texts_and_few_of_a_category_still_make_folds():
    estimator = KaharaClassifier(["dogeza_demand"], min_df=1, min_writers=1)
    for groups in (None, ["a", "b", "c"]):
        p = estimator.fit(["土下座しろ", "返金して", "電話して"], [["dogeza_demand"], [], []], groups).predict_proba(
            ["土下座"]
        )
        assert p.shape == (1, 1)
        assert np.isfinite(p).all()


def test_it_is_cloned_and_pickled_with_a_policy(data, fitted):
    texts, labels, writers = data
    estimator = KaharaClassifier(kn.default_policy()).fit(texts, labels, groups=writers)
    again = pickle.loads(pickle.dumps(estimator))
    np.testing.assert_array_equal(again.predict_proba(texts), fitted.predict_proba(texts))
    assert clone(estimator).get_params()["categories"] == kn.default_policy()
    with pytest.raises(NotFittedError):
        clone(estimator).predict(texts)


def test_a_search_over_writers_finds_the_better_setting(data, small_examples):
    texts, _, writers = data
    indicator = targets(small_examples, CATEGORIES)
    grid = {"kaharaclassifier__passage_weight": [0.0, 0.3], "kaharaclassifier__min_writers": [1, 99]}
    pipeline = make_pipeline(
        FunctionTransformer(lambda rows: [row.strip() for row in rows]), KaharaClassifier(min_df=1)
    )
    search = GridSearchCV(pipeline, grid, cv=GroupKFold(3), error_score="raise")
    search.fit(texts, indicator, groups=writers, kaharaclassifier__groups=writers)
    assert search.best_params_["kaharaclassifier__min_writers"] == 1
    assert search.predict(texts).shape == indicator.shape


def test_groups_reach_fit_and_splitter_by_metadata_routing(data):
    texts, labels, writers = data
    harassing = [bool(row) for row in labels]
    plain = cross_validate(
        KaharaClassifier(),
        texts,
        harassing,
        cv=GroupKFold(3),
        groups=writers,
        params={"groups": writers},
        scoring="roc_auc",
    )
    with config_context(enable_metadata_routing=True):
        estimator = KaharaClassifier().set_fit_request(groups=True)
        routed = cross_validate(
            estimator, texts, harassing, cv=GroupKFold(3), params={"groups": writers}, scoring="roc_auc"
        )
    np.testing.assert_array_equal(plain["test_score"], routed["test_score"])
    assert plain["test_score"].mean() > 0.6


def test_a_search_with_routing_refits_on_the_same_folds_of_writers(data):
    texts, labels, writers = data
    harassing = [bool(row) for row in labels]
    direct = KaharaClassifier().fit(texts, harassing, groups=writers).predict_proba(texts)
    with config_context(enable_metadata_routing=True):
        search = GridSearchCV(
            KaharaClassifier().set_fit_request(groups=True),
            {"regularization": [0.5]},
            cv=GroupKFold(3),
            scoring="roc_auc",
        )
        found = search.fit(texts, harassing, groups=writers).predict_proba(texts)
    np.testing.assert_array_equal(found, direct)
    assert not np.array_equal(KaharaClassifier().fit(texts, harassing).predict_proba(texts), direct)


@pytest.mark.parametrize(
    ("texts", "labels", "groups", "message"),
    [
        ("土下座しろ", [1], None, "found a single text"),
        ([], [], None, "found no texts"),
        ([["土下座しろ"], ["返金"]], [1, 0], None, "expected str at position 0, found list"),
        (np.array([["土下座しろ"], ["返金"]]), [1, 0], None, r"shape \(2, 1\)"),
        (["土下座しろ", None], [1, 0], None, "expected str at position 1, found NoneType"),
        (["土下座しろ", "返金"], [1], None, "found 1 class"),
        (["土下座しろ", "返金"], [1, 0, 1], None, "found 2 texts, 3 labels and 2 groups"),
        (["土下座しろ", "返金"], [1, 0], ["a"], "found 1 group;"),
        (["土下座しろ", "返金"], [0.5, 0.2], None, "Unknown label type: continuous"),
        (["土下座しろ", "返金"], [("土下座しろ",), ()], None, "found 1 labels that are no category"),
        (["土下座しろ", "返金"], np.eye(2, 3), None, r"shape \(2, 3\); expected 12 columns"),
        (["土下座しろ", "返金"], np.full((2, 12), 2), None, "other values than 0 and 1"),
        (["土下座しろ", "返金"], None, None, "target y is None"),
        (["土下座しろ", "返金"], [("sexual",), ("sexual",)], None, "found only one of the two"),
        (["土下座しろ", "返金"], [("sexual",), ()], None, "no term stands in 4 texts"),
    ],
)
def test_what_does_not_fit_is_refused_without_the_text(texts, labels, groups, message):
    with pytest.raises(kn.KaharaError, match=message) as caught:
        KaharaClassifier().fit(texts, labels, groups)
    assert "土下座" not in str(caught.value)


def test_a_negative_class_that_is_not_there_is_refused():
    with pytest.raises(kn.DataError, match="class given as negative"):
        KaharaClassifier(negative="none").fit(["土下座しろ", "返金"], ["x", "y"])


def test_a_score_needs_labels_of_the_same_form(data, fitted):
    with pytest.raises(kn.DataError, match="in a form for several labels"):
        fitted.score(data[0], [0, 1] * 30)
    with pytest.raises(kn.DataError, match="found 60 texts and 2 labels"):
        fitted.score(data[0], [(), ()])


def test_a_column_of_classes_is_taken_for_classes_with_a_warning():
    with pytest.warns(DataConversionWarning):
        estimator = KaharaClassifier(min_df=1, min_writers=1).fit(["土下座しろ", "返金"], [[1], [0]])
    assert estimator.classes_.tolist() == [0, 1]
