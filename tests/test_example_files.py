"""Labelled texts in the files that organisations have: spreadsheets, exports, other encodings, other spellings."""

import json
from contextlib import suppress
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kahara_nlp as kn
from kahara_nlp.training.examples import read_example_file, read_examples
from kahara_nlp.training.spellings import read_labels

POLICY = kn.default_policy()
ROWS = [
    ("そこに土下座して謝れ", "土下座の要求"),
    ("おい、聞いてんのか!", "威圧的な言動"),
    ("返金をお願いします。", "なし"),
]
LABELS = [("dogeza_demand",), ("intimidation",), ()]


def _labels(path: Path) -> list[tuple[str, ...]]:
    return [example.labels for example in read_example_file(path).examples]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("intimidation", {"intimidation"}),
        ("③", {"intimidation"}),
        (3, {"intimidation"}),
        (3.0, {"intimidation"}),
        ("3.0", {"intimidation"}),
        ("３", {"intimidation"}),
        ("(3)", {"intimidation"}),
        ("第3号", {"intimidation"}),
        ("カテゴリ3", {"intimidation"}),
        ("③威圧的な言動", {"intimidation"}),
        ("威圧的な言動", {"intimidation"}),
        ("威圧", {"intimidation"}),
        ("継続的な、執拗な言動", {"persistence"}),
        ("継続的な、執拗な言動、威圧的な言動", {"persistence", "intimidation"}),
        ("③⑤", {"persistence", "intimidation"}),
        ("3,5", {"persistence", "intimidation"}),
        ("3と5", {"persistence", "intimidation"}),
        ("3:威圧的な言動;5:継続的な、執拗な言動", {"persistence", "intimidation"}),
        ("intimidation|persistence", {"persistence", "intimidation"}),
        ("Intimidation, Persistence", {"persistence", "intimidation"}),
        ("['3', '5']", {"persistence", "intimidation"}),
        (["intimidation", "persistence"], {"persistence", "intimidation"}),
        ([[0, 4, "intimidation"], [5, 9, "persistence"]], {"persistence", "intimidation"}),
        ('{"choices": ["3", "継続的な、執拗な言動"]}', {"persistence", "intimidation"}),
        ("", set()),
        ("なし", set()),
        ("該当なし", set()),
        ("none", set()),
        (None, set()),
        (float("nan"), set()),
        (0, set()),
    ],
)
def test_labels_are_read_as_people_write_them(cell: object, expected: set[str]):
    reading = read_labels(cell, POLICY)
    assert (reading.labels, reading.unknown, reading.labelled) == (expected, (), True)


def test_a_clause_names_its_category():
    assert read_labels("3.1", POLICY).clauses == {"3.1"}
    assert read_labels("3.1", POLICY).labels == {"intimidation"}


@pytest.mark.parametrize("cell", ["rude", "13", "3.9", "③身体的な攻撃", "怒鳴り", "的な言動", [7.5]])
def test_what_is_no_label_is_unknown(cell: object):
    assert read_labels(cell, POLICY).unknown


@pytest.mark.parametrize("cell", ["?", "？", "未判定", "未"])
def test_a_text_that_nobody_judged_is_not_harmless(cell: str):
    assert not read_labels(cell, POLICY).labelled


@given(st.sets(st.sampled_from(sorted(POLICY))), st.sampled_from("|;,、/ #"), st.sampled_from(["id", "name", "number"]))
def test_any_set_of_labels_in_any_spelling_comes_back(labels: set[str], mark: str, spelling: str):
    cell = mark.join(str(getattr(POLICY[label], spelling)) for label in sorted(labels))
    assert read_labels(cell, POLICY).labels == labels


@pytest.mark.parametrize("charset", ["utf-8", "utf-8-sig", "cp932", "euc-jp", "utf-16", "iso-2022-jp"])
@pytest.mark.parametrize("mark", [",", "\t", ";"])
def test_csv_in_any_encoding(tmp_path: Path, charset: str, mark: str):
    lines = [mark.join(row) for row in [("お問い合わせ内容", "分類"), *ROWS]]
    (tmp_path / "a.csv").write_bytes("\r\n".join(lines).encode(charset))
    assert _labels(tmp_path / "a.csv") == LABELS


