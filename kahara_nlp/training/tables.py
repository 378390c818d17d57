"""Files of labelled texts, whatever program wrote them, as rows of named cells.

CSV and TSV in any encoding, Excel, Parquet, JSON and JSON lines, the exports of doccano and Label Studio.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from kahara_nlp.errors import DataError, MissingExtraError
from kahara_nlp.sources.columns import column_key, text_column_rank
from kahara_nlp.sources.csv_rows import delimiter_of
from kahara_nlp.sources.decode import decode_text, looks_binary
from kahara_nlp.sources.iso2022 import BAD

__all__ = ["FIELDS", "Table", "read_table"]

#: What a row of examples can hold, and how columns of it are called. The text is known to `text_column_rank`.
FIELDS: dict[str, str] = {
    "id": "id 番号 no 管理番号 message_id key",
    "text": "text data sentence",
    "labels": (
        "labels label ラベル category categories カテゴリ カテゴリー 分類 該当項目 該当 類型 区分 正解 判定 choices "
        "choice tags tag annotation class classes 項目 sentiment"
    ),
    "clauses": "clauses clause 条項 行為 行為番号",
    "channel": "channel 経路 媒体 チャネル",
    "voice": "voice 話者 発話者",
    "writer": "writer 書き手 作成者 sender 差出人 送信者 顧客id customer_id 会員番号 annotator source",
    "note": "note 備考 メモ 理由 comment",
    "kind": "kind",
}
_RANKS = {
    name: {column_key(spelling): rank for rank, spelling in enumerate(spellings.split())}
    for name, spellings in FIELDS.items()
}
_HEADER_ROWS = 10
_SHOWN_COLUMNS = 20


@dataclass
class Table:
    """The rows of one file.

    Parameters
    ----------
    columns : dict of str to str
        For each field of `FIELDS` that was found, the column that holds it.
    marked : tuple of str
        Columns of yes and no that a category's name stands above.
    ignored : tuple of str
        Columns that mean nothing here.
    rows : list of tuple of int and dict
        Row number as a spreadsheet shows it, and cells by column.
    problems : list of str
        What could not be read, with row numbers and no text.
    """

    columns: dict[str, str] = field(default_factory=dict)
    marked: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    rows: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def cell(self, row: Mapping[str, Any], name: str) -> Any:  # noqa: ANN401 -- a cell is whatever stands there
        """Return the cell of a field; None where the file has no such column.

        Parameters
        ----------
        row : mapping
            Cells of a row.
        name : str
            A key of `FIELDS`.

        Returns
        -------
        object
            The cell.
        """
        column = self.columns.get(name)
        return None if column is None else row.get(column)


def read_table(path: Path, columns: Mapping[str, str] | None, categories: Mapping[str, str]) -> Table:
    """Read a file of labelled texts.

    Parameters
    ----------
    path : Path
        The file; its content says what it is.
    columns : mapping of str to str, optional
        Columns that the user names, by field; others are recognised.
    categories : mapping of str to str
        Spellings of categories, for files with a column for each.

    Returns
    -------
    Table
        With problems where rows could not be read.

    Raises
    ------
    DataError
        If the file as a whole cannot be read, or no column holds the text or the labels: the message lists
        the columns that there are.
    MissingExtraError
        If the format needs an extra.
    """
    try:
        data = path.read_bytes()
    except OSError as exc:
        msg = f"{path.name} cannot be read ({type(exc).__name__})"
        raise DataError(msg) from exc
    problems: list[str] = []
    grid: Iterable[tuple[int, Sequence[Any]]]
    if data.startswith(b"PK\x03\x04"):
        grid = _excel(data, path.name)
    elif data.startswith(b"PAR1"):
        grid = _parquet(data, path.name)
    elif looks_binary(data[:8192]):
        msg = f"{path.name} is neither CSV, Excel, JSON nor Parquet"
        raise DataError(msg)
    else:
        text = _decoded(data, path.name, problems)
        grid = _json(text, path.name, problems) if text.lstrip().startswith(("{", "[")) else _csv(text, problems)
    table = _with_header(list(grid), path.name, dict(columns or {}), categories)
    table.problems[:0] = problems
    return table


def _decoded(data: bytes, name: str, problems: list[str]) -> str:
    decoded = decode_text(data)
    if BAD in decoded.text:
        line = decoded.text.count("\n", 0, decoded.text.index(BAD)) + 1
        problems.append(f"{name}, line {line}: bytes that are not {decoded.charset}; save the file as UTF-8")
    return decoded.text.removeprefix("\ufeff")


def _csv(text: str, problems: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Cut a CSV file; the header counts as row 1."""
    first = text.lstrip("\r\n").split("\n", 1)[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(first), strict=True)
    number = 0
    while True:
        number += 1
        try:
            yield number, next(reader)
        except StopIteration:
            return
        except csv.Error as exc:
            problems.append(f"row {number}: quotation marks do not match ({exc})")


def _excel(data: bytes, name: str) -> list[tuple[int, list[Any]]]:
    """Read the first sheet that has rows."""
    try:
        sheets = pd.read_excel(io.BytesIO(data), sheet_name=None, header=None, dtype=object)
    except ImportError as exc:
        task = "reading Excel files"
        raise MissingExtraError(task, "excel") from exc
    except Exception as exc:  # a damaged workbook raises whatever its reader stumbles over
        msg = f"{name} cannot be read as an Excel file ({type(exc).__name__}); save it anew as .xlsx"
        raise DataError(msg) from exc
    sheet = next((sheet for sheet in sheets.values() if len(sheet)), pd.DataFrame())
    return [(number, list(row)) for number, row in enumerate(sheet.itertuples(index=False), 1)]


