"""Labelled examples: reading them, and refusing what would spoil a model."""

import csv
import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from kahara_nlp.errors import DataError
from kahara_nlp.policy import Policy, data_root, default_policy
from kahara_nlp.records import Example

__all__ = ["COLUMNS", "DataReport", "check_examples", "data_digest", "read_examples", "utterances_root"]

COLUMNS = ("id", "text", "labels", "clauses", "channel", "voice", "writer", "note", "kind")
_REQUIRED = {"id", "text", "labels", "writer"}
_CHANNELS = {"call", "email", "note"}
_VOICES = {"customer", "staff"}
_KINDS = {"", "complaint", "ordinary", "staff"}
_NEAR_DUPLICATE = 0.6  # Jaccard similarity of character 3-grams
_SHOWN_PROBLEMS = 50

_EXAMPLE_DOMAIN = r"(?:[\w-]+\.)*example(?:\.(?:jp|com|org|net))?(?![\w.-]*\w)"
_PERSONAL = (
    (
        "mail address outside example domains",
        re.compile(rf"[\w.+-]+@(?!{_EXAMPLE_DOMAIN})[\w-]+(?:\.[\w-]+)+", re.ASCII),
    ),
    ("telephone number", re.compile(r"(?<![\d-])(?!\d{2,5}-0{1,4}-0{3,4}(?!\d))0\d{1,4}-\d{1,4}-\d{3,4}(?![\d-])")),
    ("postcode", re.compile(r"〒 ?(?!000)\d{3}-?\d{4}")),
    ("card or account number", re.compile(r"(?<!\d)\d{4}[- ]\d{4}[- ]\d{4}[- ]\d{4}(?!\d)")),
)


def utterances_root() -> Path:
    """Return the folder of the shipped examples; it exists in a checkout, not in the wheel.

    Returns
    -------
    Path
        ``data/utterances`` of the checkout that the package stands in; where it is installed without one,
        that of the current folder.
    """
    beside = data_root() / "utterances"
    return beside if beside.is_dir() else Path("data") / "utterances"


def read_examples(source: str | Path | None = None, *, policy: Policy | None = None) -> list[Example]:
    """Read labelled examples.

    Parameters
    ----------
    source : str or Path, optional
        A CSV file (UTF-8) with the columns ``id, text, labels, clauses, channel, voice, writer, note`` and,
        optionally, ``kind``, or a folder of such files; the shipped examples if not given.
    policy : Policy, optional
        Whose categories the labels must name; the shipped policy if not given.

    Returns
    -------
    list of Example
        In the order of file names and rows.

    Raises
    ------
    DataError
        If there is no file, or any row is malformed: the message lists every problem with file and row,
        and no text.
    """
    root = utterances_root() if source is None else Path(source)
    files = sorted(root.rglob("*.csv")) if root.is_dir() else [root]
    if not files or not files[0].is_file():
        msg = (
            f"no examples: found no CSV file at {root}; expected columns {', '.join(COLUMNS)}. The shipped "
            "examples are in a checkout of the project only: run there, or name your own with --data"
        )
        raise DataError(msg)
    problems: list[str] = []
    examples: list[Example] = []
    seen: dict[str, str] = {}
    for file in files:
        for place, row in _rows(file, problems):
            example = _example(row, place, policy or default_policy(), problems)
            if example is None:
                continue
            if example.id in seen:
                problems.append(f"{place}: id {example.id!r} stands already at {seen[example.id]}")
                continue
            seen[example.id] = place
            examples.append(example)
    if problems:
        shown = "\n".join(f"  {problem}" for problem in problems[:_SHOWN_PROBLEMS])
        more = f"\n  … and {len(problems) - _SHOWN_PROBLEMS} more" if len(problems) > _SHOWN_PROBLEMS else ""
        msg = f"{len(problems)} problem(s) in the examples:\n{shown}{more}"
        raise DataError(msg)
    return examples


