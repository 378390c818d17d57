"""Tables: CSV, TSV, JSON lines, Excel and Parquet."""

import contextlib
import datetime as dt
import io
import json
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kahara_nlp.customer_text import customer_text
from kahara_nlp.errors import DataError, KaharaError, MissingExtraError, SourceError, UnsupportedSourceError
from kahara_nlp.records import Message, Problem
from kahara_nlp.sources import SourceOptions, open_source
from kahara_nlp.sources.dates import read_date
from kahara_nlp.sources.rows import read_rows

openpyxl = pytest.importorskip("openpyxl")

TABLE = '受付番号,受信日時,差出人,件名,本文\nA-1,2024/5/1 9:03:05,客 <K@b.example>,返金,返事がない\nA-2,2024年5月2日,info@kumiai.example,Re: 返金,"二行の\r\n返事"\n'


def write(tmp_path: Path, data: str | bytes, name: str = "table", encoding: str = "utf-8") -> Path:
    file = tmp_path / name
    file.write_bytes(data if isinstance(data, bytes) else data.encode(encoding))
    return file


def rows(path: Path, **options: object) -> list[Message]:
    found = list(open_source(path, SourceOptions(**options)))  # type: ignore[arg-type]
    assert all(isinstance(row, Message) for row in found), found
    return found  # type: ignore[return-value]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "euc_jp", "utf-16", "utf-16-le", "iso2022_jp"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"], ids=repr)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=repr)
def test_tables_of_text(encoding: str, delimiter: str, end: str, tmp_path: Path) -> None:
    text = TABLE.replace("\r\n", " ").replace(",", delimiter).replace("\n", end)
    first, second = rows(write(tmp_path, text, encoding=encoding))
    assert (first.message_id, first.position, first.text, first.sender, first.subject) == (
        "A-1",
        1,
        "返事がない",
        "k@b.example",
        "返金",
    )
    assert first.date is not None
    assert first.date.isoformat() == "2024-05-01T09:03:05+09:00"
    assert (second.position, second.text) == (2, "二行の 返事")


def test_cells_with_line_breaks_and_own_domains(tmp_path: Path) -> None:
    first, second = rows(write(tmp_path, TABLE), own_domains=frozenset({"kumiai.example"}))
    assert second.text == "二行の\n返事"
    assert (first.direction, second.direction) == ("customer", "own")


@pytest.mark.parametrize(
    "name",
    [
        "本文",
        "テキスト",
        "text",
        "Body",
        "内容",
        "お問い合わせ内容",
        "ご意見・ご要望",
        "自由記述",
        "メール本文",
        " 本文 ",
        "本文（全文）",
        "ｺﾒﾝﾄ",
        "message_body",
    ],
)
def test_text_columns_are_known_by_name(name: str, tmp_path: Path) -> None:
    assert rows(write(tmp_path, f"番号,{name}\n1,遅い\n"))[0].text == "遅い"


def test_named_columns(tmp_path: Path) -> None:
    file = write(tmp_path, "a,b,本文\n1,遅い,別の\n")
    assert rows(file, text_column="b", id_column="a")[0].message_id == "1"
    assert rows(file, text_column="b")[0].text == "遅い"
    with pytest.raises(DataError, match=r"no column 'c' for the text\. Columns found: a, b, 本文"):
        list(open_source(file, SourceOptions(text_column="c")))
    with pytest.raises(DataError, match="no column 'z' for the id"):
        list(open_source(file, SourceOptions(text_column="b", id_column="z")))


