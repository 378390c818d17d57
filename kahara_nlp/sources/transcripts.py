"""Files of one call, and JSON."""

import json
from collections.abc import Iterator
from typing import BinaryIO

from kahara_nlp.errors import SourceError, UnsupportedSourceError
from kahara_nlp.records import Message, Problem
from kahara_nlp.sources.calls import Call, call_message
from kahara_nlp.sources.decode import decode_text
from kahara_nlp.sources.guarded import read_at_most
from kahara_nlp.sources.labelled import parse_labelled, parse_subtitles
from kahara_nlp.sources.options import SourceOptions
from kahara_nlp.sources.speech import recognise

__all__ = ["TRANSCRIPT_LIMIT", "load_json", "read_json_call", "read_labelled", "read_subtitles"]

#: Bytes of one transcript; an hour of WhisperX with word times takes 5 MB.
TRANSCRIPT_LIMIT = 32 * 1024 * 1024


def _text(stream: BinaryIO) -> tuple[str, list[str]]:
    data, complete = read_at_most(stream, TRANSCRIPT_LIMIT)
    decoded = decode_text(data)
    notes = [decoded.note] if decoded.note else []
    return decoded.text, notes if complete else [*notes, f"file cut at {TRANSCRIPT_LIMIT} bytes"]


def read_subtitles(stream: BinaryIO, name: str, options: SourceOptions) -> Iterator[Message | Problem]:
    r"""Read a WebVTT or SRT file as one call.

    Parameters
    ----------
    stream : binary file
        At its beginning.
    name : str
        Its name in messages.
    options : SourceOptions
        Settings.

    Yields
    ------
    Message or Problem
        One.

    Examples
    --------
    >>> import io
    >>> srt = io.BytesIO("1\n00:00:01,000 --> 00:00:02,000\nお客様: もしもし\n".encode())
    >>> next(read_subtitles(srt, "a.srt", SourceOptions())).turns[0].speaker
    'お客様'
    """
    if options.taken(name, 0):
        return
    text, notes = _text(stream)
    utterances = parse_subtitles(text)
    if utterances:
        yield call_message(Call(utterances, notes=notes), (name, 0), options)
    else:
        yield Problem(name, 0, "the transcript has no cue with text")


def read_labelled(stream: BinaryIO, name: str, options: SourceOptions) -> Iterator[Message | Problem]:
    r"""Read a text with speakers' labels as one call.

    Parameters
    ----------
    stream : binary file
        At its beginning.
    name : str
        Its name in messages.
    options : SourceOptions
        Settings.

    Yields
    ------
    Message or Problem
        One.

    Raises
    ------
    UnsupportedSourceError
        If the text is no transcript.

    Examples
    --------
    >>> import io
    >>> call = io.BytesIO("顧客：遅い\n担当：申し訳ございません\n".encode("cp932"))
    >>> next(read_labelled(call, "a.txt", SourceOptions())).turns[0].role
    'customer'
    """
    if options.taken(name, 0):
        return
    text, notes = _text(stream)
    utterances = parse_labelled(text)
    if utterances is None:
        msg = f"{name} is text, but neither mail nor a transcript with speakers nor a table with a known text column"
        raise UnsupportedSourceError(msg)
    yield call_message(Call(utterances, notes=notes), (name, 0), options)


def load_json(data: bytes) -> object:
    """Read JSON in any encoding.

    Parameters
    ----------
    data : bytes
        One value.

    Returns
    -------
    object
        As `json.loads` gives it.

    Raises
    ------
    SourceError
        If it is not JSON, or nested too deeply.

    Examples
    --------
    >>> load_json(b'{"a": 1}')
    {'a': 1}
    """
    try:
        value: object = json.loads(decode_text(data).text)
    except (ValueError, RecursionError) as error:
        msg = f"the JSON cannot be read ({type(error).__name__})"
        raise SourceError(msg) from error
    return value


def read_json_call(data: object, place: tuple[str, int], options: SourceOptions) -> Message | Problem | None:
    """Make a message from the JSON of a call.

    Parameters
    ----------
    data : object
        As `load_json` returns it.
    place : tuple of str and int
        Source and position.
    options : SourceOptions
        Settings.

    Returns
    -------
    Message, Problem or None
        None where the JSON is no transcript of a known shape.

    Examples
    --------
    >>> call = {"entries": [{"role": "CUSTOMER", "text": "遅い"}]}
    >>> read_json_call(call, ("a.json", 0), SourceOptions()).spans
    ((0, 2),)
    """
    recognised = recognise(data)
    if recognised is None:
        return None
    if not any(utterance.text.strip() for utterance in recognised.utterances):
        return Problem(*place, f"the transcript ({recognised.format}) holds no words")
    return call_message(Call(recognised.utterances, recognised.call_id), place, options)
