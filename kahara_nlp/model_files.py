"""Models on disk: a directory of JSON, text and plain arrays that cannot run code.

``manifest.json`` describes the rest and holds its checksums; ``terms.txt`` lists the vocabulary and
``concepts.txt`` the lexicon for people and programs; ``weights.npz`` holds arrays,
read with pickling off; ``MODEL_CARD.md`` is for people.
"""

import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from kahara_nlp.concepts import Lexicon, merge
from kahara_nlp.errors import (
    ChecksumMismatchError,
    DataError,
    ModelError,
    ModelFormatError,
    ModelNotFoundError,
    TokenizerMismatchError,
)
from kahara_nlp.features import Family, Vocabulary
from kahara_nlp.masking import CLASS_NAMES, readable
from kahara_nlp.model import Model
from kahara_nlp.tokens import dictionary_version, tokenize, word_units

__all__ = [
    "DEFAULT_MODEL",
    "FORMAT",
    "Manifest",
    "find_model",
    "load_model",
    "models_root",
    "probe_tokens",
    "save_model",
]

#: Raise this number when a file of this version cannot be read by the code before it. The old reader then
#: moves to ``_read_format_N``, and ``tests/models/format-N`` keeps a frozen model that must still load.
FORMAT = 1
#: The shipped model: a constant in code, so that a change of it is reviewed.
DEFAULT_MODEL = "kahara-lr-0.1.0"

