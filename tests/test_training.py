import csv
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

import kahara_nlp as kn
from kahara_nlp.records import COLUMNS
from kahara_nlp.training.check import check_examples
from kahara_nlp.training.evaluate import Evaluation
from kahara_nlp.training.examples import data_digest, read_examples
from kahara_nlp.training.figures import average_precision, expected_calibration_error, recall_at_false_alarms
from kahara_nlp.training.fit import Settings, cross_validate, fold_numbers
from kahara_nlp.training.labels import targets

GOOD = {
    "id": "x-1", "text": "返金してください", "labels": "", "clauses": "", "channel": "email",
    "voice": "customer", "writer": "x", "note": "", "kind": "complaint",
}  # fmt: skip


def _csv(path: Path, *rows: dict[str, str], columns: tuple[str, ...] = COLUMNS) -> Path:
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, columns)
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_examples_are_read_in_policy_order(tmp_path: Path):
    row = GOOD | {"labels": "intimidation|mental_attack", "clauses": "3.1|2.3", "kind": ""}
    (example,) = read_examples(_csv(tmp_path / "a.csv", row))
    assert example.labels == ("mental_attack", "intimidation")
    assert example.clauses == ("3.1", "2.3")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"labels": "rude"}, "unknown label 'rude'"),
        ({"labels": "返金してくれ"}, "unknown label of 6 characters"),
        ({"clauses": "13.1"}, "unknown clause '13.1'"),
        ({"clauses": "4.2"}, "unknown clause '4.2'"),
        ({"clauses": "x"}, "unknown clause 'x'"),
        ({"labels": "sexual", "clauses": "4.1", "kind": ""}, "clauses belong to"),
        ({"text": " \n"}, "empty text"),
        ({"id": ""}, "must not be empty"),
        ({"writer": " "}, "must not be empty"),
        ({"channel": "fax"}, "unknown channel 'fax'"),
        ({"voice": "robot"}, "unknown voice 'robot'"),
        ({"kind": "near:rude"}, "unknown kind"),
        ({"labels": "sexual", "kind": "complaint"}, "kind is for texts without label"),
    ],
)
def test_a_malformed_row_is_refused_without_its_text(tmp_path: Path, change: dict[str, str], problem: str):
    path = _csv(tmp_path / "a.csv", GOOD, GOOD | {"id": "x-2"} | change)
    with pytest.raises(kn.DataError, match=problem) as caught:
        read_examples(path)
    assert "a.csv, row 3" in str(caught.value)
    assert "返金" not in str(caught.value)


def test_every_problem_is_listed_at_once(tmp_path: Path):
    rows = [GOOD | {"id": f"x-{i}", "labels": "rude", "kind": ""} for i in range(60)]
    with pytest.raises(kn.DataError, match=r"60 problem") as caught:
        read_examples(_csv(tmp_path / "a.csv", *rows))
    assert str(caught.value).count("unknown label") == 60


def test_files_that_are_no_examples_are_refused(tmp_path: Path):
    with pytest.raises(kn.DataError, match="found no file"):
        read_examples(tmp_path)
    with pytest.raises(kn.DataError, match="found no file"):
        read_examples(tmp_path / "absent.csv")
    empty = tmp_path / "empty.csv"
    empty.write_bytes(b"")
    with pytest.raises(kn.DataError, match="no column holds the text"):
        read_examples(empty)
    with pytest.raises(kn.DataError, match=r"or none the labels; found: id, text, writer\. Call them"):
        read_examples(_csv(tmp_path / "c.csv", columns=("id", "text", "writer")))
    ragged = tmp_path / "e.csv"
    ragged.write_text("id,text,labels,writer\n1,a\n2,b,,x,extra\n", encoding="utf-8")
    with pytest.raises(kn.DataError, match=r"2 problem[\s\S]*row 2: expected 4 fields[\s\S]*row 3: expected 4 fields"):
        read_examples(ragged)
    (tmp_path / "picture.csv").write_bytes(bytes(range(32)) * 50)
    with pytest.raises(kn.DataError, match="neither CSV"):
        read_examples(tmp_path / "picture.csv")
    (tmp_path / "sub").mkdir()
    _csv(tmp_path / "sub" / "b1.csv", GOOD)
    _csv(tmp_path / "sub" / "b2.csv", GOOD)
    with pytest.raises(kn.DataError, match=r"x-1.*stands already at b1.csv, row 2"):
        read_examples(tmp_path / "sub")


def test_duplicates_and_personal_data_are_found_and_named_by_id():
    texts = {
        "a": "昨日届いた荷物が壊れていたので返金してほしい",
        "b": "昨日届いた荷物が壊れていたので返金してほしいです",
        "c": "昨日 届いた荷物が壊れていたので返金してほしい",
        "d": "連絡は taro@real-company.co.jp へ",
        "e": "連絡は taro@mail.example.jp へ、電話は03-0000-0000へ",
        "f": "電話は03-1234-5678です",
        "g": "〒123-4567に送って",
    }
    report = check_examples([kn.Example(name, text) for name, text in texts.items()])
    assert set(report.problems) == {
        "b: near duplicate of a",
        "c: same text as a",
        "d: mail address outside example domains",
        "f: telephone number",
        "g: postcode",
    }


