"""Progress of a run: a bar on a terminal, a quiet line each minute elsewhere; numbers only, never a text."""

import os
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from tqdm import tqdm

from kahara_nlp.records import Problem
from kahara_nlp.results import ScoredMessage

__all__ = ["Meter"]

_QUIET_SECONDS = 60.0


def _size(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:
        return 0


class Meter:
    """How much of the sources is done, by bytes, and how many messages that were.

    Parameters
    ----------
    paths : iterable of str or path-like
        What is read. For standard input the size is not known, and no time left is shown.
    resumed : mapping of str to int
        How far each source was read before.

    Examples
    --------
    >>> with Meter(["data/samples/inbox.mbox"], {}) as meter:
    ...     meter.advance([Problem("data/samples/inbox.mbox", 120, "the mail is empty")])
    ...     meter.done
    120
    """

    def __init__(self, paths: Iterable[str | os.PathLike[str]], resumed: Mapping[str, int]) -> None:
        self._sizes: dict[str, int] = {}
        for path in paths:
            root = Path(path)
            folders = os.walk(root) if root.is_dir() else [(str(root.parent), [], [root.name])]
            for folder, _, names in folders:
                self._sizes |= {str(Path(folder) / name): _size(Path(folder) / name) for name in names}
        self._read: dict[str, int] = {}
        self._current = ""
        self.done = 0
        for source, position in resumed.items():
            self._reach(source, position)
        self._initial, self._messages = self.done, 0
        self._total = sum(self._sizes.values())
        self._started = self._said = time.monotonic()
        self._terminal = sys.stderr.isatty()
        self._bar = tqdm(
            total=self._total or None,
            initial=self.done,
            unit="B",
            unit_scale=True,
            file=sys.stderr,
            disable=not self._terminal,
            smoothing=0.05,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.close()

    def _reach(self, source: str, position: int) -> None:
        """Note how far a source is read."""
        file, _, member = source.partition("!/")
        size = self._sizes.get(file, 0)
        # An mbox tells bytes, a file of one mail is read as a whole; how much of an archive or a table is read
        # is only known when the next file begins.
        self._note(file, min(position, size) if position else 0 if member else size)
        if self._current not in {"", file}:
            self._note(self._current, self._sizes.get(self._current, 0))
        self._current = file

    def _note(self, file: str, read: int) -> None:
        self.done += read - self._read.get(file, 0)
        self._read[file] = read

    def advance(self, batch: Iterable[ScoredMessage | Problem]) -> None:
        """Show that a batch is stored.

        Parameters
        ----------
        batch : iterable of ScoredMessage or Problem
            What was stored.
        """
        before = self.done
        last: dict[str, int] = {}
        for row in batch:
            self._messages += 1
            last[row.source] = row.position
        for source, position in last.items():
            self._reach(source, position)
        self._bar.set_postfix_str(f"{self._messages:,} messages", refresh=False)
        self._bar.update(max(0, self.done - before))
        if not self._terminal and time.monotonic() - self._said >= _QUIET_SECONDS:
            self._said = time.monotonic()
            sys.stderr.write(self._line(self._said - self._started) + "\n")

    def _line(self, seconds: float) -> str:
        """Say how far the run is and how long it will still take."""
        rate = f"{self._messages:,} messages, {self._messages / max(seconds, 1e-9):,.0f}/s"
        if not self._total or self.done <= self._initial:
            return rate
        left = seconds * (self._total - self.done) / (self.done - self._initial)
        return f"{self.done / self._total:.0%} read, {rate}, about {tqdm.format_interval(left)} left"