_FILES = ("terms.txt", "concepts.txt", "weights.npz")
_ARRAYS = (
    "weights", "intercepts", "combiner", "harassment_combiner",
    "clause_weights", "clause_intercepts", "review", "alert",
)  # fmt: skip
PROBES = (
    "土下座して謝れ。",
    "三百万円を用意しろと二十回も電話した。",
    "田中さんの住所をネットに晒すぞ",
    "お忙しいところ恐れ入りますが、返金をお願いいたします。",
)


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
    parents: tuple[str, ...] = ()


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
        A directory, or the name of a shipped model; the default model if not given.

    Returns
    -------
    Path
        A directory with a manifest.

    Raises
    ------
    ModelNotFoundError
        If there is none; the message lists where it was looked for.
    """
    name = DEFAULT_MODEL if model is None else os.fspath(model)
    tried = [Path(name), models_root() / name] if model is not None else [models_root() / name]
    for path in tried:
        if (path / "manifest.json").is_file():
            return path
    msg = f"no model: looked for manifest.json in {', '.join(map(str, tried))}; train one with: kahara train"
    raise ModelNotFoundError(msg)


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


def save_model(model: Model, directory: str | os.PathLike[str], manifest: Manifest, card: str) -> Manifest:
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
        "terms.txt": _terms_text(model.vocabulary, manifest.n_texts),
        "concepts.txt": _concepts_text(model.lexicon),
        "weights.npz": _arrays_bytes(model),
    }
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
    filled = Manifest(**{**_as_dict(manifest), "files": sums})
    contents["manifest.json"] = (json.dumps(asdict(filled), ensure_ascii=False, indent=1) + "\n").encode()
    contents["MODEL_CARD.md"] = card.encode()
    new, old = target.with_name(f".{target.name}.new"), target.with_name(f".{target.name}.old")
    for leftover in (new, old):
        shutil.rmtree(leftover, ignore_errors=True)
    new.mkdir(parents=True)
    for name, content in contents.items():
        (new / name).write_bytes(content)
    load_model(new)  # what cannot be read back is never put in place
    if target.exists():
        target.rename(old)
    new.rename(target)
    shutil.rmtree(old, ignore_errors=True)
    return filled


def _as_dict(manifest: Manifest) -> dict[str, Any]:
    return {name: getattr(manifest, name) for name in manifest.__dataclass_fields__}


def _terms_text(vocabulary: Vocabulary, n_texts: int) -> bytes:
    """Write the vocabulary: family, number of texts, term; one term a line."""
    lines = []
    for family in vocabulary.families:
        frequencies = np.rint((1 + n_texts) / np.exp(family.idf - 1) - 1).astype(int)
        lines += [
            f"{family.name}\t{frequency}\t{readable(term)}"
            for frequency, term in zip(frequencies.tolist(), family.terms(), strict=True)
        ]
    return ("\n".join(lines) + "\n").encode()


def _concepts_text(lexicon: Lexicon) -> bytes:
    """Write the lexicon: notion, lemmas; one entry a line."""
    lines = [f"{notion}\t{' '.join(lemmas)}" for lemmas, notions in lexicon.entries.items() for notion in notions]
    return readable("\n".join(sorted(lines)) + "\n").encode()


def _read_concepts(content: str) -> Lexicon:
    """Rebuild the lexicon."""
    rows = [line.split("\t") for line in _with_symbols(content).splitlines() if line]
    return merge((notion, tuple(lemmas.split(" "))) for notion, lemmas in rows)


def _with_symbols(content: str) -> str:
    """Undo `readable`."""
    for symbol, name in CLASS_NAMES.items():
        content = content.replace(name, symbol)
    return content


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
    manifest = _read_manifest(path)
    contents: dict[str, bytes] = {}
    for name in _FILES:
        try:
            contents[name] = (path / name).read_bytes()
        except OSError as exc:
            msg = f"{path}: {name} is missing or unreadable; restore the directory"
            raise ModelFormatError(msg) from exc
        found, expected = hashlib.sha256(contents[name]).hexdigest(), manifest.files.get(name)
        if found != expected:
            msg = f"{path}: {name} has SHA-256 {found[:12]}…, the manifest says {str(expected)[:12]}…; restore the file"
            raise ChecksumMismatchError(msg)
    _check_tokenizer(path, manifest)
    try:
        vocabulary = _read_terms(contents["terms.txt"].decode(), manifest)
        with np.load(BytesIO(contents["weights.npz"]), allow_pickle=False) as stored:
            arrays = {name: np.asarray(stored[name]) for name in _ARRAYS}
        for name in ("weights", "clause_weights"):
            arrays[name] = arrays[name].astype(np.float32)
        lexicon = _read_concepts(contents["concepts.txt"].decode())
        model = Model(vocabulary, lexicon, manifest.categories, clauses=manifest.clauses, **arrays)
    except (DataError, KeyError, ValueError, OSError, EOFError, zipfile.BadZipFile) as exc:
        msg = f"{path}: terms and arrays do not fit together ({type(exc).__name__}); restore the directory"
        raise ModelFormatError(msg) from exc
    return model, manifest


def _read_manifest(path: Path) -> Manifest:
    """Read and check the manifest."""
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
    if document["format"] != FORMAT:
        msg = f"{path}: format {document['format']}, this version reads {FORMAT}; update kahara-nlp or train anew"
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
    return Manifest(format=FORMAT, **fields)


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


def _read_terms(content: str, manifest: Manifest) -> Vocabulary:
    """Rebuild the vocabulary from the term list."""
    content = _with_symbols(content)
    rows: dict[str, list[tuple[Sequence[str], int]]] = {name: [] for name in manifest.families}
    for line in content.splitlines():
        family, frequency, term = line.split("\t")
        rows[family].append((term if family == "char" else term.split(" "), int(frequency)))
    families = (_family(name, max_n, rows[name], manifest.n_texts) for name, max_n in manifest.families.items())
    return Vocabulary(tuple(families)).with_presence(manifest.presence)


def _family(name: str, max_n: int, rows: Sequence[tuple[Sequence[str], int]], n_texts: int) -> Family:
    """Rebuild one family."""
    symbols = tuple(np.unique(np.array([s for term, _ in rows for s in term] or [""])).tolist())
    empty = Family(name, max_n, symbols, np.zeros(0, np.int64), np.zeros(0))
    number = {symbol: place for place, symbol in enumerate(symbols, 1)}
    codes = np.zeros(len(rows), dtype=np.int64)
    for place, (term, _) in enumerate(rows):
        for symbol in term:
            codes[place] = (codes[place] << empty.bits) | number[symbol]
    if (np.diff(codes) <= 0).any():
        msg = f"the terms of family {name} are not in order"
        raise DataError(msg)
    frequencies = np.array([frequency for _, frequency in rows], dtype=np.float64)
    return Family(name, max_n, symbols, codes, np.log((1 + n_texts) / (1 + frequencies)) + 1)
