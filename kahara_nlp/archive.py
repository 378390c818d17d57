"""Scoring whole archives: streaming, in parallel, and resumable."""

import hashlib
import os
import random
import sys
import tempfile
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path

from joblib import Parallel, delayed
from tqdm import tqdm

from kahara_nlp.classifier import Classifier, load
from kahara_nlp.customer_text import customer_text
from kahara_nlp.errors import DataError, MessageParseError
from kahara_nlp.model_files import save_model
from kahara_nlp.policy import Policy
from kahara_nlp.records import Message, Problem
from kahara_nlp.results import Results, ScoredMessage
from kahara_nlp.sources import SourceOptions, open_source
from kahara_nlp.sources.headers import JAPAN

__all__ = ["Filters", "score_archive"]

_BATCH = 128
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
    """

    since: datetime | None = None
    until: datetime | None = None
    sender: str | None = None
    sample: float = 1.0

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


def score_archive(  # noqa: PLR0913 -- the source, the store, and what is read how
    sources: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    results: str | os.PathLike[str],
    *,
    own_domains: Collection[str] = (),
    classifier: Classifier | None = None,
    reading: SourceOptions | None = None,
    filters: Filters | None = None,
    jobs: int = 2,
    strict: bool = False,
) -> dict[str, int]:
    """Score every customer's message of an archive into a results file.

    Run again with the same arguments, it goes on where it was interrupted, and reads what has been
    appended to the archive since.

    Parameters
    ----------
    sources : str, path-like, or iterable of these
        Mail archives, folders, transcripts or tables.
    results : str or path-like
        The SQLite file to write; see `kahara_nlp.results` for its tables.
    own_domains : collection of str, optional
        Mail domains of the organisation: mail sent from them is read but not scored.
    classifier : Classifier, optional
        Model and policy; the shipped ones if not given.
    reading : SourceOptions, optional
        Columns of tables and speakers of calls, where they are not recognised by themselves.
    filters : Filters, optional
        Which messages to score; all if not given.
    jobs : int, default 2
        Processes that classify, >= 1.
    strict : bool, default False
        Whether to stop at the first message that cannot be read, instead of noting it.

    Returns
    -------
    dict of str to int
        Messages of the results file by status, and ``failed``.

    Raises
    ------
    SourceError
        If a source cannot be read at all, or, with `strict`, one message cannot.
    DataError
        If the results file belongs to another model or other settings.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     counts = score_archive("data/samples/calls", f"{folder}/results.db", jobs=1)
    >>> counts["scored"]
    6
    """
    if jobs < 1:
        msg = f"jobs must be at least 1, found {jobs}"
        raise DataError(msg)
    paths = [sources] if isinstance(sources, str | os.PathLike) else list(sources)
    classifier = classifier or load()
    filters = filters or Filters()
    reading = reading or SourceOptions()
    reading = replace(reading, own_domains=reading.own_domains | frozenset(own_domains))
    settings = {
        "own_domains": sorted(reading.own_domains),
        "columns": [reading.text_column, reading.id_column],
        "customer_speakers": sorted(reading.customer_speakers),
        "policy": [[c.number, c.id, c.name, *c.maps] for c in classifier.policy.values()],
        "filters": {key: str(value) for key, value in asdict(filters).items()},
    }
    model = f"{classifier.manifest.name} {classifier.manifest.files.get('weights.npz', 'unsaved')[:12]}"
    with Results(results) as store, tempfile.TemporaryDirectory() as scratch:
        run = store.start_run(model, settings)
        reading = replace(reading, resume_after=store.progress())
        rows = (row for path in paths for row in _rows(path, reading, filters, strict=strict))
        batches = _batches(rows)
        if jobs == 1:
            scored: Iterator[list[ScoredMessage | Problem]] = (_score(classifier, batch) for batch in batches)
        else:
            save_model(classifier.model, Path(scratch) / "model", classifier.manifest, "")
            pool = Parallel(n_jobs=jobs, return_as="generator", pre_dispatch=3 * jobs, batch_size=1)
            scored = pool(delayed(_score_with)(f"{scratch}/model", classifier.policy, batch) for batch in batches)
        with tqdm(unit=" messages", disable=None, file=sys.stderr, smoothing=0.05) as progress:
            for batch in scored:
                store.write(batch)
                progress.update(len(batch))
        counts = store.counts()
        store.finish_run(run, counts)
        return counts


def _rows(
    path: str | os.PathLike[str], options: SourceOptions, filters: Filters, *, strict: bool
) -> Iterator[Message | Problem]:
    """Read what of a source is not stored yet."""
    for row in open_source(path, options):
        if isinstance(row, Problem):
            if strict:
                msg = f"{row.source}, position {row.position}: {row.reason}"
                raise MessageParseError(msg)
            yield row
        elif filters.accepts(row):
            yield row


def _batches(rows: Iterable[Message | Problem]) -> Iterator[list[Message | Problem]]:
    """Gather rows into batches of bounded number and size."""
    batch: list[Message | Problem] = []
    size = 0
    for row in rows:
        batch.append(row)
        size += len(row.text) if isinstance(row, Message) else 0
        if len(batch) >= _BATCH or size > 1_000_000:  # noqa: PLR2004 -- characters; bounds what travels at once
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


@cache
def _loaded(directory: str, policy: Policy) -> Classifier:
    """Return this process's classifier."""
    return load(directory, policy=policy)


def _score_with(directory: str, policy: Policy, batch: list[Message | Problem]) -> list[ScoredMessage | Problem]:
    """Score a batch in a worker process."""
    return _score(_loaded(directory, policy), batch)


def _score(classifier: Classifier, batch: list[Message | Problem]) -> list[ScoredMessage | Problem]:
    """Score a batch; rows that are not scored keep their place."""
    statuses = [_reason_to_skip(row) for row in batch]
    own = [
        customer_text(row) if isinstance(row, Message) and not status else None
        for row, status in zip(batch, statuses, strict=True)
    ]
    results = iter(classifier.classify_many(words.text for words in own if words is not None))
    scored: list[ScoredMessage | Problem] = []
    for row, status, words in zip(batch, statuses, own, strict=True):
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


def _reason_to_skip(row: Message | Problem) -> str:
    """Say why a message is not scored; empty where it is."""
    if isinstance(row, Problem):
        return "failed"
    if row.direction in _SKIPPED:
        return row.direction
    if row.turns and not row.spans and any(turn.role == "unknown" for turn in row.turns):
        return "role_unknown"
    return ""
