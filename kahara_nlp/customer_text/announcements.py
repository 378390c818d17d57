"""What announces words of somebody else: a line of attribution, a separator, the header of a mail passed on."""

import re

from kahara_nlp.customer_text.lines import LONGEST_LINE, Line, is_rule, next_filled

__all__ = ["MAY_ANNOUNCE", "announced"]

_DAY = (
    r"(?:(?:西暦)?\d{4}\s?[-/.年]\s?\d{1,2}\s?[-/.月]\s?\d{1,2}\s?日?|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}"
    r"|令和\s?\d{1,2}年\s?\d{1,2}月\s?\d{1,2}日"
    r"|(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+)?(?:\d{1,2}(?:st|nd|rd|th)?\.?\s+[a-z]{3,9}\.?,?\s+\d{2,4}"
    r"|[a-z]{3,9}\.?\s+\d{1,2}(?:st|nd|rd|th)?,?\s+\d{4}))"
)
_WEEKDAY = r"(?:[,、]?\s?[(〈<]?\s?(?:[月火水木金土日](?:曜日?)?|mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?\s?[)〉>]?)?"
_TIME = (
    r"(?:[,、]?\s*(?:の|at)?\s*(?:午前|午後|am|pm)?\s?\d{1,2}(?::\d{2}(?::\d{2})?"
    r"|時\s?\d{1,2}分(?:\s?\d{1,2}秒)?)\s?(?:am|pm)?"
    r"\s*(?:[+-]\d{4}|\(?(?:jst|gmt|utc)(?:[+-]\d{1,2}(?::?\d{2})?)?\)?|gmt[+-]\d{1,2})?(?:\s*\(jst\))?)"
)
_WHEN = rf"{_DAY}{_WEEKDAY}{_TIME}"
_ADDRESS = r"(?:[<(\[]?\s?(?:mailto:)?[^\s<>()\[\]@]{1,64}@[^\s<>()\[\]@、。]{1,128}?\s?[>)\]]?)"
_SAID = (
    r"(?:さん|様|氏|先生)?\s?(?:(?:は|が|から)?\s?(?:以下|次)?の?(?:ように)?\s?(?:書|記|述べ|送り|送信し|送)?"
    r"(?:きまし|しまし|べまし|りまし)た|wrote|writes|said|schrieb)"
)
_MAIL_OF = r"(?:さん|様)?\s?(?:から)?の\s?(?:メール|メッセージ|e-?mail)"

