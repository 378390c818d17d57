"""The work on one batch of an archive: read the mails, sift them, score the customers' own words.

Batches travel to worker processes, so what is slow happens here and not in the process that reads and stores.
"""

import hashlib
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from kahara_nlp.classifier import Classifier, load
from kahara_nlp.customer_text import customer_text
from kahara_nlp.policy import Policy
from kahara_nlp.records import Message, Problem
from kahara_nlp.results import ScoredMessage
from kahara_nlp.sources import SourceOptions, UnreadMail
from kahara_nlp.sources.headers import JAPAN

__all__ = ["Filters", "Row", "Scored", "Task", "gather", "score_batch", "score_in_worker"]

Row = UnreadMail | Message | Problem
Scored = ScoredMessage | Problem

#: What travels at once: enough to be worth the journey, little enough to bound memory.
_ROWS = 128
_BYTES = 1_000_000
_SKIPPED = {"own", "automatic", "newsletter", "bounce"}


@dataclass(frozen=True, slots=True)
class Filters:
    """Which messages of an archive to score.

    Parameters
    ----------
    since, until : datetime.datetime, optional
        Only messages sent from `since` on and before `until`; a message without date passes. Times
        without a zone are Japan's.
    sender : str, optional
        Only messages whose sender contains this, in any case.
    sample : float, default 1.0
        Share of messages to take, in (0, 1]; the same ones in every run.
    own : bool, default False
        Whether to score what the organisation's own staff wrote, too: incident notes.
    """

    since: datetime | None = None
    until: datetime | None = None
    sender: str | None = None
    sample: float = 1.0
    own: bool = False

    def accepts(self, message: Message) -> bool:
        """Tell whether a message passes.

        Parameters
        ----------
        message : Message
            A message.

        Returns
        -------
        bool
            Whether to score it.

        Examples
        --------
        >>> Filters(sender="@example.jp").accepts(Message("a.mbox", 0, "1", "…", sender="b@example.com"))
        False
        """
        if message.date is not None:
            sent = _aware(message.date)
            if (self.since and sent < _aware(self.since)) or (self.until and sent >= _aware(self.until)):
                return False
        if self.sender and self.sender.lower() not in message.sender.lower():
            return False
        return self.sample >= 1 or random.Random(f"{message.source}:{message.position}").random() < self.sample  # noqa: S311


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=JAPAN)


@dataclass(frozen=True, slots=True)
class Task:
    """How a batch is worked on.

    Parameters
    ----------
    reading : SourceOptions
        How mails are read.
    filters : Filters
        Which messages to score.
    """

    reading: SourceOptions
    filters: Filters


def gather(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Gather rows into batches of bounded number and size.

    Parameters
    ----------
    rows : iterable of UnreadMail, Message or Problem
        In the order of the source.

    Yields
    ------
    list of UnreadMail, Message or Problem
        Never empty.
    """
    batch: list[Row] = []
    size = 0
    for row in rows:
        batch.append(row)
        size += len(row.data) if isinstance(row, UnreadMail) else len(row.text) if isinstance(row, Message) else 0
        if len(batch) >= _ROWS or size > _BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


@cache
def _loaded(directory: str, policy: Policy) -> Classifier:
    """Return this process's classifier."""
    return load(directory, policy=policy)


def score_in_worker(directory: str, policy: Policy, task: Task, batch: list[Row]) -> list[Scored]:
    """Score a batch in a process that loads the model by itself.

    Parameters
    ----------
    directory : str
        The model.
    policy : Policy
        What to report in.
    task : Task
        How.
    batch : list of UnreadMail, Message or Problem
        What.

    Returns
    -------
    list of ScoredMessage or Problem
        See `score_batch`.
    """
    return score_batch(_loaded(directory, policy), task, batch)


def score_batch(classifier: Classifier, task: Task, batch: list[Row]) -> list[Scored]:
    """Read and score a batch.

    Parameters
    ----------
    classifier : Classifier
        Model and policy.
    task : Task
        How.
    batch : list of UnreadMail, Message or Problem
        What.

    Returns
    -------
    list of ScoredMessage or Problem
        In the same order, without the messages that the filters leave out.
    """
    read = [row.read(task.reading) if isinstance(row, UnreadMail) else row for row in batch]
    rows = [row for row in read if isinstance(row, Problem) or task.filters.accepts(row)]
    statuses = [_reason_to_skip(row, own=task.filters.own) for row in rows]
    own = [
        customer_text(row) if isinstance(row, Message) and not status else None
        for row, status in zip(rows, statuses, strict=True)
    ]
    results = iter(classifier.classify_many(words.text for words in own if words is not None))
    scored: list[Scored] = []
    for row, status, words in zip(rows, statuses, own, strict=True):
        if isinstance(row, Problem):
            scored.append(row)
            continue
        result = next(results) if words is not None else None
        scored.append(
            ScoredMessage(
                row.source,
                row.position,
                row.message_id,
                hashlib.sha256(
                    f"{row.sender}\x1f{row.message_id}\x1f{row.text}".encode("utf-8", "replace")
                ).hexdigest(),
                result.status if result else status,
                words.text if words else "",
                words.spans if words else (),
                result,
                row.date,
                row.sender,
                row.recipients,
                row.subject,
                row.direction,
                row.thread,
                row.notes,
            )
        )
    return scored


def _reason_to_skip(row: Message | Problem, *, own: bool) -> str:
    """Say why a message is not scored; empty where it is."""
    if isinstance(row, Problem):
        return "failed"
    if row.direction in _SKIPPED and not (own and row.direction == "own"):
        return row.direction
    if row.turns and not row.spans and any(turn.role == "unknown" for turn in row.turns):
        return "role_unknown"
    return ""
