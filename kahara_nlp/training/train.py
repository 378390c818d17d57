"""The two verbs of training: ``train`` and ``evaluate``."""

import hashlib
import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

from kahara_nlp.calibration import Scores
from kahara_nlp.classifier import Classifier, load
from kahara_nlp.concepts import Lexicon
from kahara_nlp.errors import DataError
from kahara_nlp.manifest import FORMAT, Manifest
from kahara_nlp.model_files import probe_tokens, save_model
from kahara_nlp.policy import Policy, default_policy, policy_text
from kahara_nlp.records import Example
from kahara_nlp.streams import default_lexicon
from kahara_nlp.tokens import dictionary_version
from kahara_nlp.training import validation
from kahara_nlp.training.card import model_card
from kahara_nlp.training.evaluate import Evaluation, Points, measure
from kahara_nlp.training.examples import data_digest
from kahara_nlp.training.fairness import fairness
from kahara_nlp.training.figures import rounded
from kahara_nlp.training.fit import Fitted, Settings, fit, writer_digest
from kahara_nlp.training.scoring import score_examples
from kahara_nlp.version import __version__

__all__ = ["Trained", "evaluate", "fit_classifier", "policy_digest", "save_trained", "train"]


class Trained(NamedTuple):
    """A model that is not saved yet, with what is known of it.

    Parameters
    ----------
    classifier : Classifier
        Ready to classify.
    examples : tuple of Example
        What it was trained on.
    scores : Scores
        Their probabilities by models that saw none of their writers' texts.
    """

    classifier: Classifier
    examples: tuple[Example, ...]
    scores: Scores


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

    See Also
    --------
    retrain : Add one's own examples to the shipped ones, and compare before the new model replaces the old.

    Examples
    --------
    >>> from kahara_nlp.training import read_examples, train
    >>> classifier = train(read_examples("tests/data/small.csv"))
    >>> classifier.classify("土下座して謝れ").status
    'scored'
    """
    trained = fit_classifier(examples, policy=policy, lexicon=lexicon, settings=settings)
    return trained.classifier if directory is None else save_trained(trained, directory)


def fit_classifier(
    examples: Sequence[Example],
    *,
    policy: Policy | None = None,
    lexicon: Lexicon | None = None,
    settings: Settings | None = None,
    parent: Classifier | None = None,
) -> Trained:
    """Train a model without saving it.

    Parameters
    ----------
    examples, policy, lexicon, settings
        As for `train`.
    parent : Classifier, optional
        The model that this one is to replace: its writers keep their folds, and the manifest names it.

    Returns
    -------
    Trained
        The model, and what it is to be judged by.

    Raises
    ------
    DataError
        As `train`.
    """
    settings = settings or Settings()
    rows = policy or default_policy()
    # The rows themselves are learnt here, whatever categories of another model they stand for.
    rows = replace(rows, categories=tuple(replace(row, maps=(row.id,)) for row in rows.categories))
    known = parent.manifest.data.get("writer_folds") if parent else None
    fitted = fit(examples, tuple(rows), lexicon or default_lexicon(), settings, known)
    manifest = _manifest(examples, rows, settings, fitted)
    if parent is not None:
        manifest = replace(manifest, parents=(*parent.manifest.parents, _digest(parent.manifest)))
    return Trained(Classifier(fitted.model, manifest, rows), tuple(examples), fitted.out_of_fold)


def _digest(manifest: Manifest) -> str:
    """Name a model for good: its name, and the checksum of its weights."""
    return f"{manifest.name} {manifest.files.get('weights.npz', '')}".strip()


def save_trained(
    trained: Trained,
    directory: str | os.PathLike[str],
    notes: Mapping[str, Any] | None = None,
    *,
    plots: bool = False,
) -> Classifier:
    """Save a model with its card, its policy and its out-of-fold scores.

    Parameters
    ----------
    trained : Trained
        The model.
    directory : str or path-like
        Where.
    notes : mapping of str to object, optional
        What else its metrics should hold, such as how it compared with the model before.
    plots : bool, default False
        Whether to draw the evaluation into the card; needs the extra ``plots``.

    Returns
    -------
    Classifier
        The same model, with its directory.

    Raises
    ------
    ModelError
        If `directory` exists and holds something else than a model.
    """
    classifier, path = trained.classifier, Path(directory)
    manifest = classifier.manifest
    rows = [{key: rounded(value) for key, value in row._asdict().items()} for row in fairness(classifier)]
    metrics = {**manifest.metrics, "fairness": rows, **(notes or {})}
    manifest = replace(manifest, name=path.resolve().name, metrics=metrics)
    extras = {validation.FILE: validation.pack_validation(trained.examples, trained.scores)}
    if policy_digest(classifier.policy) != policy_digest(default_policy()):
        extras["policy.toml"] = policy_text(classifier.policy).encode()
    pictures: dict[str, bytes] = {}
    if plots:
        from kahara_nlp.training.plots import evaluation_plots, named

        pictures = named(evaluation_plots(trained.examples, classifier.model.categories, trained.scores))
    card = model_card(manifest, tuple(pictures))
    manifest = save_model(classifier.model, path, manifest, card, extras | pictures)
    return replace(classifier, manifest=manifest, directory=path)


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


def _writer_folds(examples: Sequence[Example], folds: Sequence[int]) -> dict[str, int]:
    """Return the fold in which each writer was held out, by a digest of the writer's id."""
    return dict(sorted({writer_digest(e.writer): int(fold) for e, fold in zip(examples, folds, strict=True)}.items()))