def _rows(file: Path, problems: list[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the rows of one file with their places."""
    try:
        with file.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.DictReader(handle, strict=True)
            found = reader.fieldnames or []
            if unknown := [name for name in found if name not in COLUMNS]:
                problems.append(f"{file.name}: unknown column {_named(unknown[0])}; known: {', '.join(COLUMNS)}")
                return
            if missing := sorted(_REQUIRED - set(found)):
                problems.append(
                    f"{file.name}: column {missing[0]!r} is missing; found: {', '.join(map(_named, found)) or 'none'}"
                )
                return
            for number, row in enumerate(reader, 2):
                place = f"{file.name}, row {number}"
                if None in row or None in row.values():
                    problems.append(f"{place}: expected {len(found)} fields")
                    continue
                yield place, row
    except (UnicodeDecodeError, csv.Error) as exc:
        problems.append(f"{file.name}: not a UTF-8 CSV file ({type(exc).__name__})")


def _example(row: dict[str, str], place: str, policy: Policy, problems: list[str]) -> Example | None:
    """Check one row."""
    labels = {label for label in row["labels"].split("|") if label}
    clauses = tuple(clause for clause in row.get("clauses", "").split("|") if clause)
    kind = row.get("kind", "")
    channel, voice = row.get("channel") or "email", row.get("voice") or "customer"
    own = _label_problems(labels, clauses, policy)
    if not row["text"].strip():
        own.append("empty text")
    if not row["id"].strip() or not row["writer"].strip():
        own.append("id and writer must not be empty")
    for name, value, known in (("channel", channel, _CHANNELS), ("voice", voice, _VOICES)):
        if value not in known:
            own.append(f"unknown {name} {_named(value)}; known: {', '.join(sorted(known))}")
    if kind not in _KINDS and not (kind.startswith("near:") and kind[5:] in policy):
        own.append(f"unknown kind {_named(kind)}")
    if kind and labels:
        own.append("kind is for texts without label")
    problems += [f"{place}: {problem}" for problem in own]
    if own:
        return None
    ordered = tuple(name for name in policy if name in labels)
    return Example(row["id"], row["text"], ordered, clauses, channel, voice, row["writer"], kind, row.get("note", ""))


_IDENTIFIER = re.compile(r"[A-Za-z0-9_:.|-]{1,40}")


def _named(value: str) -> str:
    """Quote a value that looks like an identifier; anything else might be somebody's text."""
    return repr(value) if _IDENTIFIER.fullmatch(value) else f"of {len(value)} characters"


def _label_problems(labels: set[str], clauses: tuple[str, ...], policy: Policy) -> list[str]:
    """Check labels and clauses against the policy and against each other."""
    by_number = {category.number: category for category in policy.values()}
    problems = [f"unknown label {_named(label)}" for label in sorted(labels - set(policy))]
    of_clauses = set()
    for clause in clauses:
        match = re.fullmatch(r"(\d+)\.(\d+)", clause)
        category = by_number.get(int(match[1])) if match else None
        if match is None or category is None or int(match[2]) > len(category.behaviors):
            problems.append(f"unknown clause {_named(clause)}")
        else:
            of_clauses.add(category.id)
    if clauses and not problems and of_clauses != labels:
        problems.append(f"clauses belong to {sorted(of_clauses)}, labels are {sorted(labels)}")
    return problems


def data_digest(examples: Iterable[Example]) -> str:
    """Return a digest of texts, labels and writers, independent of the order of files.

    Parameters
    ----------
    examples : iterable of Example
        The data.

    Returns
    -------
    str
        SHA-256 in hexadecimal.

    Examples
    --------
    >>> data_digest([])[:8]
    'e3b0c442'
    """
    lines = sorted("\x1f".join((e.id, e.text, "|".join(e.labels), "|".join(e.clauses), e.writer)) for e in examples)
    return hashlib.sha256("\x1e".join(lines).encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True)
class DataReport:
    """What a look at a data set found.

    Parameters
    ----------
    problems : tuple of str
        What must be mended: duplicates and personal data, by example id.
    counts : dict of str to dict of str to int
        Texts by category, kind, voice, channel, writer and length.
    """

    problems: tuple[str, ...]
    counts: dict[str, dict[str, int]]

    def to_text(self) -> str:
        """Write the counts as a table.

        Returns
        -------
        str
            Several lines.
        """
        lines = []
        for heading, counts in self.counts.items():
            lines.append(heading)
            lines += [f"  {name:<24}{count:>7,}" for name, count in counts.items()]
        return "\n".join(lines)


def check_examples(examples: Sequence[Example]) -> DataReport:
    """Look for duplicates, near duplicates and personal data, and count.

    Parameters
    ----------
    examples : sequence of Example
        The data.

    Returns
    -------
    DataReport
        Problems name example ids only, never a text.

    Examples
    --------
    >>> report = check_examples([Example("a", "返金してください。"), Example("b", "返金してください。")])
    >>> report.problems
    ('b: same text as a',)
    """
    problems = [f"{b}: {what} {a}" for a, b, what in _duplicates(examples)]
    for example in examples:
        problems += [f"{example.id}: {name}" for name, pattern in _PERSONAL if pattern.search(example.text)]
    labels = Counter(label for example in examples for label in example.labels or ("none",))
    lengths = Counter(_length_band(len(example.text)) for example in examples)
    counts = {
        "category": {name: labels[name] for name in (*default_policy(), *sorted(set(labels) - set(default_policy())))},
        "kind (no label)": dict(sorted(Counter(e.kind or "(not given)" for e in examples if not e.labels).items())),
        "voice": dict(sorted(Counter(e.voice for e in examples).items())),
        "channel": dict(sorted(Counter(e.channel for e in examples).items())),
        "length": {band: lengths[band] for band in ("under 20", "20 to 59", "60 to 199", "200 and more")},
        "writer": dict(sorted(Counter(e.writer for e in examples).items())),
        "all": {"texts": len(examples)},
    }
    return DataReport(tuple(problems), counts)


def _length_band(length: int) -> str:
    for limit, band in ((20, "under 20"), (60, "20 to 59"), (200, "60 to 199")):
        if length < limit:
            return band
    return "200 and more"


def _grams(text: str) -> frozenset[str]:
    squeezed = re.sub(r"\s+", "", text)
    return frozenset(squeezed[i : i + 3] for i in range(len(squeezed) - 2)) or frozenset((squeezed,))


def _duplicates(examples: Sequence[Example]) -> Iterator[tuple[str, str, str]]:
    """Yield pairs of ids of equal or nearly equal texts.

    Two sets with Jaccard similarity s share one of the rarest (1 - s) parts of either, so comparing the
    texts that share a rare 3-gram finds every pair without comparing all with all.
    """
    grams = [_grams(example.text) for example in examples]
    frequency = Counter(gram for row in grams for gram in row)
    index: dict[str, list[int]] = defaultdict(list)
    first: dict[str, int] = {}
    for number, row in enumerate(grams):
        text = re.sub(r"\s+", "", examples[number].text)
        if text in first:
            yield examples[first[text]].id, examples[number].id, "same text as"
            continue
        first[text] = number
        rare = sorted(row, key=lambda gram: (frequency[gram], gram))[: int((1 - _NEAR_DUPLICATE) * len(row)) + 1]
        for other in sorted({candidate for gram in rare for candidate in index[gram]}):
            shared = len(row & grams[other])
            if shared / (len(row) + len(grams[other]) - shared) >= _NEAR_DUPLICATE:
                yield examples[other].id, examples[number].id, "near duplicate of"
        for gram in rare:
            index[gram].append(number)