@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(st.sampled_from("あいうえ"), min_size=1, max_size=12), min_size=2, max_size=8))
def test_near_duplicates_are_those_of_a_comparison_of_all_with_all(texts: list[str]):
    from kahara_nlp.training.check import grams as _grams

    found = {
        p.split(": ")[0] + p.split()[-1]
        for p in check_examples([kn.Example(str(i), t) for i, t in enumerate(texts)]).problems
    }
    expected = set()
    for i, text in enumerate(texts):
        if text in texts[:i]:
            expected.add(f"{i}{texts.index(text)}")
            continue
        for j, other in enumerate(texts[:i]):
            a, b = _grams(text), _grams(other)
            if other not in texts[:j] and len(a & b) / len(a | b) >= 0.6:
                expected.add(f"{i}{j}")
    assert found == expected


def test_the_digest_ignores_order_and_sees_labels(small_examples: list[kn.Example]):
    from dataclasses import replace

    assert data_digest(small_examples) == data_digest(small_examples[::-1])
    changed = [replace(small_examples[0], labels=()), *small_examples[1:]]
    assert data_digest(changed) != data_digest(small_examples)


def test_no_writer_stands_on_both_sides(small_examples: list[kn.Example]):
    folds = fold_numbers(small_examples, 5)
    writers = np.array([e.writer for e in small_examples])
    assert len(set(folds.tolist())) == 3
    for writer in set(writers.tolist()):
        assert len(set(folds[writers == writer].tolist())) == 1


def test_training_needs_two_writers_and_both_kinds_of_texts(small_examples: list[kn.Example]):
    with pytest.raises(kn.DataError, match="same writer"):
        kn.train([e for e in small_examples if e.writer == "small-a"])
    with pytest.raises(kn.DataError, match="only one of the two"):
        kn.train([e for e in small_examples if e.labels])
    with pytest.raises(kn.DataError, match="only one of the two"):
        kn.train([])


def test_held_out_scores_do_not_know_the_writers_labels(small_examples: list[kn.Example]):
    """Turning round the labels of one writer changes nothing in how the others' models score that writer."""
    from dataclasses import replace

    from kahara_nlp.concepts import Lexicon
    from kahara_nlp.streams import prepare

    categories = tuple(kn.default_policy())
    prepared = prepare([e.text for e in small_examples], Lexicon({}))
    turned = [
        replace(e, labels=() if e.labels else ("sexual",), clauses=() if e.labels else ("8.1",))
        if e.writer == "small-a"
        else e
        for e in small_examples
    ]
    mine = np.array([e.writer == "small-a" for e in small_examples])
    one = cross_validate(prepared, small_examples, categories, Settings(jobs=1)).statistics.whole[mine]
    other = cross_validate(prepared, turned, categories, Settings(jobs=1)).statistics.whole[mine]
    np.testing.assert_array_equal(one, other)


def test_evaluation_figures_equal_those_of_scikit_learn(tiny: kn.Classifier, small_examples: list[kn.Example]):
    evaluation = kn.evaluate(tiny, small_examples, cross_validate=False)
    results = tiny.classify_many(e.text for e in small_examples)
    labels = targets(small_examples, ["doxxing"])[:, 0]
    expected = average_precision_score(labels, [r.probabilities["doxxing"] for r in results])
    assert evaluation.categories["doxxing"]["average_precision"].value == pytest.approx(expected)
    flagged = [r.level is not None for r in results]
    positive = [bool(e.labels) for e in small_examples]
    expected = sum(f and p for f, p in zip(flagged, positive, strict=True)) / sum(positive)
    assert evaluation.overall["recall_at_review"].value == pytest.approx(expected)
    assert evaluation.n == 60
    assert evaluation.writers == 3
    assert not evaluation.grouped


def test_its_own_training_data_are_cross_validated(tiny: kn.Classifier, small_examples: list[kn.Example]):
    evaluation = kn.evaluate(tiny, small_examples)
    assert evaluation.grouped
    assert evaluation.to_dict() == tiny.manifest.metrics["evaluation"]
    assert Evaluation.from_dict(evaluation.to_dict()).to_dict() == evaluation.to_dict()
    with pytest.raises(kn.DataError, match="no examples"):
        kn.evaluate(tiny, [])


