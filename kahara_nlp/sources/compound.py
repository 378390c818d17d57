"""Compound files of Microsoft (OLE2), of which an Outlook message is one.

Only what a message needs is read: the streams below the root and their bytes.
"""

import struct
from collections.abc import Mapping

from kahara_nlp.errors import SourceError

__all__ = ["MAGIC", "read_streams"]

#: The first bytes of every compound file.
MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_HEADER = struct.Struct("<8s16xHHHHH6xIIIIIIIII")
_ENTRY = struct.Struct("<64sHBBIII36xIQ")
_LAST_SECTOR = 0xFFFFFFFA  # this and what follows are no sectors
_NO_ENTRY = 0xFFFFFFFF
_MOST_ENTRIES = 50_000
_ROOT, _STORAGE, _STREAM = 5, 1, 2


class _Sectors:
    """The sectors of a file and the chains in which they hang together."""

    def __init__(self, data: bytes) -> None:
        fields = _HEADER.unpack_from(data)
        (_, _, _, _, shift, small_shift, _, _, self.directory_start, _, self.small_limit, small_fat, _, more, _) = (
            fields
        )
        if shift not in {9, 12} or small_shift != 6:  # noqa: PLR2004
            msg = "the compound file has sectors of an unknown size"
            raise SourceError(msg)
        self.data = data
        self.size = 1 << shift
        self.small_size = 1 << small_shift
        self.fat: list[int] = []
        for number in self._fat_sectors(more):
            self.fat += self._numbers(number)
        self.small_fat = [number for sector in self._chain(small_fat) for number in self._numbers(sector)]
        self.small_data = b""

    def _sector(self, number: int) -> bytes:
        return self.data[(number + 1) * self.size : (number + 2) * self.size]

    def _numbers(self, sector: int) -> list[int]:
        data = self._sector(sector)
        return list(struct.unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4]))

    def _fat_sectors(self, more: int) -> list[int]:
        sectors = list(struct.unpack_from("<109I", self.data, 76))
        seen: set[int] = set()
        while more < _LAST_SECTOR and more not in seen:
            seen.add(more)
            numbers = self._numbers(more)
            sectors += numbers[:-1]
            more = numbers[-1] if numbers else _LAST_SECTOR
        return [number for number in sectors if number < len(self.data) // self.size]

    def _chain(self, start: int) -> list[int]:
        chain: list[int] = []
        seen: set[int] = set()
        while start < len(self.fat) and start not in seen:
            seen.add(start)
            chain.append(start)
            start = self.fat[start]
        return chain

    def read(self, start: int, length: int) -> bytes:
        """Return the bytes of a chain of sectors."""
        return b"".join(map(self._sector, self._chain(start)))[:length]

    def read_small(self, start: int, length: int) -> bytes:
        """Return the bytes of a chain of the small sectors that lie in the root's stream."""
        pieces: list[bytes] = []
        seen: set[int] = set()
        while start < len(self.small_fat) and start not in seen:
            seen.add(start)
            pieces.append(self.small_data[start * self.small_size : (start + 1) * self.small_size])
            start = self.small_fat[start]
        return b"".join(pieces)[:length]


def read_streams(data: bytes) -> Mapping[str, bytes]:
    """Return the streams of a compound file.

    Parameters
    ----------
    data : bytes
        The file.

    Returns
    -------
    mapping of str to bytes
        By path, with ``/`` between storage and stream.

    Raises
    ------
    SourceError
        If it is no compound file or a damaged one.

    Examples
    --------
    >>> read_streams(b"")
    Traceback (most recent call last):
    kahara_nlp.errors.SourceError: the compound file is damaged
    """
    if not data.startswith(MAGIC):
        msg = "the compound file is damaged"
        raise SourceError(msg)
    try:
        sectors = _Sectors(data)
        directory = sectors.read(sectors.directory_start, _MOST_ENTRIES * _ENTRY.size)
        entries = [_ENTRY.unpack_from(directory, place) for place in range(0, len(directory) - 127, _ENTRY.size)]
        return _collect(sectors, entries)
    except (struct.error, ValueError, IndexError, OverflowError) as error:
        msg = "the compound file is damaged"
        raise SourceError(msg) from error


def _collect(
    sectors: _Sectors, entries: list[tuple[bytes, int, int, int, int, int, int, int, int]]
) -> dict[str, bytes]:
    """Walk the tree of the directory, in which every storage keeps its members as a binary tree."""
    streams: dict[str, bytes] = {}
    root = entries[0]
    sectors.small_data = sectors.read(root[7], root[8])
    pending = [(root[6], "")]
    seen: set[int] = set()
    total = 0
    while pending:
        number, prefix = pending.pop()
        if number == _NO_ENTRY or number in seen or number >= len(entries):
            continue
        seen.add(number)
        name, length, kind, _, left, right, child, start, size = entries[number]
        path = prefix + name[: max(0, min(length, 64) - 2)].decode("utf-16-le", "replace")
        pending += [(left, prefix), (right, prefix)]
        if kind == _STORAGE:
            pending.append((child, path + "/"))
        elif kind == _STREAM:
            size &= 0xFFFFFFFF  # the upper half is undefined in files with sectors of 512 bytes
            small = size < sectors.small_limit
            stream = sectors.read_small(start, size) if small else sectors.read(start, size)
            total += len(stream)
            if total > 2 * len(sectors.data):  # chains that share sectors
                raise ValueError
            streams[path] = stream
    return streams
