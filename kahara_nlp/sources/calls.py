"""A call, from utterances to `Message`."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from kahara_nlp.records import Message, Turn
from kahara_nlp.sources.options import SourceOptions
from kahara_nlp.sources.roles import Utterance, assign_roles

__all__ = ["Call", "call_message", "join_words", "merge_turns"]

#: Characters of one call that are kept.
CALL_LIMIT = 2_000_000

_BREAKS = re.compile(r"\s*[\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]+\s*")
_SPACED = re.compile(r"[A-Za-z0-9]$")


def join_words(words: Iterable[str]) -> str:
    """Join recognised words: Japanese without spaces, Latin ones with.

    Parameters
    ----------
    words : iterable of str
        In order.

    Returns
    -------
    str
        One line.

    Examples
    --------
    >>> join_words(["三", "回", "も", "call", "back", "した", "。"])
    '三回もcall backした。'
    """
    text = ""
    for word in words:
        gap = " " if _SPACED.search(text) and re.match("[A-Za-z0-9]", word) else ""
        text += gap + word
    return text.strip()


def merge_turns(utterances: Iterable[Utterance]) -> list[Utterance]:
    """Join words or pieces that one speaker says in a row.

    Parameters
    ----------
    utterances : iterable of Utterance
        In order of time.

    Returns
    -------
    list of Utterance
        No two neighbours have the same speaker.

    Examples
    --------
    >>> merge_turns([Utterance("A", "もし"), Utterance("A", "もし"), Utterance("B", "はい")])[0].text
    'もしもし'
    """
    merged: list[Utterance] = []
    words: list[str] = []
    for utterance in utterances:
        if merged and merged[-1].speaker == utterance.speaker and merged[-1].role == utterance.role:
            words.append(utterance.text)
            merged[-1] = merged[-1]._replace(end=utterance.end if utterance.end is not None else merged[-1].end)
        else:
            if merged:
                merged[-1] = merged[-1]._replace(text=join_words(words))
            merged.append(utterance)
            words = [utterance.text]
    if merged:
        merged[-1] = merged[-1]._replace(text=join_words(words))
    return merged


class Call(NamedTuple):
    """A call before roles are known.

    Parameters
    ----------
    utterances : sequence of Utterance
        In order of time.
    call_id : str
        Identity of the call, where the transcript states it; else empty.
    date : datetime.datetime or None
        When the call was made.
    notes : sequence of str
        What the reader mended.
    """

    utterances: Sequence[Utterance]
    call_id: str = ""
    date: datetime | None = None
    notes: Sequence[str] = ()


def call_message(call: Call, place: tuple[str, int], options: SourceOptions) -> Message:
    r"""Make the message of a call.

    Parameters
    ----------
    call : Call
        What the reader found.
    place : tuple of str and int
        Source and position.
    options : SourceOptions
        Settings.

    Returns
    -------
    Message
        Its text is the turns, one on a line; its spans are the customer's turns. Where nobody can be told
        to be the customer there are no spans, and a note says ``role unknown``.

    Examples
    --------
    >>> call = Call([Utterance("顧客", "はい"), Utterance("OP", "承ります")])
    >>> message = call_message(call, ("a.txt", 0), SourceOptions())
    >>> message.text, message.spans, message.turns[1].role
    ('はい\n承ります', ((0, 2),), 'staff')
    """
    cleaned = (utterance._replace(text=_one_line(utterance.text)) for utterance in call.utterances)
    spoken = [utterance for utterance in cleaned if utterance.text]
    roles, note = assign_roles(spoken, options.customer_speakers)
    turns: list[Turn] = []
    spans: list[tuple[int, int]] = []
    length = 0
    notes = [*call.notes, note] if note else list(call.notes)
    for utterance in spoken:
        if length + len(utterance.text) > CALL_LIMIT:
            notes.append(f"call cut at {CALL_LIMIT} characters")
            break
        role = roles[utterance.speaker]
        turns.append(Turn(utterance.speaker, role, utterance.text, utterance.start, utterance.end))
        if role == "customer":
            spans.append((length, length + len(utterance.text)))
        length += len(utterance.text) + 1
    unknown = sum(turn.role == "unknown" for turn in turns)
    if unknown and spans:
        notes.append(f"role unknown in {unknown} of {len(turns)} turns")
    source, position = place
    return Message(
        source=source,
        position=position,
        message_id=call.call_id or f"{source}#{position}",
        text="\n".join(turn.text for turn in turns),
        date=call.date,
        direction="customer" if spans else "unknown",
        turns=tuple(turns),
        spans=tuple(spans),
        notes=tuple(notes),
    )


def _one_line(text: str) -> str:
    return _BREAKS.sub(" ", text.replace("\x00", "")).strip()