@given(st.lists(st.tuples(st.booleans(), st.sampled_from([0.0, 0.1, 0.2, 0.5, 0.9, 1.0])), min_size=1, max_size=30))
def test_average_precision_is_that_of_scikit_learn(rows: list[tuple[bool, float]]):
    labels, probabilities = (np.array(column) for column in zip(*rows, strict=True))
    if labels.any():
        assert average_precision(labels, probabilities) == pytest.approx(average_precision_score(labels, probabilities))
    else:
        assert np.isnan(average_precision(labels, probabilities))


def test_figures_on_plain_cases():
    p = np.array([0.05, 0.15, 0.9, 0.95])
    y = np.array([False, False, True, True])
    assert expected_calibration_error(p, y) == pytest.approx(np.mean([0.05, 0.15, 0.1, 0.05]))
    assert recall_at_false_alarms(p, y, ~y, 0.0) == 1.0
    assert recall_at_false_alarms(p, ~y, y, 0.5) == 0.0
    assert np.isnan(recall_at_false_alarms(p, y, np.zeros(4, bool), 0.1))


def test_the_card_shows_the_manifests_figures(tiny_directory: Path):
    card = (tiny_directory / "MODEL_CARD.md").read_text(encoding="utf-8")
    evaluation = kn.load(tiny_directory).manifest.metrics["evaluation"]
    assert f"{evaluation['overall']['auroc']['value']:.3f}" in card
    assert "{{" not in card


def test_weights_of_added_examples_count(small_examples: list[kn.Example]):
    from dataclasses import replace

    from kahara_nlp.findings import score_portion

    heavy = [replace(e, weight=20.0) if e.id == "small-06" else e for e in small_examples]
    text = small_examples[5].text
    plain, weighted = kn.train(small_examples), kn.train(heavy)
    head = plain.model.categories.index("excessive_demand")

    def log_odds(classifier: kn.Classifier) -> float:
        return float(score_portion(classifier.model, [text]).statistics.whole[0, head])

    assert log_odds(weighted) > log_odds(plain)


def test_the_datasheet_is_of_this_data():
    from kahara_nlp.training.datasheet import datasheet

    root = Path(__file__).resolve().parent.parent
    sheet = (root / "data" / "DATASHEET.md").read_text(encoding="utf-8")
    assert sheet == datasheet(read_examples(), root / "data" / "second_reader.csv")


def test_agreement_is_cohens_kappa(tmp_path: Path):
    from kahara_nlp.training.datasheet import agreement

    path = tmp_path / "two.csv"
    rows = ["sexual", "sexual", "", ""], ["sexual", "", "", ""]
    path.write_text(
        "id,first_labels,first_clauses,second_labels,second_clauses\n"
        + "".join(f"{i},{a},,{b},\n" for i, (a, b) in enumerate(zip(*rows, strict=True))),
        encoding="utf-8",
    )
    assert agreement(path)["sexual"] == (pytest.approx(0.5), 4)
    with pytest.raises(kn.DataError, match="no file of two readers"):
        agreement(tmp_path / "absent.csv")


def test_worn_runs_are_counted():
    from kahara_nlp.training.datasheet import worn_share

    worn = [kn.Example(str(i), f"{i}番の者ですがいつもお世話になっております") for i in range(12)]
    assert worn_share([*worn, *(kn.Example(f"x{i}", f"短い{i}") for i in range(12))]) == 0.5
    assert worn_share(worn[:11]) == 0.0


def test_a_writer_that_was_learnt_from_is_never_scored_as_it_is(tiny: kn.Classifier, small_examples: list[kn.Example]):
    from dataclasses import replace

    assert kn.evaluate(tiny, small_examples[:40]).grouped
    assert not kn.evaluate(tiny, [replace(e, writer="new " + e.writer) for e in small_examples]).grouped


def test_an_own_policy_can_be_learnt(small_examples: list[kn.Example], tmp_path: Path):
    from dataclasses import replace

    path = tmp_path / "own.toml"
    path.write_text(
        '[policy]\ntitle = "t"\n[[category]]\nnumber = 1\nid = "kneel"\nname = "土下座"\nmaps = ["dogeza_demand"]\n',
        encoding="utf-8",
    )
    own = [replace(e, labels=("kneel",) if "dogeza_demand" in e.labels else (), clauses=()) for e in small_examples]
    classifier = kn.train(own, policy=kn.load_policy(path))
    assert list(classifier.classify("そこに土下座して詫びろ").probabilities) == ["kneel"]


def test_a_head_does_not_depend_on_the_number_of_threads():
    from scipy.sparse import random_array
    from threadpoolctl import threadpool_limits

    from kahara_nlp.training.heads import _fit_head

    rng = np.random.default_rng(0)
    features = random_array((400, 30_000), density=0.003, rng=rng, format="csr")
    target = rng.random(400) < 0.3
    weights = []
    for threads in (1, 2):
        with threadpool_limits(limits=threads, user_api="blas"):
            weights.append(_fit_head(features, target, np.ones(400), 0.5, "squared_hinge")[0])
    np.testing.assert_array_equal(weights[0], weights[1])
