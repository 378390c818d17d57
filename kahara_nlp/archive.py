"""Scoring whole archives: streaming, in parallel, and resumable."""

import os
import tempfile
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, replace
from pathlib import Path

from joblib import Parallel, delayed

from kahara_nlp.batches import Filters, Row, Scored, Task, gather, score_batch, score_in_worker
from kahara_nlp.classifier import Classifier, load
from kahara_nlp.errors import DataError, MessageParseError
from kahara_nlp.meter import Meter
from kahara_nlp.model_files import save_model
from kahara_nlp.records import Problem
from kahara_nlp.results import Results
from kahara_nlp.sources import SourceOptions, open_unread

__all__ = ["Filters", "score_archive"]


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
        resumed = replace(reading, resume_after=store.progress())
        rows = (row for path in paths for row in open_unread(path, resumed))
        scored = _in_order(classifier, Task(reading, filters), gather(rows), jobs, Path(scratch))
        with Meter(paths, resumed.resume_after) as meter:
            for batch in scored:
                if strict:
                    _stop_at_problem(store, batch)
                store.write(batch)
                meter.advance(batch)
        counts = store.counts()
        store.finish_run(run, counts)
        return counts


def _in_order(
    classifier: Classifier, task: Task, batches: Iterator[list[Row]], jobs: int, scratch: Path
) -> Iterator[list[Scored]]:
    """Score batches, in this process or in others, and yield them in their order."""
    if jobs == 1:
        yield from (score_batch(classifier, task, batch) for batch in batches)
        return
    place = classifier.directory
    if place is None:  # trained just now and not saved
        place = scratch / "model"
        save_model(classifier.model, place, classifier.manifest, "")
    pool = Parallel(n_jobs=jobs, return_as="generator", pre_dispatch=3 * jobs, batch_size=1)
    directory, policy = str(place), classifier.policy
    yield from pool(delayed(score_in_worker)(directory, policy, task, batch) for batch in batches)


def _stop_at_problem(store: Results, batch: list[Scored]) -> None:
    """Stop at the first row that could not be read, and keep what comes before it."""
    for place, row in enumerate(batch):
        if isinstance(row, Problem):
            store.write(batch[:place])
            msg = f"{row.source}, position {row.position}: {row.reason}"
            raise MessageParseError(msg)
