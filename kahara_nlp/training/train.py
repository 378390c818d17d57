"""The two verbs of training: ``train`` and ``evaluate``."""

import hashlib
import json
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from kahara_nlp.classifier import Classifier, load, score_portion
from kahara_nlp.concepts import Lexicon
from kahara_nlp.errors import DataError
from kahara_nlp.model import Scores
from kahara_nlp.model_files import DEFAULT_MODEL, FORMAT, Manifest, probe_tokens, save_model
from kahara_nlp.policy import Policy, default_policy
from kahara_nlp.records import Example
from kahara_nlp.streams import default_lexicon
from kahara_nlp.tokens import dictionary_version
from kahara_nlp.training.card import model_card
from kahara_nlp.training.evaluate import Evaluation, measure
from kahara_nlp.training.examples import data_digest
from kahara_nlp.training.fit import Fitted, Settings, fit
from kahara_nlp.version import __version__

__all__ = ["evaluate", "policy_digest", "train"]


def train(
    examples: Sequence[Example],
    directory: str | os.PathLike[str] | None = None,
    *,
    policy: Policy | None = None,
    lexicon: Lexicon | None = None,
    settings: Settings | None = None,
) -> Classifier:
    """Train a model on labelled examples.

    Parameters
    ----------
    examples : sequence of Example
        By at least two writers, with and without labels; see `read_examples`.
    directory : str or path-like, optional
        Where to save the model; not saved if not given.
    policy : Policy, optional
        Whose categories to learn; the shipped policy if not given.
    lexicon : Lexicon, optional
        The notions of concept terms; the shipped lexicon if not given, see `read_lexicon`.
    settings : Settings, optional
        How to train.

    Returns
    -------
    Classifier
        Ready to classify. ``.manifest.metrics["evaluation"]`` holds its evaluation grouped by writer.

    Raises
    ------
    DataError
        If the examples cannot teach anything: no labels, or a single writer.
    ModelError
        If `directory` exists and holds something else than a model.

    Examples
    --------
    >>> from kahara_nlp.training import read_examples, train
    >>> classifier = train(read_examples("tests/data/small.csv"))
    >>> classifier.classify("土下座して謝れ").status
    'scored'
    """
    settings = settings or Settings()
    rows = policy or default_policy()
    # The rows themselves are learnt here, whatever categories of another model they stand for.
    rows = replace(rows, categories=tuple(replace(row, maps=(row.id,)) for row in rows.categories))
    fitted = fit(examples, tuple(rows), lexicon or default_lexicon(), settings)
    manifest = _manifest(examples, rows, settings, fitted, Path(directory).name if directory else "unnamed")
    if directory is not None:
        manifest = save_model(fitted.model, directory, manifest, model_card(manifest))
    return Classifier(fitted.model, manifest, rows)


def policy_digest(policy: Policy) -> str:
    """Return a digest of a policy's rows.

    Parameters
    ----------
    policy : Policy
        A policy.

    Returns
    -------
    str
        SHA-256 in hexadecimal.
    """
    rows = [(c.number, c.id, c.name, c.behaviors) for c in policy.values()]
    return hashlib.sha256(json.dumps(rows, ensure_ascii=False).encode()).hexdigest()


def _today() -> str:
    """Return the date; a build that must be repeatable sets SOURCE_DATE_EPOCH."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    return datetime.fromtimestamp(int(epoch), UTC).date().isoformat() if epoch else date.today().isoformat()  # noqa: DTZ011


def _writer_digests(examples: Sequence[Example]) -> list[str]:
    """Return a short digest of each writer's id: enough to see again who was learnt from, and no name."""
    return sorted({hashlib.sha256(example.writer.encode()).hexdigest()[:12] for example in examples})


