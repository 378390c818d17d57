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
        pytest.param("auroc", 0.975, marks=pytest.mark.xfail(strict=True, reason="0.967 so far")),
        pytest.param("recall_at_01_percent_ordinary", 0.85, marks=pytest.mark.xfail(strict=True, reason="0.36 so far")),
        pytest.param("pairs_on_right_sides", 0.92, marks=pytest.mark.xfail(strict=True, reason="0.73 so far")),
    ],
)
def test_what_the_model_must_reach(found: dict[str, float], name: str, aim: float):
    assert found[name] >= aim


def test_what_the_model_must_not_exceed(found: dict[str, float]):
    assert found["expected_calibration_error"] <= 0.03
    assert found["recall_lost"] <= 0.06
