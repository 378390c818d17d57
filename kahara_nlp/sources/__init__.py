r"""Archives on disk to messages: mail, call transcripts and tables, told by content and not by name.

>>> import tempfile, pathlib
>>> with tempfile.TemporaryDirectory() as folder:
...     file = pathlib.Path(folder, "calls.csv")
...     _ = file.write_text("通話ID,話者,発話内容\n1,お客様,遅い\n1,担当,申し訳ございません\n", encoding="cp932")
...     [(message.text, message.spans) for message in open_source(file)]
[('遅い\n申し訳ございません', ((0, 2),))]
"""

import os
from collections.abc import Iterator
from pathlib import Path

from kahara_nlp.errors import KaharaError, SourceError
from kahara_nlp.records import Message, Problem
from kahara_nlp.sources.detect import read_file
from kahara_nlp.sources.files import walk
from kahara_nlp.sources.mail import UnreadMail
from kahara_nlp.sources.options import SourceOptions

__all__ = ["SourceOptions", "UnreadMail", "open_source", "open_unread"]


def open_source(path: str | os.PathLike[str], options: SourceOptions | None = None) -> Iterator[Message | Problem]:
    """Read all messages behind a path.

    Mail is read from mbox files, Maildir and other folders, ``.eml``, ``.emlx``, Apple Mail's ``.mbox``
    folders, Outlook's ``.msg`` and its data files (``.pst``, ``.ost``); calls from speaker-labelled text,
    WebVTT, SRT, the JSON of the usual recognisers and tables of utterances; other texts from CSV, TSV,
    JSON lines, Excel and Parquet. Any of them may be packed in gzip or ZIP. Folders and archives are gone
    through in sorted order, links to folders are not followed.

    Parameters
    ----------
    path : path
        A file or folder, or ``-`` for standard input, which is copied to a temporary file.
    options : SourceOptions, optional
        Own mail domains, names of columns, who the customer is in calls, where to go on.

    Returns
    -------
    iterator of Message or Problem
        In the order of the source; the positions within one source name rise. A message, row or file that
        cannot be read is one `Problem`, and the rest goes on.

    Raises
    ------
    SourceError
        At once, if there is nothing at `path`; while reading, if a single file cannot be read at all.
    UnsupportedSourceError
        If a single file is in no known format.
    DataError
        If a single table has no column with the text; its message lists the columns.
    MissingExtraError
        If a single file needs a package that is not installed.

    Notes
    -----
    One message is held at a time. A mail is cut at 32 MB and its text at a million characters, each with
    a note; a transcript at 32 MB. Archives that expand more than 200 times are left.

    Examples
    --------
    >>> list(open_source("no/such/archive"))
    Traceback (most recent call last):
    kahara_nlp.errors.SourceError: there is no file or folder at no/such/archive
    """
    options = options or SourceOptions()
    rows = open_unread(path, options)
    return (row.read(options) if isinstance(row, UnreadMail) else row for row in rows)


def open_unread(
    path: str | os.PathLike[str], options: SourceOptions | None = None
) -> Iterator[UnreadMail | Message | Problem]:
    """Find all messages behind a path, and leave reading the mails to the caller.

    Parameters
    ----------
    path : path
        As for `open_source`.
    options : SourceOptions, optional
        As for `open_source`.

    Returns
    -------
    iterator of UnreadMail, Message or Problem
        As `open_source` gives them, with mails as bytes: a program of several processes reads them where
        there is time.

    Raises
    ------
    KaharaError
        As `open_source`.

    Examples
    --------
    >>> mail = next(open_unread("data/samples/inbox.mbox"))
    >>> mail.read(SourceOptions()).direction
    'customer'
    """
    if os.fspath(path) != "-" and not _exists(path):
        msg = f"there is no file or folder at {os.fspath(path)}"
        raise SourceError(msg)
    return _read(path, options or SourceOptions())


def _exists(path: str | os.PathLike[str]) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):  # a name that no file system takes
        return False


def _read(path: str | os.PathLike[str], options: SourceOptions) -> Iterator[UnreadMail | Message | Problem]:
    for file in walk(path):
        if isinstance(file, Problem):
            if not options.taken(file.source, file.position):
                yield file
            continue
        try:
            yield from read_file(file, options)
        except KaharaError as error:
            if not file.inside_archive:
                raise
            if not options.taken(file.name, 0):
                yield Problem(file.name, 0, str(error))
