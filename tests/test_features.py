import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import hstack
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.linear_model import LogisticRegression

from kahara_nlp import DataError
from kahara_nlp.features import Family, Vocabulary, count_terms, sum_rows, weight_terms
from kahara_nlp.training.vocabulary import fit_vocabulary

TEXTS = ["ばかやろう", "ばかな話", "話をきけ", "やろうか", "はなしをきけばか"]
WORDS = [["土", "下座", "為る!"], ["下座", "為る"], ["土", "土", "下座"], ["為る!"], []]
SYMBOLS = st.lists(st.text(st.sampled_from("あいうえお"), max_size=8), min_size=1, max_size=6)


def test_counts_equal_those_of_scikit_learn():
    vocabulary = fit_vocabulary({"char": TEXTS}, {"char": 4}, min_df=1)
    reference = CountVectorizer(analyzer="char", ngram_range=(1, 4)).fit(TEXTS)
    ours, theirs = count_terms({"char": TEXTS}, vocabulary).toarray(), reference.transform(TEXTS).toarray()
    order = [reference.vocabulary_[term] for term in vocabulary.families[0].terms()]
    assert vocabulary.n_terms == len(reference.vocabulary_)
    np.testing.assert_array_equal(ours, theirs[:, order])


@given(SYMBOLS, SYMBOLS)
def test_counts_equal_a_plain_count(learn: list[str], read: list[str]):
    vocabulary = fit_vocabulary({"char": learn}, {"char": 3}, min_df=1)
    terms = vocabulary.families[0].terms()
    expected = [[sum(text[i : i + len(term)] == term for i in range(len(text))) for term in terms] for text in read]
    assert count_terms({"char": read}, vocabulary).toarray().tolist() == expected


def test_scoring_with_arrays_equals_scikit_learn():
    streams = {"word": WORDS, "char": TEXTS}
    vocabulary = fit_vocabulary(streams, {"word": 2, "char": 3}, min_df=1)
    counts = count_terms(streams, vocabulary)
    ours = weight_terms(counts, vocabulary)
    first, second = vocabulary.offsets[1:3]
    blocks = [counts[:, :first], counts[:, first:second]]
    transformers = [TfidfTransformer(sublinear_tf=True).fit(block) for block in blocks]
    theirs = hstack([t.transform(b) for t, b in zip(transformers, blocks, strict=True)], format="csr")
    np.testing.assert_allclose(ours.toarray(), theirs.toarray(), atol=1e-12)
    head = LogisticRegression(C=8.0, solver="liblinear").fit(theirs, [1, 0, 0, 1, 1])
    np.testing.assert_allclose(ours @ head.coef_[0] + head.intercept_, head.decision_function(theirs), atol=1e-6)


def test_rare_terms_and_single_writers_stay_out():
    streams = {"word": [["共通", "秘密"], ["共通", "秘密"], ["共通"]]}
    vocabulary = fit_vocabulary(streams, {"word": 1}, min_df=2, groups=["a", "a", "b"], min_groups=2)
    assert vocabulary.families[0].terms() == ["共通"]


def test_passages_of_a_text_add_up():
    vocabulary = fit_vocabulary({"char": ["ab", "a", "b"]}, {"char": 1}, owner=np.array([0, 0, 1]), min_df=1)
    counts = count_terms({"char": ["ab", "a", "b"]}, vocabulary)
    whole = sum_rows(counts, np.array([0, 0, 2]), 3)
    assert whole.toarray().tolist() == [[2, 1], [0, 0], [0, 1]]
    assert vocabulary.idf.tolist() == pytest.approx([np.log(3 / 2) + 1, 1.0])


def test_a_row_without_known_terms_is_zero():
    vocabulary = fit_vocabulary({"char": ["あい"]}, {"char": 2}, min_df=1)
    assert weight_terms(count_terms({"char": ["xyz", ""]}, vocabulary), vocabulary).nnz == 0


def test_what_does_not_fit_is_refused():
    vocabulary = fit_vocabulary({"char": ["あい"]}, {"char": 1}, min_df=1)
    with pytest.raises(DataError, match="needs the streams"):
        count_terms({"word": [["a"]]}, vocabulary)
    with pytest.raises(DataError, match="has 2 terms"):
        weight_terms(count_terms({"char": ["あ"]}, vocabulary)[:, :1], vocabulary)
    with pytest.raises(DataError, match="no texts"):
        fit_vocabulary({"char": []}, {"char": 1})
    with pytest.raises(DataError, match="codes and"):
        Family("char", 1, ("あ",), np.array([1]), np.zeros(0))
    with pytest.raises(DataError, match="do not fit"):
        Family("char", 30, ("あ", "い", "う", "え"), np.array([1]), np.ones(1))
    both = fit_vocabulary({"char": ["あ"], "word": [["い"]]}, {"char": 1, "word": 1}, min_df=1)
    with pytest.raises(DataError, match="different numbers"):
        count_terms({"char": ["あ"], "word": []}, both)
    assert Vocabulary(vocabulary.families).n_terms == 2


@given(st.floats(0, 50), st.text(st.sampled_from("あいう"), min_size=1, max_size=12))
def test_a_floor_shortens_every_row_and_short_ones_most(floor: float, text: str):
    vocabulary = fit_vocabulary({"char": ["あい", "いう", "うあ"]}, {"char": 1}, min_df=1)
    floored = vocabulary.weighing({}, floor)
    streams = {"char": [text, text * 2 + "あいう"]}
    plain = np.sqrt((weight_terms(count_terms(streams, vocabulary), vocabulary).toarray() ** 2).sum(axis=1))
    short, long = np.sqrt((weight_terms(count_terms(streams, floored), floored).toarray() ** 2).sum(axis=1))
    np.testing.assert_allclose(plain, 1.0)
    assert short <= long + 1e-12
    assert long <= 1.0 + 1e-12


def test_a_floor_leaves_presence_alone():
    vocabulary = fit_vocabulary({"char": ["あい", "いう"]}, {"char": 1}, min_df=1).weighing({"char": 0.1}, 10.0)
    assert weight_terms(count_terms({"char": ["い"]}, vocabulary), vocabulary).toarray().max() == 0.1
