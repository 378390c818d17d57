"""Dates as they stand in tables."""

import re
import unicodedata
from datetime import datetime, timedelta

from kahara_nlp.sources.headers import JAPAN, parse_date

__all__ = ["read_date"]

_DATE = re.compile(
    r"(?:(?P<era>令和|平成|[rh])\.?\s*)?(?P<year>\d{1,4}"
    r"|元)\s*[-/.年]\s*(?P<month>\d{1,2})\s*[-/.月]\s*(?P<day>\d{1,2})\s*日?"
    r"(?:\s*\(?[月火水木金土日](?:曜日?)?\)?)?"
    r"(?:[\st]*(?P<half>午前|午後|am"
    r"|pm)?\s*(?P<hour>\d{1,2})\s*[:時]\s*(?P<minute>\d{1,2})?\s*(?:[:分]\s*(?P<second>\d{1,2})?)?(?:\.\d{1,9})?秒?"
    r"\s*(?P<late>am|pm)?)?"
    r"\s*(?P<zone>z|[+-]\d{2}:?\d{2})?",
    re.IGNORECASE,
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:[t ]?(\d{2})(\d{2})(\d{2})?)?")
_EXCEL_DAYS = re.compile(r"[3-6]\d{4}(?:\.\d+)?")
_ERAS = {"令和": 2018, "r": 2018, "平成": 1988, "h": 1988}


def read_date(value: object) -> datetime | None:
    """Read a date from a cell.

    Parameters
    ----------
    value : object
        A date, or a text such as ``"2024/5/1 9:03:05"``, ``"2024年5月1日"``, ``"令和6年5月1日"`` or ISO 8601.

    Returns
    -------
    datetime.datetime or None
        With a zone: Japan where none is named. None where it is no date.

    Examples
    --------
    >>> read_date("2024年5月1日(水) 午後3時51分").isoformat()
    '2024-05-01T15:51:00+09:00'
    """
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=JAPAN)
    text = unicodedata.normalize("NFKC", str(value)[:100]).strip().lower()
    if not text:
        return None
    try:
        return _from_text(text) or parse_date(str(value)[:100])
    except (ValueError, OverflowError):
        return None


def _from_text(text: str) -> datetime | None:
    found = _DATE.fullmatch(text)
    if found:
        return _from_parts(found)
    compact = _COMPACT.fullmatch(text)
    if compact:
        year, month, day, hour, minute, second = (int(part or 0) for part in compact.groups())
        return datetime(year, month, day, hour, minute, second, tzinfo=JAPAN)
    if _EXCEL_DAYS.fullmatch(text):
        return datetime(1899, 12, 30, tzinfo=JAPAN) + timedelta(days=float(text))
    return None


def _from_parts(found: re.Match[str]) -> datetime:
    year = 1 if found["year"] == "元" else int(found["year"])
    if found["era"]:
        year += _ERAS[found["era"]]
    elif year < 100:  # noqa: PLR2004
        year += 2000
    hour = int(found["hour"] or 0)
    half = found["half"] or found["late"] or ""
    if half in {"午後", "pm"} and hour < 12:  # noqa: PLR2004
        hour += 12
    elif half in {"午前", "am"} and hour == 12:  # noqa: PLR2004
        hour = 0
    zone = JAPAN
    date = datetime(
        year,
        int(found["month"]),
        int(found["day"]),
        hour,
        int(found["minute"] or 0),
        int(found["second"] or 0),
        tzinfo=zone,
    )
    if found["zone"]:
        offset = "+0000" if found["zone"] == "z" else found["zone"].replace(":", "")
        return date.replace(tzinfo=datetime.strptime(offset, "%z").tzinfo)
    return date
