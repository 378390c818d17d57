import logging
import math
import pickle
import threading

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import kahara_nlp as kn

TEXTS = [
    "土下座して謝れ。さもないとお前の住所をネットに晒すぞ",
    "本日はありがとうございました。",
    "",
    "Thank you very much for everything.",
    "おいコラ、聞いてんのか!",
    "昨日届いた皿が欠けていました。\n交換をお願いします。",
]


def test_all_probabilities_in_policy_order_and_none_above_harassment(tiny: kn.Classifier):
    for result in tiny.classify_many(TEXTS):
        assert list(result.probabilities) == list(kn.default_policy())
        if result.status == "scored":
            assert all(0 <= p <= result.harassment <= 1 for p in result.probabilities.values())
        else:
            assert math.isnan(result.harassment)
            assert all(math.isnan(p) for p in result.probabilities.values())
            assert result.findings == ()
            assert result.level is None


def test_statuses(tiny: kn.Classifier):
    assert [r.status for r in tiny.classify_many(TEXTS)] == [
        "scored", "scored", "empty", "not_japanese", "scored", "scored",
    ]  # fmt: skip
    assert tiny.classify("鱪鰾鱰").status == "no_known_terms"


def test_findings_carry_the_policy_row_and_the_evidence(tiny: kn.Classifier):
    text = "はい。そこに土下座して詫びろ!"
    result = tiny.classify(text)
    assert result.level in {"alert", "review"}
    finding = next(f for f in result.findings if f.category.id == "dogeza_demand")
    assert finding.category.number == 4
    assert finding.clause is not None
    assert finding.clause.text == "土下座をするよう強要すること。"
    assert finding.evidence.passage.text == "そこに土下座して詫びろ!"
    for term in finding.evidence.terms:
        assert text[term.start : term.end] == term.text
        assert term.contribution > 0
    probabilities = [f.probability for f in result.findings]
    assert probabilities == sorted(probabilities, reverse=True)


def test_a_flagged_text_always_has_a_finding(tiny: kn.Classifier, small_examples: list[kn.Example]):
    for result in tiny.classify_many(e.text for e in small_examples):
        assert bool(result.findings) == (result.level is not None)


def test_order_and_company_do_not_change_a_result(tiny: kn.Classifier):
    together = tiny.classify_many(TEXTS)
    reversed_ = tiny.classify_many(TEXTS[::-1])[::-1]
    for text, one, other in zip(TEXTS, together, reversed_, strict=True):
        assert repr(one) == repr(other) == repr(tiny.classify(text))


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_any_text_gets_a_result(tiny: kn.Classifier, text: str):
    result = tiny.classify(text)
    assert result.status in {"scored", "empty", "no_known_terms", "not_japanese"}
    for finding in result.findings:
        passage = finding.evidence.passage
        assert text[passage.start : passage.end] == passage.text


@pytest.mark.parametrize(
    "text",
    ids=range(5),
    argvalues=["\ud800死ね\udfff", "返金しろ\x00殺すぞ", "a" * 10_000, "\x00" * 50, "あ\n" * 5000],
)
def test_ugly_texts(tiny: kn.Classifier, text: str):
    assert tiny.classify(text).status in {"scored", "empty", "no_known_terms", "not_japanese"}


