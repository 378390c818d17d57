"""Labelled examples: reading them, and refusing what would spoil a model."""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kahara_nlp.errors import DataError
from kahara_nlp.exports import undefused
from kahara_nlp.policy import Policy, data_root, default_policy
from kahara_nlp.records import COLUMNS, Example
from kahara_nlp.sources.columns import cell_text, column_key
from kahara_nlp.training.spellings import Reading, read_labels
from kahara_nlp.training.tables import Table, read_table

__all__ = ["ExampleFile", "data_digest", "read_example_file", "read_examples", "utterances_root"]

_CHANNELS = {"call", "email", "note"}
_VOICES = {"customer", "staff"}
_KINDS = {"", "complaint", "ordinary", "staff"}
_CHANNEL_WORDS = {
    "電話": "call",
    "通話": "call",
    "メール": "email",
    "記録": "note",
    "メモ": "note",
    "phone": "call",
    "mail": "email",
}
_VOICE_WORDS = {"顧客": "customer", "お客様": "customer", "職員": "staff", "従業員": "staff", "担当者": "staff"}
_YES = {"1", "○", "◯", "〇", "●", "✓", "✔", "レ", "x", "true", "yes", "y", "はい", "有", "該当", "t"}
_NO = {"", "0", "×", "-", "false", "no", "n", "いいえ", "無", "非該当", "f"}
#: Where nobody says who wrote a text, neighbouring rows, which are often about one affair, count as one writer.
_BLOCKS = 10
_SHOWN_PROBLEMS = 1000


def utterances_root() -> Path:
    """Return the folder of the shipped examples: inside the wheel, or beside the package in a checkout.

    Returns
    -------
    Path
        ``data/utterances`` of the current folder where there is neither.
    """
    beside = data_root() / "utterances"
    return beside if beside.is_dir() else Path("data") / "utterances"


@dataclass(frozen=True)
class ExampleFile:
    """What was read from one file.

    Parameters
    ----------
    examples : tuple of Example
        The labelled texts.
    columns : dict of str to str
        The column that each field was read from.
    ignored : tuple of str
        Columns that were not used.
    unlabelled : tuple of int
        Rows whose label says that nobody has judged them yet; they are left out.
    """

    examples: tuple[Example, ...]
    columns: dict[str, str]
    ignored: tuple[str, ...]
    unlabelled: tuple[int, ...]

    def to_text(self) -> str:
        """Say in a few lines what was read, and what not.

        Returns
        -------
        str
            No text of an example.
        """
        harmless = sum(not example.labels for example in self.examples)
        lines = [
            f"{len(self.examples):,} texts, {harmless:,} of them without a category; "
            + ", ".join(f"{field} from {column!r}" for field, column in self.columns.items())
        ]
        if self.ignored:
            lines.append(f"columns not used: {', '.join(self.ignored)}")
        if self.unlabelled:
            lines.append(f"{len(self.unlabelled):,} rows are not labelled yet and were left out")
        return "\n".join(lines)


def read_examples(
    source: str | Path | None = None,
    *,
    policy: Policy | None = None,
    columns: Mapping[str, str] | None = None,
) -> list[Example]:
    """Read labelled examples.

    Parameters
    ----------
    source : str or Path, optional
        A file, see `read_example_file`, or a folder of CSV files; the shipped examples if not given.
    policy : Policy, optional
        Whose categories the labels must name; the shipped policy if not given.
    columns : mapping of str to str, optional
        Columns by field (``text``, ``labels``, ``writer`` …), where they are not recognised by their names.

    Returns
    -------
    list of Example
        In the order of file names and rows.

    Raises
    ------
    DataError
        If there is no file, or any row is malformed: the message lists every problem with file and row,
        and no text.
    MissingExtraError
        If a format needs an extra.
    """
    root = utterances_root() if source is None else Path(source)
    files = sorted(root.rglob("*.csv")) if root.is_dir() else [root]
    if not files or not files[0].is_file():
        msg = (
            f"no examples: found no file at {root}; expected a table with the columns text and labels, such as a CSV "
            f"file with {', '.join(COLUMNS)}"
        )
        raise DataError(msg)
    problems: list[str] = []
    examples: list[Example] = []
    seen: dict[str, str] = {}
    for file in files:
        found, places = _read(file, policy or default_policy(), columns, problems)
        for example, place in zip(found.examples, places, strict=True):
            if example.id in seen:
                problems.append(f"{place}: id {_named(example.id)} stands already at {seen[example.id]}")
                continue
            seen[example.id] = place
            examples.append(example)
    _refuse(problems)
    return examples