def test_a_table_without_text_column_names_what_it_has(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Columns found: 番号, 金額, 店"):
        list(open_source(write(tmp_path, "番号,金額,店\n1,2,3\n4,5,6\n")))


def test_texts_never_enter_a_message(tmp_path: Path) -> None:
    secret = "お前の家を燃やしてやるから覚悟しておけと言っているんだ"
    for data in (f"1,{secret}。\n2,{secret}\n", f"{secret},b\n1,2\n", f'{{"x": "{secret}"}}', f"<{secret}>"):
        with pytest.raises(KaharaError) as caught:
            list(open_source(write(tmp_path, data)))
        assert "燃やして" not in str(caught.value)


def test_titles_above_the_header_and_blank_rows(tmp_path: Path) -> None:
    found = rows(write(tmp_path, "お客様の声一覧,,\n,,\n番号,日付,内容\n\n1,2024/5/1,遅い\n,,\n2,2024/5/2,困る\n"))
    assert [(row.position, row.message_id, row.text) for row in found] == [(1, "1", "遅い"), (2, "2", "困る")]


def test_bad_rows_are_problems_and_the_rest_goes_on(tmp_path: Path) -> None:
    found = list(open_source(write(tmp_path, "番号,日付,本文\n1,2024/5/1,遅い\n2\n3,2024/5/3,困る,余り\n")))
    assert [type(row) for row in found] == [Message, Problem, Message]
    assert isinstance(found[1], Problem)
    assert found[1].position == 2
    assert "1 cells" in found[1].reason


def test_an_open_quote_does_not_swallow_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kahara_nlp.sources.csv_rows.LINE_LIMIT", 200_000)
    data = '番号,本文\n1,遅い\n2,"閉じない' + "あ" * 500_000 + "\n3,困る\n"
    assert all(isinstance(row, Message | Problem) for row in open_source(write(tmp_path, data)))


def test_excel_hint_line_and_single_column(tmp_path: Path) -> None:
    assert [row.text for row in rows(write(tmp_path, "sep=;\n番号;本文\n1;遅い\n"))] == ["遅い"]
    assert [row.text for row in rows(write(tmp_path, "本文\n遅い\n困る\n"))] == ["遅い", "困る"]


def test_long_ascii_before_japanese_does_not_mislead(tmp_path: Path) -> None:
    data = b"id,text\n" + b"".join(b"%d,plain english\n" % i for i in range(10_000)) + "9,遅いですよ\n".encode("cp932")
    assert rows(write(tmp_path, data))[-1].text == "遅いですよ"


def test_resuming_a_table(tmp_path: Path) -> None:
    file = write(tmp_path, "番号,本文\n" + "".join(f"{i},遅い{i}\n" for i in range(1, 8)))
    assert [row.position for row in rows(file, resume_after={str(file): 5})] == [6, 7]


@pytest.mark.parametrize(
    ("word", "direction"),
    [
        ("受信", "customer"),
        ("送信", "own"),
        ("着信", "customer"),
        ("発信", "own"),
        ("inbound", "customer"),
        ("Outbound", "own"),
        ("", "unknown"),
    ],
)
def test_stated_directions(word: str, direction: str, tmp_path: Path) -> None:
    assert rows(write(tmp_path, f"送受信区分,本文\n{word},遅い\n"))[0].direction == direction


# --- utterances ------------------------------------------------------------------------------------

UTTERANCES = "通話ID,話者,開始時刻,発話内容\n1,オペレーター,0:00:01,お電話ありがとうございます\n1,お客様,0:00:05,遅い\n2,オペレーター,0:00:01,はい\n1,お客様,0:00:09,責任者を出せ\n2,お客様,0:00:04,困る\n"


@pytest.mark.parametrize("encoding", ["utf-8", "cp932", "utf-16"])
def test_utterance_tables(encoding: str, tmp_path: Path) -> None:
    first, second = rows(write(tmp_path, UTTERANCES, encoding=encoding))
    assert (first.message_id, first.position, customer_text(first).text) == ("1", 1, "遅い\n責任者を出せ")
    assert (second.message_id, second.position, customer_text(second).text) == ("2", 3, "困る")
    assert [turn.start for turn in first.turns] == [1.0, 5.0, 9.0]


@pytest.mark.parametrize(
    "header",
    [
        "コールID,話者,開始,発話",
        "応対ID,発話者,発話開始,テキスト",
        "シーケンスID,チャネル,開始時間,認識結果",
        "call_id,speaker,start,text",
        "録音ファイル名,話者区分,経過時間,本文",
        "contact_id,role,start_time,transcript",
    ],
)
def test_names_of_utterance_columns(header: str, tmp_path: Path) -> None:
    found = rows(write(tmp_path, UTTERANCES.replace("通話ID,話者,開始時刻,発話内容", header)))
    assert [message.message_id for message in found] == ["1", "2"]


def test_utterances_without_call_id_are_one_call(tmp_path: Path) -> None:
    (found,) = rows(write(tmp_path, "話者,発話内容\n担当者,承ります\n顧客,遅い\n"))
    assert customer_text(found).text == "遅い"


def test_calls_far_apart_are_given_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kahara_nlp.sources.rows.HELD_LIMIT", 3000)
    lines = [f"{number},顧客,{'遅' * 50}" for number in range(40)] + ["0,顧客,まだか"]
    found = rows(write(tmp_path, "通話ID,話者,発話内容\n" + "\n".join(lines)))
    positions = [message.position for message in found]
    assert positions == sorted(positions)
    assert found[-1].message_id == "0"
    assert any("continued" in note for note in found[-1].notes)
    file = tmp_path / "table"
    assert rows(file, resume_after={str(file): positions[9]}) == found[10:]


def test_a_short_row_waits_for_the_call_around_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = "通話ID,話者,発話内容\n1,お客様,遅い\n短い\n2,お客様,困る\n短い\n1,担当,はい\n"
    file = write(tmp_path, table.encode())
    # Else a run that stopped behind the problem would go on behind the call, too, and lose it.
    expected = [(1, Message), (2, Problem), (3, Message), (4, Problem)]
    assert [(row.position, type(row)) for row in open_source(file)] == expected
    rest = list(open_source(file, SourceOptions(resume_after={str(file): 2})))
    assert [(row.position, type(row)) for row in rest] == expected[2:]
    monkeypatch.setattr("kahara_nlp.sources.rows.HELD_LIMIT", 250)
    positions = [row.position for row in open_source(file)]
    assert positions == sorted(set(positions))


def test_a_call_with_unknown_roles_is_reported(tmp_path: Path) -> None:
    (found,) = rows(write(tmp_path, "通話ID,話者,発話内容\n1,ch0,はい\n1,ch1,いいえ\n"))
    assert (found.direction, found.spans, found.notes) == ("unknown", (), ("role unknown",))
    (found,) = rows(tmp_path / "table", customer_speakers=frozenset({"ch1"}))
    assert customer_text(found).text == "いいえ"


# --- JSON ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
def test_json_lines(encoding: str, tmp_path: Path) -> None:
    data = '{"id": 1, "text": "遅い", "from": "k@b.example", "tags": ["x"]}\n\n{"id": 2, "text": "困る"}\nbroken\n[1]\n{"id": 5, "note": ""}\n{"id": 6, "text": null}\n'
    found = list(open_source(write(tmp_path, data, encoding=encoding)))
    assert [type(row) for row in found] == [Message, Message, Problem, Problem, Problem, Message]
    assert [row.position for row in found] == [1, 2, 3, 4, 5, 6]


def test_json_values(tmp_path: Path) -> None:
    assert [row.text for row in rows(write(tmp_path, json.dumps([{"text": "遅い"}, {"text": "困る"}])))] == [
        "遅い",
        "困る",
    ]
    (one,) = rows(write(tmp_path, json.dumps({"件名": "x", "本文": "遅い"}, indent=1)))
    assert (one.text, one.position) == ("遅い", 0)
    assert rows(write(tmp_path, json.dumps([{"x": "遅い"}])), text_column="x")[0].text == "遅い"


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ("{", SourceError),
        ('{"a": 1}', UnsupportedSourceError),
        ('[{"a": 1}]', DataError),
        ('{"a": "b"', SourceError),
        ("[" * 5000, KaharaError),
        ('{"a":' * 5000, SourceError),
    ],
    ids=["open", "no text", "rows without text", "cut", "deep list", "deep object"],
)
def test_json_that_is_refused(data: str, error: type[Exception], tmp_path: Path) -> None:
    with pytest.raises(error):
        list(open_source(write(tmp_path, data)))


