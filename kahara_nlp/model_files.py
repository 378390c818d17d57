"""Models on disk: a directory of JSON, text and plain arrays that cannot run code.

``manifest.json`` describes the rest and holds its checksums; ``terms.txt.gz`` lists the vocabulary and
``concepts.txt.gz`` the lexicon for people (``zcat``) and programs; ``weights.npz`` holds arrays,
read with pickling off; ``MODEL_CARD.md`` is for people.
"""

import gzip
import hashlib
import json
import os
import shutil
import zipfile
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from importlib.resources import files
from io import BytesIO
from pathlib import Path

import numpy as np

from kahara_nlp.errors import (
    ChecksumMismatchError,
    DataError,
    ModelError,
    ModelFormatError,
    ModelNotFoundError,
    TokenizerMismatchError,
)
from kahara_nlp.manifest import FORMAT, Manifest, read_manifest
from kahara_nlp.masking import readable
from kahara_nlp.model import Model
from kahara_nlp.model_lists import lexicon_text, read_lexicon_text, read_vocabulary_text, vocabulary_text
from kahara_nlp.model_store import current_model, is_model_name, own_directory
from kahara_nlp.tokens import dictionary_version, tokenize, word_units

__all__ = [
    "DEFAULT_MODEL",
    "find_model",
    "load_model",
    "models_root",
    "probe_tokens",
    "read_extra",
    "save_model",
]

#: The shipped model: a constant in code, so that a change of it is reviewed.
DEFAULT_MODEL = "kahara-linear-0.3.0"

#: The two lists, by format.
_LISTS = {1: ("terms.txt", "concepts.txt")} | dict.fromkeys((2, 3), ("terms.txt.gz", "concepts.txt.gz"))
_LONGEST_LIST = 1 << 28
_ARRAYS = (
    "weights", "intercepts", "combiner", "harassment_combiner",
    "clause_weights", "clause_intercepts", "review", "alert", "long_points",
)  # fmt: skip
_LONG_POINTS_SINCE = 3
PROBES = (
    "土下座して謝れ。",
    "三百万円を用意しろと二十回も電話した。",
    "田中さんの住所をネットに晒すぞ",
    "お忙しいところ恐れ入りますが、返金をお願いいたします。",
)


def models_root() -> Path:
    """Return the directory of shipped models: inside the wheel, or beside the package in a checkout.

    Returns
    -------
    Path
        It may not exist in a broken installation.
    """
    package = Path(str(files("kahara_nlp")))
    installed = package / "_models"
    return installed if installed.is_dir() else package.parent / "models"


def find_model(model: str | os.PathLike[str] | None = None) -> Path:
    """Return the directory of a model.

    Parameters
    ----------
    model : str or path-like, optional
        A directory, or the name of an own or shipped model; the one in use if not given, which is the shipped
        default unless `kahara_nlp.model_store.use_model` chose another.

    Returns
    -------
    Path
        A directory with a manifest.

    Raises
    ------
    ModelNotFoundError
        If there is none; the message lists where it was looked for.
    """
    name = (current_model().model or DEFAULT_MODEL) if model is None else os.fspath(model)
    tried = [models_root() / name]
    if is_model_name(name):
        tried.insert(0, own_directory(name))
    if model is not None or name != DEFAULT_MODEL:
        tried.insert(0, Path(name))
    for path in tried:
        _put_back(path)
        if (path / "manifest.json").is_file():
            return path
    in_use = "the model in use is gone: " if model is None and name != DEFAULT_MODEL else "no model: "
    msg = (
        f"{in_use}looked for manifest.json in {', '.join(map(str, tried))}; "
        "kahara model list shows what there is, kahara train makes one"
    )
    raise ModelNotFoundError(msg)


def _put_back(path: Path) -> None:
    """Put a model back that was taken away for a new one which, because the program was killed, never came."""
    old = path.with_name(f".{path.name}.old") if path.name else path
    if not path.exists() and (old / "manifest.json").is_file():
        with suppress(OSError):
            old.rename(path)


def probe_tokens() -> dict[str, tuple[str, ...]]:
    """Cut the probe texts with the installed dictionary.

    Returns
    -------
    dict of str to tuple of str
        Word units of each probe, classes written out.
    """
    return {
        probe: tuple(readable(unit) for unit in word_units(tokens))
        for probe, tokens in zip(PROBES, tokenize(PROBES), strict=True)
    }


def save_model(
    model: Model,
    directory: str | os.PathLike[str],
    manifest: Manifest,
    card: str,
    extras: Mapping[str, bytes] | None = None,
) -> Manifest:
    """Write a model; the directory appears whole or not at all.

    Parameters
    ----------
    model : Model
        The fitted arrays; weights must be exact in half precision, as `kahara_nlp.training` makes them.
    directory : str or path-like
        Where; an existing model of that name is replaced.
    manifest : Manifest
        Its `files` is filled in here.
    card : str
        The text of ``MODEL_CARD.md``.
    extras : mapping of str to bytes, optional
        More files by name, such as the model's own policy; scoring does without them.

    Returns
    -------
    Manifest
        With checksums.

    Raises
    ------
    ModelError
        If `directory` exists and is no model: nothing is overwritten that is not one.
    """
    target = Path(directory).resolve()
    if target.is_file():
        msg = f"{target} is a file; a model is a directory"
        raise ModelError(msg)
    if target.exists() and not (target / "manifest.json").is_file() and any(target.iterdir()):
        msg = f"{target} exists and holds no model; choose another directory"
        raise ModelError(msg)
    contents = {
        _LISTS[FORMAT][0]: _packed(vocabulary_text(model.vocabulary, manifest.n_texts)),
        _LISTS[FORMAT][1]: _packed(lexicon_text(model.lexicon)),
        "weights.npz": _arrays_bytes(model),
    }
    contents |= dict(extras or {})
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    filled = replace(manifest, format=FORMAT, files=sums)
    contents["manifest.json"] = (json.dumps(asdict(filled), ensure_ascii=False, indent=1) + "\n").encode()
    contents["MODEL_CARD.md"] = card.encode()
    new, old = target.with_name(f".{target.name}.new"), target.with_name(f".{target.name}.old")
    _put_back(target)
    for leftover in (new, old):
        shutil.rmtree(leftover, ignore_errors=True)
    new.mkdir(parents=True)
    for name, content in contents.items():
        (new / name).parent.mkdir(exist_ok=True)
        (new / name).write_bytes(content)
    load_model(new)  # what cannot be read back is never put in place
    if target.exists():
        target.rename(old)
    new.rename(target)
    shutil.rmtree(old, ignore_errors=True)
    return filled


