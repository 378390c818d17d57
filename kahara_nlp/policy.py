"""The policy as data: its categories and the behaviours that each of them lists.

The shipped policy is ``data/policy.toml``. An organisation may give its own file of the same
shape: other names and texts, fewer rows, or rows that unite several categories of the model.
"""

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path

from kahara_nlp.errors import PolicyError

__all__ = ["Category", "Clause", "Policy", "default_policy", "load_policy", "policy_text"]

_CATEGORY_KEYS = {"number", "id", "name", "name_en", "behaviors", "maps"}
_POLICY_KEYS = {
    "title", "organization", "signatory", "established", "authority",
    "definition", "basis", "caveat", "response",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Clause:
    """One behaviour that a row of the policy lists.

    Parameters
    ----------
    number : str
        Row and line, such as ``"2.3"``; line 0 is the row's title alone.
    text : str
        The behaviour in the policy's own words.
    """

    number: str
    text: str


@dataclass(frozen=True, slots=True)
class Category:
    """One row of the policy.

    Parameters
    ----------
    number : int
        Its number in the policy, from 1.
    id : str
        Its identifier in code and data, such as ``"dogeza_demand"``.
    name : str
        Its Japanese name.
    name_en : str
        Its English name.
    behaviors : tuple of str
        The behaviours that it lists, in order.
    maps : tuple of str
        The model's categories that it stands for; its own id alone unless the file says otherwise.
    """

    number: int
    id: str
    name: str
    name_en: str
    behaviors: tuple[str, ...]
    maps: tuple[str, ...]

    def clause(self, line: int) -> Clause:
        """Return one of the listed behaviours.

        Parameters
        ----------
        line : int
            Its place in the row from 1; 0 is the row's title.

        Returns
        -------
        Clause
            Number and text.

        Raises
        ------
        PolicyError
            If the row has no such line.

        Examples
        --------
        >>> default_policy()["dogeza_demand"].clause(1).text
        '土下座をするよう強要すること。'
        """
        if not 0 <= line <= len(self.behaviors):
            msg = f"category {self.id} has lines 0 to {len(self.behaviors)}, asked for {line}"
            raise PolicyError(msg)
        return Clause(f"{self.number}.{line}", self.behaviors[line - 1] if line else self.name)


@dataclass(frozen=True, slots=True)
class Policy(Mapping[str, Category]):
    """A policy: a mapping of category id to `Category`, in the policy's order.

    Parameters
    ----------
    title, organization, definition, caveat, response : str
        The policy's own words; empty where its file is silent.
    categories : tuple of Category
        The rows in order.
    established : datetime.date or None
        When it was adopted.
    basis : tuple of str
        The guidelines that it rests on.

    Examples
    --------
    >>> policy = default_policy()
    >>> len(policy), policy["dogeza_demand"].name
    (12, '土下座の要求')
    """

    title: str
    organization: str
    definition: str
    caveat: str
    response: str
    categories: tuple[Category, ...]
    established: date | None = None
    basis: tuple[str, ...] = ()
    _by_id: dict[str, Category] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._by_id.update({category.id: category for category in self.categories})

    def __getitem__(self, key: str) -> Category:
        return self._by_id[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_id)

    def __len__(self) -> int:
        return len(self._by_id)

    def __hash__(self) -> int:
        return hash((self.title, self.categories))


def data_root() -> Path:
    """Return the folder of shipped data: inside the wheel, or beside the package in a checkout."""
    package = Path(str(files("kahara_nlp")))
    installed = package / "_data"
    return installed if installed.is_dir() else package.parent / "data"


@cache
def default_policy() -> Policy:
    """Return the shipped policy of twelve categories.

    Returns
    -------
    Policy
        As ``data/policy.toml`` says.

    Examples
    --------
    >>> [category.number for category in default_policy().values()] == list(range(1, 13))
    True
    """
    return load_policy(data_root() / "policy.toml")


def load_policy(path: str | Path) -> Policy:
    """Read a policy file.

    Parameters
    ----------
    path : str or Path
        A TOML file: a table ``[policy]`` (``title``, ``definition``, …) and one
        ``[[category]]`` for each row with ``number``, ``id``, ``name``, ``behaviors`` and,
        optionally, ``name_en`` and ``maps``, the list of model categories that the row unites.

    Returns
    -------
    Policy
        The rows in the order of the file.

    Raises
    ------
    PolicyError
        If the file cannot be read or a row is malformed; the message names line and reason.
    """
    path = Path(path)
    try:
        source = path.read_text(encoding="utf-8-sig")
        document = tomllib.loads(source)
    except FileNotFoundError as exc:
        msg = f"no policy file at {path}"
        raise PolicyError(msg) from exc
    except OSError as exc:
        msg = f"{path} cannot be read as a policy file ({type(exc).__name__})"
        raise PolicyError(msg) from exc
    except UnicodeDecodeError as exc:
        msg = f"{path.name} is not UTF-8 (byte {exc.start}); save it as UTF-8"
        raise PolicyError(msg) from exc
    except tomllib.TOMLDecodeError as exc:
        msg = f"{path.name} is not valid TOML: {exc}"
        raise PolicyError(msg) from exc
    return _build(document, source, path.name)


def policy_text(policy: Policy) -> str:
    """Write a policy as `load_policy` reads it.

    Parameters
    ----------
    policy : Policy
        A policy.

    Returns
    -------
    str
        TOML.

    Examples
    --------
    >>> policy_text(default_policy()).splitlines()[0]
    '[policy]'
    """

    def quoted(value: str | tuple[str, ...]) -> str:
        # A JSON string or list of strings is TOML, too, once DEL is written as an escape.
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")

    words = ("title", "organization", "definition", "caveat", "response")
    lines = ["[policy]", *(f"{key} = {quoted(getattr(policy, key))}" for key in words)]
    if policy.established is not None:
        lines.append(f"established = {policy.established.isoformat()}")
    lines.append(f"basis = {quoted(policy.basis)}")
    for row in policy.values():
        lines += ["", "[[category]]", f"number = {row.number}"]
        lines += [f"{key} = {quoted(getattr(row, key))}" for key in ("id", "name", "name_en", "behaviors", "maps")]
    return "\n".join(lines) + "\n"


def _build(document: dict[str, object], source: str, name: str) -> Policy:
    """Check a parsed policy file and make a Policy of it."""
    head = document.get("policy", {})
    rows = document.get("category")
    if unknown := set(document) - {"policy", "category"}:
        msg = f"{name}: unknown table {min(unknown)!r}; expected [policy] and [[category]]"
        raise PolicyError(msg)
    if not isinstance(head, dict) or not isinstance(rows, list) or not rows:
        msg = f"{name}: expected a table [policy] and at least one [[category]]"
        raise PolicyError(msg)
    if unknown := set(head) - _POLICY_KEYS:
        msg = f"{name}: unknown key {min(unknown)!r} in [policy]; known: {', '.join(sorted(_POLICY_KEYS))}"
        raise PolicyError(msg)
    for key, value in head.items():
        expected: type = date if key == "established" else list if key == "basis" else str
        if not isinstance(value, expected):
            msg = f"{name}: [policy] {key} must be {expected.__name__}, found {type(value).__name__}"
            raise PolicyError(msg)
    lines = [number for number, line in enumerate(source.splitlines(), 1) if line.strip() == "[[category]]"]
    lines += [0] * (len(rows) - len(lines))
    categories = tuple(_category(row, f"{name}, line {line}") for row, line in zip(rows, lines, strict=False))
    for what in ("id", "number"):
        seen: set[object] = set()
        for category, line in zip(categories, lines, strict=False):
            value = getattr(category, what)
            if value in seen:
                msg = f"{name}, line {line}: {what} {value!r} stands twice"
                raise PolicyError(msg)
            seen.add(value)
    words = {key: head.get(key, "") for key in ("title", "organization", "definition", "caveat", "response")}
    return Policy(
        **words,
        categories=categories,
        established=head.get("established"),
        basis=tuple(head.get("basis", ())),
    )


def _category(row: object, where: str) -> Category:
    """Check one row of a policy file."""
    if not isinstance(row, dict):
        msg = f"{where}: a category must be a table"
        raise PolicyError(msg)
    if unknown := set(row) - _CATEGORY_KEYS:
        msg = f"{where}: unknown key {min(unknown)!r}; known: {', '.join(sorted(_CATEGORY_KEYS))}"
        raise PolicyError(msg)
    number, identifier, name = row.get("number"), row.get("id"), row.get("name")
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        msg = f"{where}: number must be an integer from 1, found {number!r}"
        raise PolicyError(msg)
    if not isinstance(identifier, str) or not identifier.isidentifier():
        msg = f"{where}: id must be an identifier such as dogeza_demand, found {identifier!r}"
        raise PolicyError(msg)
    if not isinstance(name, str) or not name.strip():
        msg = f"{where}: name must be a text that is not empty"
        raise PolicyError(msg)
    lists: dict[str, tuple[str, ...]] = {}
    for key in ("behaviors", "maps"):
        value = row.get(key, [] if key == "behaviors" else [identifier])
        if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in value):
            msg = f"{where}: {key} must be a list of texts"
            raise PolicyError(msg)
        lists[key] = tuple(value)
    name_en = row.get("name_en", "")
    if not isinstance(name_en, str):
        msg = f"{where}: name_en must be a text"
        raise PolicyError(msg)
    return Category(number, identifier, name, name_en, lists["behaviors"], lists["maps"])
