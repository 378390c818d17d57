"""Streams that fail in one way only, and end."""

import io
import os
import shutil
import tempfile
import zipfile
import zlib
from typing import IO, BinaryIO, Protocol

from kahara_nlp.errors import SourceError

__all__ = ["FAILURES", "Guarded", "Readable", "copy_to_disk", "read_at_most"]

#: What the standard library raises for damaged files and archives.
FAILURES = (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError)


class Readable(Protocol):
    """What `Guarded` needs of a stream."""

    def read(self, size: int = ..., /) -> bytes:
        """Return some bytes."""

    def seek(self, offset: int, whence: int = ..., /) -> int:
        """Go elsewhere."""

    def close(self) -> None:
        """Give the file back."""


class Guarded(io.RawIOBase):
    """A binary stream whose failures are `SourceError` and whose length is bounded.

    Parameters
    ----------
    stream : binary file
        What to read.
    limit : int, optional
        Bytes after which reading fails; None for no limit.

    Examples
    --------
    >>> Guarded(io.BytesIO(b"abc")).read()
    b'abc'
    """

    def __init__(self, stream: Readable, limit: int | None = None) -> None:
        self._stream = stream
        self._limit = limit
        self._position = 0

    @property
    def on_disk(self) -> bool:
        """Whether it is a plain file, in which going back and forth costs nothing."""
        return isinstance(self._stream, io.FileIO)

    def readable(self) -> bool:  # noqa: D102
        return True

    def seekable(self) -> bool:  # noqa: D102
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # noqa: D102
        try:
            data = self._stream.read(len(buffer))
        except FAILURES as error:
            msg = f"the file cannot be read to its end ({type(error).__name__})"
            raise SourceError(msg) from error
        self._position += len(data)
        if self._limit is not None and self._position > self._limit:
            msg = f"the archive expands too far; it was left at {self._limit} bytes"
            raise SourceError(msg)
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:  # noqa: D102
        try:
            self._position = self._stream.seek(offset, whence)
        except FAILURES as error:
            msg = f"the file cannot be read to its end ({type(error).__name__})"
            raise SourceError(msg) from error
        return self._position

    def tell(self) -> int:  # noqa: D102
        return self._position

    def close(self) -> None:  # noqa: D102
        if not self.closed:
            self._stream.close()
        super().close()


def read_at_most(stream: BinaryIO, limit: int) -> tuple[bytes, bool]:
    """Read a stream up to a limit.

    Parameters
    ----------
    stream : binary file
        Read from where it stands.
    limit : int
        Bytes.

    Returns
    -------
    data : bytes
        At most `limit` bytes.
    complete : bool
        Whether that was all.

    Examples
    --------
    >>> read_at_most(io.BytesIO(b"abc"), 2)
    (b'ab', False)
    """
    data = stream.read(limit + 1)
    return data[:limit], len(data) <= limit


def copy_to_disk(stream: BinaryIO) -> IO[bytes]:
    """Copy a stream into a temporary file that vanishes when it is closed.

    Parameters
    ----------
    stream : binary file
        Such as standard input.

    Returns
    -------
    binary file
        At its beginning; in memory up to 16 MB.

    Examples
    --------
    >>> with copy_to_disk(io.BytesIO(b"abc")) as copy:
    ...     copy.read()
    b'abc'
    """
    copy: IO[bytes] = tempfile.SpooledTemporaryFile(max_size=1 << 24)  # noqa: SIM115
    try:
        shutil.copyfileobj(stream, copy, 1 << 20)
    except BaseException:
        copy.close()
        raise
    copy.seek(0)
    return copy
