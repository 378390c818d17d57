import gzip
import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import kahara_nlp as kn
from kahara_nlp import model_files
from kahara_nlp.model_files import load_model, save_model

TEXTS = ["土下座して謝れ", "ありがとうございました", "三百万円払え。住所を晒すぞ。"]


@pytest.fixture
def copy(tiny_directory: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_directory, tmp_path / "copy"))


def _edit(directory: Path, **changes: object) -> None:
    path = directory / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_saving_and_loading_changes_no_bit(tiny: kn.Classifier, tiny_directory: Path):
    loaded = kn.load(tiny_directory)
    for mine, other in zip(tiny.classify_many(TEXTS), loaded.classify_many(TEXTS), strict=True):
        assert mine == other
    for name in model_files._ARRAYS:
        np.testing.assert_array_equal(getattr(tiny.model, name), getattr(loaded.model, name))


def test_training_twice_gives_the_same_bytes(small_examples: list[kn.Example], tiny_directory: Path, tmp_path: Path):
    kn.train(small_examples, tmp_path / "tiny")
    for file in ("terms.txt.gz", "concepts.txt.gz", "weights.npz", "validation.npz", "manifest.json", "MODEL_CARD.md"):
        assert (tmp_path / "tiny" / file).read_bytes() == (tiny_directory / file).read_bytes(), file


def test_a_missing_model_says_where_it_was_looked_for(tmp_path: Path):
    with pytest.raises(kn.ModelNotFoundError, match=r"manifest\.json"):
        kn.load(tmp_path)
    with pytest.raises(kn.ModelNotFoundError):
        load_model(tmp_path)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"format": "1"}'])
def test_a_broken_manifest_is_refused(copy: Path, content: str):
    (copy / "manifest.json").write_text(content)
    with pytest.raises(kn.ModelFormatError):
        load_model(copy)


def test_another_format_is_refused(copy: Path):
    _edit(copy, format=99)
    with pytest.raises(kn.ModelFormatError, match="format 99, this version reads 1 to 3"):
        load_model(copy)


@pytest.mark.parametrize(
    ("number", "expected"), [(1, 0.9980384396777904), (2, 0.969388301775221), (3, 0.9095766386934571)]
)
def test_models_of_every_format_still_load(number: int, expected: float):
    """Frozen when the format was new: what they say must not change."""
    model = kn.load(Path(__file__).resolve().parent / "models" / f"format-{number}")
    assert model.manifest.format == number
    assert model.classify("そこに土下座して詫びろ").harassment == pytest.approx(expected, abs=1e-9)


def test_a_manifest_with_a_wrong_field_is_refused(copy: Path):
    _edit(copy, categories="dogeza")
    with pytest.raises(kn.ModelFormatError, match="categories must be list, found str"):
        load_model(copy)


@pytest.mark.parametrize("file", ["terms.txt.gz", "weights.npz"])
def test_a_truncated_or_missing_file_is_refused(copy: Path, file: str):
    content = (copy / file).read_bytes()
    (copy / file).write_bytes(content[: len(content) // 2])
    with pytest.raises(kn.ChecksumMismatchError, match=file):
        load_model(copy)
    (copy / file).unlink()
    with pytest.raises(kn.ModelFormatError, match=f"{file} is missing"):
        load_model(copy)


def test_files_that_do_not_fit_together_are_refused(copy: Path):
    import hashlib

    lists = (b"word\t1\n", b"char\tx\ty\n", b"other\t1\tx\n", b"\xff\xfe")
    for content in (b"", b"word", *(gzip.compress(text) for text in lists), gzip.compress(lists[0])[:-9]):
        (copy / "terms.txt.gz").write_bytes(content)
        files = json.loads((copy / "manifest.json").read_text())["files"]
        _edit(copy, files=files | {"terms.txt.gz": hashlib.sha256(content).hexdigest()})
        with pytest.raises(kn.ModelFormatError, match="do not fit together"):
            load_model(copy)


def test_a_list_that_expands_without_end_is_refused(copy: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(model_files, "_LONGEST_LIST", 1000)
    with pytest.raises(kn.ModelFormatError, match="do not fit together"):
        load_model(copy)


def test_a_pickle_in_the_weights_is_never_loaded(copy: Path):
    import hashlib

    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (Path.touch, (copy / "exploded",))

    np.savez(copy / "weights.npz", weights=np.array([Bomb()], dtype=object))
    files = json.loads((copy / "manifest.json").read_text())["files"]
    _edit(copy, files=files | {"weights.npz": hashlib.sha256((copy / "weights.npz").read_bytes()).hexdigest()})
    with pytest.raises(kn.ModelFormatError):
        load_model(copy)
    assert not (copy / "exploded").exists()


def test_another_dictionary_is_refused(copy: Path):
    probes = json.loads((copy / "manifest.json").read_text())["probes"]
    _edit(copy, probes={next(iter(probes)): ["別", "の", "切り方"]})
    with pytest.raises(kn.TokenizerMismatchError, match="install that dictionary or train anew"):
        load_model(copy)


def test_nothing_but_a_model_is_overwritten(tiny: kn.Classifier, tmp_path: Path):
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "thesis.txt").write_text("x")
    with pytest.raises(kn.ModelError, match="holds no model"):
        save_model(tiny.model, tmp_path / "precious", tiny.manifest, "")
    assert (tmp_path / "precious" / "thesis.txt").read_text() == "x"


def test_saving_over_a_model_replaces_it_whole(tiny: kn.Classifier, copy: Path):
    save_model(tiny.model, copy, tiny.manifest, "new card")
    assert (copy / "MODEL_CARD.md").read_text() == "new card"
    assert sorted(p.name for p in copy.parent.iterdir()) == ["copy"]


def test_no_term_holds_a_name_or_a_number(tiny_directory: Path):
    import re

    terms = gzip.decompress((tiny_directory / "terms.txt.gz").read_bytes()).decode().splitlines()
    assert len(terms) > 50
    assert not [line for line in terms if re.search(r"[0-9]", re.sub(r"<[^>]*>=?\d*>?", "", line.split("\t")[2]))]