def test_excel_with_a_title_above_the_header(tmp_path: Path):
    rows = [["カスハラ事例 2026年度", None, None], [None, None, None], ["No", "本文", "該当項目"]]
    rows += [[number, text, label] for number, (text, label) in enumerate(ROWS, 1)]
    pd.DataFrame(rows).to_excel(tmp_path / "a.xlsx", index=False, header=False)
    found = read_example_file(tmp_path / "a.xlsx")
    assert [example.labels for example in found.examples] == LABELS
    assert [example.id for example in found.examples] == ["1", "2", "3"]
    assert found.columns == {"id": "No", "text": "本文", "labels": "該当項目"}


def test_parquet(tmp_path: Path):
    frame = pd.DataFrame({"text": [text for text, _ in ROWS], "labels": [list(labels) for labels in LABELS]})
    frame.to_parquet(tmp_path / "a.parquet")
    assert _labels(tmp_path / "a.parquet") == LABELS


@pytest.mark.parametrize("lines", [True, False])
def test_json(tmp_path: Path, *, lines: bool):
    rows = [{"text": text, "label": [label]} for text, label in ROWS]
    text = "\n".join(map(json.dumps, rows)) if lines else json.dumps(rows, ensure_ascii=False)
    (tmp_path / "a.json").write_text(text, encoding="utf-8")
    assert _labels(tmp_path / "a.json") == LABELS


def test_doccano(tmp_path: Path):
    old = [{"id": i, "data": text, "label": [] if label == "なし" else [label]} for i, (text, label) in enumerate(ROWS)]
    spans = [
        {"id": i, "text": text, "label": [] if label == "なし" else [[0, 2, label]]}
        for i, (text, label) in enumerate(ROWS)
    ]
    related = [
        {
            "id": i,
            "text": text,
            "entities": [] if label == "なし" else [{"id": 1, "label": label, "start_offset": 0}],
            "relations": [],
        }
        for i, (text, label) in enumerate(ROWS)
    ]
    for name, rows in (("old", old), ("spans", spans), ("related", related)):
        (tmp_path / name).write_text("\n".join(json.dumps(r, ensure_ascii=False) for r in rows), encoding="utf-8")
        assert _labels(tmp_path / name) == LABELS
    (tmp_path / "a.csv").write_text("id,data,label\n1,おい黙れ,③#②\n", encoding="utf-8")
    assert _labels(tmp_path / "a.csv") == [("mental_attack", "intimidation")]


def test_label_studio(tmp_path: Path):
    def task(number: int, text: str, *, cancelled: bool, choices: list[str] | None) -> dict[str, object]:
        result = [{"type": "choices", "from_name": "a", "to_name": "t", "value": {"choices": choices}}]
        annotation = {"was_cancelled": cancelled, "result": result if choices else []}
        return {"id": number, "data": {"text": text, "source": "x"}, "annotations": [annotation]}

    tasks = [
        task(1, ROWS[0][0], cancelled=False, choices=["土下座の要求"]),
        task(2, ROWS[1][0], cancelled=True, choices=["土下座の要求"]),
        task(3, ROWS[2][0], cancelled=False, choices=None),
        {"id": 4, "data": {"text": "まだ"}, "annotations": []},
    ]
    (tmp_path / "a.json").write_text(json.dumps(tasks), encoding="utf-8")
    found = read_example_file(tmp_path / "a.json")
    assert [(example.id, example.labels) for example in found.examples] == [("1", ("dogeza_demand",)), ("3", ())]
    assert found.unlabelled == (2, 4)
    assert "2 rows are not labelled yet" in found.to_text()
    small = [
        {"id": 1, "text": "おい黙れ", "sentiment": {"choices": ["③", "②"]}},
        {"id": 2, "text": "どうも", "sentiment": "なし"},
    ]
    (tmp_path / "min.json").write_text(json.dumps(small), encoding="utf-8")
    assert _labels(tmp_path / "min.json") == [("mental_attack", "intimidation"), ()]
    (tmp_path / "a.csv").write_text('id,text,choices\n1,おい黙れ,"{""choices"":[""③"",""②""]}"\n', encoding="utf-8")
    assert _labels(tmp_path / "a.csv") == [("mental_attack", "intimidation")]


