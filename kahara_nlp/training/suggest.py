"""What to label next: texts of which the model is unsure, unlike each other, and of categories with few examples."""

import csv
import hashlib
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array

from kahara_nlp.classifier import Classifier
from kahara_nlp.errors import DataError
from kahara_nlp.exports import defused
from kahara_nlp.findings import score_portions
from kahara_nlp.results import Results
from kahara_nlp.training.spellings import UNLABELLED

__all__ = ["suggest_texts", "write_suggestions"]

FloatArray = npt.NDArray[np.float64]
#: So many of the least sure texts are compared with each other.
_POOL = 2000
_PORTION = 500
#: How much a category that few examples have counts beside how unsure the model is.
_THIN = 0.5
_SHOWN = 3


def suggest_texts(
    texts: Sequence[str], classifier: Classifier, n: int, counts: Mapping[str, int] | None = None
) -> list[int]:
    """Choose texts that are worth a person's time.

    Parameters
    ----------
    texts : sequence of str
        Candidates.
    classifier : Classifier
        The model that is to get better.
    n : int
        How many.
    counts : mapping of str to int, optional
        Examples that the model has of each category.

    Returns
    -------
    list of int
        Places in `texts`, the most useful first; fewer than `n` where there are not as many. One after
        the other, each is the text of the greatest worth: how unsure the model is whether it is harassment, more where
        the likeliest category has few examples or was not chosen yet, times how unlike (1 - cosine of TF-IDF
        weights) it is to all that were chosen before.

    Examples
    --------
    >>> from kahara_nlp import load
    >>> texts = ["責任者を出せ、話にならない", "責任者を出せ、話にならない。", "どうも", "会社ごと潰してやりたいよ"]
    >>> sorted(suggest_texts(texts, load("kahara-linear-0.3.0"), 2)) != [0, 1]
    True
    """
    worth, likeliest, features = _worth(texts, classifier, counts or {})
    pool = np.argsort(-worth, kind="stable")[:_POOL]
    worth, likeliest, features = worth[pool], likeliest[pool], features[pool]
    unlike, chosen = np.ones(len(pool)), []
    taken = np.zeros(len(classifier.model.categories))
    for _ in range(min(n, len(pool))):
        value = worth * unlike / np.sqrt(1 + taken[likeliest])
        best = int(np.argmax(value))
        if value[best] <= 0:
            break
        chosen.append(int(pool[best]))
        taken[likeliest[best]] += 1
        unlike = np.minimum(unlike, 1 - np.asarray((features @ features[[best]].T).todense()).ravel())
        unlike[best] = 0.0
    return chosen


def _worth(
    texts: Sequence[str], classifier: Classifier, counts: Mapping[str, int]
) -> tuple[FloatArray, npt.NDArray[np.int64], csr_array]:
    """Say of each text how much its label would tell, its likeliest category, and its features at unit length."""
    from scipy.sparse import vstack

    model = classifier.model
    examples = np.array([counts.get(name, 0) for name in model.categories], dtype=np.float64)
    thin = _THIN * (1 - examples / max(examples.max(), 1.0))
    worth: list[FloatArray] = [np.zeros(0)]
    likeliest: list[npt.NDArray[np.int64]] = [np.zeros(0, np.int64)]
    features: list[csr_array] = []
    for portion in score_portions(model, texts, _PORTION):
        p = np.clip(portion.scores.harassment, 1e-9, 1 - 1e-9)
        unsure = -(p * np.log2(p) + (1 - p) * np.log2(1 - p))
        top = portion.scores.categories.argmax(axis=1)
        lengths = np.sqrt(portion.whole.multiply(portion.whole).sum(axis=1))
        worth.append(np.where(lengths > 0, unsure * (1 + thin[top]), 0.0))
        likeliest.append(top)
        scale = csr_array((1 / np.maximum(lengths, 1e-12), (np.arange(len(p)), np.arange(len(p)))))
        features.append(scale @ portion.whole)
    matrix = vstack(features, format="csr") if features else csr_array((0, model.vocabulary.n_terms))
    return np.concatenate(worth), np.concatenate(likeliest), matrix


def write_suggestions(
    results: str | os.PathLike[str], classifier: Classifier, n: int, path: str | os.PathLike[str]
) -> int:
    """Write a file to fill in.

    Parameters
    ----------
    results : str or path-like
        A results file that `score_archive` wrote.
    classifier : Classifier
        The model that is to get better.
    n : int
        How many texts, >= 1.
    path : str or path-like
        A CSV file (UTF-8 with BOM, for spreadsheets): ``id, text, labels, channel, voice, writer, note``.
        ``labels`` holds ``?``, which says that nobody has judged the text; ``note`` what the model says;
        ``writer`` a digest of the sender.

    Returns
    -------
    int
        Number of texts.

    Raises
    ------
    DataError
        If the results file holds no scored message.
    """
    if not Path(results).is_file():
        msg = f"no results file at {os.fspath(results)}; make one with: kahara score SOURCE -o results.db"
        raise DataError(msg)
    with Results(results) as store:
        rows = store.query(
            "SELECT id, message_id, sender, customer_text FROM messages WHERE status = 'scored' ORDER BY id"
        )
    rows = rows.drop_duplicates("customer_text", ignore_index=True)
    if not len(rows):
        msg = f"{os.fspath(results)} holds no scored message"
        raise DataError(msg)
    texts = rows["customer_text"].tolist()
    evaluation = classifier.manifest.metrics.get("evaluation", {}).get("categories", {})
    counts = {name: figures["average_precision"]["n"] for name, figures in evaluation.items()}
    chosen = suggest_texts(texts, classifier, n, counts)
    said = classifier.classify_many(texts[place] for place in chosen)
    with Path(path).open("w", encoding="utf-8-sig", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(["id", "text", "labels", "channel", "voice", "writer", "note"])
        for place, result in zip(chosen, said, strict=True):
            likely = sorted(result.probabilities.items(), key=lambda pair: -pair[1])[:_SHOWN]
            note = f"harassment {result.harassment:.2f}; " + ", ".join(f"{name} {p:.2f}" for name, p in likely)
            writer.writerow([*_named(rows.iloc[place]), note])
    return len(chosen)


def _named(row: "pd.Series[str]") -> list[str]:
    """Give a suggested text an id, and its sender a name that says nothing."""
    sender = hashlib.sha256(str(row["sender"] or row["message_id"]).encode("utf-8", "replace")).hexdigest()[:8]
    text = defused(str(row["customer_text"]))  # `read_examples` undoes it
    return [f"suggested-{row['id']}", text, UNLABELLED, "email", "customer", f"sender-{sender}"]