def _parquet(data: bytes, name: str) -> list[tuple[int, list[Any]]]:
    try:
        frame = pd.read_parquet(io.BytesIO(data))
    except ImportError as exc:
        task = "reading Parquet files"
        raise MissingExtraError(task, "parquet") from exc
    except Exception as exc:  # likewise
        msg = f"{name} cannot be read as a Parquet file ({type(exc).__name__})"
        raise DataError(msg) from exc
    rows = [
        [cell.tolist() if hasattr(cell, "tolist") else cell for cell in row] for row in frame.itertuples(index=False)
    ]
    return [(1, list(frame.columns)), *enumerate(rows, 2)]


def _json(text: str, name: str, problems: list[str]) -> Iterator[tuple[int, list[Any]]]:
    """Make rows of JSON objects: one list of them, or one a line."""
    try:
        document = json.loads(text)
        objects = list(enumerate(document if isinstance(document, list) else [document], 1))
    except ValueError:
        objects = []
        for number, line in enumerate(text.splitlines(), 1):
            if not line.strip():
                continue
            try:
                objects.append((number, json.loads(line)))
            except ValueError:
                problems.append(f"{name}, line {number}: not a JSON object")
    rows: list[tuple[int, dict[str, Any]]] = []
    for number, value in objects:
        if not isinstance(value, dict):
            problems.append(f"{name}, record {number}: expected an object, found {type(value).__name__}")
            continue
        rows.append((number, _flat(value)))
    header = list(dict.fromkeys(key for _, row in rows for key in row))
    yield 0, header
    for number, row in rows:
        yield number, [row.get(key) for key in header]


def _flat(value: dict[str, Any]) -> dict[str, Any]:
    """Bring the records of Label Studio and doccano into the shape of a row."""
    data = value.get("data")
    if isinstance(data, dict):  # Label Studio
        chosen: list[Any] = []
        judged = False
        annotations = value.get("annotations") or value.get("completions") or []
        for annotation in annotations if isinstance(annotations, list) else []:
            if not isinstance(annotation, dict) or annotation.get("was_cancelled"):
                continue
            judged = True
            results = annotation.get("result") or []
            chosen += [result.get("value", {}) for result in results if isinstance(result, dict)]
        row = {key: cell for key, cell in data.items() if not isinstance(cell, dict)}
        return {"id": value.get("id")} | row | {"labels": chosen if judged else "?"}
    entities = value.get("entities")
    if isinstance(entities, list) and "label" not in value:  # doccano, spans with relations
        return value | {"label": entities}
    return value


def _with_header(
    grid: list[tuple[int, Sequence[Any]]], name: str, columns: dict[str, str], categories: Mapping[str, str]
) -> Table:
    """Find the header among the first rows, and give the cells below it their names."""
    shown: Sequence[Any] = ()
    for place, (_, cells) in enumerate(grid[:_HEADER_ROWS]):
        header = ["" if cell is None or cell != cell else str(cell).strip() for cell in cells]  # noqa: PLR0124 -- NaN
        shown = shown or header
        table = _recognised(header, columns, categories)
        if table is not None:
            _fill(table, header, grid[place + 1 :])
            return table
    wanted = "; ".join(f"{field} as {column!r}" for field, column in columns.items())
    found = ", ".join(str(cell) for cell in shown[:_SHOWN_COLUMNS]) or "none"
    msg = (
        f"{name}: no column holds the text, or none the labels"
        + (f" (asked for {wanted})" if wanted else "")
        + f"; found: {found}. Call them text and labels, or name them with --column text=… --column labels=…"
    )
    raise DataError(msg)


def _recognised(header: Sequence[str], asked: Mapping[str, str], categories: Mapping[str, str]) -> Table | None:
    """Say which column is what; None where this row is no header."""
    found: dict[str, str] = {}
    for name, ranks in _RANKS.items():
        if name in asked:
            if asked[name] not in header:
                return None
            found[name] = asked[name]
            continue
        ranked: list[tuple[int, str]] = []
        for column in header:
            rank = ranks.get(column_key(column))
            if rank is None and name == "text" and (late := text_column_rank(column)) is not None:
                rank = len(ranks) + late
            if rank is not None and column not in found.values() and column not in asked.values():
                ranked.append((rank, column))
        if ranked:
            found[name] = min(ranked)[1]
    marked = tuple(column for column in header if column_key(column) in categories and column not in found.values())
    if "text" not in found or not ("labels" in found or marked):
        return None
    if "labels" in found:
        marked = ()
    used = {*found.values(), *marked, ""}
    return Table(found, marked, tuple(column for column in header if column not in used))


def _fill(table: Table, header: Sequence[str], grid: Sequence[tuple[int, Sequence[Any]]]) -> None:
    """Name the cells of each row; rows without any are left out."""
    for number, cells in grid:
        blank = all(cell is None or cell != cell or not str(cell).strip() for cell in cells)  # noqa: PLR0124 -- NaN
        if blank:
            continue
        if len(cells) != len(header):
            table.problems.append(f"row {number}: expected {len(header)} fields, found {len(cells)}")
            continue
        table.rows.append((number, dict(zip(header, cells, strict=True))))