def read_example_file(
    path: str | Path, *, policy: Policy | None = None, columns: Mapping[str, str] | None = None
) -> ExampleFile:
    r"""Read labelled examples of any usual format, and say what was read.

    Parameters
    ----------
    path : str or Path
        CSV or TSV in any encoding, Excel, Parquet, JSON, JSON lines, or an export of doccano or Label Studio. A
        column with the text and one with the labels are enough; ``id``, ``clauses``, ``channel``, ``voice``,
        ``writer`` (who wrote or sent it), ``note`` and ``kind`` are used where they are. Instead of a column
        of labels there may be one for each category, with marks in it. Labels are ids, numbers (3, ③) or
        Japanese names; see `kahara_nlp.training.spellings.read_labels`.
    policy : Policy, optional
        Whose categories the labels must name; the shipped policy if not given.
    columns : mapping of str to str, optional
        Columns by field, where they are not recognised by their names.

    Returns
    -------
    ExampleFile
        Examples. Where no column says who wrote a text, neighbouring rows count as one of ten writers.

    Raises
    ------
    DataError
        With every problem of the file, by row and without any text.
    MissingExtraError
        If the format needs an extra.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder, "labels.csv")
    ...     _ = file.write_text("本文,分類\n床に手をついて詫びろ,④\n返金してください,なし\n", encoding="cp932")
    ...     [example.labels for example in read_example_file(file).examples]
    [('dogeza_demand',), ()]
    """
    problems: list[str] = []
    found, places = _read(Path(path), policy or default_policy(), columns, problems)
    seen: dict[str, str] = {}
    for example, place in zip(found.examples, places, strict=True):
        if example.id in seen:
            problems.append(f"{place}: id {_named(example.id)} stands already at {seen[example.id]}")
        seen.setdefault(example.id, place)
    _refuse(problems)
    return found


def _refuse(problems: Sequence[str]) -> None:
    """Raise where there are problems, with all of them."""
    if not problems:
        return
    shown = "\n".join(f"  {problem}" for problem in problems[:_SHOWN_PROBLEMS])
    more = f"\n  … and {len(problems) - _SHOWN_PROBLEMS} more" if len(problems) > _SHOWN_PROBLEMS else ""
    msg = f"{len(problems)} problem(s) in the examples:\n{shown}{more}"
    raise DataError(msg)


def _read(
    file: Path, policy: Policy, columns: Mapping[str, str] | None, problems: list[str]
) -> tuple[ExampleFile, list[str]]:
    """Read one file; return its examples and the place of each."""
    spellings = {column_key(name): c.id for c in policy.values() for name in (c.id, c.name, c.name_en) if name}
    table = read_table(file, columns, spellings)
    problems += [problem if problem.startswith(file.name) else f"{file.name}, {problem}" for problem in table.problems]
    examples: list[Example] = []
    places: list[str] = []
    unlabelled: list[int] = []
    for order, (number, row) in enumerate(table.rows):
        place = f"{file.name}, row {number}"
        reading = _labels(table, row, policy, spellings)
        if not reading.labelled:
            unlabelled.append(number)
            continue
        block = f"{file.stem}:{order * _BLOCKS // len(table.rows) + 1}"
        example, own = _example(table, row, reading, policy, (f"{file.stem}-{number:04d}", block))
        problems += [f"{place}: {problem}" for problem in own]
        if example is not None:
            examples.append(example)
            places.append(place)
    return ExampleFile(tuple(examples), table.columns, table.ignored, tuple(unlabelled)), places