def test_json_of_excessive_size_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kahara_nlp.sources.json_rows.TRANSCRIPT_LIMIT", 100)
    with pytest.raises(SourceError, match="one value on each line"):
        list(open_source(write(tmp_path, json.dumps([{"text": "a" * 200}]))))


# --- Excel and Parquet -----------------------------------------------------------------------------


def workbook(tmp_path: Path, *sheets: list[list[object]], name: str = "book") -> Path:
    book = openpyxl.Workbook()
    for number, sheet in enumerate(sheets):
        page = book.active if number == 0 else book.create_sheet(f"表{number + 1}")
        for row in sheet:
            page.append(row)
    book.save(tmp_path / name)
    return tmp_path / name


def test_excel(tmp_path: Path) -> None:
    when = dt.datetime(2024, 5, 1, 9, 3)  # noqa: DTZ001
    file = workbook(
        tmp_path,
        [
            ["お客様の声"],
            [],
            ["番号", "受付日時", "内容"],
            [1, when, "遅い\n困る"],
            [2.0, "2024/5/2", 12],
            [3, None, None],
        ],
        [["話者", "発話内容"], ["顧客", "遅い"], ["担当", "承ります"]],
    )
    found = rows(file)
    assert [(row.source, row.position, row.message_id, row.text) for row in found] == [
        (str(file), 1, "1", "遅い\n困る"),
        (str(file), 2, "2", "12"),
        (str(file), 3, "3", ""),
        (f"{file}!表2", 1, f"{file}!表2#1", "遅い\n承ります"),
    ]
    assert found[0].date == when.replace(tzinfo=dt.timezone(dt.timedelta(hours=9)))
    assert rows(file, resume_after={str(file): 2})[0].position == 3


