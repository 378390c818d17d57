"""Tables of scored messages: for spreadsheets, for programs, and, redacted, for handing on."""

import os
import re
from pathlib import Path

import pandas as pd

from kahara_nlp.errors import DataError, MissingExtraError
from kahara_nlp.redact import redact as masked
from kahara_nlp.results import Results

__all__ = ["TABLES", "defused", "export", "frame_of", "undefused"]

#: Endings of the tables that `export` writes.
TABLES = (".csv", ".jsonl", ".xlsx", ".parquet")


def frame_of(results: Results) -> pd.DataFrame:
    """Make one table of all messages.

    Parameters
    ----------
    results : Results
        An open store.

    Returns
    -------
    pandas.DataFrame
        A row for each message in the order of reading, with ``findings`` (category ids joined by ``|``),
        ``names``, ``clauses``, ``passages`` (joined by `` / ``) and a column of probabilities for each category.
    """
    columns = "id, source, position, message_id, date, sender, recipients, subject, status, level, harassment"
    messages = results.query(f"SELECT {columns}, notes FROM messages ORDER BY id")
    wide = results.query("SELECT message, category, probability FROM probabilities ORDER BY rowid")
    order = wide["category"].drop_duplicates().tolist()
    findings = results.query(
        "SELECT message, category, number, name, clause, passage FROM findings ORDER BY message, probability DESC, id"
    )
    grouped = findings.groupby("message", sort=False)
    joined = pd.DataFrame(
        {
            "findings": grouped["category"].agg("|".join),
            "names": grouped["name"].agg("|".join),
            "clauses": grouped["clause"].agg(lambda c: "|".join(x for x in c if isinstance(x, str))),
            "passages": grouped["passage"].agg(lambda p: " / ".join(dict.fromkeys(p))),
        }
    )
    table = messages.merge(joined, how="left", left_on="id", right_index=True)
    if len(wide):
        pivot = wide.pivot_table(index="message", columns="category", values="probability")[order].round(4)
        table = table.merge(pivot, how="left", left_on="id", right_index=True)
    for column in ("findings", "names", "clauses", "passages", "level"):
        table[column] = table[column].fillna("")
    table["harassment"] = table["harassment"].astype("float64").round(4)
    return table.drop(columns="id")


_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def defused(text: str) -> str:
    """Keep a spreadsheet from taking a cell for a formula.

    Parameters
    ----------
    text : str
        What goes into a cell.

    Returns
    -------
    str
        With an apostrophe before it where it begins as formulas do; `undefused` takes it away again.

    Examples
    --------
    >>> defused("=1+1"), undefused(defused("=1+1")), defused("どうも")
    ("'=1+1", '=1+1', 'どうも')
    """
    return f"'{text}" if text.startswith(_FORMULA) else text


def undefused(text: str) -> str:
    """Undo `defused`.

    Parameters
    ----------
    text : str
        What stands in a cell.

    Returns
    -------
    str
        Without the apostrophe before what a spreadsheet would take for a formula.
    """
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text


def _cell(value: object) -> object:
    """Make a value fit for a cell of a spreadsheet."""
    if not isinstance(value, str):
        return value
    value = _UNPRINTABLE.sub("", value)  # a workbook cannot hold them, and its error would show the text
    return defused(value)


def _redacted(table: pd.DataFrame) -> pd.DataFrame:
    """Mask personal data; the same sender keeps the same number, and source and position lead back to the mail."""
    places = {sender: number for number, sender in enumerate(dict.fromkeys(table["sender"]), 1)}
    return table.assign(
        sender=[f"sender {places[sender]}" if sender else "" for sender in table["sender"]],
        recipients="",
        message_id="",
        subject=[masked(text) if text else "" for text in table["subject"]],
        passages=[masked(text) if text else "" for text in table["passages"]],
    )


def export(results: Results, path: str | os.PathLike[str], *, redact: bool = False) -> int:
    """Write all messages as a table; the ending of the name says which.

    Parameters
    ----------
    results : Results
        An open store.
    path : str or path-like
        ``.csv`` (UTF-8 with BOM, for spreadsheets), ``.jsonl``, ``.xlsx`` or ``.parquet``.
    redact : bool, default False
        Whether to mask names, places, addresses and numbers in passages and subjects, see
        `kahara_nlp.redact`, and to leave out mail addresses and message ids; source and position stay.

    Returns
    -------
    int
        Number of rows.

    Raises
    ------
    DataError
        If the ending is none of these.
    MissingExtraError
        If the format needs an extra.
    """
    target = Path(path)
    table = _redacted(frame_of(results)) if redact else frame_of(results)
    kind = target.suffix.lower()
    if kind in {".csv", ".xlsx"}:
        table = table.map(_cell)
    try:
        if kind == ".csv":
            table.to_csv(target, index=False, encoding="utf-8-sig")
        elif kind == ".jsonl":
            table.to_json(target, orient="records", lines=True, force_ascii=False)
        elif kind == ".xlsx":
            table.to_excel(target, index=False)
        elif kind == ".parquet":
            table.to_parquet(target, index=False)
        else:
            msg = f"cannot export to {kind or 'a name without ending'}; use .csv, .jsonl, .xlsx or .parquet"
            raise DataError(msg)
    except ImportError as exc:
        extra = "excel" if kind == ".xlsx" else "parquet"
        task = f"writing {kind} files"
        raise MissingExtraError(task, extra) from exc
    return len(table)
