"""The gate as a test, and texts that the model has never seen: pairs on both sides of the line, and disturbed.

``python -m pytest tests/quality -s`` prints the figures.
"""

import json

import pytest

import kahara_nlp as kn
from kahara_nlp.training.check import grams as _grams

from . import gate


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    return gate.pairs()


@pytest.fixture(scope="module")
def found() -> dict[str, float]:
    return gate.figures()


@pytest.fixture(scope="module")
def stored() -> dict[str, object]:
    return json.loads(gate.FLOORS.read_text())


def test_there_are_three_hundred_pairs_of_all_categories(rows: list[dict[str, str]]):
    assert len(rows) >= 300
    assert {row["category"] for row in rows} == set(kn.default_policy())
    assert len({row["id"] for row in rows}) == len(rows)


def test_no_pair_stands_in_the_training_data(rows: list[dict[str, str]]):
    known = {_grams(example.text) for example in kn.read_examples()}
    texts = [row[side] for row in rows for side in ("legitimate", "harassing")]
    assert not [text for text in texts if _grams(text) in known]


def test_no_figure_falls_below_its_floor(found: dict[str, float], stored: dict[str, object]):
    print(json.dumps(found, indent=1))
    assert gate.worse(found, stored["floors"], stored["epsilon"]) == []


def test_the_floors_are_of_this_data(stored: dict[str, object]):
    assert stored["data"] == kn.load().manifest.data["sha256"]


def test_the_gate_sees_a_fall_and_a_rise():
    floors = {"auroc": 0.9, "recall_lost": 0.02}
    assert gate.worse({"auroc": 0.9, "recall_lost": 0.02}, floors, 0.0) == []
    assert len(gate.worse({"auroc": 0.88, "recall_lost": 0.05}, floors, 0.01)) == 2
    assert gate.worse({"auroc": 0.95, "recall_lost": 0.0}, floors, 0.0) == []


@pytest.mark.parametrize(
    ("name", "aim"),
    [
        ("macro_average_precision", 0.80),
        ("recall_at_1_percent_complaints", 0.70),
        ("clause_accuracy", 0.80),
        ("buried_sentence_found", 0.95),
        ("pairs_in_order", 0.92),
        ("auroc", 0.975),
        pytest.param("recall_at_01_percent_ordinary", 0.85, marks=pytest.mark.xfail(strict=True, reason="0.60 so far")),
        pytest.param("pairs_on_right_sides", 0.92, marks=pytest.mark.xfail(strict=True, reason="0.82 so far")),
    ],
)
def test_what_the_model_must_reach(found: dict[str, float], name: str, aim: float):
    assert found[name] >= aim


def test_no_group_raises_an_alert_and_none_hides_one():
    for row in kn.load().manifest.metrics["fairness"]:
        assert row["alert"] == 0.0, row["group"]
        assert row["review"] <= 0.10, row["group"]
        if row["found"] is not None:
            assert row["found"] == 1.0, row["group"]
            assert row["spread"] <= 0.10, row["group"]


def test_courteous_letters_of_2000_characters_raise_no_alert():
    letters = (gate.HERE / "courteous.txt").read_text(encoding="utf-8").split("\n----\n")
    levels = [result.level for result in kn.classify_many(letters)]
    print(f"{levels.count('review')} of {len(letters)} letters reach review")
    assert "alert" not in levels
    assert levels.count("review") <= len(letters) // 3


@pytest.mark.xfail(strict=True, reason="0.92 so far; alone 0.95 of the same sentences are found")
def test_one_sentence_in_a_courteous_letter_of_2000_characters_is_found(rows: list[dict[str, str]]):
    """Every harassing side of the pairs inside three of fifteen letters, at a place that differs from pair to pair."""
    letters = (gate.HERE / "courteous.txt").read_text(encoding="utf-8").split("\n----\n")
    assert all(1900 <= len(letter) <= 2100 for letter in letters)
    mails = []
    for number, row in enumerate(rows):
        for letter in letters[number % 5 :: 5]:
            lines = letter.split("\n")
            lines.insert(number * 7 % len(lines), row["harassing"])
            mails.append("\n".join(lines))
    found = sum(result.level is not None for result in kn.classify_many(mails)) / len(mails)
    alone = sum(result.level is not None for result in kn.classify_many(row["harassing"] for row in rows)) / len(rows)
    print(f"found {found:.3f} of {len(mails)}; alone {alone:.3f}")
    assert found >= 0.95


def test_what_the_model_must_not_exceed(found: dict[str, float]):
    assert found["expected_calibration_error"] <= 0.03
    assert found["recall_lost"] <= 0.06
