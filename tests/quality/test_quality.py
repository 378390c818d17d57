"""Texts that the model has never seen: pairs on both sides of the line, and the same texts disturbed.

``python -m pytest tests/quality -s`` prints the figures.
"""

import csv
from pathlib import Path

import pytest

import kahara_nlp as kn
from kahara_nlp.training.examples import _grams

from .perturbations import PERTURBATIONS, perturbed

HERE = Path(__file__).resolve().parent


def _pairs() -> list[dict[str, str]]:
    with (HERE / "pairs.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


@pytest.fixture(scope="module")
def pairs() -> list[dict[str, str]]:
    return _pairs()


def _harassment(texts: list[str]) -> list[kn.Classification]:
    return kn.classify_many(texts)


def test_there_are_three_hundred_pairs_of_all_categories(pairs: list[dict[str, str]]):
    assert len(pairs) >= 300
    assert {row["category"] for row in pairs} == set(kn.default_policy())
    assert len({row["id"] for row in pairs}) == len(pairs)


def test_no_pair_stands_in_the_training_data(pairs: list[dict[str, str]]):
    known = {_grams(example.text) for example in kn.read_examples()}
    texts = [row[side] for row in pairs for side in ("legitimate", "harassing")]
    assert not [text for text in texts if _grams(text) in known and len(text) > 12]


def test_pairs_stand_in_the_right_order_and_on_the_right_sides(pairs: list[dict[str, str]]):
    legitimate = _harassment([row["legitimate"] for row in pairs])
    harassing = _harassment([row["harassing"] for row in pairs])
    order = [a.harassment < b.harassment for a, b in zip(legitimate, harassing, strict=True)]
    sides = [a.level is None and b.level is not None for a, b in zip(legitimate, harassing, strict=True)]
    found = [b.level is not None for b in harassing]
    quiet = [a.level is None for a in legitimate]
    n = len(pairs)
    print(
        f"\npairs {n}: right order {sum(order) / n:.3f}, right sides of review {sum(sides) / n:.3f}, "
        f"harassing found {sum(found) / n:.3f}, legitimate quiet {sum(quiet) / n:.3f}"
    )
    assert sum(order) / n >= FLOORS["order"]
    assert sum(sides) / n >= FLOORS["sides"]


def test_recall_lost_when_texts_are_disturbed(pairs: list[dict[str, str]]):
    texts = [row["harassing"] for row in pairs]
    base = sum(result.level is not None for result in _harassment(texts)) / len(texts)
    lost = {}
    for name in PERTURBATIONS:
        found = sum(result.level is not None for result in _harassment(perturbed(name, texts))) / len(texts)
        lost[name] = base - found
    print(f"\nrecall {base:.3f}; lost: " + ", ".join(f"{name} {value:+.3f}" for name, value in lost.items()))
    assert sum(lost.values()) / len(lost) <= FLOORS["lost"]


# What the shipped model reaches, less two standard errors of a share of 300 (0.02 to 0.05): a floor, not an aim.
FLOORS = {"order": 0.8, "sides": 0.5, "lost": 0.06}