def test_a_column_of_marks_for_each_category(tmp_path: Path):
    (tmp_path / "a.csv").write_text(
        "本文,威圧的な言動,土下座の要求,担当\nおい土下座しろ,○,1,x\n返金して,,0,y\nどうも,丸,,z\n", encoding="utf-8"
    )
    with pytest.raises(kn.DataError, match=r"1 problem[\s\S]*row 4: unknown label of 1 characters"):
        read_example_file(tmp_path / "a.csv")
    (tmp_path / "b.csv").write_text(
        "本文,威圧的な言動,土下座の要求,担当\nおい土下座しろ,○,1,x\n返金して,,0,y\n", encoding="utf-8"
    )
    found = read_example_file(tmp_path / "b.csv")
    assert [example.labels for example in found.examples] == [("intimidation", "dogeza_demand"), ()]
    assert found.ignored == ("担当",)


def test_columns_can_be_named(tmp_path: Path):
    (tmp_path / "a.csv").write_text("本文,要約,人,ラベル\n長い話,おい黙れ,tanaka,③\n", encoding="utf-8")
    (example,) = read_examples(tmp_path / "a.csv", columns={"text": "要約", "writer": "人"})
    assert (example.text, example.writer, example.labels) == ("おい黙れ", "tanaka", ("intimidation",))
    with pytest.raises(kn.DataError, match="asked for text as '要旨'"):
        read_examples(tmp_path / "a.csv", columns={"text": "要旨"})


def test_without_writers_neighbouring_rows_are_a_group(tmp_path: Path):
    rows = "".join(f"本文その{number},なし\n" for number in range(40))
    (tmp_path / "a.csv").write_text("本文,分類\n" + rows, encoding="utf-8")
    writers = [example.writer for example in read_examples(tmp_path / "a.csv")]
    assert writers == sorted(writers, key=lambda name: int(name.split(":")[1]))
    assert [writers.count(name) for name in dict.fromkeys(writers)] == [4] * 10


def test_every_error_of_a_broken_spreadsheet_in_one_run(tmp_path: Path):
    rows = [
        ["本文", "分類", "条項", "経路", "番号"],
        ["おい黙れ", "③", "3.1", "電話", "1"],
        ["", "③", "", "電話", "2"],
        ["返金して", "怒り", "", "電話", "3"],
        ["返金して", "なし", "", "FAX", "4"],
        ["返金して", "③", "4.1", "電話", "5"],
        ["返金して", "なし", "", "電話", "1"],
        ["返金して", "なし", "", "電話", None],
        ["返金して", "なし", "3.9", "電話", "8"],
        [None, None, None, None, None],
        ["どうも", "?", "", "電話", "9"],
    ]
    pd.DataFrame(rows).to_excel(tmp_path / "a.xlsx", index=False, header=False)
    with pytest.raises(kn.DataError) as caught:
        read_example_file(tmp_path / "a.xlsx")
    message = str(caught.value)
    assert message.startswith("7 problem(s)")
    for expected in (
        "row 3: empty text",
        "row 4: unknown label of 2 characters",
        "row 5: unknown channel 'FAX'",
        "row 6: clauses belong to",
        "row 7: id '1' stands already at a.xlsx, row 2",
        "row 8: id and writer must not be empty",
        "row 9: unknown clause '3.9'",
    ):
        assert expected in message
    assert "返金" not in message


def test_damaged_files_are_refused(tmp_path: Path):
    (tmp_path / "a.xlsx").write_bytes(b"PK\x03\x04" + b"x" * 100)
    (tmp_path / "a.parquet").write_bytes(b"PAR1" + b"x" * 100)
    for name in ("a.xlsx", "a.parquet"):
        with pytest.raises(kn.DataError, match="cannot be read as"):
            read_example_file(tmp_path / name)
    (tmp_path / "a.jsonl").write_text('{"text": "a", "labels": ""}\n{"text": \n[1]\n', encoding="utf-8")
    with pytest.raises(kn.DataError, match=r"2 problem[\s\S]*line 2: not a JSON object[\s\S]*found list"):
        read_example_file(tmp_path / "a.jsonl")
    (tmp_path / "a.csv").write_bytes('text,labels\n"返金して"x,なし\n普通,なし\n'.encode())
    with pytest.raises(kn.DataError, match="row 2: quotation marks"):
        read_example_file(tmp_path / "a.csv")


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes):
    path = tmp_path_factory.mktemp("any") / "a"
    path.write_bytes(data)
    with suppress(kn.KaharaError):
        read_example_file(path)
