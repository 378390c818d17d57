"""The composition: texts to classifications.

``text`` cuts passages and normalises, ``tokens`` cuts words, ``features`` makes matrices, ``model``
gives probabilities; here they are put together, and the policy's rows and the evidence added.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from kahara_nlp.errors import DataError, PolicyError, TextTypeError
from kahara_nlp.evidence import Attribution
from kahara_nlp.findings import head_of, report_findings, score_portion
from kahara_nlp.manifest import Manifest
from kahara_nlp.model import Model
from kahara_nlp.model_files import find_model, load_model, read_extra
from kahara_nlp.policy import Policy, default_policy, load_policy
from kahara_nlp.records import Classification, Evidence, Level, Status
from kahara_nlp.text import language_status

__all__ = ["Classifier", "classify", "classify_many", "explain", "load"]

#: Texts are scored in portions of about this many characters, which bounds memory.
CHUNK_CHARACTERS = 200_000


@dataclass(frozen=True)
class Classifier:
    """A model together with the policy that its findings are reported in.

    Parameters
    ----------
    model : Model
        The arrays.
    manifest : Manifest
        What is known of the model.
    policy : Policy
        The rows to report in.
    directory : Path, optional
        Where the model lies.

    Raises
    ------
    PolicyError
        If a row of the policy maps onto a category that the model does not have.

    See Also
    --------
    load : Read a classifier from disk.
    """

    model: Model
    manifest: Manifest
    policy: Policy
    directory: Path | None = None

    def __post_init__(self) -> None:
        for category in self.policy.values():
            if unknown := [name for name in category.maps if name not in self.model.categories]:
                msg = (
                    f"policy row {category.id} maps onto {unknown[0]!r}; the model has "
                    f"{', '.join(self.model.categories)}: correct `maps` or train with that policy"
                )
                raise PolicyError(msg)

    def classify(self, text: str) -> Classification:
        """Classify one text.

        Parameters
        ----------
        text : str
            An e-mail body, a turn of a call or a note, of any length.

        Returns
        -------
        Classification
            Status, probabilities in policy order, findings with their evidence.

        Raises
        ------
        TextTypeError
            If `text` is no str.

        Examples
        --------
        >>> result = load().classify("土下座して謝れ。さもないとお前の住所をネットに晒すぞ")
        >>> result.level, "doxxing" in {f.category.id for f in result.findings}
        ('alert', True)
        """
        if not isinstance(text, str):
            raise TextTypeError(text)
        return self.classify_many([text])[0]

    def classify_many(self, texts: Iterable[str]) -> list[Classification]:
        """Classify texts.

        Parameters
        ----------
        texts : iterable of str
            Any number of texts.

        Returns
        -------
        list of Classification
            In the same order; each as `classify` alone would give it.

        Raises
        ------
        TextTypeError
            If one of them is no str; the message names its position, counted from 0.

        Examples
        --------
        >>> [r.status for r in load().classify_many(["", "ありがとうございました。"])]
        ['empty', 'scored']
        """
        return list(self.iterate(texts))

    def iterate(self, texts: Iterable[str]) -> Iterator[Classification]:
        """Classify a stream of texts with bounded memory.

        Parameters
        ----------
        texts : iterable of str
            Any number of texts.

        Yields
        ------
        Classification
            In order.

        Raises
        ------
        TextTypeError
            If one of them is no str.
        """
        for portion in _portions(texts):
            statuses = [language_status(text) for text in portion]
            scored = [text for text, status in zip(portion, statuses, strict=True) if status == "scored"]
            results = iter(self._classify_portion(scored) if scored else [])
            for status in statuses:
                yield next(results) if status == "scored" else self._unscored(status)

    def classify_frame(self, frame: pd.DataFrame, text: str = "text") -> pd.DataFrame:
        """Classify a column of a DataFrame.

        Serves pandas directly, Dask through ``map_partitions`` and Spark through ``mapInPandas``.

        Parameters
        ----------
        frame : pandas.DataFrame
            Any frame; it is not changed.
        text : str, default "text"
            The column to read. Missing values count as empty texts.

        Returns
        -------
        pandas.DataFrame
            The same rows and columns, and behind them ``status``, ``level``, ``harassment``, one
            column of probabilities for each row of the policy, and ``findings``: category ids joined by ``|``.

        Raises
        ------
        DataError
            If the column is missing, or a column of the result stands in the frame already.
        TextTypeError
            If a value is neither a str nor missing.

        Examples
        --------
        >>> frame = pd.DataFrame({"body": ["額を床につけて詫びろ", None]})
        >>> load().classify_frame(frame, text="body")[["status", "level"]].values.tolist()
        [['scored', 'alert'], ['empty', '']]
        """
        if text not in frame.columns:
            msg = f"no column {text!r}; the frame has {', '.join(map(repr, frame.columns))}"
            raise DataError(msg)
        added = ["status", "level", "harassment", *self.policy, "findings"]
        if clash := [name for name in added if name in frame.columns]:
            msg = f"the frame has a column {clash[0]!r} already; rename it first"
            raise DataError(msg)
        missing = frame[text].isna()
        results = self.classify_many(frame[text].where(~missing, "").tolist())
        columns = {
            "status": [r.status for r in results],
            "level": [r.level or "" for r in results],
            "harassment": [r.harassment for r in results],
            **{name: [r.probabilities[name] for r in results] for name in self.policy},
            "findings": ["|".join(f.category.id for f in r.findings) for r in results],
        }
        result = pd.DataFrame(columns, index=frame.index, columns=added)
        texts = ["status", "level", "findings"]
        result[texts] = result[texts].astype(str)  # the same type in an empty frame, too
        return pd.concat([frame, result], axis=1)

    def explain(self, text: str) -> dict[str, Evidence]:
        """Show for every category which passage spoke most for it, and how each word weighed.

        Parameters
        ----------
        text : str
            One text.

        Returns
        -------
        dict of str to Evidence
            For each row of the policy its strongest passage with *all* its words, in the order of the
            text, those that speak against the category too. Empty for a text that cannot be scored.

        Raises
        ------
        TextTypeError
            If `text` is no str.

        Examples
        --------
        >>> evidence = load().explain("早く床に手をつけ。")["dogeza_demand"]
        >>> max(evidence.terms, key=lambda term: term.contribution).text in "床に手をつけ"
        True
        """
        if not isinstance(text, str):
            raise TextTypeError(text)
        if language_status(text) != "scored":
            return {}
        portion = score_portion(self.model, [text])
        result = {}
        for category in self.policy.values():
            head = head_of(self.model, category, portion.scores.categories[0])
            passage = int(portion.statistics.best_passage[0, head])
            attribution = Attribution(self.model, portion.prepared, portion.features, passage)
            result[category.id] = Evidence(portion.prepared.passages[passage], tuple(attribution.terms(head)))
        return result

    def _classify_portion(self, texts: Sequence[str]) -> list[Classification]:
        """Classify texts that can be scored."""
        portion = score_portion(self.model, texts)
        known = np.diff(portion.whole.indptr) > 0
        long = portion.statistics.long
        flagged = np.flatnonzero(known & self.model.review_point.reached(portion.scores.harassment, long))
        sure = self.model.alert_point.reached(portion.scores.harassment, long)
        findings = {int(place): report_findings(self.model, self.policy, portion, int(place)) for place in flagged}
        results = []
        for place in range(len(texts)):
            if not known[place]:
                results.append(self._unscored("no_known_terms"))
                continue
            harassment = float(portion.scores.harassment[place])
            row = portion.scores.categories[place]
            level: Level | None = None
            if place in findings:
                level = "alert" if sure[place] else "review"
            probabilities = {c.id: float(row[head_of(self.model, c, row)]) for c in self.policy.values()}
            results.append(Classification("scored", harassment, probabilities, findings.get(place, ()), level))
        return results

    def _unscored(self, status: Status) -> Classification:
        return Classification(status, float("nan"), dict.fromkeys(self.policy, float("nan")))


def _portions(texts: Iterable[str]) -> Iterator[list[str]]:
    """Gather texts into portions of bounded size."""
    portion: list[str] = []
    size = 0
    for position, text in enumerate(texts):
        if not isinstance(text, str):
            raise TextTypeError(text, position)
        portion.append(text)
        size += len(text)
        if size >= CHUNK_CHARACTERS:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


def load(
    model: str | os.PathLike[str] | None = None, *, policy: str | os.PathLike[str] | Policy | None = None
) -> Classifier:
    """Read a model and a policy.

    Parameters
    ----------
    model : str or path-like, optional
        A model directory or the name of an own or shipped model; the one in use if not given, see `find_model`.
    policy : str, path-like or Policy, optional
        A policy file or a policy; that which the model was trained with if not given.

    Returns
    -------
    Classifier
        Ready to classify; it can be pickled and sent to other processes.

    Raises
    ------
    ModelError
        If the model is missing, damaged or does not fit the installed dictionary.
    PolicyError
        If the policy file is malformed or does not fit the model.

    Examples
    --------
    >>> load().policy["sexual"].name
    '性的な言動'
    """
    directory = find_model(model)
    if policy is None:
        own = read_extra(directory, "policy.toml")
        rows = default_policy() if own is None else load_policy(directory / "policy.toml")
    elif isinstance(policy, Policy):
        rows = policy
    else:
        rows = load_policy(os.fspath(policy))
    return Classifier(*load_model(directory), rows, directory)


@cache
def _default() -> Classifier:
    return load()


def classify(text: str) -> Classification:
    """Classify one text with the shipped model.

    Parameters
    ----------
    text : str
        An e-mail body, a turn of a call or a note.

    Returns
    -------
    Classification
        Probabilities of the policy's categories, findings and their evidence.

    Raises
    ------
    TextTypeError
        If `text` is no str.

    See Also
    --------
    load : For another model or policy.

    Examples
    --------
    >>> classify("ご対応ありがとうございました。").findings
    ()
    """
    return _default().classify(text)


def classify_many(texts: Iterable[str]) -> list[Classification]:
    """Classify texts with the shipped model.

    Parameters
    ----------
    texts : iterable of str
        Any number of texts.

    Returns
    -------
    list of Classification
        In the same order.

    Raises
    ------
    TextTypeError
        If one of them is no str.

    Examples
    --------
    >>> len(classify_many(["はい。", "いいえ。"]))
    2
    """
    return _default().classify_many(texts)


def explain(text: str) -> Mapping[str, Evidence]:
    """Show with the shipped model how each word of a text weighed, for every category.

    Parameters
    ----------
    text : str
        One text.

    Returns
    -------
    mapping of str to Evidence
        See `Classifier.explain`.

    Raises
    ------
    TextTypeError
        If `text` is no str.

    Examples
    --------
    >>> len(explain("今すぐ謝れ"))
    12
    """
    return _default().explain(text)
