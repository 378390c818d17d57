"""Transcripts in plain text: labelled lines, WebVTT and SRT."""

import html
import re
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

from kahara_nlp.sources.roles import Utterance, is_role_name, role_of_name

__all__ = ["parse_labelled", "parse_subtitles", "seconds"]

_CLOCK = r"(?:\d{1,3}:)?\d{1,2}:\d{2}(?:[.,]\d{1,3})?"
_TIMING = re.compile(rf"[ \t]*({_CLOCK})[ \t]*-->[ \t]*({_CLOCK})(?:[ \t].*)?$")
_SRT_INDEX = re.compile(r"\s*\d{1,7}\s*$")
_VOICE = re.compile(r"<v(?:\.[^ \t>]*)?[ \t]+([^>]*)>|</v>")
_TAG = re.compile(r"</?(?:[cbiu]|ruby|rt|lang|font|\d\d:\d\d)[^>]{0,100}>|\{\\an\d\}")
_BLOCK = re.compile(r"(?:NOTE|STYLE|REGION)(?:[ \t]|$)")
# A clock time in front of an utterance: [00:01:23], (1:23), 00:01:23, [00:00.000 --> 00:05.000], 1分23秒
_TIME_PREFIX = re.compile(
    rf"[ \t　]*(?:[\[(（【<]\s*)?(?P<start>{_CLOCK}|\d{{1,3}}分\d{{1,2}}秒)(?:\s*(?:-->|-|–|~|〜"
    rf"|～)\s*(?P<end>{_CLOCK}))?(?:\s*[\])）】>])?[ \t　]*"
)
_BRACKET_LABEL = re.compile(
    r"[ \t　]*(?:\[\[(?P<double>[^\]\n]{1,40})\]\]|[\[【［](?P<square>[^\]】］\n]{1,40})[\]】］]"
    r"|[(（](?P<round>[^)）\n]{1,20})[)）])[ \t　]*[:：]?[ \t　]*"
)
_COLON_LABEL = re.compile(
    r"[ \t　]*(?P<label>[^:：>＞\t。、「」?？!！\n]{1,24}?)[ \t　]*(?:[(（\[][ "
    r"\t]*(?P<time>\d{1,2}:\d{2}(?::\d{2})?)[ \t]*[)）\]])?[ \t　]*(?P<sep>[:：>＞\t])[ \t　]*"
)
_HEADING = re.compile(
    rf"[ \t　]*(?P<label>[^\s　][^\t\n。、]{{0,23}}?)[ \t　]+[\[(（]?(?P<time>{_CLOCK})[\])）]?[ \t　]*$"
)
_MOST_SPEAKERS = 8
_LEAST_SHARE = 0.5


def seconds(clock: str) -> float | None:
    """Read a clock time of a transcript.

    Parameters
    ----------
    clock : str
        Such as ``"1:02:03.5"``, ``"00:01,250"`` or ``"1分23秒"``.

    Returns
    -------
    float or None
        Seconds; None where it is no time.

    Examples
    --------
    >>> seconds("00:01:02,500"), seconds("1分5秒"), seconds("soon")
    (62.5, 65.0, None)
    """
    total = 0.0
    minutes = re.fullmatch(r"(?:(\d{1,3})時間?)?(?:(\d{1,4})分)?(?:(\d{1,5})(?:\.\d+)?秒)?", clock.strip())
    if minutes and any(minutes.groups()):
        hour, minute, second = (int(group or 0) for group in minutes.groups())
        return float(hour * 3600 + minute * 60 + second)
    for part in clock.strip().replace(",", ".").split(":"):
        try:
            total = total * 60 + float(part)
        except ValueError:
            return None
    return total if 0 <= total < 1e7 else None  # noqa: PLR2004


def _prefix(line: str) -> tuple[str, str]:
    """Return the speaker's label that a line may begin with, and the rest."""
    for pattern in (_BRACKET_LABEL, _COLON_LABEL):
        found = pattern.match(line)
        if found:
            label = next(
                (value for name, value in found.groupdict().items() if value and name not in {"sep", "time"}), ""
            )
            return label.strip(" \t　"), line[found.end() :]
    return "", line


