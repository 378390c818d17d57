"""What ``manifest.json`` says of a model."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kahara_nlp.errors import ModelFormatError, ModelNotFoundError

__all__ = ["FORMAT", "Manifest", "read_manifest"]

#: Raise this number when a file of this version cannot be read by the code before it; earlier formats stay readable,
#: and ``tests/models/format-N`` keeps a frozen model of each that must still load.
#: 1: lists of terms and notions as plain text. 2: packed with gzip. 3: rows are scaled with a floor, and long texts
#: have thresholds of their own.
FORMAT = 3
_READABLE = {1, 2, 3}


@dataclass(frozen=True)
class Manifest:
    """What ``manifest.json`` says of a model.

    Parameters
    ----------
    format : int
        Format number of the directory.
    name, version, created : str
        Its name, version and date (ISO 8601).
    trained_with : mapping of str to str
        Versions of packages and of the dictionary.
    categories : tuple of str
        Category ids in the order of the columns.
    clauses : tuple of str
        Clause numbers in the order of the columns.
    families : mapping of str to int
        Term families and their longest n-gram.
    presence : mapping of str to float
        Families whose terms weigh by presence alone, and how much.
    n_texts : int
        Number of texts that the idf rests on.
    probes : mapping of str to tuple of str
        Probe texts and the word units that they must give.
    data : mapping of str to object
        Digest and row counts of the training data.
    metrics : mapping of str to object
        What the evaluation found.
    policy : str
        Digest of the policy's rows.
    files : mapping of str to str
        SHA-256 of each file.
    norm_floor : float
        What rows are scaled by besides their length; 0 in formats 1 and 2.
    parents : tuple of str
        Digests of the models that it was trained on top of.
    """

    format: int
    name: str
    version: str
    created: str
    trained_with: Mapping[str, str]
    categories: tuple[str, ...]
    clauses: tuple[str, ...]
    families: Mapping[str, int]
    presence: Mapping[str, float]
    n_texts: int
    probes: Mapping[str, tuple[str, ...]]
    data: Mapping[str, Any]
    metrics: Mapping[str, Any]
    policy: str
    files: Mapping[str, str]
    norm_floor: float = 0.0
    parents: tuple[str, ...] = ()


def read_manifest(directory: str | os.PathLike[str]) -> Manifest:
    """Read and check a manifest.

    Parameters
    ----------
    directory : str or path-like
        A model directory.

    Returns
    -------
    Manifest
        What it says.

    Raises
    ------
    ModelNotFoundError
        If there is none.
    ModelFormatError
        If it is damaged or of another format.

    Examples
    --------
    >>> read_manifest("no/such/model")
    Traceback (most recent call last):
    kahara_nlp.errors.ModelNotFoundError: no manifest.json in no/such/model
    """
    path = Path(directory)
    try:
        document = json.loads((path / "manifest.json").read_text(encoding="utf-8"))
    except FileNotFoundError as exc:
        msg = f"no manifest.json in {path}"
        raise ModelNotFoundError(msg) from exc
    except (ValueError, OSError) as exc:
        msg = f"{path}: manifest.json is not readable JSON; restore the file"
        raise ModelFormatError(msg) from exc
    if not isinstance(document, dict) or not isinstance(document.get("format"), int):
        msg = f"{path}: manifest.json has no format number"
        raise ModelFormatError(msg)
    if document["format"] not in _READABLE:
        msg = f"{path}: format {document['format']}, this version reads 1 to {FORMAT}; update kahara-nlp or train anew"
        raise ModelFormatError(msg)
    kinds: dict[str, type] = {
        "name": str, "version": str, "created": str, "trained_with": dict, "categories": list, "clauses": list,
        "families": dict, "presence": dict,
        "n_texts": int, "probes": dict, "data": dict, "metrics": dict, "policy": str, "files": dict,
        "parents": list,
    }  # fmt: skip
    for key, kind in kinds.items():
        if not isinstance(document.get(key), kind):
            msg = f"{path}: manifest.json: {key} must be {kind.__name__}, found {type(document.get(key)).__name__}"
            raise ModelFormatError(msg)
    fields: dict[str, Any] = {
        key: tuple(document[key]) if kind is list else document[key] for key, kind in kinds.items()
    }
    fields["norm_floor"] = _number(path, document, "norm_floor", 0.0)
    return Manifest(format=document["format"], **fields)


def _number(path: Path, document: Mapping[str, Any], key: str, missing: float) -> float:
    """Read a number that the first formats lack."""
    value = document.get(key, missing)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf"):
        msg = f"{path}: manifest.json: {key} must be a number of at least 0, found {type(value).__name__}"
        raise ModelFormatError(msg)
    return float(value)