def test_excel_without_text_column_and_damaged(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Columns found: 番号, 金額"):
        list(open_source(workbook(tmp_path, [["番号", "金額"], [1, 2]])))
    data = workbook(tmp_path, [["番号", "内容"], [1, "遅い"]]).read_bytes()
    for broken in (data[:-100], data[:200]):
        with pytest.raises(KaharaError):
            list(open_source(write(tmp_path, broken)))


def test_missing_extras_say_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = workbook(tmp_path, [["番号", "内容"], [1, "遅い"]], name="book")
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(MissingExtraError, match=r"kahara-nlp\[excel\]"):
        list(open_source(file))
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(MissingExtraError, match=r"kahara-nlp\[parquet\]"):
        list(open_source(write(tmp_path, b"PAR1....PAR1")))
    (tmp_path / "a.csv").write_text("本文\n遅い\n")
    kinds = [type(found) for found in open_source(tmp_path)]
    assert kinds == [Message, Problem, Problem]


def test_parquet(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    when = dt.datetime(2024, 5, 1, 9, 3)  # noqa: DTZ001
    file = tmp_path / "table"
    parquet.write_table(pyarrow.table({"id": [1, 2], "日時": [when, None], "本文": ["遅い", None]}), file)
    found = rows(file)
    assert [(row.message_id, row.position, row.text) for row in found] == [("1", 1, "遅い"), ("2", 2, "")]
    assert found[0].date is not None
    parquet.write_table(pyarrow.table({"a": [1], "b": ["x"]}), file)
    with pytest.raises(DataError, match="Columns found: a, b"):
        list(open_source(file))
    with pytest.raises(SourceError, match="damaged"):
        list(open_source(write(tmp_path, b"PAR1" + bytes(100))))


# --- dates -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024/5/1 9:03:05", "2024-05-01T09:03:05+09:00"),
        ("2024-05-01T09:03:05Z", "2024-05-01T09:03:05+00:00"),
        ("2024-05-01T09:03:05.123+09:00", "2024-05-01T09:03:05+09:00"),
        ("2024-05-01 09:03:05+0000", "2024-05-01T09:03:05+00:00"),
        ("2024年5月1日", "2024-05-01T00:00:00+09:00"),
        ("2024年5月1日(水) 午後3時51分", "2024-05-01T15:51:00+09:00"),
        ("2024年５月１日 １５：５１", "2024-05-01T15:51:00+09:00"),
        ("令和6年5月1日", "2024-05-01T00:00:00+09:00"),
        ("令和元年5月1日", "2019-05-01T00:00:00+09:00"),
        ("R6.5.1", "2024-05-01T00:00:00+09:00"),
        ("20240501", "2024-05-01T00:00:00+09:00"),
        ("20240501 090305", "2024-05-01T09:03:05+09:00"),
        ("24/5/1 9:03", "2024-05-01T09:03:00+09:00"),
        ("2024.5.1", "2024-05-01T00:00:00+09:00"),
        ("45413.5", "2024-05-01T12:00:00+09:00"),
        ("Wed, 1 May 2024 10:00:00 +0900", "2024-05-01T10:00:00+09:00"),
        ("", None),
        ("昨日", None),
        ("2024/13/1", None),
        ("2024/2/30", None),
        ("0:01:23", None),
        ("9999999999999999", None),
    ],
)
def test_dates(text: str, expected: str | None) -> None:
    found = read_date(text)
    assert (found.isoformat() if found else None) == expected


