"""Where the bytes lie: files, folders, ZIP and gzip, standard input.

Whatever is read from outside comes through `Guarded`, which turns every failure of the medium into a
`SourceError` and stops archives that expand without end.
"""

import gzip
import io
import os
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, cast

from kahara_nlp.errors import SourceError
from kahara_nlp.records import Problem
from kahara_nlp.sources.guarded import FAILURES, Guarded, Readable, copy_to_disk

__all__ = ["SourceFile", "walk"]

#: An archive member may expand this many times, once it is above `EXPANSION_FREE` bytes.
EXPANSION_LIMIT = 200
EXPANSION_FREE = 100_000_000
#: Archives inside archives are opened to this depth.
ARCHIVE_DEPTH = 3
#: A ZIP with more members than this is not listed.
MEMBER_LIMIT = 2_000_000

_BUFFER = 1 << 18
# What mail programs and systems put beside the mail.
_IGNORED = {
    "info.plist",
    "table_of_contents",
    "thumbs.db",
    "desktop.ini",
    "maildirsize",
    "subscriptions",
    "uidvalidity",
}
_IGNORED_ENDINGS = (".msf", ".plist", ".lock", ".index", ".cache", ".log.idx")
_IGNORED_STARTS = ("._", "dovecot", "courierimap", ".ds_store", "~$")


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One stretch of bytes to read.

    Parameters
    ----------
    name : str
        How it is called in messages: its path; inside a ZIP ``archive.zip!/member``.
    opener : callable
        Returns a seekable binary stream from the beginning.
    inside_archive : bool
        Whether it lies in a folder or archive, so that a failure is one problem among many.
    """

    name: str
    opener: Callable[[], BinaryIO]
    inside_archive: bool


def _guard(stream: Readable, packed: int | None = None) -> BinaryIO:
    limit = None if packed is None else max(EXPANSION_FREE, packed * EXPANSION_LIMIT)
    return cast("BinaryIO", io.BufferedReader(Guarded(stream, limit), _BUFFER))


def walk(path: str | os.PathLike[str]) -> Iterator[SourceFile | Problem]:
    """Go through the files behind a path, in sorted order.

    Parameters
    ----------
    path : path
        A file, a folder, or ``-`` for standard input. ZIP and gzip are opened, by content.

    Yields
    ------
    SourceFile or Problem
        A problem for each file or archive that cannot be opened.

    Raises
    ------
    SourceError
        If there is nothing at `path`.

    Examples
    --------
    >>> next(walk("no/such/file"))
    Traceback (most recent call last):
    kahara_nlp.errors.SourceError: there is no file or folder at no/such/file
    """
    if os.fspath(path) == "-":
        with copy_to_disk(sys.stdin.buffer) as copy:
            yield from _open_up(SourceFile("-", lambda: _guard(_Kept(copy)), inside_archive=False), 0)
        return
    root = Path(path)
    if root.is_dir():
        yield from _folder(root)
    elif root.exists():
        yield from _open_up(_plain(root, inside_archive=False), 0)
    else:
        msg = f"there is no file or folder at {root}"
        raise SourceError(msg)


class _Kept:
    """A stream over a file that somebody else closes: standard input is read more than once."""

    def __init__(self, stream: IO[bytes]) -> None:
        stream.seek(0)
        self.read = stream.read
        self.seek = stream.seek

    def close(self) -> None:
        """Leave the file open."""


def _plain(path: Path, *, inside_archive: bool) -> SourceFile:
    return SourceFile(str(path), lambda: _guard(path.open("rb", buffering=0)), inside_archive)


def _folder(root: Path) -> Iterator[SourceFile | Problem]:
    """Walk a folder without recursion and without following links to other folders."""
    pending = [root]
    while pending:
        folder = pending.pop()
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            yield Problem(str(folder), 0, f"the folder cannot be read ({type(error).__name__})")
            continue
        names = {entry.name for entry in entries}
        below: list[Path] = []
        for entry in entries:
            try:
                if entry.is_dir(follow_symlinks=False):
                    if not _beside_mail(entry.name, names):
                        below.append(Path(entry.path))
                elif entry.is_file() and not _ignored(entry.name) and entry.stat().st_size:
                    yield from _open_up(_plain(Path(entry.path), inside_archive=True), 0)
            except OSError as error:
                yield Problem(entry.path, 0, f"the file cannot be read ({type(error).__name__})")
        pending += reversed(below)


def _beside_mail(name: str, siblings: set[str]) -> bool:
    """Tell whether a folder holds no finished mail: Maildir's tmp, Apple Mail's attachments."""
    return (name == "tmp" and "cur" in siblings) or (name == "Attachments" and "Messages" in siblings)


def _ignored(name: str) -> bool:
    lower = name.lower()
    return lower in _IGNORED or lower.endswith(_IGNORED_ENDINGS) or lower.startswith(_IGNORED_STARTS)


def _open_up(file: SourceFile, depth: int) -> Iterator[SourceFile | Problem]:
    """Yield the file, or what is packed in it."""
    try:
        with file.opener() as stream:
            magic = stream.read(4)
    except (OSError, SourceError) as error:
        if not file.inside_archive:
            msg = f"{file.name} cannot be read ({type(error).__name__})"
            raise SourceError(msg) from error
        yield Problem(file.name, 0, f"the file cannot be read ({type(error).__name__})")
        return
    if magic.startswith(b"\x1f\x8b"):
        yield from _gunzip(file, depth)
    elif magic in {b"PK\x03\x04", b"PK\x05\x06"}:
        yield from _unzip(file, depth)
    else:
        yield file


def _gunzip(file: SourceFile, depth: int) -> Iterator[SourceFile | Problem]:
    if depth >= ARCHIVE_DEPTH:
        yield Problem(file.name, 0, f"archives are nested more than {ARCHIVE_DEPTH} deep")
        return

    def opener() -> BinaryIO:
        packed = file.opener()
        size = packed.seek(0, os.SEEK_END)
        packed.seek(0)
        return _guard(_Unpacked(gzip.GzipFile(fileobj=packed), packed), size)

    yield from _open_up(SourceFile(file.name, opener, file.inside_archive), depth + 1)


class _Unpacked:
    """A gzip stream that closes the file below it as well."""

    def __init__(self, unpacked: gzip.GzipFile, packed: BinaryIO) -> None:
        self._packed = packed
        self.read = unpacked.read
        self.seek = unpacked.seek

    def close(self) -> None:
        self._packed.close()


def _unzip(file: SourceFile, depth: int) -> Iterator[SourceFile | Problem]:
    if depth >= ARCHIVE_DEPTH:
        yield Problem(file.name, 0, f"archives are nested more than {ARCHIVE_DEPTH} deep")
        return
    with file.opener() as stream:
        try:
            archive = zipfile.ZipFile(stream)
        except (*FAILURES, SourceError) as error:
            msg = f"the ZIP archive {file.name} is damaged ({type(error).__name__})"
            if not file.inside_archive:
                raise SourceError(msg) from error
            yield Problem(file.name, 0, msg)
            return
        with archive:
            members = [member for member in archive.infolist() if not member.is_dir() and member.file_size]
            if any(member.filename in {"xl/workbook.xml", "word/document.xml"} for member in members):
                yield file  # an Office file is a ZIP too
                return
            yield from _members(file, archive, members[:MEMBER_LIMIT], depth)


def _members(
    file: SourceFile, archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], depth: int
) -> Iterator[SourceFile | Problem]:
    names = {id(member): _member_name(member) for member in members}
    for member in sorted(members, key=lambda member: names[id(member)]):
        name = names[id(member)]
        last = name.rsplit("/", 1)[-1]
        if _ignored(last) or name.startswith("__MACOSX/"):
            continue
        if member.flag_bits & 0x1:
            yield Problem(f"{file.name}!/{name}", 0, "the archive member is encrypted")
            continue
        yield from _open_up(
            SourceFile(f"{file.name}!/{name}", _member_opener(archive, member), inside_archive=True), depth + 1
        )


def _member_opener(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Callable[[], BinaryIO]:
    def opener() -> BinaryIO:
        try:
            return _guard(archive.open(member), member.compress_size)
        except FAILURES as error:
            msg = f"the archive member cannot be opened ({type(error).__name__})"
            raise SourceError(msg) from error

    return opener


def _member_name(member: zipfile.ZipInfo) -> str:
    """Return the name of a member; Windows writes it in CP932 without saying so."""
    if member.flag_bits & 0x800:
        return member.filename
    try:
        return member.filename.encode("cp437").decode("cp932")
    except UnicodeError:
        return member.filename