def _packed(content: bytes) -> bytes:
    """Pack a list; without the time of day, so that the same list gives the same bytes."""
    return gzip.compress(content, mtime=0)


def _text(content: bytes, manifest: Manifest) -> str:
    """Unpack a list, but no more than a list can be long: a damaged file must not fill the memory."""
    if manifest.format == 1:
        return content.decode()
    with gzip.GzipFile(fileobj=BytesIO(content)) as stream:
        text = stream.read(_LONGEST_LIST + 1)
    if len(text) > _LONGEST_LIST:
        msg = f"a list of more than {_LONGEST_LIST} bytes"
        raise DataError(msg)
    return text.decode()


def _arrays_bytes(model: Model) -> bytes:
    """Write the arrays; the two large ones in half precision."""
    arrays = {name: getattr(model, name) for name in _ARRAYS}
    for name in ("weights", "clause_weights"):
        half = arrays[name].astype(np.float16)
        if not np.array_equal(half.astype(arrays[name].dtype), arrays[name]):
            msg = f"{name} is not exact in half precision; round it before saving"
            raise DataError(msg)
        arrays[name] = half
    buffer = BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def load_model(directory: str | os.PathLike[str]) -> tuple[Model, Manifest]:
    """Read a model, checking each part before it is used.

    Parameters
    ----------
    directory : str or path-like
        A model directory.

    Returns
    -------
    model : Model
        The arrays.
    manifest : Manifest
        What is known of it.

    Raises
    ------
    ModelNotFoundError
        If there is no manifest.
    ModelFormatError
        If the manifest, its format number, the terms or the arrays cannot be used.
    ChecksumMismatchError
        If a file differs from what the manifest says.
    TokenizerMismatchError
        If the installed dictionary cuts the probe texts otherwise.
    """
    path = Path(directory)
    manifest = read_manifest(path)
    terms, concepts = (_checked(path, manifest, name) for name in _LISTS[manifest.format])
    weights = _checked(path, manifest, "weights.npz")
    _check_tokenizer(path, manifest)
    try:
        vocabulary = read_vocabulary_text(_text(terms, manifest), manifest)
        with np.load(BytesIO(weights), allow_pickle=False) as stored:
            later = {"long_points"} if manifest.format < _LONG_POINTS_SINCE else set()
            arrays = {name: np.asarray(stored[name]) for name in _ARRAYS if name not in later}
        for name in ("weights", "clause_weights"):
            arrays[name] = arrays[name].astype(np.float32)
        # Before, texts of every length had the same thresholds.
        arrays.setdefault("long_points", np.array([arrays["review"][-1], arrays["alert"][-1]]))
        lexicon = read_lexicon_text(_text(concepts, manifest))
        model = Model(vocabulary, lexicon, manifest.categories, clauses=manifest.clauses, **arrays)
    except (DataError, KeyError, ValueError, OSError, EOFError, zlib.error, zipfile.BadZipFile) as exc:
        msg = f"{path}: terms and arrays do not fit together ({type(exc).__name__}); restore the directory"
        raise ModelFormatError(msg) from exc
    return model, manifest


def _checked(path: Path, manifest: Manifest, name: str) -> bytes:
    """Read a file and compare it with its checksum."""
    try:
        content = (path / name).read_bytes()
    except OSError as exc:
        msg = f"{path}: {name} is missing or unreadable; restore the directory"
        raise ModelFormatError(msg) from exc
    found, expected = hashlib.sha256(content).hexdigest(), manifest.files.get(name)
    if found != expected:
        msg = f"{path}: {name} has SHA-256 {found[:12]}…, the manifest says {str(expected)[:12]}…; restore the file"
        raise ChecksumMismatchError(msg)
    return content


def read_extra(directory: str | os.PathLike[str], name: str) -> bytes | None:
    """Read a file of a model that scoring does without.

    Parameters
    ----------
    directory : str or path-like
        A model directory.
    name : str
        Name of the file.

    Returns
    -------
    bytes or None
        None where the model has no such file.

    Raises
    ------
    ModelError
        If the manifest or the file is damaged.
    """
    manifest = read_manifest(directory)
    return _checked(Path(directory), manifest, name) if name in manifest.files else None


def _check_tokenizer(path: Path, manifest: Manifest) -> None:
    """Refuse a model whose vocabulary was learnt under other word boundaries."""
    found = probe_tokens()
    for probe, expected in manifest.probes.items():
        if probe in found and found[probe] != tuple(expected):
            msg = (
                f"{path}: trained with {manifest.trained_with.get('dictionary')}, installed is {dictionary_version()}, "
                "and it cuts the probe texts otherwise; install that dictionary or train anew"
            )
            raise TokenizerMismatchError(msg)
