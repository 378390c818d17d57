"""Rows of a table to messages, whatever kind of table they stand in."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from kahara_nlp.records import Direction, Message, Problem
from kahara_nlp.sources.calls import Call, call_message
from kahara_nlp.sources.columns import Columns, cell_text, find_columns, looks_like_header
from kahara_nlp.sources.dates import read_date
from kahara_nlp.sources.direction import is_own
from kahara_nlp.sources.labelled import seconds
from kahara_nlp.sources.options import SourceOptions
from kahara_nlp.sources.parts import TEXT_LIMIT
from kahara_nlp.sources.roles import Utterance

__all__ = ["Row", "read_rows", "row_message"]

#: Characters of the calls of one table that are held until their last row has come.
HELD_LIMIT = 32 * 1024 * 1024
#: Running number, from 0, and cells.
Row = tuple[int, Sequence[object]]

_HEADER_ROWS = 10
_OVERHEAD = 100  # what a row takes up besides its text, in characters
_INCOMING = ("受", "着信", "入電", "in", "受信")
_OUTGOING = ("送", "発信", "架電", "out", "返信")


def read_rows(rows: Iterable[Row | Problem], name: str, options: SourceOptions) -> Iterator[Message | Problem]:
    """Find the header, which may stand below a title, and turn the rows behind it into messages.

    Parameters
    ----------
    rows : iterable of tuple or Problem
        Running number and cells of each row.
    name : str
        Name of the source.
    options : SourceOptions
        Settings.

    Yields
    ------
    Message or Problem
        One for each row, or, where there is a column of speakers, for each call. Positions count from 1
        behind the header; that of a call is its first row.

    Raises
    ------
    DataError
        If no column holds the text.

    Examples
    --------
    >>> table = [(0, ["本文"]), (1, ["返事がない"])]
    >>> [row.text for row in read_rows(table, "a", SourceOptions())]
    ['返事がない']
    """
    columns: Columns | None = None
    waiting: list[Row] = []
    offset = 0
    stream = iter(rows)
    for item in stream:
        if isinstance(item, Problem):
            yield Problem(name, item.position, item.reason)
            continue
        waiting.append(item)
        cells = [cell_text(cell) for cell in item[1]]
        if looks_like_header(cells) or (
            options.text_column and options.text_column in [cell.strip("\ufeff ") for cell in cells]
        ):
            columns, offset = find_columns(cells, options), item[0]
            break
        if len(waiting) >= _HEADER_ROWS:
            break
    if not waiting:
        return
    if columns is None:
        columns, offset = find_columns([cell_text(cell) for cell in waiting[0][1]], options), waiting[0][0]
        stream = iter([*waiting[1:], *stream])
    numbered = (_shift(item, name, offset) for item in stream)
    if "speaker" in columns.others:
        yield from _calls(numbered, columns, name, options)
    else:
        yield from _messages(numbered, columns, name, options)


def _shift(item: Row | Problem, name: str, offset: int) -> Row | Problem:
    """Count rows from the header on."""
    if isinstance(item, Problem):
        return Problem(name, item.position - offset, item.reason)
    return item[0] - offset, item[1]


def _messages(
    rows: Iterable[Row | Problem], columns: Columns, name: str, options: SourceOptions
) -> Iterator[Message | Problem]:
    for item in rows:
        if isinstance(item, Problem):
            if not options.taken(name, item.position):
                yield item
        elif not options.taken(name, item[0]):
            yield row_message(item, columns, name, options)


def row_message(item: Row, columns: Columns, name: str, options: SourceOptions) -> Message | Problem:
    """Make a message of a row.

    Parameters
    ----------
    item : tuple of int and sequence
        Position and cells.
    columns : Columns
        What stands where.
    name : str
        Name of the source.
    options : SourceOptions
        Settings.

    Returns
    -------
    Message or Problem
        A problem where the row is too short to have a text.

    Examples
    --------
    >>> row_message((1, ["遅い"]), Columns(0, {}), "a", SourceOptions()).message_id
    'a#1'
    """
    number, row = item
    problem = _too_short(item, columns, name)
    if problem is not None:
        return problem
    text = columns.get(row, "text").replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    notes = ["charset: bytes that could not be decoded"] if "\ufffd" in text else []
    if len(text) > TEXT_LIMIT:
        text = text[:TEXT_LIMIT]
        notes.append(f"text cut at {TEXT_LIMIT} characters")
    sender = columns.get(row, "sender").strip()
    if "@" in sender:
        sender = sender.rpartition("<")[2].rstrip("> ").lower()
    recipient = columns.get(row, "recipient").strip()
    thread = columns.get(row, "thread").replace("<", " ").replace(">", " ").split()
    return Message(
        source=name,
        position=number,
        message_id=columns.get(row, "id").strip().strip("<>")[:500] or f"{name}#{number}",
        text=text,
        sender=sender[:500],
        recipients=(recipient[:500],) if recipient else (),
        subject=" ".join(columns.get(row, "subject").split())[:1000],
        date=read_date(_cell(row, columns, "date")),
        direction=_direction(columns.get(row, "direction"), sender, options),
        thread=tuple(thread[:100]),
        notes=tuple(notes),
    )


def _cell(row: Sequence[object], columns: Columns, kind: str) -> object:
    index = columns.others.get(kind, -1)
    return row[index] if 0 <= index < len(row) and row[index] is not None else ""


def _direction(stated: str, sender: str, options: SourceOptions) -> Direction:
    if is_own(sender, options.own_domains):
        return "own"
    word = stated.strip().lower()
    if word.startswith(_OUTGOING):
        return "own"
    return "customer" if word.startswith(_INCOMING) or "@" in sender else "unknown"


class _HeldCall:
    """The rows of a call that have come so far."""

    def __init__(self, first_row: int, date: object) -> None:
        self.first_row = first_row
        self.date = date
        self.length = 0
        self.utterances: list[Utterance] = []
        self.continued = False


def _calls(
    rows: Iterable[Row | Problem], columns: Columns, name: str, options: SourceOptions
) -> Iterator[Message | Problem]:
    """Gather the utterances of each call: calls may be interleaved, so they are held up to a limit.

    Whoever resumes goes by the highest position so far, so a problem waits for the calls that began before it.
    """
    held: dict[str, _HeldCall] = {}
    problems: deque[Problem] = deque()
    finished: set[str] = set()
    length = 0
    for item in rows:
        problem = item if isinstance(item, Problem) else _too_short(item, columns, name)
        if problem is not None:
            if not options.taken(name, problem.position):
                problems.append(problem)
                length += _OVERHEAD
        elif not isinstance(item, Problem):
            length += _hold(item, columns, held, finished)
        if length > HELD_LIMIT or not held:
            oldest = list(held)[: max(1, len(held) // 2)]
            for done in oldest:
                yield from _before(problems, held[done].first_row)
                yield from _finish(done, held.pop(done), name, options)
            finished.update(oldest)
            yield from _before(problems, next(iter(held.values())).first_row if held else None)
            length = sum(call.length for call in held.values()) + _OVERHEAD * len(problems)
    for key, call in held.items():
        yield from _before(problems, call.first_row)
        yield from _finish(key, call, name, options)
    yield from problems


def _too_short(item: Row, columns: Columns, name: str) -> Problem | None:
    number, row = item
    if len(row) > columns.text:
        return None
    return Problem(name, number, f"the row has {len(row)} cells; the text is expected in number {columns.text + 1}")


def _hold(item: Row, columns: Columns, held: dict[str, _HeldCall], finished: set[str]) -> int:
    """Add a row to its call and return what it takes up."""
    number, row = item
    key = columns.get(row, "call").strip()[:500]
    call = held.get(key)
    if call is None:
        call = held[key] = _HeldCall(number, _cell(row, columns, "date"))
        call.continued = key in finished
    text = columns.get(row, "text")[:TEXT_LIMIT]
    start, end = (seconds(columns.get(row, kind)) for kind in ("start", "end"))
    call.utterances.append(Utterance(columns.get(row, "speaker").strip()[:100], text, start, end))
    call.length += len(text) + _OVERHEAD
    return len(text) + _OVERHEAD


def _before(problems: deque[Problem], row: int | None) -> Iterator[Problem]:
    """Give out the problems of the rows before one; all of them for None."""
    while problems and (row is None or problems[0].position < row):
        yield problems.popleft()


def _finish(key: str, call: _HeldCall, name: str, options: SourceOptions) -> Iterator[Message]:
    if options.taken(name, call.first_row):
        return
    notes = ["call continued from an earlier message: its rows lie far apart"] if call.continued else []
    yield call_message(Call(call.utterances, key, read_date(call.date), notes), (name, call.first_row), options)