def _true_labels(labels: list[str], lines: int) -> set[str]:
    """Return those of the labels that are speakers: they name a role, or come again and again."""
    counts = Counter(label for label in labels if label)
    roles = {label for label in counts if is_role_name(label)}
    repeated = {label for label, count in counts.items() if count > 1 and not label.isdigit()}
    if (
        len(repeated | roles) > _MOST_SPEAKERS
        or sum(counts[label] for label in repeated | roles) < lines * _LEAST_SHARE
    ):
        return roles
    return repeated | roles


def parse_subtitles(text: str) -> list[Utterance]:
    r"""Read WebVTT or SRT.

    Parameters
    ----------
    text : str
        Decoded, with any line ends.

    Returns
    -------
    list of Utterance
        One for each voice of each cue. Speakers come from ``<v Name>`` or from a label in front of the
        text; a cue without one has none.

    Examples
    --------
    >>> vtt = "WEBVTT\n\n00:01.000 --> 00:02.000\n<v 客>Q&amp;A見た\n<v OP>はい"
    >>> [(turn.speaker, turn.text) for turn in parse_subtitles(vtt)]
    [('客', 'Q&A見た'), ('OP', 'はい')]
    """
    cues = list(_cues(text))
    prefixes = [_prefix(line)[0] for _, _, lines in cues for line in lines if "<v" not in line]
    labels = _true_labels(prefixes, sum(1 for _, _, lines in cues for _ in lines[:1]))
    utterances: list[Utterance] = []
    for start, end, lines in cues:
        speaker, pieces = "", list[tuple[str, str]]()
        for line in lines:
            for name, words in _voices(line, labels):
                speaker = speaker if name is None else name
                pieces.append((speaker, words))
        for name, words in _grouped(pieces):
            utterances.append(Utterance(name, words, start, end))
    return utterances


