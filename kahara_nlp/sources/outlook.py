"""Outlook messages (.msg)."""

import struct
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from kahara_nlp.errors import SourceError, UnsupportedSourceError
from kahara_nlp.records import Message, Problem
from kahara_nlp.sources.compound import read_streams
from kahara_nlp.sources.guarded import read_at_most
from kahara_nlp.sources.mapi import Properties, is_mail, read_item
from kahara_nlp.sources.options import SourceOptions

__all__ = ["MSG_LIMIT", "read_msg"]

#: A larger message file is not read; nearly all of it would be attachments.
MSG_LIMIT = 256 * 1024 * 1024

_TABLE = "__properties_version1.0"
_SHORT = {0x0003, 0x0040}  # integers and times


def read_msg(stream: BinaryIO, name: str, options: SourceOptions) -> Iterator[Message | Problem]:
    """Read an Outlook message file.

    Parameters
    ----------
    stream : seekable binary file
        At its beginning.
    name : str
        Its name in messages.
    options : SourceOptions
        Settings.

    Yields
    ------
    Message or Problem
        One; a problem for what is no mail, is encrypted or has its text in RTF alone.

    Raises
    ------
    UnsupportedSourceError
        If the file is another kind of compound file, such as an old Office document.
    SourceError
        If it is damaged or too large.
    """
    if options.taken(name, 0):
        return
    data, complete = read_at_most(stream, MSG_LIMIT)
    if not complete:
        msg = f"{name} is larger than {MSG_LIMIT} bytes"
        raise SourceError(msg)
    streams = read_streams(data)
    if _TABLE not in streams:
        msg = f"{name} is an old Office file; save it as .xlsx or .eml"
        raise UnsupportedSourceError(msg)
    properties = _properties(streams, "", 32)
    if not is_mail(properties):
        yield Problem(name, 0, "the Outlook item is no mail")
        return
    yield read_item(properties, _recipients(properties, streams), (name, 0), options)


def _properties(streams: Mapping[str, bytes], prefix: str, header: int, codepage: str = "") -> Properties:
    """Return the properties below a storage: the short ones stand in a table, the long ones are streams."""
    table = streams.get(prefix + _TABLE, b"")
    short: dict[int, bytes] = {}
    for place in range(header, len(table) - 15, 16):
        short[struct.unpack_from("<H", table, place + 2)[0]] = table[place + 8 : place + 16]

    def read(tag: int, kind: int) -> bytes | None:
        # Of a long property the table holds no more than its length.
        return short.get(tag) if kind in _SHORT else streams.get(f"{prefix}__substg1.0_{tag:04X}{kind:04X}")

    return Properties(read, codepage)


def _recipients(properties: Properties, streams: Mapping[str, bytes]) -> list[Properties]:
    prefixes = {path.split("/")[0] + "/" for path in streams if path.startswith("__recip_version1.0_")}
    return [_properties(streams, prefix, 8, properties.codepage) for prefix in sorted(prefixes)]