def test_ten_megabytes_of_text(tiny: kn.Classifier):
    sentence = "本日の会議の議事録をお送りいたします。"
    text = sentence * (10_000_000 // len(sentence.encode()) // 2) + "床に額をこすりつけて謝れ。" + sentence
    result = tiny.classify(text)
    assert result.status == "scored"


@pytest.mark.parametrize("bad", [None, b"bytes", 5, 1.5, ["list"], float("nan")], ids=repr)
def test_what_is_no_text_is_refused_by_type(tiny: kn.Classifier, bad: object):
    with pytest.raises(kn.TextTypeError, match=type(bad).__name__):
        tiny.classify(bad)  # type: ignore[arg-type]
    with pytest.raises(kn.TextTypeError, match="position 1"):
        tiny.classify_many(["a", bad])  # type: ignore[list-item]
    with pytest.raises(kn.TextTypeError):
        tiny.explain(bad)  # type: ignore[arg-type]


def test_contributions_add_up_to_the_log_odds(tiny: kn.Classifier):
    from kahara_nlp.features import count_terms, weight_terms
    from kahara_nlp.streams import prepare

    text = "おい、三百万円払え!田中の住所をﾈｯﾄに晒すぞ"
    evidence = tiny.explain(text)
    prepared = prepare([text], tiny.model.lexicon)
    features = weight_terms(count_terms(prepared.streams, tiny.model.vocabulary), tiny.model.vocabulary)
    log_odds = tiny.model.log_odds(features)
    for column, name in enumerate(tiny.model.categories):
        total = sum(term.contribution for term in evidence[name].terms) + tiny.model.intercepts[column]
        assert total == pytest.approx(log_odds[:, column].max(), abs=1e-6)
        assert all(text[t.start : t.end] == t.text for t in evidence[name].terms)
    assert tiny.explain("") == {}


def test_classify_frame_keeps_rows_and_index(tiny: kn.Classifier):
    frame = pd.DataFrame({"body": [*TEXTS, None, pd.NA], "n": range(8)}, index=list("abcdefgh"))
    before = frame.copy()
    result = tiny.classify_frame(frame, text="body")
    pd.testing.assert_frame_equal(frame, before)
    assert list(result.index) == list("abcdefgh")
    assert list(result.columns[:2]) == ["body", "n"]
    assert result["status"].tolist()[-2:] == ["empty", "empty"]
    assert result["harassment"].tolist()[0] == tiny.classify(TEXTS[0]).harassment
    assert tiny.classify_frame(frame.iloc[:0], text="body").columns.tolist() == result.columns.tolist()


def test_classify_frame_gives_texts_whatever_the_type_of_the_column(tiny: kn.Classifier):
    frame = pd.DataFrame({"text": pd.Categorical(["返金してください", "", "返金してください"])})
    result = tiny.classify_frame(frame)
    assert result["status"].tolist() == ["scored", "empty", "scored"]
    empty = tiny.classify_frame(frame.iloc[:0])
    assert (empty.dtypes[["status", "level", "findings"]] == result.dtypes[["status", "level", "findings"]]).all()


def test_classify_frame_refuses_what_it_cannot_read(tiny: kn.Classifier):
    with pytest.raises(kn.DataError, match="no column 'text'"):
        tiny.classify_frame(pd.DataFrame({"body": []}))
    with pytest.raises(kn.DataError, match="'status' already"):
        tiny.classify_frame(pd.DataFrame({"text": ["a"], "status": ["b"]}))
    with pytest.raises(kn.TextTypeError, match="position 1"):
        tiny.classify_frame(pd.DataFrame({"text": ["a", 5]}))


def test_an_own_policy_can_unite_rows(tiny: kn.Classifier, tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(
        '[policy]\ntitle = "t"\n'
        '[[category]]\nnumber = 1\nid = "kneel_or_write"\nname = "謝罪の強要"\nbehaviors = ["a", "b"]\n'
        'maps = ["dogeza_demand", "apology_demand"]\n'
        '[[category]]\nnumber = 2\nid = "doxxing"\nname = "晒し"\nbehaviors = []\n',
        encoding="utf-8",
    )
    own = kn.Classifier(tiny.model, tiny.manifest, kn.load_policy(path))
    base, mapped = tiny.classify(TEXTS[0]), own.classify(TEXTS[0])
    assert list(mapped.probabilities) == ["kneel_or_write", "doxxing"]
    expected = max(base.probabilities["dogeza_demand"], base.probabilities["apology_demand"])
    assert mapped.probabilities["kneel_or_write"] == expected
    assert all(f.clause is None for f in mapped.findings)
    path.write_text(path.read_text(encoding="utf-8").replace("apology_demand", "unknown_thing"), encoding="utf-8")
    with pytest.raises(kn.PolicyError, match="unknown_thing"):
        kn.Classifier(tiny.model, tiny.manifest, kn.load_policy(path))


def test_a_classifier_works_in_threads_and_can_be_pickled(tiny: kn.Classifier):
    expected = [repr(r) for r in tiny.classify_many(TEXTS)]
    results: list[list[str]] = []
    threads = [
        threading.Thread(target=lambda: results.append([repr(r) for r in tiny.classify_many(TEXTS)])) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [expected] * 4
    assert [repr(r) for r in pickle.loads(pickle.dumps(tiny)).classify_many(TEXTS)] == expected


def test_nothing_is_logged(tiny: kn.Classifier, caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.DEBUG):
        tiny.classify_many(TEXTS)
    assert not [record for record in caplog.records if "住所" in record.getMessage()]
