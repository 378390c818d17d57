"""Labels as people write them, turned into category ids and clauses."""

import json
import re
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, partial

from kahara_nlp.policy import Category, Policy
from kahara_nlp.sources.columns import cell_text

__all__ = ["Reading", "read_labels"]

_NONE = {
    "", "なし", "無し", "無", "該当なし", "非該当", "該当せず", "該当しない", "問題なし", "正常", "none", "no", "0",
    "-", "x", "×", "ok", "negative", "nil", "カスハラではない", "not_harassment",
}  # fmt: skip
#: What a cell holds that nobody has filled in.
UNLABELLED = "?"
_UNLABELLED = {
    UNLABELLED,
    "未",
    "未判定",
    "未入力",
    "未分類",
    "保留",
    "不明",
    "todo",
    "unlabelled",
    "unlabeled",
    "unknown",
}
_CIRCLED = re.compile("[①-⑳⑴-⒇⒈-⒛❶-❿➀-➉Ⅰ-Ⅻ]")
_SEPARATORS = re.compile(r"[|;#\n\t,、/+&・ ]+|(?<=[0-9])と(?=[0-9])")
_NUMBERED = re.compile(
    r"(?:第|no\.?|category_?|カテゴリー?|項目|類型|label_?)?\(?(\d{1,3})(?:\.(\d{1,2}))?\)?[.:]?(?:号|番)?(.*)"
)
_FEWEST_IN_PREFIX = 2


@dataclass(frozen=True, slots=True)
class Reading:
    """What a cell of labels says.

    Parameters
    ----------
    labels, clauses : frozenset of str
        Category ids, and the behaviours that were named, such as ``"3.1"``.
    unknown : tuple of str
        What could not be read.
    labelled : bool
        False where the cell says that nobody has judged the text yet.
    """

    labels: frozenset[str] = frozenset()
    clauses: frozenset[str] = frozenset()
    unknown: tuple[str, ...] = ()
    labelled: bool = True


def _key(text: str) -> str:
    """Return a spelling without case, width, spaces and brackets at its ends."""
    plain = unicodedata.normalize("NFKC", text).strip().strip("\"'「」『』[](){}<>").lower()
    return re.sub(r"[\s_-]+", "_", plain)


@cache
def _known(policy: Policy) -> dict[str, str]:
    """Return the id behind each spelling of a category."""
    spellings: dict[str, str] = {}
    for category in policy.values():
        for spelling in (category.id, category.name, category.name_en):
            if spelling:
                spellings[_key(spelling)] = category.id
    return spellings


def read_labels(cell: object, policy: Policy) -> Reading:
    """Read the labels of one text.

    Parameters
    ----------
    cell : object
        A text, number or list: ids, numbers of the policy's rows (``3``, ``③``), names, beginnings of names that
        only one row has, or clauses (``3.1``); several joined by any usual mark, or as JSON. Empty,
        なし, 該当なし or ``none`` say that no category applies; ``?`` or 未判定 that nobody has judged yet.
    policy : Policy
        Whose categories.

    Returns
    -------
    Reading
        Labels, clauses and what could not be read.

    Examples
    --------
    >>> from kahara_nlp.policy import default_policy
    >>> sorted(read_labels("③、土下座の要求", default_policy()).labels)
    ['dogeza_demand', 'intimidation']
    >>> read_labels("?", default_policy()).labelled
    False
    """
    parts = [part for text in _texts(cell) for part in _split(text, policy)]
    if any(_key(part) in _UNLABELLED for part in parts):
        return Reading(labelled=False)
    labels: set[str] = set()
    clauses: set[str] = set()
    unknown: list[str] = []
    for part in parts:
        if _key(part) in _NONE:
            continue
        identifier, clause = _one(part, policy)
        if identifier is None:
            unknown.append(part)
            continue
        labels.add(identifier)
        if clause:
            clauses.add(clause)
    return Reading(frozenset(labels), frozenset(clauses), tuple(unknown))


def _texts(cell: object) -> list[str]:
    """Flatten what annotation tools write: lists, spans, choices."""
    if isinstance(cell, dict):
        key = next((key for key in ("choices", "labels", "label", "text", "name") if key in cell), None)
        return _texts(cell[key]) if key else [str(cell)]
    if isinstance(cell, list | tuple):
        # doccano writes a span as start, end and label
        is_span = len(cell) == 3 and all(isinstance(part, int) for part in cell[:2])  # noqa: PLR2004
        return [text for part in (cell[2:] if is_span else cell) for text in _texts(part)]
    text = cell_text(cell).strip()
    if text.startswith(("[", "{")):
        with suppress(ValueError):
            return _texts(json.loads(text.replace("'", '"')))
    return [text]


def _split(text: str, policy: Policy) -> Iterable[str]:
    """Cut a cell at its marks, but not inside the name of a category."""
    if _key(text) in _known(policy) or _key(text) in _NONE:
        return [text]
    text = _CIRCLED.sub(lambda match: f"|{unicodedata.normalize('NFKC', match[0])}.|", text)
    text = unicodedata.normalize("NFKC", text)
    for category in sorted(policy.values(), key=lambda c: -len(c.name)):
        name = re.escape(unicodedata.normalize("NFKC", category.name))
        text = re.sub(rf"(?:([0-9]{{1,3}})[.:)号| ]*)?{name}", partial(_numbered_name, category), text)
    return [part for part in _SEPARATORS.split(text) if part.strip(" .:()[]\"'「」")]


def _numbered_name(category: Category, match: re.Match[str]) -> str:
    """Put an id for a name; a number before it must be that row's."""
    fits = match[1] is None or int(match[1]) == category.number
    return f"|{category.id}|" if fits else f"|{match[1]}≠{category.id}|"


def _one(part: str, policy: Policy) -> tuple[str | None, str]:
    """Read one label: its category, and its clause where it names one."""
    known, key = _known(policy), _key(part)
    if key in known:
        return known[key], ""
    match = _NUMBERED.fullmatch(key)
    if match:
        category = next((c for c in policy.values() if c.number == int(match[1])), None)
        rest = match[3].strip("_.:)")
        if category is None or (rest and known.get(rest) != category.id):
            return None, ""
        if match[2] is None or int(match[2]) == 0:  # a spreadsheet writes the number 3 as 3.0
            return category.id, ""
        return (category.id, f"{match[1]}.{match[2]}") if int(match[2]) <= len(category.behaviors) else (None, "")
    if len(key) >= _FEWEST_IN_PREFIX:
        begun = {identifier for spelling, identifier in known.items() if spelling.startswith(key)}
        if len(begun) == 1:
            return begun.pop(), ""
    return None, ""