def _labels(table: Table, row: Mapping[str, Any], policy: Policy, spellings: Mapping[str, str]) -> Reading:
    """Read the labels of a row: one cell, or a mark in the column of each category."""
    if not table.marked:
        return read_labels(table.cell(row, "labels"), policy)
    labels, unknown = set(), []
    for column in table.marked:
        mark = cell_text(row[column]).strip().lower()
        if mark in _YES:
            labels.add(spellings[column_key(column)])
        elif mark not in _NO:
            unknown.append(mark)
    return Reading(frozenset(labels), unknown=tuple(unknown))


def _example(
    table: Table, row: Mapping[str, Any], reading: Reading, policy: Policy, names: tuple[str, str]
) -> tuple[Example | None, list[str]]:
    """Check one row; `names` are the id and the writer where the file has none."""

    def text_of(field: str) -> str:
        return undefused(cell_text(table.cell(row, field)))

    problems = [f"unknown label {_named(part)}" for part in sorted(reading.unknown)]
    clauses = tuple(clause for clause in re.split(r"[|,、; ]+", text_of("clauses")) if clause)
    clauses += tuple(sorted(reading.clauses - set(clauses)))
    labels = set(reading.labels)
    if not reading.unknown:
        problems += _clause_problems(labels, clauses, policy)
    kind = text_of("kind")
    channel, voice = text_of("channel").strip() or "email", text_of("voice").strip() or "customer"
    channel, voice = _CHANNEL_WORDS.get(channel, channel), _VOICE_WORDS.get(voice, voice)
    identifier = text_of("id").strip() if "id" in table.columns else names[0]
    writer = text_of("writer").strip() if "writer" in table.columns else names[1]
    if not text_of("text").strip():
        problems.append("empty text")
    if not identifier or not writer:
        problems.append("id and writer must not be empty")
    for name, value, known in (("channel", channel, _CHANNELS), ("voice", voice, _VOICES)):
        if value not in known:
            problems.append(f"unknown {name} {_named(value)}; known: {', '.join(sorted(known))}")
    if kind not in _KINDS and not (kind.startswith("near:") and kind[5:] in policy):
        problems.append(f"unknown kind {_named(kind)}")
    if kind and labels:
        problems.append("kind is for texts without label")
    if problems:
        return None, problems
    ordered = tuple(name for name in policy if name in labels)
    return Example(identifier, text_of("text"), ordered, clauses, channel, voice, writer, kind, text_of("note")), []


_IDENTIFIER = re.compile(r"[A-Za-z0-9_:.|-]{1,40}")


def _named(value: str) -> str:
    """Quote a value that looks like an identifier; anything else might be somebody's text."""
    return repr(value) if _IDENTIFIER.fullmatch(value) else f"of {len(value)} characters"


def _clause_problems(labels: set[str], clauses: tuple[str, ...], policy: Policy) -> list[str]:
    """Check clauses against the policy and against the labels."""
    by_number = {category.number: category for category in policy.values()}
    problems = []
    of_clauses = set()
    for clause in clauses:
        match = re.fullmatch(r"(\d+)\.(\d+)", clause)
        category = by_number.get(int(match[1])) if match else None
        if match is None or category is None or int(match[2]) > len(category.behaviors):
            problems.append(f"unknown clause {_named(clause)}")
        else:
            of_clauses.add(category.id)
    if clauses and not problems and of_clauses != labels:
        problems.append(f"clauses belong to {sorted(of_clauses)}, labels are {sorted(labels)}")
    return problems


def data_digest(examples: Iterable[Example]) -> str:
    """Return a digest of texts, labels and writers, independent of the order of files.

    Parameters
    ----------
    examples : iterable of Example
        The data.

    Returns
    -------
    str
        SHA-256 in hexadecimal.

    Examples
    --------
    >>> data_digest([])[:8]
    'e3b0c442'
    """
    lines = sorted("\x1f".join((e.id, e.text, "|".join(e.labels), "|".join(e.clauses), e.writer)) for e in examples)
    return hashlib.sha256("\x1e".join(lines).encode("utf-8", "surrogatepass")).hexdigest()
