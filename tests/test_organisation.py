"""A simulated organisation with a jargon of its own: sixty labelled texts make the model better for it, and for nobody worse.

The one test that trains on all shipped examples; it takes about two minutes on two cores.
"""

import csv
from pathlib import Path

import numpy as np
import pytest

import kahara_nlp as kn
from kahara_nlp.training.retrain import Retrained, retrain
from kahara_nlp.training.scoring import score_examples

DATA = Path(__file__).resolve().parent / "data" / "organisation.csv"


def _part(name: str) -> list[kn.Example]:
    with DATA.open(encoding="utf-8", newline="") as handle:
        rows = [row for row in csv.DictReader(handle) if row["part"] == name]
    return [kn.Example(r["id"], r["text"], tuple(filter(None, [r["labels"]])), writer=r["writer"]) for r in rows]


@pytest.fixture(scope="module")
def retrained() -> Retrained:
    return retrain(_part("train"))


def test_the_parts_share_no_text():
    train, held_out = _part("train"), _part("held_out")
    assert (len(train), len(held_out)) == (60, 50)
    assert not {e.text for e in train} & {e.text for e in held_out}


def test_recall_on_held_out_texts_rises_clearly(retrained: Retrained):
    held_out = _part("held_out")
    harassing = np.array([bool(e.labels) for e in held_out])

    def at_review(classifier: kn.Classifier) -> tuple[float, float]:
        flagged = score_examples(classifier, held_out)[0].harassment >= classifier.model.review[-1]
        return float(flagged[harassing].mean()), float(flagged[~harassing].mean())

    before, after = at_review(kn.load()), at_review(retrained.trained.classifier)
    print(f"recall {before[0]:.2f} -> {after[0]:.2f}, false alarms {before[1]:.2f} -> {after[1]:.2f}")
    assert after[0] >= before[0] + 0.2
    assert after[1] <= before[1] + 0.1


def test_the_general_figures_hold(retrained: Retrained):
    assert retrained.contest.reasons == ()
    general = {c.figure: c for c in retrained.contest.comparisons if c.part == "general"}
    for name in ("macro_average_precision", "auroc", "recall_at_1_percent_complaints"):
        assert general[name].challenger >= general[name].champion - 0.01