# The whole of one to three lines that announce a quote, joined by a space.
_ATTRIBUTIONS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        # 2024年5月1日(水) 10:00 名前 <a@b>:   2024/05/01 10:00、名前 <a@b>のメール:
        # 2006-11-08 (水) の 11:31 +0100 に X <a@b> さんは書きました:
        rf"{_WHEN}\s?(?:に|、|,|〈に〉)?\s?[^<>@]{{0,80}}{_ADDRESS}\s?(?:{_SAID}|{_MAIL_OF})?\s?[:：]?",
        # 2013/4/5 名前 <a@b>
        rf"{_DAY}{_WEEKDAY}\s?[^<>@:]{{0,80}}<\s?[^\s<>@]{{1,64}}@[^\s<>@]{{1,128}}\s?>\s?(?:{_SAID})?\s?[:：]?",
        # 2026-06-29 14:16 に X さんは書きました:   2024/05/01 10:00、Xのメール:
        rf"{_WHEN}\s?(?:に|、|,|〈に〉)?\s?[^<>@:]{{1,80}}?(?:{_SAID}|{_MAIL_OF})\s?[:：]?",
        # On 2012/08/30, at 13:56, X wrote:   On Wed, 1 May 2024 10:00:00 +0900, X <a@b> wrote:
        rf"(?:on|at|le|am)\s.{{0,40}}?(?:{_DAY}|\d{{1,2}}:\d{{2}}).{{0,160}}?(?:wrote|writes|said|{_SAID})\s?[:：]",
        # (2014/08/05 3:51), X wrote:   2014年8月5日 3:51 X wrote:
        rf"\(?{_WHEN}\)?\s?,?\s?[^:]{{1,100}}?(?:wrote|writes)\s?[:：]",
        # X <a@b> wrote:   X さんは書きました:
        rf"(?=[^@]*@)[^<>@:]{{0,80}}{_ADDRESS}\s?(?:{_SAID})\s?[:：]",
        r"in (?:message|article|your message)\s.{3,200}(?:wrote|writes)\s?:",
        r"in (?:message|article)\s*<[^<>]{3,200}>.{0,40}",
    )
)
# Forms that say nothing of their own: they count only right above a quote.
_WEAK_ATTRIBUTIONS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?:on\s)?\(?{_WHEN}\)?\s?(?:に|、|,|頃)?\s?(?!.*(?:件|について|電話|連絡|伺|訪問))[^<>@:。]{{0,40}}[:：]?",
        rf"(?:on|at)\s{_DAY}{_WEEKDAY}{_TIME}?",
        r"(?:\S+\s){0,5}\S+\s(?:wrote|writes)\s?:",
        r"[^。、,:]{1,40}?(?:さん|様|氏)\s?(?:は|が)\s?(?:書|記)きました\s?[:：]?",
        r"[^<>@:。]{0,40}<\s?[^\s<>@]{1,64}@[^\s<>@]{1,128}\s?>\s?[:：]?",
        rf"[^。:]{{1,40}}?{_MAIL_OF}\s?[:：]",
        r"(?:以下|下記)?、?\s?(?:引用|貴信|元メール|いただいたメール)[^。]{0,10}[:：]?",
    )
)
_CLOSED = re.compile(rf"(?:[:：]|{_SAID}|{_MAIL_OF})$", re.IGNORECASE)
MAY_ANNOUNCE = re.compile(
    r"\d{1,4}[-/.年:]|@|wrote|writes|said|書きました|記きました|メール|メッセージ|引用|貴信|^on\s|^at\s|^in\s",
    re.IGNORECASE,
)

_BLOCKS = re.compile(
    r"[-_=*─━—―\s]{2,40}\s?(?:original (?:message|mail|appointment)|forwarded (?:message|by).{0,80}|forward header"
    r"|元の(?:メッセージ|メール|本文)|転送メッセージ|転送(?:元|メール)?(?:の?メッセージ)?"
    r"|オリジナル(?:の)?メッセージ|返信元(?:の)?(?:メッセージ|メール)|引用(?:元)?(?:メッセージ|メール|文)?"
    r"|元メール|受信メール|.{1,80}(?:wrote:?|さんは書きました:?))\s?[-_=*─━—―\s]{2,40}"
    r"|begin forwarded message:?|転送された?メッセージ:?|-{3,}\s?forwarded (?:message|by).{0,100}|forwarded by "
    r"[^。]{1,80}@.{1,80}",
    re.IGNORECASE,
)
_FIELDS = {
    "from": re.compile(r"\*?(?:from|差出人|送信者|発信者|発信元|送信元|von|reply-to)\*?\s?[:：]\*?", re.IGNORECASE),
    "date": re.compile(r"\*?(?:sent|date|日時|送信日時?|日付|送信日|受信日時|発信日時)\*?\s?[:：]\*?", re.IGNORECASE),
    "to": re.compile(r"\*?(?:to|宛先|あて先|宛て先|受信者|送信先)\*?\s?[:：]\*?", re.IGNORECASE),
    "cc": re.compile(r"\*?(?:cc|bcc|c\.c\.)\*?\s?[:：]\*?", re.IGNORECASE),
    "subject": re.compile(r"\*?(?:subject|件名|題名|タイトル)\*?\s?[:：]\*?", re.IGNORECASE),
    "other": re.compile(
        r"\*?(?:importance|priority|重要度|attachments?|添付ファイル?|返信先|message-id|resent-.{2,8})\*?\s?[:：]\*?",
        re.IGNORECASE,
    ),
}  # fmt: skip
_HAS_ADDRESS_OR_DATE = re.compile(r"@|\d{1,4}[-/年.]\d{1,2}|\d{1,2}:\d{2}|\b(?:19|20)\d\d\b")
_BLOCK_LINES = 10


