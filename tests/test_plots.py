"""Pictures of an evaluation are valid, small, the same every time, and in the card."""

import builtins
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest

import kahara_nlp as kn
from kahara_nlp.calibration import Scores
from kahara_nlp.training.plots import evaluation_plots, learning_curve_plot
from kahara_nlp.training.train import fit_classifier, save_trained

CATEGORIES = tuple(kn.default_policy())


@pytest.fixture(scope="module")
def drawn(small_examples: list[kn.Example]) -> dict[str, bytes]:
    rng = np.random.default_rng(0)
    scores = Scores(rng.random((len(small_examples), 12)), rng.random(len(small_examples)))
    plots = evaluation_plots(small_examples, CATEGORIES, scores)
    assert plots == evaluation_plots(small_examples, CATEGORIES, scores)
    return plots


def test_they_are_small_pictures_with_the_categories_in_them(drawn: dict[str, bytes]):
    assert sorted(drawn) == ["confusion.svg", "precision_recall.svg", "reliability.svg"]
    for content in drawn.values():
        assert ET.fromstring(content).tag.endswith("svg")
        assert len(content) < 150_000
    assert b"dogeza_demand" in drawn["confusion.svg"]


def test_the_learning_curve_is_drawn(small_examples: list[kn.Example]):
    curve = kn.training.learning_curve(small_examples, CATEGORIES, kn.Settings(jobs=1), shares=(0.5, 1.0))
    assert b"AUROC of harassment" in learning_curve_plot(curve)


def test_a_card_shows_them(small_examples: list[kn.Example], tmp_path: Path):
    save_trained(fit_classifier(small_examples), tmp_path / "m", plots=True)
    card = (tmp_path / "m" / "MODEL_CARD.md").read_text(encoding="utf-8")
    for name in ("confusion", "precision_recall", "reliability"):
        assert f"(plots/{name}.svg)" in card
        assert (tmp_path / "m" / "plots" / f"{name}.svg").is_file()
    assert kn.load(tmp_path / "m").classify("どうも").status == "scored"


def test_without_matplotlib_the_extra_is_named(small_examples: list[kn.Example], monkeypatch: pytest.MonkeyPatch):
    real = builtins.__import__

    def refuse(name: str, *rest: object) -> object:
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", refuse)
    scores = Scores(np.zeros((len(small_examples), 12)), np.zeros(len(small_examples)))
    with pytest.raises(kn.MissingExtraError, match=r"kahara-nlp\[plots\]"):
        evaluation_plots(small_examples, CATEGORIES, scores)
