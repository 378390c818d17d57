"""Scored messages in one SQLite file.

The file is the embedded store of a run over an archive: what was read, what the model said, on which
words, what failed, and how far each source has been read, so that an interrupted run goes on where it
stopped. Tables, version 1 (``PRAGMA user_version``):

``messages``       one row each: source, position, ids, date, sender, subject, status, level, harassment
``probabilities``  message, category, probability
``findings``       message, category, number, name, clause, clause_text, probability, level, passage, offsets
``evidence``       finding, text, offsets, contribution
``errors``         source, position, reason
``progress``       source, position of the last message that was read
``runs``           start, end, model, settings, counts
"""

import json
import os
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

import pandas as pd

from kahara_nlp.errors import DataError
from kahara_nlp.records import Classification, Problem

__all__ = ["SCHEMA_VERSION", "Results", "ScoredMessage"]

#: Raised when a table changes so that the code before it cannot read it.
SCHEMA_VERSION = 1

_SCHEMA = """
CREATE TABLE messages (
    id INTEGER PRIMARY KEY, source TEXT NOT NULL, position INTEGER NOT NULL, message_id TEXT NOT NULL,
    digest TEXT NOT NULL, date TEXT, sender TEXT, recipients TEXT, subject TEXT, direction TEXT NOT NULL, thread TEXT,
    status TEXT NOT NULL, level TEXT, harassment REAL, customer_text TEXT, spans TEXT, notes TEXT,
    UNIQUE (source, position)
);
CREATE INDEX messages_digest ON messages (digest);
CREATE TABLE probabilities (
    message INTEGER NOT NULL REFERENCES messages (id), category TEXT NOT NULL, probability REAL NOT NULL,
    UNIQUE (message, category)
);
CREATE TABLE findings (
    id INTEGER PRIMARY KEY, message INTEGER NOT NULL REFERENCES messages (id), category TEXT NOT NULL,
    number INTEGER NOT NULL, name TEXT NOT NULL, clause TEXT, clause_text TEXT, probability REAL NOT NULL,
    level TEXT NOT NULL, passage TEXT NOT NULL, passage_start INTEGER NOT NULL, passage_end INTEGER NOT NULL
);
CREATE INDEX findings_message ON findings (message);
CREATE TABLE evidence (
    finding INTEGER NOT NULL REFERENCES findings (id), text TEXT NOT NULL, start INTEGER NOT NULL,
    "end" INTEGER NOT NULL, contribution REAL NOT NULL
);
CREATE INDEX evidence_finding ON evidence (finding);
CREATE TABLE errors (
    source TEXT NOT NULL, position INTEGER NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (source, position)
);
CREATE TABLE progress (source TEXT PRIMARY KEY, last INTEGER NOT NULL);
CREATE TABLE runs (
    id INTEGER PRIMARY KEY, started TEXT NOT NULL, finished TEXT, model TEXT NOT NULL, settings TEXT NOT NULL,
    counts TEXT
);
"""


_Value = str | int | float | None


