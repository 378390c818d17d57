"""Scoring archives: the sample archive, resuming, filters, exports."""

import csv
import json
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

import kahara_nlp as kn
from kahara_nlp.archive import Filters, score_archive
from kahara_nlp.exports import export, frame_of
from kahara_nlp.meter import Meter
from kahara_nlp.records import Problem
from kahara_nlp.results import Results

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "data" / "samples"
INBOX = SAMPLES / "inbox.mbox"
OWN = {"kumiai.example"}


def _rows(path: Path) -> list[tuple[object, ...]]:
    """Everything of a store that does not depend on when it was written."""
    database = sqlite3.connect(path)
    tables = {
        "messages": "source, position, message_id, digest, date, sender, subject, status, level, harassment, customer_text",
        "probabilities": "message, category, probability",
        "findings": "message, category, clause, probability, level, passage, passage_start, passage_end",
        "evidence": 'finding, text, start, "end", contribution',
        "errors": "source, position, reason",
        "progress": "source, last",
    }
    rows = [
        (table, *row)
        for table, columns in tables.items()
        for row in database.execute(f"SELECT {columns} FROM {table} ORDER BY {columns}")
    ]
    database.close()
    return rows


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("scored") / "results.db"
    score_archive([INBOX, SAMPLES / "calls"], path, own_domains=OWN, jobs=1)
    return path


@pytest.fixture(scope="module")
def expected() -> list[dict[str, str]]:
    with (SAMPLES / "expected.csv").open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def test_every_sample_message_gets_its_status_and_exactly_the_customers_words(
    scored: Path, expected: list[dict[str, str]]
):
    with Results(scored) as results:
        messages = results.query("SELECT source, message_id, status, customer_text FROM messages")
    found = {
        (row.message_id if row.source.endswith(".mbox") else Path(row.source).name): row
        for row in messages.itertuples()
    }
    assert len(found) == len(expected) == 67
    for row in expected:
        message = found[row["message_id"] or row["source"]]
        assert message.status == {"own_domain": "own"}.get(row["expected_status"], row["expected_status"])
        if row["expected_status"] == "scored":
            assert message.customer_text.strip() == row["customer_text"].strip(), row["message_id"]


def test_findings_on_the_sample_archive_agree_with_a_reader(scored: Path, expected: list[dict[str, str]]):
    with Results(scored) as results:
        messages = results.query("SELECT id, source, message_id, level FROM messages WHERE status = 'scored'")
        findings = results.query("SELECT message, category FROM findings")
    labels = {row["message_id"] or row["source"]: set(filter(None, row["labels"].split("|"))) for row in expected}
    categories = findings.groupby("message")["category"].agg(set).to_dict()
    flagged = missed = false_alerts = 0
    for row in messages.itertuples():
        truth = labels[row.message_id if row.source.endswith(".mbox") else Path(row.source).name]
        if truth:
            flagged += row.level is not None and bool(truth & categories.get(row.id, set()))
            missed += row.level is None
        else:
            false_alerts += row.level == "alert"
    assert flagged >= 18
    assert missed == 0
    assert false_alerts == 0


def test_offsets_lead_back_to_the_words(scored: Path):
    with Results(scored) as results:
        rows = results.query(
            "SELECT m.customer_text AS text, f.passage, f.passage_start, f.passage_end FROM findings f "
            "JOIN messages m ON m.id = f.message"
        )
    assert len(rows) > 20
    for row in rows.itertuples():
        assert row.text[row.passage_start : row.passage_end] == row.passage


def test_a_second_run_reads_nothing_twice(scored: Path):
    before = _rows(scored)
    counts = score_archive([INBOX, SAMPLES / "calls"], scored, own_domains=OWN, jobs=1)
    assert _rows(scored) == before
    assert counts["scored"] == 49


def test_processes_and_their_number_change_nothing(scored: Path, tmp_path: Path):
    score_archive([INBOX, SAMPLES / "calls"], tmp_path / "two.db", own_domains=OWN, jobs=2)
    assert _rows(tmp_path / "two.db") == _rows(scored)


