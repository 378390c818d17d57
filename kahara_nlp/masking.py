"""Numbers, amounts, dates, addresses and telephone numbers to classes of one character each.

Neither a term of a model nor a difference between two customers may rest on them: an amount keeps its
order of magnitude, a count and a duration their size, everything else only its kind.
"""

import re

__all__ = ["CLASS_NAMES", "SYMBOLS", "mask_numbers", "mask_with_origin", "readable"]

# One character of the private use area per class: `normalize` removes such characters from texts.
CLASS_NAMES: dict[str, str] = {
    "\ue000": "<URL>",
    "\ue001": "<MAIL>",
    "\ue002": "<PHONE>",
    "\ue003": "<POSTCODE>",
    "\ue004": "<NAME>",
    "\ue006": "<CODE>",
    "\ue007": "<DATE>",
    "\ue008": "<TIME>",
    "\ue010": "<YEN<1000>",
    "\ue011": "<YEN>=1000>",
    "\ue012": "<YEN>=10000>",
    "\ue013": "<YEN>=100000>",
    "\ue014": "<YEN>=1000000>",
    "\ue015": "<YEN>=10000000>",
    "\ue020": "<ONE>",
    "\ue021": "<TWO-THREE>",
    "\ue022": "<FOUR-NINE>",
    "\ue023": "<TENS>",
    "\ue024": "<HUNDREDS>",
    "\ue025": "<THOUSANDS>",
    "\ue030": "<MINUTES<30>",
    "\ue031": "<MINUTES>=30>",
    "\ue032": "<HOURS>=2>",
    "\ue033": "<DAYS>",
    "\ue034": "<WEEKS>",
    "\ue035": "<MONTHS>",
    "\ue036": "<YEARS>",
}
SYMBOLS = {name: symbol for symbol, name in CLASS_NAMES.items()}

_DIGITS = {character: value for value, character in enumerate("〇一二三四五六七八九")}
_SMALL_UNITS = {"十": 10, "百": 100, "千": 1000}
_LARGE_UNITS = {"万": 10_000, "億": 100_000_000}
_NUMERALS = "〇一二三四五六七八九十百千"
_NUMBER = rf"(?:[0-9][0-9,.]*|[{_NUMERALS}数何]+)(?:[万億千百十](?:[0-9][0-9,]*|[{_NUMERALS}]+)?)*"
_COUNTERS = (
    r"回|度(?!と)|遍|件|通|枚|人|名|本|個|台|匹|杯|冊|社|箱|袋|歳|才|倍|割|パーセント|%|か所|ヶ所|箇所|階|号|点|着|足"
    r"|切れ|行|字|文字|ページ|便|席|泊|口|店舗|軒"
)
_YEAR = r"(?:(?:令和|平成|昭和)(?:[0-9]{1,2}|[元一二三四五六七八九十]+)年|(?<![0-9])[12][0-9]{3}年)"
_BARE = (
    r"(?:[0-9][0-9,.]*|[一二三四五六七八九十百千数何]+)[万億](?:[0-9]+|[一二三四五六七八九十百千]+)?"
    rf"(?![一-鿿ァ-ヺぁ-ゖ0-9]*(?:{_COUNTERS}))"
)
_SPAN = r"秒間?|分間?|時間|日間|週間|[かヶカケ箇]月間?|年間?"
_PATTERN = re.compile(
    r"(?P<url>(?:https?://|www\.)[!-~]+)"
    r"|(?P<mail>[a-z0-9_.+-]+@[a-z0-9_-]+(?:\.[a-z0-9_-]+)+)"
    r"|(?P<phone>(?<![0-9])(?:\+81[- ]?|0)[0-9]{1,4}[-() ]{1,2}[0-9]{1,4}[-) ]{1,2}[0-9]{3,4}(?![0-9])"
    r"|(?<![0-9])0[0-9]{9,10}(?![0-9]))"
    r"|(?P<postcode>〒 ?[0-9]{3}-?[0-9]{4}|(?<![0-9-])[0-9]{3}-[0-9]{4}(?![0-9-]))"
    rf"|(?P<date>{_YEAR}(?:{_NUMBER}月)?(?:{_NUMBER}日)?"
    r"|(?<![0-9])[12][0-9]{3}[-/.][0-9]{1,2}[-/.][0-9]{1,2}"
    rf"|{_NUMBER}月{_NUMBER}日|(?<![0-9/])[0-9]{{1,2}}/[0-9]{{1,2}}(?![0-9/])"
    r"|(?:[0-9]{1,2}|十[一二]?|(?<![一-鿿])[一二三四五六七八九])月(?!間)|[0-9]{1,2}日(?!間))"
    rf"|(?P<time>(?:午前|午後|朝|夜|深夜)?(?:[0-9]{{1,2}}:[0-9]{{2}}(?::[0-9]{{2}})?"
    rf"|{_NUMBER}時(?!間)(?:{_NUMBER}分|半)?))"
    rf"|(?P<yen>[¥\\](?P<yen_sign>[0-9][0-9,]*)|(?P<yen_number>{_NUMBER})円|(?P<bare>{_BARE}))"
    rf"|(?P<span>(?P<span_number>{_NUMBER})(?P<span_unit>{_SPAN})(?P<half>半)?)"
    rf"|(?P<count>(?P<count_number>{_NUMBER})(?={_COUNTERS}))"
    r"|(?P<code>(?=[a-z0-9_-]*[0-9])[a-z0-9][a-z0-9_-]*(?:\.[0-9]+)?)"
    r"|(?P<kanji>(?<![一-鿿])[一二三四五六七八九]?[十百千][一二三四五六七八九十百千]+(?![一-鿿]))"
)
_NOT_NUMBERS = {"十分", "数分", "何分", "何時間", "何年", "何日間", "数年", "数日間", "何週間"}