def announced(lines: list[Line], index: int) -> int:
    """Return the index behind what is announced at a line: a quote or a mail passed on.

    Parameters
    ----------
    lines : list of Line
        All lines, with the quoted ones marked.
    index : int
        The line that may announce something.

    Returns
    -------
    int
        `index` itself if nothing is announced.

    Examples
    --------
    >>> from kahara_nlp.customer_text.lines import split_lines
    >>> announced(split_lines("-----Original Message-----", 0, 26), 0)
    1
    """
    for announcement in (_separator, _passed_on_header, _attribution_line):
        end = announcement(lines, index)
        if end > index:
            # Where the original is marked, answers may stand between its lines; else it goes on to the end.
            return end if _is_quoted(lines, end) else len(lines)
    return index


def _is_quoted(lines: list[Line], index: int) -> bool:
    following = next_filled(lines, index)
    return following < len(lines) and lines[following].quoted


def _separator(lines: list[Line], index: int) -> int:
    """Return the index behind a line such as -----Original Message----- and the header fields below it."""
    if not _BLOCKS.fullmatch(lines[index].plain):
        return index
    end = index + 1
    following = next_filled(lines, end)
    while following < len(lines) and following < index + _BLOCK_LINES and _field_kind(lines[following]):
        end = following + 1
        following = next_filled(lines, end)
    return end


def _passed_on_header(lines: list[Line], index: int) -> int:
    """Return the index behind header fields, which may stand below a rule."""
    first = index
    if is_rule(lines[index].plain):
        first = next_filled(lines, index + 1)
        if first >= len(lines) or first > index + 2:
            return index
    end = _header_block(lines, first)
    return end if end > first else index


def _attribution_line(lines: list[Line], index: int) -> int:
    """Return the index behind lines that announce a quote."""
    count, certain = _attribution(lines, index)
    return index + count if count and (certain or _is_quoted(lines, index + count)) else index


def _field_kind(line: Line) -> str:
    plain = line.plain
    if ":" not in plain[:20]:
        return ""
    return next((kind for kind, pattern in _FIELDS.items() if pattern.match(plain)), "")


def _header_block(lines: list[Line], start: int) -> int:
    """Return the index behind a block of header fields that begins at `start`, or `start` if there is none."""
    if _field_kind(lines[start]) not in {"from", "date", "subject", "to"}:
        return start
    kinds: set[str] = set()
    end = start
    dated = False
    for index in range(start, min(len(lines), start + _BLOCK_LINES)):
        line = lines[index]
        kind = _field_kind(line)
        if kind:
            kinds.add(kind)
            dated = dated or bool(_HAS_ADDRESS_OR_DATE.search(line.plain))
            end = index + 1
        elif line.blank or index > end + 1 or line.quoted:
            break  # a field may go on over the next line, a long list of recipients say
    # A form has a subject and a sender too; a mail that is passed on also says when or to whom.
    told = "from" in kinds and len(kinds) >= 3 and bool(kinds & {"date", "to"})  # noqa: PLR2004
    return end if told and dated else start


def _attribution(lines: list[Line], start: int) -> tuple[int, bool]:
    """Return how many lines from `start` on announce a quote, and whether they say so beyond doubt."""
    joined = ""
    weak = certain = 0
    for count in range(1, 4):
        index = start + count - 1
        if index >= len(lines) or lines[index].blank or (count > 1 and lines[index].quoted):
            break
        joined = f"{joined} {lines[index].plain}".strip()
        if len(joined) > LONGEST_LINE or "。" in joined or (count == 1 and not MAY_ANNOUNCE.search(joined)):
            break
        if any(pattern.fullmatch(joined) for pattern in _ATTRIBUTIONS):
            # Without a closing phrase it may be a line of the customer's own list of dates and addresses.
            certain, weak = (count, weak) if _CLOSED.search(joined) else (certain, count)
        elif any(pattern.fullmatch(joined) for pattern in _WEAK_ATTRIBUTIONS):
            weak = count
    return (certain, True) if certain else (weak, False)