def test_appended_mail_is_picked_up(tmp_path: Path):
    content = INBOX.read_bytes()
    middle = content.index(b"\nFrom ", len(content) // 2) + 1
    archive = tmp_path / "mail.mbox"
    archive.write_bytes(content[:middle])
    first = score_archive(archive, tmp_path / "a.db", own_domains=OWN, jobs=1)
    archive.write_bytes(content)
    second = score_archive(archive, tmp_path / "a.db", own_domains=OWN, jobs=1)
    whole = score_archive(archive, tmp_path / "b.db", own_domains=OWN, jobs=1)
    assert first["scored"] < second["scored"]
    assert second == whole
    assert _rows(tmp_path / "a.db") == _rows(tmp_path / "b.db")


@pytest.mark.slow
def test_killed_at_any_instant_the_next_run_ends_as_if_nothing_had_happened(tmp_path: Path):
    content = INBOX.read_bytes()
    archive = tmp_path / "mail.mbox"
    archive.write_bytes(b"".join(content.replace(b"Message-ID: <", b"Message-ID: <%d." % n) for n in range(20)))
    code = (
        "import sys; from kahara_nlp.archive import score_archive;"
        "score_archive(sys.argv[1], sys.argv[2], own_domains={'kumiai.example'}, jobs=1)"
    )
    command = [sys.executable, "-W", "ignore", "-c", code, str(archive)]
    started = time.monotonic()
    subprocess.run([*command, str(tmp_path / "whole.db")], check=True, capture_output=True)
    duration = time.monotonic() - started
    expected = _rows(tmp_path / "whole.db")
    rng = random.Random(7)
    interrupted = 0
    path = tmp_path / "killed.db"
    for _ in range(80):
        process = subprocess.Popen([*command, str(path)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(rng.uniform(0.3, 1.0) * duration * 0.7)
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.wait()
            interrupted += 1
        else:  # it came to its end: compare, and begin anew
            assert _rows(path) == expected
            for file in tmp_path.glob("killed.db*"):
                file.unlink()
        if interrupted == 20:
            break
    subprocess.run([*command, str(path)], check=True, capture_output=True)
    assert interrupted == 20
    assert _rows(path) == expected


def test_a_mail_in_two_folders_is_scored_once(tmp_path: Path):
    (tmp_path / "a.mbox").write_bytes(INBOX.read_bytes())
    (tmp_path / "b.mbox").write_bytes(INBOX.read_bytes())
    counts = score_archive([tmp_path / "a.mbox", tmp_path / "b.mbox"], tmp_path / "r.db", own_domains=OWN, jobs=1)
    assert counts["scored"] == counts["duplicate"] == 43


def test_filters(tmp_path: Path):
    def scored_with(name: str, **choices: object) -> pd.DataFrame:
        filters = Filters(**choices)  # type: ignore[arg-type]
        score_archive(INBOX, tmp_path / name, own_domains=OWN, filters=filters, jobs=1)
        with Results(tmp_path / name) as results:
            return results.query("SELECT date, sender FROM messages")

    since = scored_with("a.db", since=datetime(2026, 11, 1, tzinfo=UTC))
    assert 0 < len(since) < 61
    assert min(datetime.fromisoformat(d) for d in since["date"].dropna()) >= datetime(2026, 11, 1, tzinfo=UTC)
    assert (
        len(scored_with("b.db", until=datetime(2026, 11, 1, tzinfo=UTC))) + len(since)
        == 61 + since["date"].isna().sum()
    )
    assert set(scored_with("c.db", sender="@mail.example.jp")["sender"].str.contains("mail.example.jp")) == {True}
    assert 5 < len(scored_with("d.db", sample=0.5)) < 55


def test_a_bad_message_is_one_error_row_and_strict_stops(tmp_path: Path):
    table = tmp_path / "rows.jsonl"
    table.write_text('{"text": "返金してください"}\n{"text": \n{"text": "土下座して謝れ"}\n', encoding="utf-8")
    counts = score_archive(table, tmp_path / "r.db", jobs=1)
    assert (counts["scored"], counts["failed"]) == (2, 1)
    with Results(tmp_path / "r.db") as results:
        (reason,) = results.query("SELECT reason FROM errors")["reason"]
    assert "返金" not in reason
    with pytest.raises(kn.MessageParseError):
        score_archive(table, tmp_path / "s.db", jobs=1, strict=True)


def test_what_staff_wrote_is_scored_where_asked(tmp_path: Path):
    note = tmp_path / "note.eml"
    note.write_text(
        "From: a@kumiai.example\nTo: b@kumiai.example\nSubject: report\nMessage-ID: <1@kumiai.example>\n"
        "Content-Type: text/plain; charset=utf-8\n\n来店客が受付で職員の襟をつかみ、突き飛ばした。\n",
        encoding="utf-8",
    )
    assert score_archive(note, tmp_path / "a.db", own_domains=OWN, jobs=1) == {"own": 1}
    counts = score_archive(note, tmp_path / "b.db", own_domains=OWN, jobs=1, filters=Filters(own=True))
    assert counts["scored"] == 1
    with Results(tmp_path / "b.db") as results:
        assert "physical_attack" in results.query("SELECT category FROM findings")["category"].tolist()


def test_a_wrong_character_set_is_counted(scored: Path):
    with Results(scored) as results:
        marked = results.query("SELECT count(*) AS n FROM messages WHERE notes LIKE '%charset:%'")["n"][0]
        assert results.counts()["re-decoded"] == marked > 0


def test_redacted_exports_name_nobody(scored: Path, tmp_path: Path):
    with Results(scored) as results:
        whole, export_of = frame_of(results), tmp_path / "out.csv"
        export(results, export_of, redact=True)
    table = pd.read_csv(export_of, keep_default_na=False)
    written = export_of.read_text(encoding="utf-8-sig")
    assert not re.search(r"[\w.]+@[\w.]+", written)
    assert not any(address in written for address in whole["sender"] if address)
    assert len(set(table["sender"])) == len(set(whole["sender"]))
    assert table["harassment"].replace("", "nan").astype(float).tolist() == pytest.approx(
        whole["harassment"].tolist(), nan_ok=True
    )


def test_progress_is_a_quiet_line_without_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("kahara_nlp.meter._QUIET_SECONDS", 0.0)
    size = INBOX.stat().st_size
    with Meter([INBOX], {}) as meter:
        for position in (size // 4, size // 2):
            meter.advance([Problem(str(INBOX), position, "the mail is empty")])
        assert meter.done == size // 2
    lines = capsys.readouterr().err
    assert re.fullmatch(r"25% read, 1 messages, .*\n50% read, 2 messages, [\d,]+/s, about \d\d:\d\d left\n", lines)
    with Meter([INBOX], {str(INBOX): size // 2}) as resumed:
        assert resumed.done == size // 2


def test_progress_counts_files_of_one_mail_and_members_of_archives(tmp_path: Path):
    for name in ("a.eml", "b.eml", "c.zip", "d.eml"):
        (tmp_path / name).write_bytes(b"x" * 100)
    with Meter([tmp_path], {}) as meter:
        meter.advance([Problem(str(tmp_path / "a.eml"), 0, ""), Problem(str(tmp_path / "b.eml"), 0, "")])
        assert meter.done == 200
        meter.advance([Problem(f"{tmp_path / 'c.zip'}!/x.eml", 0, "")])
        assert meter.done == 200
        meter.advance([Problem(str(tmp_path / "d.eml"), 0, "")])
        assert meter.done == 400


def test_a_classifier_that_was_never_saved_scores_in_other_processes(tiny: kn.Classifier, tmp_path: Path):
    assert tiny.directory is None
    for jobs in (1, 2):
        score_archive(SAMPLES / "calls", tmp_path / f"{jobs}.db", classifier=tiny, jobs=jobs)
    assert _rows(tmp_path / "1.db") == _rows(tmp_path / "2.db")


def test_sources_that_cannot_be_read_are_refused(tmp_path: Path):
    with pytest.raises(kn.SourceError):
        score_archive(tmp_path / "absent.mbox", tmp_path / "r.db", jobs=1)
    with pytest.raises(kn.DataError, match="at least 1"):
        score_archive(INBOX, tmp_path / "r.db", jobs=0)


def test_a_results_file_of_another_model_setting_or_kind_is_refused(scored: Path, tiny: kn.Classifier, tmp_path: Path):
    with pytest.raises(kn.DataError, match="other settings"):
        score_archive(INBOX, scored, jobs=1)
    with pytest.raises(kn.DataError, match="another model"):
        score_archive(INBOX, scored, own_domains=OWN, classifier=tiny, jobs=1)
    (tmp_path / "notes.txt").write_text("no database, but long enough to look at " * 10)
    with pytest.raises(kn.DataError, match="cannot be opened"):
        Results(tmp_path / "notes.txt")
    other = sqlite3.connect(tmp_path / "other.db")
    other.execute("CREATE TABLE t (x)")
    other.commit()
    other.close()
    with pytest.raises(kn.DataError, match="schema version 0"):
        Results(tmp_path / "other.db")


def test_exports_hold_every_message(scored: Path, tmp_path: Path):
    with Results(scored) as results:
        table = frame_of(results)
        for ending in ("csv", "jsonl", "xlsx", "parquet"):
            assert export(results, tmp_path / f"out.{ending}") == 67
        with pytest.raises(kn.DataError, match=r"cannot export to \.doc"):
            export(results, tmp_path / "out.doc")
    assert list(table.columns[-12:]) == list(kn.default_policy())
    assert len(pd.read_csv(tmp_path / "out.csv")) == 67
    assert len(pd.read_excel(tmp_path / "out.xlsx")) == 67
    assert len(pd.read_parquet(tmp_path / "out.parquet")) == 67
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["message_id"] for line in lines] == table["message_id"].tolist()


def test_a_formula_in_a_cell_is_defused(tmp_path: Path):
    table = tmp_path / "rows.csv"
    table.write_text('id,text\n"=HYPERLINK(""http://a.example"")",返金してください\n', encoding="utf-8")
    score_archive(table, tmp_path / "r.db", jobs=1)
    with Results(tmp_path / "r.db") as results:
        export(results, tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(encoding="utf-8-sig", newline="") as handle:
        (row,) = csv.DictReader(handle)
    assert row["message_id"].startswith("'=")


def test_no_text_in_the_error_output(tmp_path: Path):
    result = subprocess.run(
        [sys.executable, "-m", "kahara_nlp", "score", str(INBOX), "-o", str(tmp_path / "r.db"), "--own-domain", "kumiai.example"],
        capture_output=True, text=True, check=True, env=os.environ | {"PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    assert "43 scored" in result.stderr
    assert "謝" not in result.stderr
    assert result.stdout == ""


def test_columns_and_speakers_can_be_named(tmp_path: Path):
    table = tmp_path / "rows.csv"
    table.write_bytes("番号,ご意見\n7,床に額をこすりつけて詫びろ\n".encode("cp932"))
    call = tmp_path / "call.srt"
    call.write_text(
        "\n\n".join(
            f"{n}\n00:00:0{n},000 --> 00:00:0{n},900\n話者{who}: {what}"
            for n, who, what in (
                (1, "A", "はい。"),
                (2, "B", "あの"),
                (3, "A", "ええ。"),
                (4, "B", "額を床につけて詫びろ"),
            )
        ),
        encoding="utf-8",
    )
    unknown = score_archive(call, tmp_path / "u.db", jobs=1)
    assert unknown == {"role_unknown": 1}
    reading = kn.SourceOptions(text_column="ご意見", id_column="番号", customer_speakers=frozenset({"話者B"}))
    score_archive([table, call], tmp_path / "r.db", reading=reading, jobs=1)
    with Results(tmp_path / "r.db") as results:
        messages = results.query("SELECT message_id, status, customer_text FROM messages ORDER BY id")
    assert messages["message_id"].tolist()[0] == "7"
    assert messages["customer_text"].tolist() == ["床に額をこすりつけて詫びろ", "あの\n額を床につけて詫びろ"]


def test_an_archive_without_a_customers_word_exports_all_the_same(tmp_path: Path):
    mail = "From a@kumiai.example Thu Oct  1 00:00:00 2026\nFrom: a@kumiai.example\nSubject: x\n\n承知しました。\n"
    (tmp_path / "own.mbox").write_text(mail, encoding="utf-8")
    score_archive(tmp_path / "own.mbox", tmp_path / "r.db", own_domains=OWN, jobs=1)
    with Results(tmp_path / "r.db") as results:
        for ending in ("csv", "jsonl", "xlsx", "parquet"):
            assert export(results, tmp_path / f"out.{ending}") == 1


def test_what_sqlite_or_a_workbook_cannot_hold_costs_no_row(tmp_path: Path):
    table = tmp_path / "rows.jsonl"
    rows = [
        {"id": "1", "text": "\ud800額を床\ud800につけて詫\udfffびろ"},
        {"id": "2", "text": "お前\x01は額を床につけて詫びろ"},
    ]
    table.write_text("\n".join(map(json.dumps, rows)) + "\n", encoding="utf-8")
    assert score_archive(table, tmp_path / "r.db", jobs=1)["scored"] == 2
    with Results(tmp_path / "r.db") as results:
        assert export(results, tmp_path / "out.xlsx") == 2


def test_a_column_of_channels_makes_no_call(tmp_path: Path):
    table = tmp_path / "rows.csv"
    table.write_text(
        "受付番号,チャネル,お問い合わせ内容\n1,電話,返金してください\n2,メール,額を床につけて詫びろ\n", encoding="utf-8"
    )
    assert score_archive(table, tmp_path / "r.db", jobs=1)["scored"] == 2


def test_a_results_file_of_another_policy_is_refused(tmp_path: Path):
    path = tmp_path / "own.toml"
    path.write_text('[policy]\ntitle = "t"\n[[category]]\nnumber = 1\nid = "sexual"\nname = "x"\n', encoding="utf-8")
    score_archive(SAMPLES / "calls", tmp_path / "r.db", jobs=1)
    with pytest.raises(kn.DataError, match="other settings"):
        score_archive(SAMPLES / "calls", tmp_path / "r.db", classifier=kn.load(policy=path), jobs=1)


def test_times_without_a_zone_are_japans():
    message = kn.Message("a", 0, "1", "x", date=datetime(2026, 9, 30, 23, 30, tzinfo=UTC))
    assert Filters(since=datetime(2026, 10, 1)).accepts(message)  # noqa: DTZ001
