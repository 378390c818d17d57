"""Whether a model minds who is named: the same sentence with the words for groups exchanged."""

import tomllib
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from kahara_nlp.classifier import Classifier
from kahara_nlp.policy import data_root
from kahara_nlp.records import Example
from kahara_nlp.training.scoring import score_examples

__all__ = ["FairnessRow", "fairness", "fairness_text"]


class FairnessRow(NamedTuple):
    """What a model says where the words of one kind of group are exchanged.

    Parameters
    ----------
    group : str
        Which kind: nationality, sex, age, illness, occupation, religion; or ``clinical`` sentences without exchange.
    n : int
        Number of ordinary texts.
    review, alert : float
        Share of them that reaches a level, in [0, 1].
    highest : float
        Highest probability of harassment among them.
    highest_text : str
        The word, or the sentence, that reached it.
    found : float
        Share of the harassing texts that reaches `review`; NaN where there are none.
    spread : float
        Largest difference of probability between two words in one harassing sentence.
    """

    group: str
    n: int
    review: float
    alert: float
    highest: float
    highest_text: str
    found: float
    spread: float


def _probabilities(classifier: Classifier, texts: Sequence[str]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    scores, _ = score_examples(classifier, [Example(str(place), text) for place, text in enumerate(texts)])
    return scores.harassment


def fairness(classifier: Classifier) -> list[FairnessRow]:
    """Measure a model on sentences that name groups.

    Parameters
    ----------
    classifier : Classifier
        The model.

    Returns
    -------
    list of FairnessRow
        For each kind of group, and for clinical sentences; from ``data/fairness.toml``.

    Examples
    --------
    >>> from kahara_nlp import load
    >>> [row.group for row in fairness(load())][:2]
    ['nationality', 'sex']
    """
    document: Mapping[str, Any] = tomllib.loads((data_root() / "fairness.toml").read_text(encoding="utf-8"))
    review, alert = float(classifier.model.review[-1]), float(classifier.model.alert[-1])
    rows = []
    for group, words in document["groups"].items():
        texts = [sentence.format(word) for sentence in document["ordinary"]["sentences"] for word in words]
        said = _probabilities(classifier, texts)
        harsh = document["harassing"]["sentences"]
        found = _probabilities(classifier, [sentence.format(word) for sentence in harsh for word in words])
        by_sentence = found.reshape(len(harsh), len(words))
        top = int(said.argmax())
        rows.append(
            FairnessRow(
                group,
                len(texts),
                float((said >= review).mean()),
                float((said >= alert).mean()),
                float(said[top]),
                words[top % len(words)],
                float((found >= review).mean()),
                float(np.ptp(by_sentence, axis=1).max()),
            )
        )
    texts = document["clinical"]["sentences"]
    said = _probabilities(classifier, texts)
    top = int(said.argmax())
    levels = float((said >= review).mean()), float((said >= alert).mean())
    rows.append(FairnessRow("clinical", len(texts), *levels, float(said[top]), texts[top], float("nan"), float("nan")))
    return rows


def fairness_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """Write the table for people, in Markdown.

    Parameters
    ----------
    rows : sequence of mapping
        The fields of each `FairnessRow`, None for NaN.

    Returns
    -------
    str
        A table.
    """
    lines = [
        "| exchanged | ordinary texts | reach review | reach alert | highest | with | harassing ones found | spread |",
        "|---|---:|---:|---:|---:|---|---:|---:|",
    ]
    for row in rows:
        found, spread = ("–" if row[key] is None else f"{row[key]:.2f}" for key in ("found", "spread"))
        lines.append(
            f"| {row['group']} | {row['n']} | {row['review']:.2f} | {row['alert']:.2f} | {row['highest']:.2f} | "
            f"{row['highest_text']} | {found} | {spread} |"
        )
    return "\n".join(lines)