def _grouped(pieces: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    current: list[str] = []
    speaker = ""
    for name, words in pieces:
        if current and name != speaker:
            yield speaker, _joined(current)
            current = []
        speaker = name
        if words.strip():
            current.append(words.strip())
    if current:
        yield speaker, _joined(current)


def _joined(lines: list[str]) -> str:
    text = ""
    for line in lines:
        text += (" " if text[-1:].isascii() and line[:1].isascii() and text else "") + line
    return text


def _voices(line: str, labels: set[str]) -> Iterator[tuple[str | None, str]]:
    """Yield the speaker, None for as before, and the words of each stretch of a cue's line."""
    parts = _VOICE.split(line)
    if len(parts) == 1:
        label, rest = _prefix(line)
        known = label in labels and bool(label)
        yield (label if known else None), _plain(rest if known else line)
        return
    if parts[0].strip():
        yield None, _plain(parts[0])
    for name, words in zip(parts[1::2], parts[2::2], strict=True):
        yield (html.unescape(name).strip() if name is not None else ""), _plain(words)


def _plain(words: str) -> str:
    return html.unescape(_TAG.sub("", words))


def _cues(text: str) -> Iterator[tuple[float | None, float | None, list[str]]]:
    """Yield start, end and lines of text of each cue; blank lines inside a cue are tolerated."""
    start: float | None = None
    end: float | None = None
    lines: list[str] = []
    under_way = skipping = False
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        timing = _TIMING.match(line)
        if timing:
            if under_way:
                yield start, end, _without_index(lines)
            start, end = seconds(timing[1]), seconds(timing[2])
            lines, under_way, skipping = [], True, False
        elif _BLOCK.match(line) and (not lines or not lines[-1].strip()):
            skipping = True
        elif skipping:
            skipping = bool(line.strip())
        elif under_way:
            lines.append(line)
    if under_way:
        yield start, end, _without_index(lines, last=True)


def _without_index(lines: list[str], *, last: bool = False) -> list[str]:
    """Drop blank lines and the number or name of the next cue, which stands after a blank line."""
    kept = list(lines)
    while kept and not kept[-1].strip():
        kept.pop()
    if not last and kept and len(kept) == len(lines) and _SRT_INDEX.match(kept[-1]):
        kept.pop()
    elif not last and len(kept) > 1 and len(kept) == len(lines) and not kept[-2].strip():
        kept.pop()  # a cue identifier of WebVTT
    return [line for line in kept if line.strip()]


def parse_labelled(text: str) -> list[Utterance] | None:
    r"""Read a text in which speakers' labels stand in front of what they say.

    Parameters
    ----------
    text : str
        Decoded.

    Returns
    -------
    list of Utterance or None
        None where the text is no such transcript. A line without label goes on with the turn before it.

    Examples
    --------
    >>> parse_labelled("顧客：はい\n[00:12] OP：承ります\n少々お待ちください")[1]
    Utterance(speaker='OP', text='承ります少々お待ちください', start=12.0, end=None, role='')
    >>> parse_labelled("前略\n先日の件です") is None
    True
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    rows = [_row(line) for line in lines if line.strip(" \t　\ufeff")]
    labels = _true_labels([row.label for row in rows], len(rows))
    labelled = [row for row in rows if row.label in labels]
    # Of headings every second line or fewer is one, so half of the lines is asked of twice as many.
    headings = _true_labels([row.name for row in rows], sum(bool(row.name) for row in rows))
    titled = [row for row in rows if row.name and row.name in headings]
    if len(titled) >= 2 and len(titled) > len(labelled) and len(titled) * 4 >= len(rows):  # noqa: PLR2004
        return _under_headings(rows, headings)
    if len(labelled) >= 2 and len({row.label for row in labelled}) >= 2 and _is_transcript(labelled, len(rows)):  # noqa: PLR2004
        return _turns(rows, labels)
    timed = [row for row in rows if row.start is not None]
    if len(timed) < 2 or len(timed) < len(rows) * 0.8:  # noqa: PLR2004
        return None
    return [
        Utterance("", row.words if not row.label else f"{row.label}：{row.words}", row.start, row.end) for row in timed
    ]


class _Row(NamedTuple):
    """A line taken apart."""

    start: float | None
    end: float | None
    label: str
    words: str
    name: str  # of the speaker, where the whole line is a name and a time
    line: str


def _row(line: str) -> _Row:
    line = line.strip("\ufeff")
    heading = _HEADING.match(line)
    if heading:
        return _Row(seconds(heading["time"]), None, "", "", heading["label"].strip(), line)
    time = _TIME_PREFIX.match(line)
    start = end = None
    rest = line
    if time:
        start, end = seconds(time["start"]), seconds(time["end"]) if time["end"] else None
        rest = line[time.end() :]
    label, words = _prefix(rest)
    between = _COLON_LABEL.match(rest) if label and not time else None
    if between and between["time"]:
        start = seconds(between["time"])
    after = _TIME_PREFIX.match(words) if label and start is None else None
    if after:
        start, words = seconds(after["start"]), words[after.end() :].lstrip(":： \t　")
    return _Row(start, end, label, words, "", line)


def _is_transcript(labelled: list[_Row], lines: int) -> bool:
    """Tell a transcript from a letter or a form with a few labelled lines."""
    roles = {role_of_name(row.label) for row in labelled}
    share = len(labelled) / lines
    if roles >= {"customer", "staff"}:
        return share >= 0.3  # noqa: PLR2004
    return share >= 0.6 and len(labelled) >= 4  # noqa: PLR2004


def _turns(rows: list[_Row], labels: set[str]) -> list[Utterance]:
    turns: list[Utterance] = []
    for row in rows:
        if row.label in labels:
            turns.append(Utterance(row.label, row.words.strip(), row.start, row.end))
        elif turns:
            _go_on(turns, row)
    return turns


def _under_headings(rows: list[_Row], headings: set[str]) -> list[Utterance]:
    """Read transcripts that set the speaker and the time on a line above the words."""
    turns: list[Utterance] = []
    for row in rows:
        if row.name in headings:
            turns.append(Utterance(row.name, "", row.start))
        elif turns:
            _go_on(turns, row)
    return [turn for turn in turns if turn.text]


def _go_on(turns: list[Utterance], row: _Row) -> None:
    turns[-1] = turns[-1]._replace(text=_joined([turns[-1].text, row.line.strip(" \t　")]).strip())
