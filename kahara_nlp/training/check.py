"""What must not stand in examples: duplicates, near duplicates and personal data; and how many there are of what."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kahara_nlp.policy import default_policy
from kahara_nlp.records import Example

__all__ = ["DataReport", "check_examples", "grams"]

_NEAR_DUPLICATE = 0.6  # Jaccard similarity of character 3-grams

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


def grams(text: str) -> frozenset[str]:
    """Return the character 3-grams of a text without its spaces.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    frozenset of str
        The text itself where it is shorter.

    Examples
    --------
    >>> sorted(grams("返金 して"))
    ['返金し', '金して']
    """
    squeezed = re.sub(r"\s+", "", text)
    return frozenset(squeezed[i : i + 3] for i in range(len(squeezed) - 2)) or frozenset((squeezed,))


def _duplicates(examples: Sequence[Example]) -> Iterator[tuple[str, str, str]]:
    """Yield pairs of ids of equal or nearly equal texts.

    Two sets with Jaccard similarity s share one of the rarest (1 - s) parts of either, so comparing the
    texts that share a rare 3-gram finds every pair without comparing all with all.
    """
    rows = [grams(example.text) for example in examples]
    frequency = Counter(gram for row in rows for gram in row)
    index: dict[str, list[int]] = defaultdict(list)
    first: dict[str, int] = {}
    for number, row in enumerate(rows):
        text = re.sub(r"\s+", "", examples[number].text)
        if text in first:
            yield examples[first[text]].id, examples[number].id, "same text as"
            continue
        first[text] = number
        rare = sorted(row, key=lambda gram: (frequency[gram], gram))[: int((1 - _NEAR_DUPLICATE) * len(row)) + 1]
        for other in sorted({candidate for gram in rare for candidate in index[gram]}):
            shared = len(row & rows[other])
            if shared / (len(row) + len(rows[other]) - shared) >= _NEAR_DUPLICATE:
                yield examples[other].id, examples[number].id, "near duplicate of"
        for gram in rare:
            index[gram].append(number)