def _manifest(examples: Sequence[Example], policy: Policy, settings: Settings, fitted: Fitted) -> Manifest:
    """Describe a fitted model."""
    model = fitted.model
    evaluation = measure(
        examples,
        model.categories,
        fitted.out_of_fold,
        fitted.clauses_out_of_fold,
        Points.of(model),
        grouped=True,
        mails=(fitted.mails, fitted.mails_out_of_fold.harassment),
    )
    heads = [*model.categories, "harassment", "harassment in long texts"]
    thresholds = ([*model.review, model.review_point.long], [*model.alert, model.alert_point.long])
    metrics: dict[str, Any] = {
        "evaluation": evaluation.to_dict(),
        "thresholds": {
            head: {"review": round(float(review), 6), "alert": round(float(alert), 6)}
            for head, review, alert in zip(heads, thresholds[0], thresholds[1], strict=True)
        },
        "settings": {key: value for key, value in asdict(settings).items() if key != "jobs"},
        "n_terms": model.vocabulary.n_terms,
    }
    return Manifest(
        format=FORMAT,
        name="unnamed",
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
        norm_floor=settings.norm_floor,
        n_texts=len(examples),
        probes=probe_tokens(),
        data={
            "sha256": data_digest(examples),
            "rows": len(examples),
            "writers": len({example.writer for example in examples}),
            "writer_folds": _writer_folds(examples, fitted.folds.tolist()),
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
        The model; the one in use if None.
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
    classifier = model or load()
    arrays = classifier.model
    if cross_validate is None:
        data = classifier.manifest.data
        learnt_from = data.get("writer_folds") or data.get("writer_digests", ())
        cross_validate = any(writer_digest(name) in learnt_from for name in {e.writer for e in examples})
    if cross_validate:
        kept = classifier.manifest.metrics["settings"]
        known = classifier.manifest.data.get("writer_folds")
        fitted = fit(examples, arrays.categories, arrays.lexicon, Settings.of_model(kept), known)
        return measure(
            examples,
            arrays.categories,
            fitted.out_of_fold,
            fitted.clauses_out_of_fold,
            Points.of(fitted.model),
            grouped=True,
            mails=(fitted.mails, fitted.mails_out_of_fold.harassment),
        )
    scores, clauses = score_examples(classifier, examples)
    return measure(examples, arrays.categories, scores, clauses, Points.of(arrays), grouped=False)
