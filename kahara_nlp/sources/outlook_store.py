"""Outlook data files (.pst, .ost), through libpff.

Strings are taken as bytes and decoded here: libpff decodes all of a file in one code page, and the files of
older Outlooks state none or several.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, BinaryIO, NamedTuple

from kahara_nlp.errors import MissingExtraError, SourceError
from kahara_nlp.records import Message, Problem
from kahara_nlp.sources.guarded import Guarded, copy_to_disk
from kahara_nlp.sources.mapi import Properties, is_mail, read_item
from kahara_nlp.sources.options import SourceOptions

__all__ = ["MAGIC", "read_store"]

#: The first bytes of every data file.
MAGIC = b"!BDN"

#: What libpff raises for a damaged file: MemoryError, too, where a folder or mail is not there.
_FAILURES = (OSError, ValueError, OverflowError, SystemError, MemoryError, SourceError)
_NAME, _SUBTREE = 0x3001, 0x35E0
_MOST_RECIPIENTS = 200
_MOST_FOLDERS = 100_000
# Numbers of mails begin behind this, and so the positions of a folder's mails behind those of its problems.
_MOST_SUB_FOLDERS = 30_000
_DEEPEST = 100
_LONGEST_NAME = 255


class _Folder(NamedTuple):
    path: tuple[str, ...]
    handle: Any


class _Found(NamedTuple):
    """A folder whose mails can be counted."""

    source: str
    handle: Any
    mails: int


def read_store(stream: BinaryIO, name: str, options: SourceOptions) -> Iterator[Message | Problem]:
    """Read the mails of an Outlook data file, folder by folder.

    Parameters
    ----------
    stream : seekable binary file
        The file; one inside an archive is copied to disk first, since it is read here and there.
    name : str
        Its name in messages; the source of a mail is ``name!/folder/sub-folder``.
    options : SourceOptions
        Settings.

    Yields
    ------
    Message or Problem
        One for each mail, by rising number within its folder; Outlook gives new mail a higher number. A
        mail or folder that is damaged is a problem. Appointments, contacts and other items that are no
        mail are passed over, and so are deleted mails of which the file still holds remains.

    Raises
    ------
    MissingExtraError
        If libpff is not installed.
    SourceError
        If the file is damaged or of an unknown variety.
    """
    try:
        libpff = import_module("pypff")
    except ImportError:
        task = "reading Outlook data files (.pst, .ost)"
        raise MissingExtraError(task, "outlook") from None
    with _on_disk(stream) as medium:
        store = libpff.file()
        try:
            store.open_file_object(medium)
            root = store.get_root_folder()
        except _FAILURES as error:
            msg = f"the Outlook data file {name} is damaged ({type(error).__name__}); repair it with Outlook's scanpst"
            raise SourceError(msg) from error
        if root is None:
            msg = f"the Outlook data file {name} has no folders; repair it with Outlook's scanpst"
            raise SourceError(msg)
        try:
            for folder in _folders(root, name, _top_folder(store)):
                if isinstance(folder, _Found):
                    yield from _mails(folder, options)
                elif not options.taken(folder.source, folder.position):
                    yield folder
        finally:
            store.close()


@contextmanager
def _on_disk(stream: BinaryIO) -> Iterator[Any]:
    """Give a file in which going back and forth is cheap, without reading ahead."""
    raw = getattr(stream, "raw", None)
    if isinstance(stream, io.BytesIO) or (isinstance(raw, Guarded) and raw.on_disk):
        yield raw or stream
        return
    with copy_to_disk(stream) as copy:
        yield copy


def _properties(record: Any, codepage: str = "") -> Properties:  # noqa: ANN401 - libpff has no types
    """Return the properties of a record; the bytes of each are read when they are asked for."""
    entries: dict[tuple[int, int], Any] = {}
    for number in range(record.number_of_entries):
        entry = record.get_entry(number)
        entries.setdefault((entry.entry_type, entry.value_type), entry)

    def read(tag: int, kind: int) -> bytes | None:
        entry = entries.get((tag, kind))
        data = None if entry is None else entry.data
        return data if isinstance(data, bytes) else None

    return Properties(read, codepage)


def _of_item(item: Any) -> Properties:  # noqa: ANN401
    """Return the properties of a folder or a mail."""
    if not item.number_of_record_sets:
        return Properties(lambda _tag, _kind: None)
    return _properties(item.get_record_set(0))


def _top_folder(store: Any) -> int:  # noqa: ANN401
    """Return the number of the folder that Outlook shows as the data file itself; 0 if it is not told."""
    try:
        item = store.get_message_store()
        entry = b"" if item is None else _of_item(item).binary(_SUBTREE)
    except _FAILURES:  # the folders can be read without
        return 0
    return int.from_bytes(entry[20:24], "little") if len(entry) >= 24 else 0  # noqa: PLR2004


def _folders(root: Any, name: str, top: int) -> Iterator[_Found | Problem]:  # noqa: ANN401
    """Go through the folders, each before the ones in it."""
    pending = [_Folder((), root)]
    seen: set[int] = set()
    names: dict[str, int] = {}
    while pending:
        folder = pending.pop()
        source = _unique(f"{name}!/{'/'.join(folder.path)}", names)
        try:
            number = int(folder.handle.identifier)
        except _FAILURES as error:
            yield Problem(source, 0, f"the folder is damaged ({type(error).__name__})")
            continue
        if number in seen:  # a damaged file may make a folder its own sub-folder
            continue
        seen.add(number)
        found = _Found(source, folder.handle, 0)
        try:
            found = found._replace(mails=int(folder.handle.number_of_sub_messages))
        except _FAILURES as error:
            yield Problem(source, 0, f"the list of the folder's mails is damaged ({type(error).__name__})")
        if len(folder.path) >= _DEEPEST or len(seen) > _MOST_FOLDERS:
            yield Problem(source, 1, "the folders in this one are too many or nested too deep, and are not read")
        else:
            # What Outlook shows as the data file is a folder of its own below the root.
            path = () if number == top else folder.path
            below: list[_Folder] = []
            for member in _sub_folders(folder, source, path):
                if isinstance(member, Problem):
                    yield member
                else:
                    below.append(member)
            pending += reversed(below)
        yield found


def _sub_folders(folder: _Folder, source: str, path: tuple[str, ...]) -> Iterator[_Folder | Problem]:
    try:
        count = int(folder.handle.number_of_sub_folders)
    except _FAILURES as error:
        yield Problem(source, 1, f"the list of the folders in this one is damaged ({type(error).__name__})")
        return
    for place in range(min(count, _MOST_SUB_FOLDERS)):
        try:
            handle = folder.handle.get_sub_folder(place)
            title = _of_item(handle).text(_NAME).replace("/", "%2F")[:_LONGEST_NAME]
        except _FAILURES as error:
            yield Problem(source, place + 2, f"a folder in this one is damaged ({type(error).__name__})")
        else:
            yield _Folder((*path, title), handle)


def _unique(source: str, names: dict[str, int]) -> str:
    """Tell folders of the same name apart, by a number behind the second one."""
    found = source
    while found in names:
        names[source] += 1
        found = f"{source} ({names[source]})"
    names[found] = 1
    return found


def _mails(folder: _Found, options: SourceOptions) -> Iterator[Message | Problem]:
    """Read the mails of one folder, by rising number."""
    places: list[tuple[int, int]] = []
    number = 0
    for place in range(folder.mails):
        try:
            number = int(folder.handle.get_sub_message(place).identifier)
        except _FAILURES:
            number += 1  # it keeps its place behind its neighbour; numbers of mails lie 32 apart
        places.append((number, place))
    last = 0
    for number, place in sorted(places):
        last = max(number, last + 1)
        if not options.taken(folder.source, last):
            mail = _mail(folder, place, last, options)
            if mail is not None:
                yield mail


def _mail(folder: _Found, place: int, position: int, options: SourceOptions) -> Message | Problem | None:
    """Read one item; None for what is no mail."""
    try:
        item = folder.handle.get_sub_message(place)
        if not item.number_of_record_sets:
            return Problem(folder.source, position, "the mail is damaged (it has no properties)")
        properties = _of_item(item)
        if not is_mail(properties):
            return None
        table: Any = getattr(item, "recipients", None)  # a report has none
        rows = 0 if table is None else min(table.number_of_record_sets, _MOST_RECIPIENTS)
        recipients = [_properties(table.get_record_set(row), properties.codepage) for row in range(rows)]
        return read_item(properties, recipients, (folder.source, position), options)
    except _FAILURES as error:
        return Problem(folder.source, position, f"the mail is damaged ({type(error).__name__})")
