"""Values of JSON whose types cannot be relied on."""

import math
import re
from collections.abc import Mapping
from typing import Any

from kahara_nlp.sources.labelled import seconds

__all__ = ["Json", "dict_in", "dicts_in", "first_in", "label_in", "text_in", "time_in"]

#: An object of JSON.
Json = Mapping[str, Any]

_DURATION = re.compile(r"(-?\d{1,9}(?:\.\d{1,9})?)s$")
_ISO_DURATION = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?$")


def dicts_in(value: object) -> list[Json]:
    """Return the objects in a list of JSON, passing over anything else.

    Parameters
    ----------
    value : object
        A value of JSON.

    Returns
    -------
    list of mapping
        Empty where it is no list.

    Examples
    --------
    >>> dicts_in([{"a": 1}, 2])
    [{'a': 1}]
    """
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def dict_in(value: object) -> Json:
    """Return a JSON object.

    Parameters
    ----------
    value : object
        A value of JSON.

    Returns
    -------
    mapping
        Empty where it is none.

    Examples
    --------
    >>> dict_in(None)
    {}
    """
    return value if isinstance(value, dict) else {}


def text_in(value: object) -> str:
    """Return a JSON string.

    Parameters
    ----------
    value : object
        A value of JSON.

    Returns
    -------
    str
        Empty where it is none.

    Examples
    --------
    >>> text_in(3)
    ''
    """
    return value if isinstance(value, str) else ""


def label_in(value: object) -> str:
    """Return a label that may be a string or a number.

    Parameters
    ----------
    value : object
        A value of JSON.

    Returns
    -------
    str
        Empty where it is neither.

    Examples
    --------
    >>> label_in(0), label_in(None)
    ('0', '')
    """
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""


def first_in(value: object) -> Json:
    """Return the first object of a list.

    Parameters
    ----------
    value : object
        A value of JSON.

    Returns
    -------
    mapping
        Empty where there is none.

    Examples
    --------
    >>> first_in([{"a": 1}])
    {'a': 1}
    """
    items = dicts_in(value)
    return items[0] if items else {}


def time_in(value: object, scale: float = 1.0) -> float | None:
    """Return seconds from any of the ways in which JSON writes a time.

    Parameters
    ----------
    value : object
        A number, a numeric string, ``"1.2s"``, ``"PT1.2S"``, ``"0:01"`` or ``{"seconds": 1, "nanos": 2}``.
    scale : float, optional
        Seconds per unit.

    Returns
    -------
    float or None
        None where it is no time.

    Examples
    --------
    >>> time_in(1500, 0.001), time_in("PT2M1.5S"), time_in([])
    (1.5, 121.5, None)
    """
    if isinstance(value, dict):
        whole, part = time_in(value.get("seconds", 0)), time_in(value.get("nanos", 0), 1e-9)
        return None if whole is None or part is None else whole + part
    if isinstance(value, str):
        short = _DURATION.match(value)
        iso = _ISO_DURATION.match(value)
        if iso and any(iso.groups()):
            return float(iso[1] or 0) * 3600 + float(iso[2] or 0) * 60 + float(iso[3] or 0)
        if ":" in value:
            return seconds(value)
        try:
            value = float(short[1] if short else value)
        except ValueError:
            return None
    if not isinstance(value, int | float) or isinstance(value, bool) or abs(value) > 1e18 or not math.isfinite(value):  # noqa: PLR2004
        return None
    return round(value * scale, 6)
