"""The learning curve says what the data were made to say."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import kahara_nlp as kn
from kahara_nlp.cli import main
from kahara_nlp.streams import default_lexicon
from kahara_nlp.training.curve import learning_curve
from kahara_nlp.training.curve_report import Gain
from kahara_nlp.training.evaluate import Evaluation

SMALL = str(Path(__file__).resolve().parent.parent / "tests" / "data" / "small.csv")
THINGS = [
    "鞄", "靴", "傘", "机", "椅子", "時計", "帽子", "手袋", "眼鏡", "財布", "切手", "皿", "鍋", "包丁", "布団", "枕",
]  # fmt: skip
OTHERS = [
    "林檎", "蜜柑", "葡萄", "桃", "梨", "柿", "苺", "栗", "大根", "人参", "玉葱", "茄子", "胡瓜", "南瓜", "牛蒡", "白菜",
]  # fmt: skip
FAST, SLOW = "dogeza_demand", "sexual"
LEAN = kn.Settings(min_df=1, min_writers=1, jobs=1, families={"word": 1}, presence={})


def _made(n_writers: int = 16) -> list[kn.Example]:
    """One category shows by a word that everybody uses, the other by words that two neighbours share."""
    rows = []
    for number in range(n_writers):
        for step in (0, 1, 2):
            thing, other = THINGS[(number + step) % 16], OTHERS[(number + step) % 16]
            for text, labels in ((f"{thing}です", (SLOW,)), (f"{other}です", ()), (f"土下座と{other}", (FAST,))):
                kind = "" if labels else "complaint"
                rows.append(kn.Example(f"{number}-{len(rows)}", text, labels, writer=f"w{number}", kind=kind))
    return rows


@pytest.fixture(scope="module")
def made():
    return learning_curve(_made(), [FAST, SLOW], LEAN)


def test_it_finds_which_category_still_gains(made):
    assert [point.share for point in made.points] == [0.125, 0.25, 0.5, 1.0]
    assert made.by_verdict("levelled off") == [FAST]
    assert made.by_verdict("still gains") == [SLOW]
    slow = [point.categories[SLOW] for point in made.points]
    assert slow == sorted(slow)
    assert slow[-1] > slow[0] + 0.1
    text = made.to_text()
    assert "**More examples by other writers would help.**" in text
    assert "the last doubling" in text
    assert f"More of these, the greatest gain first: {kn.default_policy()[SLOW].number} " in text
    assert f"Levelled off, less than 0.01 to gain: {kn.default_policy()[FAST].number} " in text


def test_where_all_has_levelled_off_it_says_so():
    same = [replace(e, labels=tuple(x for x in e.labels if x == FAST)) for e in _made(8)]
    text = learning_curve(same, [FAST], LEAN, [0.5, 1.0]).to_text()
    assert "**More of the same would help little" in text
    assert "More of these" not in text


def test_it_grows_over_writers_and_does_not_depend_on_chance(made):
    points = made.points
    assert [round(point.writers) for point in points] == [2, 3, 6, 13]
    assert [point.texts for point in points] == [9 * point.writers for point in points]
    assert learning_curve(_made(), [FAST, SLOW], LEAN) == made


def test_smaller_shares_are_part_of_greater_ones_and_nothing_held_out_is_learnt():
    from kahara_nlp.training.curve import _learners

    writers = [f"w{i % 10}" for i in range(40)]
    folds = np.array([int(name[1:]) % 3 for name in writers])
    before = _learners(writers, folds, 0.2)
    for share in (0.4, 0.7, 1.0):
        after = _learners(writers, folds, share)
        for fold, (few, many) in enumerate(zip(before, after, strict=True)):
            assert set(few) <= set(many)
            assert not (folds[many] == fold).any()
        before = after
    assert [len(rows) for rows in before] == [(folds != fold).sum() for fold in range(3)]


def test_all_writers_are_the_evaluation_that_comes_with_a_model(small_examples, tiny):
    curve = learning_curve(small_examples, tiny.policy, kn.Settings(jobs=1), lexicon=default_lexicon())
    evaluation = Evaluation.from_dict(tiny.manifest.metrics["evaluation"])
    last = curve.points[-1]
    for name in ("macro_average_precision", "auroc", "recall_at_1_percent_complaints"):
        assert last.overall[name] == pytest.approx(evaluation.overall[name].value, abs=5e-5)
    for name, value in last.categories.items():
        assert value == pytest.approx(evaluation.categories[name]["average_precision"].value, abs=5e-5)
    assert curve.labelled["dogeza_demand"] == 3


def test_gains_are_paired_and_cover_what_they_say(made):
    for name, gain in made.category_gains.items():
        assert gain.value == made.points[-1].categories[name] - made.points[-2].categories[name]
        assert gain.low <= gain.value <= gain.high
    assert Gain(float("nan"), 0.0, 0.0).verdict == "unknown"


def test_a_category_without_texts_is_not_measured_and_one_point_is_no_curve():
    curve = learning_curve(_made(8), [FAST, "doxxing"], LEAN, [0.5, 1.0])
    assert curve.by_verdict("unknown") == ["doxxing"]
    assert f"Not measured: {kn.default_policy()['doxxing'].number} " in curve.to_text()
    assert json.loads(json.dumps(curve.to_dict(), allow_nan=False))["points"][0]["categories"]["doxxing"] is None
    assert "One point is no curve" in learning_curve(_made(8), [FAST], LEAN, [1.0]).to_text()


@pytest.mark.parametrize("shares", [(), (0.0, 1.0), (1.5,), (float("nan"),)])
def test_a_share_that_is_none_is_refused(shares):
    with pytest.raises(kn.DataError, match="above 0 and up to 1"):
        learning_curve(_made(4), [FAST], LEAN, shares)


def test_examples_that_cannot_teach_are_refused(small_examples):
    with pytest.raises(kn.DataError, match="only one of the two"):
        learning_curve([e for e in small_examples if e.labels])
    with pytest.raises(kn.DataError, match="same writer"):
        learning_curve([replace(e, writer="a") for e in small_examples])


def test_evaluate_prints_it(tiny_directory, made, capsys, monkeypatch):
    arguments = ["evaluate", "--model", str(tiny_directory), "--data", SMALL, "--as-is", "--learning-curve"]
    assert main(arguments) == 0
    out = capsys.readouterr().out
    assert "| 4 土下座の要求 |" in out
    assert "| 0.5 | 1.0 | 20 |" in out
    monkeypatch.setattr("kahara_nlp.training.learning_curve", lambda *_, **__: made)
    assert main([*arguments, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["n"] == 60
    assert document["learning_curve"] == made.to_dict()