@settings(max_examples=100, deadline=None)
@given(
    st.one_of(
        st.text(alphabet="0123456789/-年月日時分秒:令和午後RZ+ .", max_size=25),
        st.text(max_size=10),
        st.integers(),
        st.floats(),
        st.none(),
    )
)
def test_any_date(value: object) -> None:
    found = read_date(value)
    assert found is None or found.tzinfo is not None


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "本文",
                "話者",
                ",",
                "\n",
                '"',
                "\t",
                "あ",
                "\r",
                "\x00",
                "通話ID",
                "{",
                "}",
                ":",
                "[",
                "]",
                " ",
                "sep=;",
                "\ufeff",
            ]
        ),
        max_size=40,
    ).map("".join),
    st.sampled_from(["utf-8", "cp932", "utf-16"]),
)
def test_any_table_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str, encoding: str) -> None:
    file = tmp_path_factory.getbasetemp() / "fuzz-table"
    file.write_bytes(text.encode(encoding, "replace"))
    try:
        found = list(open_source(file))
    except KaharaError:
        return
    positions = [row.position for row in found]
    assert positions == sorted(set(positions))


_CELLS = st.one_of(st.none(), st.text(max_size=5), st.integers(), st.floats(), st.booleans(), st.dates())


@settings(max_examples=100, deadline=None)
@given(st.lists(st.lists(_CELLS, max_size=4), max_size=6))
def test_any_cells_are_read(cells: list[list[object]]) -> None:
    header = ["本文", "日時", "id", "差出人"]
    found = list(read_rows(enumerate([header, *cells]), "a", SourceOptions()))
    assert all(isinstance(row, Message | Problem) for row in found)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=8))
def test_any_damage_to_a_workbook_is_survived(
    tmp_path_factory: pytest.TempPathFactory, place: int, damage: bytes
) -> None:
    book = openpyxl.Workbook()
    for row in (["番号", "内容"], [1, "遅い"], [2, "困る"]):
        book.active.append(row)
    file = io.BytesIO()
    book.save(file)
    data = bytearray(file.getvalue())
    place %= len(data)
    data[place : place + len(damage)] = damage
    path = tmp_path_factory.getbasetemp() / "fuzz-book"
    path.write_bytes(data)
    with contextlib.suppress(KaharaError):
        assert all(isinstance(row, Message | Problem) for row in open_source(path))