@dataclass(frozen=True, slots=True)
class ScoredMessage:
    """A message and what the model said of it, as it is stored.

    Parameters
    ----------
    source, position, message_id : see `Message`
        Where it came from.
    digest : str
        Of sender, id and text: the same mail in two folders has the same.
    status : str
        ``scored``, ``empty``, ``no_known_terms`` or ``not_japanese``; or why it was not scored: ``own``,
        ``automatic``, ``newsletter``, ``bounce``, ``role_unknown``, ``duplicate``.
    customer_text : str
        What was scored.
    spans : tuple of tuple of int
        Where it stands in the decoded message.
    result : Classification or None
        What the model said.
    date, sender, recipients, subject, direction, thread, notes : see `Message`
        Likewise.
    """

    source: str
    position: int
    message_id: str
    digest: str
    status: str
    customer_text: str = ""
    spans: tuple[tuple[int, int], ...] = ()
    result: Classification | None = None
    date: datetime | None = None
    sender: str = ""
    recipients: tuple[str, ...] = ()
    subject: str = ""
    direction: str = "unknown"
    thread: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Results:
    """The store of one or more runs.

    Parameters
    ----------
    path : str or path-like
        The SQLite file; made if it does not exist.

    Raises
    ------
    DataError
        If the file is no results file, or one of another version.

    Examples
    --------
    >>> with Results(":memory:") as results:
    ...     results.counts()
    {}
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.fspath(path)
        try:
            self._db = sqlite3.connect(self.path, isolation_level=None)
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            version = int(self._db.execute("PRAGMA user_version").fetchone()[0])
            empty = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0
        except sqlite3.Error as exc:
            msg = f"{self.path} cannot be opened as a results file ({exc}); choose another name or remove it"
            raise DataError(msg) from exc
        if empty:
            with self.transaction():
                for statement in _SCHEMA.split(";\n"):
                    self._db.execute(statement)
                self._db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        elif version != SCHEMA_VERSION:
            self._db.close()
            msg = f"{self.path} has schema version {version}, this program writes {SCHEMA_VERSION}; start a new file"
            raise DataError(msg)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make what is written inside appear whole or not at all.

        Yields
        ------
        None
        """
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def start_run(self, model: str, settings: Mapping[str, object]) -> int:
        """Note the beginning of a run.

        Parameters
        ----------
        model : str
            Name and digest of the model.
        settings : mapping
            What was asked for.

        Returns
        -------
        int
            The run's id.

        Raises
        ------
        DataError
            If the file holds results of another model or of other settings: they could not be compared.
        """
        text = json.dumps(settings, ensure_ascii=False, sort_keys=True)
        earlier = self._db.execute("SELECT model, settings FROM runs ORDER BY id LIMIT 1").fetchone()
        if earlier is not None and earlier != (model, text):
            what = "by another model" if earlier[0] != model else "with other settings"
            msg = f"{self.path} was written {what}; choose a new file, or the same model and settings to go on"
            raise DataError(msg)
        with self.transaction():
            cursor = self._db.execute(
                "INSERT INTO runs (started, model, settings) VALUES (?, ?, ?)", (_now(), model, text)
            )
        return int(cursor.lastrowid or 0)

    def finish_run(self, run: int, counts: Mapping[str, int]) -> None:
        """Note the end of a run.

        Parameters
        ----------
        run : int
            Its id.
        counts : mapping of str to int
            The run report.
        """
        with self.transaction():
            self._db.execute(
                "UPDATE runs SET finished = ?, counts = ? WHERE id = ?", (_now(), json.dumps(dict(counts)), run)
            )

    def progress(self) -> dict[str, int]:
        """Return how far each source has been read.

        Returns
        -------
        dict of str to int
            For each source the position of the last message or error that is stored.
        """
        return dict(self._db.execute("SELECT source, last FROM progress").fetchall())

    def write(self, rows: Iterable[ScoredMessage | Problem]) -> None:
        """Store a batch and how far it reaches, in one transaction.

        Parameters
        ----------
        rows : iterable of ScoredMessage or Problem
            In the order of the source. One that is stored already is left as it is.
        """
        with self.transaction():
            for row in rows:
                if isinstance(row, Problem):
                    self._db.execute(
                        "INSERT OR IGNORE INTO errors VALUES (?, ?, ?)",
                        _storable((row.source, row.position, row.reason)),
                    )
                else:
                    self._write_message(row)
                self._db.execute(
                    "INSERT INTO progress VALUES (?, ?) "
                    "ON CONFLICT (source) DO UPDATE SET last = max(last, excluded.last)",
                    _storable((row.source, row.position)),
                )

    def _write_message(self, row: ScoredMessage) -> None:
        """Store one message with its probabilities, findings and evidence."""
        status, result = row.status, row.result
        if result is not None and self._known(row.digest):
            status, result = "duplicate", None
        cursor = self._db.execute(
            "INSERT OR IGNORE INTO messages (source, position, message_id, digest, date, sender, recipients, subject, "
            "direction, thread, status, level, harassment, customer_text, spans, notes) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            _storable((
                row.source, row.position, row.message_id, row.digest, row.date.isoformat() if row.date else None,
                row.sender, ", ".join(row.recipients), row.subject, row.direction, " ".join(row.thread), status,
                result.level if result else None, result.harassment if result and result.status == "scored" else None,
                row.customer_text if result else "", json.dumps(row.spans) if result else "[]", "; ".join(row.notes),
            )),
        )  # fmt: skip
        if cursor.rowcount == 0 or result is None or result.status != "scored":
            return
        message = int(cursor.lastrowid or 0)
        self._db.executemany(
            "INSERT INTO probabilities VALUES (?, ?, ?)",
            [(message, name, probability) for name, probability in result.probabilities.items()],
        )
        for finding in result.findings:
            clause, passage = finding.clause, finding.evidence.passage
            cursor = self._db.execute(
                "INSERT INTO findings (message, category, number, name, clause, clause_text, probability, level, "
                "passage, passage_start, passage_end) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                _storable((
                    message, finding.category.id, finding.category.number, finding.category.name,
                    clause.number if clause else None, clause.text if clause else None,
                    finding.probability, finding.level,
                    passage.text, passage.start, passage.end,
                )),
            )  # fmt: skip
            self._db.executemany(
                "INSERT INTO evidence VALUES (?, ?, ?, ?, ?)",
                [_storable((cursor.lastrowid, t.text, t.start, t.end, t.contribution)) for t in finding.evidence.terms],
            )

    def _known(self, digest: str) -> bool:
        """Tell whether the same mail has been scored already."""
        query = "SELECT 1 FROM messages WHERE digest = ? AND status = 'scored' LIMIT 1"
        return self._db.execute(query, (digest,)).fetchone() is not None

    def counts(self) -> dict[str, int]:
        """Count messages by status, and errors.

        Returns
        -------
        dict of str to int
            Empty for an empty store.
        """
        rows = self._db.execute("SELECT status, count(*) FROM messages GROUP BY status ORDER BY status").fetchall()
        counts = {str(status): int(n) for status, n in rows}
        failed = int(self._db.execute("SELECT count(*) FROM errors").fetchone()[0])
        for level in ("alert", "review"):
            n = int(self._db.execute("SELECT count(*) FROM messages WHERE level = ?", (level,)).fetchone()[0])
            if n:
                counts[f"level {level}"] = n
        mended = "SELECT count(*) FROM messages WHERE notes LIKE 'charset:%' OR notes LIKE '%; charset:%'"
        if n := int(self._db.execute(mended).fetchone()[0]):
            counts["re-decoded"] = n
        return counts | ({"failed": failed} if failed else {})

    def query(self, sql: str, parameters: tuple[str | int | float, ...] = ()) -> pd.DataFrame:
        """Read from the tables.

        Parameters
        ----------
        sql : str
            A SELECT statement.
        parameters : tuple, optional
            Values of its question marks.

        Returns
        -------
        pandas.DataFrame
            The rows.
        """
        return pd.read_sql_query(sql, self._db, params=parameters)


_SURROGATES = re.compile("[\ud800-\udfff]")


def _storable(values: Iterable[_Value]) -> tuple[_Value, ...]:
    """Replace lone surrogates, which SQLite cannot store, one by one: offsets stay right."""
    return tuple(_SURROGATES.sub("\ufffd", value) if isinstance(value, str) else value for value in values)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
