"""The third use: an organisation's own examples make a better model, or are refused, and there is a way back."""

import csv
import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import kahara_nlp as kn
from kahara_nlp.cli import main
from kahara_nlp.model_store import current_model, models_home, new_name, roll_back, use_model
from kahara_nlp.training.contest import Comparison, contest, quality_pairs
from kahara_nlp.training.doctor import doubtful_labels, unseen_scores
from kahara_nlp.training.fit import fold_numbers, writer_digest
from kahara_nlp.training.merge import default_weight, merge_examples
from kahara_nlp.training.retrain import Retraining, retrain
from kahara_nlp.training.train import fit_classifier, save_trained

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KAHARA_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def _write(path: Path, examples: list[kn.Example]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(["id", "text", "labels", "writer"])
        writer.writerows([e.id, e.text, "|".join(e.labels), e.writer] for e in examples)
    return path


def test_added_examples_weigh_a_tenth_of_all_each_once_to_ten_times():
    assert [default_weight(20_000, n) for n in (1, 40, 400, 4_000, 40_000)] == [10.0, 10.0, 5.0, 1.0, 1.0]


def test_conflicts_are_listed_and_decided_by_the_rule():
    base = [kn.Example("1", "遅い", ("intimidation",)), kn.Example("2", "どうも")]
    added = [kn.Example("1", "遅 い"), kn.Example("a", "どうも"), kn.Example("b", "新しい")]
    merged = merge_examples(base, added)
    assert [(e.id, e.labels) for e in merged.examples] == [("added:1", ()), ("2", ()), ("b", ())]
    assert merged.added == {"added:1", "b"}
    assert merged.repeated == ("a",)
    assert "1: none; 1: intimidation" in merged.to_text()
    assert "the added labels count" in merged.to_text()
    assert "遅" not in merged.to_text()
    kept = merge_examples(base, added, rule="base")
    assert kept.examples[0].labels == ("intimidation",)
    with pytest.raises(kn.DataError, match="other labels"):
        merge_examples(base, added, rule="refuse")
    with pytest.raises(kn.DataError, match="contradict themselves"):
        merge_examples(base, [kn.Example("x", "a"), kn.Example("y", "a", ("sexual",))])


def test_writers_keep_their_folds_when_others_come(small_examples: list[kn.Example]):
    before = fold_numbers(small_examples, 3)
    known = {writer_digest(e.writer): int(f) for e, f in zip(small_examples, before, strict=True)}
    new = [kn.Example(f"n{i}", "x", writer=f"new-{i % 2}") for i in range(10)]
    after = fold_numbers([*new, *small_examples], 3, known)
    np.testing.assert_array_equal(after[10:], before)
    assert set(after[:10].tolist()) <= {0, 1, 2}


def test_a_figure_is_worse_only_beyond_noise_and_tolerance():
    assert Comparison("general", "auroc", 0.97, 0.95, -0.03, -0.01, 9).worse
    assert not Comparison("general", "auroc", 0.97, 0.95, -0.05, 0.01, 9).worse
    assert not Comparison("general", "auroc", 0.970, 0.967, -0.004, -0.002, 9).worse
    assert not Comparison("general", "auroc", 0.95, 0.97, 0.01, 0.03, 9).worse


@pytest.fixture(scope="module")
def champion(small_examples: list[kn.Example], tmp_path_factory: pytest.TempPathFactory) -> kn.Classifier:
    directory = tmp_path_factory.mktemp("champion") / "champion"
    kn.train(small_examples, directory)
    return kn.load(directory)


def test_the_champion_is_judged_on_texts_it_had_not_seen(champion: kn.Classifier, small_examples: list[kn.Example]):
    scores = unseen_scores(champion, small_examples)
    evaluation = kn.evaluate(champion, small_examples)
    harassing = np.array([bool(e.labels) for e in small_examples])
    found = float((scores.harassment[harassing] >= champion.model.review[-1]).mean())
    assert found == pytest.approx(evaluation.overall["recall_at_review"].value, abs=0.05)
    fresh = [replace(e, text=f"{e.text}ですよ") for e in small_examples[:5]]
    expected = [r.harassment for r in champion.classify_many(e.text for e in fresh)]
    np.testing.assert_allclose(unseen_scores(champion, fresh).harassment, expected)


def test_a_model_equals_itself(champion: kn.Classifier, small_examples: list[kn.Example]):
    scores = unseen_scores(champion, small_examples)
    result = contest(champion, champion, small_examples, scores, frozenset())
    assert result.reasons == ()
    assert all(c.champion == c.challenger for c in result.comparisons)
    assert {c.part for c in result.comparisons} == {"general", "pairs"}


def test_there_are_pairs_to_compare_on():
    assert len(quality_pairs()) >= 300


def test_the_manifest_knows_its_parents(champion: kn.Classifier, small_examples: list[kn.Example], tmp_path: Path):
    trained = fit_classifier(small_examples, parent=champion)
    child = save_trained(trained, tmp_path / "child", {"forced": True})
    assert child.manifest.parents == (f"champion {champion.manifest.files['weights.npz']}",)
    assert kn.load(tmp_path / "child").manifest.metrics["forced"] is True
    folds = champion.manifest.data["writer_folds"]
    assert child.manifest.data["writer_folds"] == folds


def test_probably_wrong_labels_are_found(small_examples: list[kn.Example]):
    shipped = kn.load()
    wrong = {
        "w-1": ("ご連絡ありがとうございました。届きました。", ("sexual",)),
        "w-2": ("土下座して謝れよ、ここで", ()),
    }
    examples = [*small_examples, *(kn.Example(i, text, labels) for i, (text, labels) in wrong.items())]
    doubts = doubtful_labels(shipped, examples)
    first = [doubt.id for doubt in doubts[:6]]
    assert {"w-1", "w-2"} <= set(first)
    assert all("土下座" not in doubt.to_text() for doubt in doubts)


def test_models_can_be_used_and_taken_back(home: Path, tiny_directory: Path, capsys: pytest.CaptureFixture[str]):
    assert current_model().model is None
    assert new_name() == "own-1"
    assert main(["model", "use", str(tiny_directory)]) == 0
    assert kn.load().manifest.name == "tiny"
    assert main(["model", "list"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in listed if line.startswith("*")] == ["tiny"]
    assert main(["model", "show"]) == 0
    assert "60 texts by 3 writers" in capsys.readouterr().out
    assert main(["model", "rollback"]) == 0
    assert kn.load().manifest.name == "kahara-linear-0.3.0"
    assert main(["model", "rollback"]) == 3
    assert "no model to go back to" in capsys.readouterr().err
    assert main(["model", "use", "no-such-model"]) == 3
    use_model(tiny_directory)
    assert main(["model", "use", "kahara-linear-0.3.0"]) == 0
    assert current_model().model is None
    assert roll_back().model == str(tiny_directory.resolve())
    assert home.is_dir()


def test_a_model_in_use_that_is_gone_is_named(home: Path, small_examples: list[kn.Example], tmp_path: Path):
    kn.train(small_examples, tmp_path / "m")
    use_model(tmp_path / "m")
    (tmp_path / "m").rename(tmp_path / "elsewhere")
    with pytest.raises(kn.ModelNotFoundError, match="the model in use is gone"):
        kn.load()
    (home / "models" / "current.json").write_text("[")
    with pytest.raises(kn.ModelError, match="kahara model use"):
        kn.load()


def test_a_damaged_model_is_never_used(home: Path, tiny_directory: Path, tmp_path: Path):
    copy = tmp_path / "copy"
    subprocess.run(["cp", "-r", str(tiny_directory), str(copy)], check=True)
    (copy / "weights.npz").write_bytes(b"x")
    assert main(["model", "use", str(copy)]) == 3
    assert current_model().model is None
    assert not home.exists()


def test_training_on_top_installs_the_model_and_rollback_leaves_it(
    home: Path, small_examples: list[kn.Example], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    base, own = _write(tmp_path / "base.csv", small_examples), _write(
        tmp_path / "own.csv", [replace(e, id=f"own-{e.id}", text=f"{e.text}ね", writer=f"our {e.writer}") for e in small_examples[:20]]
    )  # fmt: skip
    arguments = ["train", "--data", str(base), "--add", str(own), "--jobs", "1"]
    assert main([*arguments, "--against", "kahara-linear-0.3.0"]) == 3
    captured = capsys.readouterr()
    assert "| added |" in captured.out
    assert "was not saved, since it is worse" in captured.err
    assert not list(models_home().glob("own-*"))
    assert main([*arguments, "--against", "kahara-linear-0.3.0", "--force"]) == 0
    assert kn.load().manifest.name == "own-1"
    assert kn.load().manifest.metrics["forced"] is True
    assert main(["model", "show", "own-1"]) == 0
    assert "saved by --force" in capsys.readouterr().out
    assert main(["model", "audit"]) == 0
    assert "not in the shipped model" in capsys.readouterr().out
    assert main(["model", "compare", "own-1", "own-1", "--data", str(base)]) == 0
    assert "+0.000" in capsys.readouterr().out
    assert main(["model", "rollback"]) == 0
    assert kn.load().manifest.name == "kahara-linear-0.3.0"
    assert home.is_dir()


def test_an_own_policy_comes_along_with_its_model(small_examples: list[kn.Example], tmp_path: Path):
    path = tmp_path / "own.toml"
    path.write_text(
        '[policy]\ntitle = "t"\n[[category]]\nnumber = 1\nid = "kneel"\nname = "土下座"\nbehaviors = ["a\\u007fb"]\n'
        '[[category]]\nnumber = 2\nid = "other"\nname = "その他"\n',
        encoding="utf-8",
    )
    own = [
        replace(
            e, labels=("kneel",) if "dogeza_demand" in e.labels else ("other",) if e.labels else (), clauses=(), kind=""
        )
        for e in small_examples
    ]
    _write(tmp_path / "own.csv", own)
    arguments = ["--policy", str(path), "--jobs", "1", "-o", str(tmp_path / "m")]
    assert main(["train", "--replace", "--add", str(tmp_path / "own.csv"), "--force", *arguments]) == 0
    classifier = kn.load(tmp_path / "m")
    assert [c.name for c in classifier.policy.values()] == ["土下座", "その他"]
    assert list(classifier.classify("そこに土下座しろ").probabilities) == ["kneel", "other"]
    assert main(["evaluate", "--model", str(tmp_path / "m"), "--data", str(tmp_path / "own.csv"), "--as-is"]) == 0
    assert main(["data", "check", str(tmp_path / "own.csv"), "--policy", str(path)]) == 0


def test_suggestions_are_varied_and_come_back_as_examples(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    samples = ROOT / "data" / "samples"
    store = tmp_path / "r.db"
    kn.score_archive(samples / "inbox.mbox", store, own_domains={"kumiai.example"}, jobs=1)
    output = tmp_path / "to_label.csv"
    assert main(["suggest", str(store), "-n", "8", "-o", str(output)]) == 0
    assert "8 texts written" in capsys.readouterr().err
    with output.open(encoding="utf-8-sig", newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert len({row["text"] for row in rows}) == 8
    assert {row["labels"] for row in rows} == {"?"}
    assert not any("@" in row["writer"] for row in rows)
    empty = kn.training.read_example_file(output)
    assert (len(empty.examples), len(empty.unlabelled)) == (0, 8)
    rows[0]["labels"] = "③"
    with output.open("w", encoding="utf-8-sig", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    (example,) = kn.training.read_example_file(output).examples
    assert example.labels == ("intimidation",)
    assert example.text == rows[0]["text"].removeprefix("'")
    assert main(["suggest", str(tmp_path / "no.db"), "-o", str(output)]) == 3


def test_the_doctor_prints_ids_and_texts_only_where_asked(
    small_examples: list[kn.Example], tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    path = _write(tmp_path / "d.csv", [*small_examples, kn.Example("wrong", "土下座して謝れ、今すぐだ", writer="b")])
    assert main(["data", "doctor", str(path), "-n", "5"]) == 0
    assert "土下座" not in (out := capsys.readouterr().out)
    assert "wrong: not labelled" in out
    assert main(["data", "doctor", str(path), "--texts", "-n", "5"]) == 0
    assert "土下座して謝れ、今すぐだ" in capsys.readouterr().out


def test_killed_while_training_the_model_before_still_works(home: Path, tiny_directory: Path, tmp_path: Path):
    """Six trainings over the same directory, each killed at another moment."""
    target = tmp_path / "m"
    small = str(ROOT / "tests" / "data" / "small.csv")
    script = "import sys; from kahara_nlp.training import *; train(read_examples(sys.argv[1]), sys.argv[2])"
    kn.train(kn.read_examples(small), target)
    expected = kn.load(target).classify("土下座しろ")
    environment = os.environ | {"KAHARA_HOME": str(home)}
    rng = random.Random(1)
    for _ in range(6):
        process = subprocess.Popen([sys.executable, "-c", script, small, str(target)], env=environment)
        time.sleep(rng.uniform(0.5, 4.5))
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert kn.load(target).classify("土下座しろ") == expected
    assert tiny_directory.is_dir()


def test_a_model_taken_away_for_one_that_never_came_is_put_back(tiny_directory: Path, tmp_path: Path):
    subprocess.run(["cp", "-r", str(tiny_directory), str(tmp_path / ".m.old")], check=True)
    (tmp_path / ".m.new").mkdir()
    assert kn.load(tmp_path / "m").manifest.name == "tiny"
    assert json.loads((tmp_path / "m" / "manifest.json").read_text())["name"] == "tiny"


def test_retrain_needs_the_added_examples_to_agree_with_what_is_known(
    champion: kn.Classifier, small_examples: list[kn.Example]
):
    """A file whose labels are turned round is refused, although on itself the new model is the better one."""
    shipped = kn.load()
    turned = [
        replace(e, id=f"t-{e.id}", text=f"{e.text}ね", labels=() if e.labels else ("intimidation",), clauses=(), kind="", writer=f"t{e.writer}")
        for e in small_examples
    ]  # fmt: skip
    result = retrain(turned, Retraining(base=small_examples, champion=shipped))
    assert any("turned round" in reason for reason in result.contest.reasons)
    right = [replace(e, id=f"r-{e.id}", text=f"{e.text}ね", writer=f"r{e.writer}") for e in small_examples]
    result = retrain(right, Retraining(base=small_examples, champion=champion))
    assert not any("turned round" in reason for reason in result.contest.reasons)
