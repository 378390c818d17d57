import io
import json
from pathlib import Path

import pytest

from kahara_nlp.cli import main
from kahara_nlp.results import Results

ROOT = Path(__file__).resolve().parent.parent
INBOX = str(ROOT / "data" / "samples" / "inbox.mbox")


def test_classify_shows_row_clause_passage_and_words(capsys: pytest.CaptureFixture[str]):
    assert main(["classify", "土下座して謝れ"]) == 0
    out = capsys.readouterr().out
    assert "(4) 土下座の要求" in out
    assert "4.1 土下座をするよう強要すること。" in out
    assert "「土下座して謝れ」" in out


def test_classify_as_json_from_standard_input(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO("額を床につけて詫びろ".encode())))
    assert main(["classify", "-", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert record["status"] == "scored"
    assert len(record["probabilities"]) == 12
    assert record["findings"][0]["category"] == "dogeza_demand"


@pytest.mark.parametrize("charset", ["cp932", "iso-2022-jp", "euc-jp", "utf-16", "utf-8-sig"])
def test_standard_input_is_decoded_by_what_its_bytes_are(
    charset: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    data = "先日の件ですが、そこで土下座して謝れ。".encode(charset)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert main(["classify", "-"]) == 0
    assert "土下座の要求" in capsys.readouterr().out


def test_classify_a_text_that_cannot_be_scored(capsys: pytest.CaptureFixture[str]):
    assert main(["classify", "!?"]) == 0
    assert capsys.readouterr().out == "not scored: empty\n"
    assert main(["classify", "!?", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["harassment"] is None


def test_score_prints_findings_and_reports_on_standard_error(capsys: pytest.CaptureFixture[str]):
    assert main(["score", INBOX, "--own-domain", "kumiai.example", "--jobs", "1"]) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("alert")
    assert "43 scored" in captured.err
    assert "13 sent by the organisation" in captured.err


def test_score_to_a_table_and_export(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    arguments = ["score", INBOX, "--own-domain", "kumiai.example", "--jobs", "1", "-o"]
    assert main([*arguments, str(tmp_path / "a.csv")]) == 0
    assert main([*arguments, str(tmp_path / "r.db")]) == 0
    assert main(["export", str(tmp_path / "r.db"), "-o", str(tmp_path / "b.csv")]) == 0
    assert "61 rows" in capsys.readouterr().err
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.csv", "b.csv", "r.db"]


def test_an_interrupted_run_to_a_table_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    table = tmp_path / "rows.jsonl"
    table.write_text('{"text": "返金してください"}\n{"text": \n', encoding="utf-8")
    arguments = ["score", str(table), "--jobs", "1", "-o", str(tmp_path / "out.csv")]
    assert main([*arguments, "--strict"]) == 3
    left = tmp_path / ".out.csv.unfinished.db"
    with Results(left) as results:
        assert results.counts() == {"scored": 1}
    assert main(arguments) == 0
    assert "1 could not be read" in capsys.readouterr().err
    assert not left.exists()
    assert len((tmp_path / "out.csv").read_text(encoding="utf-8-sig").splitlines()) == 2


def test_train_evaluate_and_check(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    small = str(ROOT / "tests" / "data" / "small.csv")
    assert main(["data", "check", small]) == 0
    assert "dogeza_demand" in capsys.readouterr().out
    arguments = ["train", "--data", small, "-o", str(tmp_path / "m"), "--jobs", "1"]
    assert main(arguments) == 3
    assert "since it is worse" in capsys.readouterr().err
    assert main([*arguments, "--force"]) == 0
    assert "| 4 土下座の要求 |" in capsys.readouterr().out
    assert main(["evaluate", "--model", str(tmp_path / "m"), "--data", small, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["grouped"] is True
    assert main(["classify", "そこに土下座して詫びろ", "--model", str(tmp_path / "m")]) == 0
    assert (
        main(
            [
                "evaluate",
                "--model",
                str(tmp_path / "m"),
                "--data",
                small,
                "--learning-curve",
                "--plots",
                str(tmp_path / "p"),
            ]
        )
        == 0
    )
    assert "the last" in capsys.readouterr().out
    assert len(list((tmp_path / "p").glob("*.svg"))) == 4


def test_training_refuses_ids_that_stand_in_two_added_files(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    small = str(ROOT / "tests" / "data" / "small.csv")
    assert main(["train", "--add", small, "--add", small, "-o", str(tmp_path / "m")]) == 3
    assert "60 id(s)" in capsys.readouterr().err
    assert main(["train"]) == 3
    assert "nothing to learn from" in capsys.readouterr().err
    assert main(["train", "--add", str(tmp_path / "absent.csv")]) == 3


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["classify", "x", "--model", "/absent"], 3, "no model"),
        (["score", "/absent.mbox", "--jobs", "1"], 3, "absent.mbox"),
        (["export", "/absent.db", "-o", "x.csv"], 3, "no results file"),
        (["data", "check", "/absent.csv"], 3, "found no file"),
        (["score", INBOX, "-o", "x.txt"], 3, "cannot write x.txt"),
        (["score", INBOX, "-o", "/absent/x.csv"], 3, "there is no folder /absent"),
        (["score", INBOX, "/absent.mbox"], 3, "there is no /absent.mbox"),
        (["train", "--weight", "nan", "-o", "x"], 2, "is no weight"),
        (["train", "--column", "本文"], 2, "names no column"),
        (["classify", "x", "--policy", "/"], 3, "cannot be read as a policy"),
        (["score", INBOX, "--since", "yesterday"], 2, "is no date"),
        (["score", INBOX, "--sample", "2"], 2, "is no share"),
        (["score", INBOX, "--jobs", "0"], 2, "is not a number from 1"),
        ([], 2, "COMMAND"),
    ],
    ids=range(14),
)
def test_errors_have_a_status_and_a_message(
    capsys: pytest.CaptureFixture[str], arguments: list[str], status: int, message: str
):
    try:
        found = main(arguments)
    except SystemExit as exc:
        found = exc.code
    assert found == status
    assert message in capsys.readouterr().err


def test_data_check_refuses_duplicates(capsys: pytest.CaptureFixture[str], tmp_path: Path):
    path = tmp_path / "d.csv"
    path.write_text("id,text,labels,writer\na,返金してください,,x\nb,返金してください,,x\n", encoding="utf-8")
    assert main(["data", "check", str(path)]) == 3
    assert "b: same text as a" in capsys.readouterr().err