def _value(number: str) -> float:
    """Return the value of a number in digits, Chinese numerals or both; 数 and 何 count as several."""
    total = section = digits = 0.0
    plain = re.sub(",", "", number)
    for part in re.findall(r"[0-9]+(?:\.[0-9]+)?|[^0-9.]", plain):
        if part[0].isdigit():
            digits = float(part)
        elif part in _DIGITS:
            digits = digits * 10 + _DIGITS[part]
        elif part in "数何":
            digits = 5
        elif part in _SMALL_UNITS:
            section += (digits or 1) * _SMALL_UNITS[part]
            digits = 0
        elif part in _LARGE_UNITS:
            total += (section + digits or 1) * _LARGE_UNITS[part]
            section = digits = 0
    return total + section + digits


def _count_class(value: float) -> str:
    for limit, name in (
        (2, "<ONE>"),
        (4, "<TWO-THREE>"),
        (10, "<FOUR-NINE>"),
        (100, "<TENS>"),
        (1000, "<HUNDREDS>"),
    ):
        if value < limit:
            return SYMBOLS[name]
    return SYMBOLS["<THOUSANDS>"]


def _yen_class(value: float) -> str:
    for power in (7, 6, 5, 4, 3):
        if value >= 10**power:
            return SYMBOLS[f"<YEN>={10**power}>"]
    return SYMBOLS["<YEN<1000>"]


def _span_class(value: float, unit: str) -> str:
    if unit[0] in "秒分" or unit == "時間":
        minutes = value * {"秒": 1 / 60, "分": 1, "時": 60}[unit[0]]
        name = "<MINUTES<30>" if minutes < 30 else "<MINUTES>=30>" if minutes < 120 else "<HOURS>=2>"  # noqa: PLR2004
    elif unit == "日間":
        name = "<DAYS>" if value < 7 else "<WEEKS>"  # noqa: PLR2004
    else:
        name = "<WEEKS>" if unit == "週間" else "<YEARS>" if unit[0] == "年" else "<MONTHS>"
    return SYMBOLS[name]


def _mask(match: re.Match[str]) -> str:
    kind, found = match.lastgroup, match[0]
    if match["yen"]:
        return _yen_class(_value(match["yen_sign"] or match["yen_number"] or match["bare"]))
    if match["span"]:
        if match["span"] in _NOT_NUMBERS:
            return found
        return _span_class(_value(match["span_number"]) + (0.5 if match["half"] else 0), match["span_unit"])
    if match["count"]:
        return found if found[0] in "数何" else _count_class(_value(found))
    for kind in ("url", "mail", "phone", "postcode", "date", "time", "code"):
        if match[kind]:
            return SYMBOLS[f"<{kind.upper()}>"]
    return SYMBOLS["<CODE>"]


def mask_numbers(text: str) -> str:
    """Replace numbers, amounts, dates, addresses and the like by one character for their class.

    Parameters
    ----------
    text : str
        Normalised text.

    Returns
    -------
    str
        The text with private-use characters, see `CLASS_NAMES`. Amounts keep their order of magnitude,
        counts whether they are one, two or three, up to nine, tens, hundreds or more, durations whether
        they are short, above half an hour, hours, days, weeks, months or years.

    Examples
    --------
    >>> readable(mask_numbers("三百万円と二十回の電話、090-0000-0000まで"))
    '<YEN>=1000000>と<TENS>回の電話、<PHONE>まで'
    """
    return _PATTERN.sub(_mask, text)


def mask_with_origin(text: str) -> tuple[str, list[tuple[int, int]]]:
    """Mask a text and return where each character of the result came from.

    Parameters
    ----------
    text : str
        Normalised text.

    Returns
    -------
    masked : str
        As `mask_numbers` returns it.
    origin : list of tuple of int, length ``len(masked)``
        Range of `text` behind each character.

    Examples
    --------
    >>> mask_with_origin("20回")[1]
    [(0, 2), (2, 3)]
    """
    pieces: list[str] = []
    origin: list[tuple[int, int]] = []
    position = 0
    for match in _PATTERN.finditer(text):
        start, end = match.span()
        new = _mask(match)
        origin += [(offset, offset + 1) for offset in range(position, start)]
        origin += [(start, end)] if new != match[0] else [(offset, offset + 1) for offset in range(start, end)]
        pieces += (text[position:start], new)
        position = end
    origin += [(offset, offset + 1) for offset in range(position, len(text))]
    return "".join(pieces) + text[position:], origin


def readable(text: str) -> str:
    r"""Write class characters out as names.

    Parameters
    ----------
    text : str
        Text with private-use characters.

    Returns
    -------
    str
        The same with ``<NAME>``, ``<TENS>`` and so on.

    Examples
    --------
    >>> readable("\ue004様")
    '<NAME>様'
    """
    return re.sub("[\ue000-\ue0ff]", lambda match: CLASS_NAMES.get(match[0], match[0]), text)
