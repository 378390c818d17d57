"""The records that travel between the parts: frozen, slotted, without behaviour of their own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from kahara_nlp.policy import Category, Clause

__all__ = [
    "COLUMNS",
    "Classification",
    "Evidence",
    "Example",
    "Finding",
    "Level",
    "Message",
    "Passage",
    "Problem",
    "Status",
    "TermContribution",
    "Turn",
]

#: Columns of a file of examples.
COLUMNS = ("id", "text", "labels", "clauses", "channel", "voice", "writer", "note", "kind")
Status = Literal["scored", "empty", "no_known_terms", "not_japanese"]
Level = Literal["alert", "review"]
Direction = Literal["customer", "own", "automatic", "newsletter", "bounce", "unknown"]


@dataclass(frozen=True, slots=True)
class Turn:
    """One utterance of a call.

    Parameters
    ----------
    speaker : str
        The label in the transcript.
    role : {"customer", "staff", "unknown"}
        Who the speaker is.
    text : str
        What was said.
    start : float or None
        Seconds from the beginning of the call.
    end : float or None
        Seconds from the beginning of the call.
    """

    speaker: str
    role: Literal["customer", "staff", "unknown"]
    text: str
    start: float | None = None
    end: float | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One mail, one row of a table or one call, as a source gives it.

    Parameters
    ----------
    source : str
        The file that it stands in.
    position : int
        Byte offset in an mbox, row number (from 1) in a table, else 0.
    message_id : str
        ``Message-ID`` without angle brackets, the table's id column, or made from source and position.
    text : str
        The decoded plain text; for HTML mail the visible text.
    sender, recipients, subject : str
        Addresses and subject line, decoded; empty where the source has none.
    date : datetime.datetime or None
        When it was sent.
    direction : {"customer", "own", "automatic", "newsletter", "bounce", "unknown"}
        Who speaks: only ``customer`` and ``unknown`` mail is scored.
    thread : tuple of str
        Ids of the messages that it answers, oldest first.
    turns : tuple of Turn
        The utterances, for a call.
    spans : tuple of tuple of int, or None
        Ranges of `text` that are the customer's own new words, where the reader of the source knows them
        (HTML quotes cut, a call's customer turns, a form's field values); None where `customer_text` must
        find them in `text`.
    notes : tuple of str
        What the reader had to mend, such as ``"charset: iso-2022-jp was utf-8"``.
    """

    source: str
    position: int
    message_id: str
    text: str
    sender: str = ""
    recipients: tuple[str, ...] = ()
    subject: str = ""
    date: datetime | None = None
    direction: Direction = "unknown"
    thread: tuple[str, ...] = ()
    turns: tuple[Turn, ...] = ()
    spans: tuple[tuple[int, int], ...] | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """A part of a source that could not be read; the rest was.

    Parameters
    ----------
    source : str
        The file.
    position : int
        Byte offset in an mbox, row number (from 1) in a table, else 0.
    reason : str
        What was found and expected, without any of the text.
    """

    source: str
    position: int
    reason: str


@dataclass(frozen=True, slots=True)
class Passage:
    """A sentence or turn of a text.

    Parameters
    ----------
    text : str
        The passage as it stands in the original text.
    start, end : int
        Offsets into the original text in characters, ``text == original[start:end]``.
    """

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class TermContribution:
    """What a stretch of text adds to the log-odds of a category.

    Parameters
    ----------
    text : str
        The stretch as it stands in the original text.
    contribution : float
        Its share of the log-odds (natural logarithm, dimensionless) before calibration.
    start, end : int
        Offsets into the original text in characters.
    """

    text: str
    contribution: float
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """The passage that weighed most for a category, and the words in it that did.

    Parameters
    ----------
    passage : Passage
        Where to look.
    terms : tuple of TermContribution
        The words that speak most for the category, heaviest first.
    """

    passage: Passage
    terms: tuple[TermContribution, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """A category at or above its threshold in one text.

    Parameters
    ----------
    category : Category
        The policy row itself.
    clause : Clause or None
        The likeliest of the behaviours that the row lists; None where the policy in use lists none.
    probability : float
        Calibrated, in [0, 1].
    level : {"alert", "review"}
        Which operating point it reaches: `alert` (precision first) or `review` (recall first).
    evidence : Evidence
        The passage and words behind it.
    """

    category: Category
    clause: Clause | None
    probability: float
    level: Level
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Classification:
    """What the model says of one text.

    Parameters
    ----------
    status : {"scored", "empty", "no_known_terms", "not_japanese"}
        Whether the text could be scored. Where it could not, all probabilities are NaN and there
        are no findings.
    harassment : float
        Probability that at least one category applies, in [0, 1].
    probabilities : mapping of str to float
        Probability of each category, in policy order; none is above `harassment`.
    findings : tuple of Finding
        Highest probability first: the categories at or above their `review` threshold that are at least a
        tenth as likely as the likeliest one, and in any case the likeliest, where `harassment` reaches its
        own `review` threshold; none where it does not.
    level : {"alert", "review"} or None
        The operating point that `harassment` reaches; None below both.
    """

    status: Status
    harassment: float
    probabilities: Mapping[str, float]
    findings: tuple[Finding, ...] = ()
    level: Level | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """A labelled text.

    Parameters
    ----------
    id : str
        Unique within a data set.
    text : str
        The text.
    labels : tuple of str
        Category ids in policy order; empty for no harassment.
    clauses : tuple of str
        The behaviours that it shows, such as ``("2.3", "3.1")``.
    channel : {"call", "email", "note"}
        Where it was said.
    voice : {"customer", "staff"}
        Who speaks.
    writer : str
        The batch; evaluation never lets one stand on both sides.
    kind : str
        For texts without label: ``complaint``, ``near:<category id>``, ``ordinary`` or ``staff``.
    note : str
        Why, where the label is not plain.
    """

    id: str
    text: str
    labels: tuple[str, ...] = ()
    clauses: tuple[str, ...] = ()
    channel: str = "email"
    voice: str = "customer"
    writer: str = ""
    kind: str = ""
    note: str = ""
    weight: float = field(default=1.0, compare=False)