def _manifest(examples: Sequence[Example], policy: Policy, settings: Settings, fitted: Fitted, name: str) -> Manifest:
    """Describe a fitted model."""
    model = fitted.model
    evaluation = measure(
        examples,
        model.categories,
        fitted.out_of_fold,
        fitted.clauses_out_of_fold,
        (model.review, model.alert),
        grouped=True,
        mails=(fitted.mails, fitted.mails_out_of_fold.harassment),
    )
    heads = [*model.categories, "harassment"]
    metrics: dict[str, Any] = {
        "evaluation": evaluation.to_dict(),
        "thresholds": {
            head: {"review": round(float(review), 6), "alert": round(float(alert), 6)}
            for head, review, alert in zip(heads, model.review, model.alert, strict=True)
        },
        "settings": {key: value for key, value in asdict(settings).items() if key != "jobs"},
        "n_terms": model.vocabulary.n_terms,
    }
    return Manifest(
        format=FORMAT,
        name=name,
        version=__version__,
        created=_today(),
        trained_with={
            "kahara-nlp": __version__,
            "python": ".".join(platform.python_version_tuple()[:2]),
            "scikit-learn": version("scikit-learn"),
            "fugashi": version("fugashi"),
            "dictionary": dictionary_version(),
        },
        categories=model.categories,
        clauses=model.clauses,
        families=dict(settings.families),
        presence=dict(settings.presence),
        n_texts=len(examples),
        probes=probe_tokens(),
        data={
            "sha256": data_digest(examples),
            "rows": len(examples),
            "writers": len({example.writer for example in examples}),
            "writer_digests": _writer_digests(examples),
        },
        metrics=metrics,
        policy=policy_digest(policy),
        files={},
    )


def evaluate(
    model: Classifier | None, examples: Sequence[Example], *, cross_validate: bool | None = None
) -> Evaluation:
    """Measure a model on labelled examples.

    Parameters
    ----------
    model : Classifier or None
        The model; the shipped one if None.
    examples : sequence of Example
        Labelled texts.
    cross_validate : bool, optional
        Whether to score every text by a model trained anew without its writer's texts. If not given, that
        is done where the model was trained on texts by one of the examples' writers; others are scored by
        the model as it is.

    Returns
    -------
    Evaluation
        Figures with intervals.

    Raises
    ------
    DataError
        If there are no examples.

    Examples
    --------
    >>> from kahara_nlp.training import read_examples
    >>> evaluate(None, read_examples("tests/data/small.csv"), cross_validate=False).n
    60
    """
    if not examples:
        msg = "no examples to evaluate on"
        raise DataError(msg)
    classifier = model or load(DEFAULT_MODEL)
    arrays = classifier.model
    if cross_validate is None:
        learnt_from = set(classifier.manifest.data.get("writer_digests", ()))
        cross_validate = any(digest in learnt_from for digest in _writer_digests(examples))
    if cross_validate:
        kept = classifier.manifest.metrics["settings"]
        fitted = fit(examples, arrays.categories, arrays.lexicon, Settings(**kept))
        thresholds = (fitted.model.review, fitted.model.alert)
        return measure(
            examples,
            arrays.categories,
            fitted.out_of_fold,
            fitted.clauses_out_of_fold,
            thresholds,
            grouped=True,
            mails=(fitted.mails, fitted.mails_out_of_fold.harassment),
        )
    scores, clauses = _score(classifier, examples)
    return measure(examples, arrays.categories, scores, clauses, (arrays.review, arrays.alert), grouped=False)


_PORTION = 2000


def _score(classifier: Classifier, examples: Sequence[Example]) -> tuple[Scores, list[dict[int, int]]]:
    """Score examples with a model as it is."""
    model = classifier.model
    categories, harassment = [np.zeros((0, len(model.categories)))], [np.zeros(0)]
    clauses: list[dict[int, int]] = []
    for first in range(0, len(examples), _PORTION):
        portion = score_portion(model, [example.text for example in examples[first : first + _PORTION]])
        categories.append(portion.scores.categories)
        harassment.append(portion.scores.harassment)
        clauses += model.likeliest_clauses(portion.whole)
    return Scores(np.concatenate(categories), np.concatenate(harassment)), clauses
