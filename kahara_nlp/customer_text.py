"""The customer's own new words in a message: quotes, forwarded mails, signatures and footers taken off.

All of it is done on lines. First every line that somebody else wrote goes (quote marks, the line that
announces a quote, everything below a forwarded header), then what stands at the end of the stretches that
remain (signatures, disclaimers, the advertisements of mail programs). A rule line alone is never a reason to cut.
"""

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from kahara_nlp.records import Message

__all__ = ["CustomerText", "customer_text"]

_LONGEST_LINE = 400  # a mark of a quote or signature stands within the first so many characters


@dataclass(frozen=True, slots=True)
class CustomerText:
    r"""What a customer newly wrote or said.

    Parameters
    ----------
    text : str
        The customer's pieces, joined by newlines; empty where there are none.
    spans : tuple of tuple of int
        Range of the message's text behind each piece, in order.

    Examples
    --------
    >>> own = CustomerText("遅い\n困る", ((0, 2), (8, 10)))
    >>> own.to_message(3)
    8
    """

    text: str
    spans: tuple[tuple[int, int], ...]

    def to_message(self, offset: int) -> int:
        """Return where a character of `text` stands in the message.

        Parameters
        ----------
        offset : int
            Position in `text`, from 0 to its length. The newline between two pieces belongs to the end of
            the first; the length stands for the end of the last.

        Returns
        -------
        int
            Position in `Message.text`.

        Raises
        ------
        IndexError
            If `offset` lies outside.

        Examples
        --------
        >>> CustomerText("遅い", ((5, 7),)).to_message(2)
        7
        """
        if not 0 <= offset <= len(self.text):
            msg = f"offset {offset} lies outside of a text of {len(self.text)} characters"
            raise IndexError(msg)
        if not self.spans:
            return 0
        starts: list[int] = []
        position = 0
        for start, end in self.spans:
            starts.append(position)
            position += end - start + 1
        piece = bisect_right(starts, offset) - 1
        return self.spans[piece][0] + offset - starts[piece]


def customer_text(message: Message) -> CustomerText:
    r"""Return the customer's own new words in a message.

    Parameters
    ----------
    message : Message
        As a source gives it. Spans that its reader found are believed: those of a call as they stand,
        those of a mail as the most that can be the sender's own.

    Returns
    -------
    CustomerText
        Empty where all is quoted, forwarded or signature. That is no judgement of the message: it holds
        nothing of the customer's to judge.

    Notes
    -----
    Below a forwarded header nothing marks where the original ends, so everything goes to the end of the
    message; an answer written below an unmarked original is lost with it.

    Examples
    --------
    >>> mail = "まだ届きません。\n\n2024年5月1日(水) 10:00 担当 <a@b.example>:\n> 発送しました。\n"
    >>> customer_text(Message("a.eml", 0, "1", mail)).text
    'まだ届きません。'
    """
    text = message.text
    if message.turns:
        return _pieces(text, [span for span in message.spans or () if span[0] < span[1]])
    given = ((0, len(text)),) if message.spans is None else message.spans
    lines = [line for start, end in given for line in _split_lines(text, max(0, start), min(end, len(text)))]
    _drop_armour(lines)
    _drop_quotes(lines)
    _drop_endings(lines)
    return _pieces(text, _kept(lines))


# --- lines -----------------------------------------------------------------------------------------


class _Line:
    """A line, where it stands, and its form for matching."""

    __slots__ = ("blank", "end", "own", "plain", "quoted", "start", "text")

    def __init__(self, text: str, start: int, end: int) -> None:
        self.start = start
        self.end = end
        self.text = text
        head = text[:_LONGEST_LINE]
        # Full-width marks count like plain ones; NFKC may change the length, so offsets stay with `text`.
        self.plain = head.strip() if head.isascii() else unicodedata.normalize("NFKC", head).strip()
        self.blank = not text.strip()
        self.quoted = False
        self.own = True


_LINE = re.compile(r"([^\r\n]*)(?:\r\n|\r|\n)|([^\r\n]+)$")


def _split_lines(text: str, start: int, end: int) -> list[_Line]:
    return [_Line(found[1] or found[2] or "", found.start(), found.end()) for found in _LINE.finditer(text, start, end)]


def _kept(lines: list[_Line]) -> list[tuple[int, int]]:
    """Return the ranges of own lines, each run without the blank space around it."""
    spans: list[tuple[int, int]] = []
    run: list[_Line] = []
    for line in lines:
        if run and (not line.own or line.start != run[-1].end):
            spans += _trimmed(run)
            run = []
        if line.own:
            run.append(line)
    return spans + _trimmed(run)


def _trimmed(run: list[_Line]) -> list[tuple[int, int]]:
    filled = [line for line in run if not line.blank]
    if not filled:
        return []
    first, last = filled[0], filled[-1]
    return [(first.start, last.start + len(last.text.rstrip()))]


def _pieces(text: str, spans: Sequence[tuple[int, int]]) -> CustomerText:
    return CustomerText("\n".join(text[start:end] for start, end in spans), tuple(spans))


# --- quotes ----------------------------------------------------------------------------------------

_KAOMOJI = re.compile(r">\s*[_.,ωдДoO0口人▽皿~∀へ^﹏-]{0,3}\s*<(?![A-Za-z0-9\"'])")
_DECORATED = re.compile(r">{2,}[^<>]*<{2,}")
_BAR = re.compile(r"[|｜]{1,2}(?:\s|$)(?!.*[|｜]\s*$)")
_NAMED = re.compile(r"([a-z][a-z0-9_.-]{2,15})>(?:\s|$)")
_NAMED_ANY = re.compile(r"([A-Za-z][A-Za-z0-9_.-]{0,15})>(?:\s|$)")


def _mark_quotes(lines: list[_Line]) -> None:
    """Mark the lines that carry a quote mark."""
    bars = [line for line in lines if _BAR.match(line.plain)]
    named = [found[1] for line in lines if (found := _NAMED_ANY.match(line.plain))]
    for line in lines:
        if line.plain.startswith(">"):
            line.quoted = not (_KAOMOJI.match(line.plain) or _DECORATED.fullmatch(line.plain))
            continue
        name = _NAMED_ANY.match(line.plain)
        if name and (_NAMED.match(line.plain) or named.count(name[1]) > 1):
            line.quoted = True
    if len(bars) > 1:  # a single bar may be a slip; tables have one at both ends
        for line in bars:
            line.quoted = True


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
_MAY_ANNOUNCE = re.compile(
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
_MOST_ATTEMPTS = 3_000  # lines with a date or address; a log of more is no correspondence


def _field_kind(line: _Line) -> str:
    plain = line.plain
    if ":" not in plain[:20]:
        return ""
    return next((kind for kind, pattern in _FIELDS.items() if pattern.match(plain)), "")


def _header_block(lines: list[_Line], start: int) -> int:
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


def _next_filled(lines: list[_Line], index: int) -> int:
    while index < len(lines) and lines[index].blank:
        index += 1
    return index


def _attribution(lines: list[_Line], start: int) -> tuple[int, bool]:
    """Return how many lines from `start` on announce a quote, and whether they say so beyond doubt."""
    joined = ""
    weak = certain = 0
    for count in range(1, 4):
        index = start + count - 1
        if index >= len(lines) or lines[index].blank or (count > 1 and lines[index].quoted):
            break
        joined = f"{joined} {lines[index].plain}".strip()
        if len(joined) > _LONGEST_LINE or "。" in joined or (count == 1 and not _MAY_ANNOUNCE.search(joined)):
            break
        if any(pattern.fullmatch(joined) for pattern in _ATTRIBUTIONS):
            # Without a closing phrase it may be a line of the customer's own list of dates and addresses.
            certain, weak = (count, weak) if _CLOSED.search(joined) else (certain, count)
        elif any(pattern.fullmatch(joined) for pattern in _WEAK_ATTRIBUTIONS):
            weak = count
    return (certain, True) if certain else (weak, False)


def _drop_quotes(lines: list[_Line]) -> None:
    _mark_quotes(lines)
    index = 0
    attempts = 0
    while index < len(lines):
        line = lines[index]
        if line.quoted:
            line.own = False
        elif not line.blank and attempts < _MOST_ATTEMPTS:
            attempts += bool(_MAY_ANNOUNCE.search(line.plain))
            behind = _announced(lines, index)
            if behind > index:
                _disown(lines, index, behind)
                index = behind
                continue
        index += 1


def _disown(lines: list[_Line], start: int, end: int) -> None:
    for line in lines[start:end]:
        line.own = False


def _announced(lines: list[_Line], index: int) -> int:
    """Return the index behind what is announced at `index`: a quote or a mail passed on; `index` if nothing is."""
    for announcement in (_separator, _passed_on_header, _attribution_line):
        end = announcement(lines, index)
        if end > index:
            # Where the original is marked, answers may stand between its lines; else it goes on to the end.
            return end if _is_quoted(lines, end) else len(lines)
    return index


def _is_quoted(lines: list[_Line], index: int) -> bool:
    following = _next_filled(lines, index)
    return following < len(lines) and lines[following].quoted


def _separator(lines: list[_Line], index: int) -> int:
    """Return the index behind a line such as -----Original Message----- and the header fields below it."""
    if not _BLOCKS.fullmatch(lines[index].plain):
        return index
    end = index + 1
    following = _next_filled(lines, end)
    while following < len(lines) and following < index + _BLOCK_LINES and _field_kind(lines[following]):
        end = following + 1
        following = _next_filled(lines, end)
    return end


def _passed_on_header(lines: list[_Line], index: int) -> int:
    """Return the index behind header fields, which may stand below a rule."""
    first = index
    if _is_rule(lines[index].plain):
        first = _next_filled(lines, index + 1)
        if first >= len(lines) or first > index + 2:
            return index
    end = _header_block(lines, first)
    return end if end > first else index


def _attribution_line(lines: list[_Line], index: int) -> int:
    """Return the index behind lines that announce a quote."""
    count, certain = _attribution(lines, index)
    return index + count if count and (certain or _is_quoted(lines, index + count)) else index


# --- endings ---------------------------------------------------------------------------------------

_RULE = re.compile(r"(?:[-=*_~#+─━═―—–‐‑ー=_⇒→■□◆◇▼▽▲△●○◎★☆♪♢♦+・:;.^|/\\<>«»┏┓┗┛┣┫┃│┌┐└┘├┤╋╂°⌒∴…‥°｡ ]){3,200}")
_RULE_HEART = re.compile(r"([-=*_~#+─━═―—–‐ー=_⇒→■□◆◇▼▽▲△●○◎★☆♪┏┓┗┛┃│┌┐└┘]\s?){3,}")
_TITLED_RULE = re.compile(
    r"(?P<left>[-=*_~#+─━═―—■□◆◇●○★☆_]{3,})\s*[^-=*_~#+─━═―—■□◆◇●○★☆]{1,40}?\s*(?P<right>[-=*_~#+─━═―—■□◆◇●○★☆_]{2,})"
)
_CONTACT = re.compile(
    r"〒\s?\d{0,3}|\b(?:tel|fax|phone|mobile|mail|e-?mail|url|hp|web)\s?[.:/)]|\b[tfme]\s?[:)]|\b(?:tel|fax)\b"
    r"|(?:電話|携帯|直通|代表|ファックス|ファクス|ファクシミリ|内線|メール"
    r"|フリーダイヤル)(?:番号)?\s?[:(]?\s?\+?[\d(０-９]"
    r"|https?://|www\.|[\w.+-]+@[\w-]+\.[\w.-]+|\b0\d{1,4}[-() ]{1,2}\d{1,4}[-) ]{1,2}\d{3,4}\b|\b0[789]0\d{8}\b"
    r"|\+81[- ]\d",
    re.IGNORECASE,
)
_COMPANY = re.compile(
    r"株式会社|有限会社|合同会社|㈱|㈲|\((?:株|有|同|医|社|財)\)|法人|協同組合|医院|病院|クリニック|診療所|事務所"
    r"|大学|学校|(?:部|課|室|係|支店|営業所|本社)(?:\s|$|長)|co\.,? ?ltd|inc\.|corp",
    re.IGNORECASE,
)
_PLACE = re.compile(r"[都道府県市区町村郡].{0,20}\d|\d[-−‐]\d{1,4}(?:[-−‐]\d)?|ビル|マンション|\d階|\dF", re.IGNORECASE)
_PROSE = re.compile(
    r"[。!?！？]\s*[」』)）]?$|(?:です|ます|ました|ません|でした|ください|下さい|だ|ない|たい|いる|ある|よ|ね|か"
    r"|ぞ|な|ろ|け|え|せ|れ|や|わ|さ|ん|って|けど|から|ので|のに|が|を|に|は|て|で|と|も|し|り"
    r"|、)[。!?！？…wｗ笑]*$"
)
_ALLOWED_IN_SIGNATURE = re.compile(
    r"(?:営業|受付|診療|定休|休診|休業)(?:時間|日)|登録番号|適格請求書|代表取締役|公式|フォロー|ホームページ"
    r"|facebook|twitter|instagram|line\s?[:@]",
    re.IGNORECASE,
)
_DEVICE = (
    r"(?:i ?phone|i ?pad|ipod|android|スマートフォン|スマホ|携帯(?:電話)?|ガラケー|ガラホ|xperia|galaxy|pixel"
    r"|aquos|arrows|らくらくホン"
    r"|windows ?phone|blackberry|docomo|ドコモ)"
)
_MOBILE = re.compile(
    rf"(?:私の|マイ|(?:ドコモ|docomo|au|softbank|ソフトバンク|楽天モバイル|y!mobile|[a-z]{{2,10}})の?)?\s?{_DEVICE}"
    r"[A-Za-z0-9 ァ-ヶー一-鿿]{0,16}?(?:から|より)の?(?:送信|返信)(?:しています|しました|されました)?[。.]?"
    r"|\W{0,3}sent (?:from|via|with|using) .{2,60}|\W{0,3}get outlook for .{2,150}"
    r"|outlook for (?:ios|android|mac|windows)\s?(?:<https?://.{3,150}>)?\s?を(?:入手|取得).{0,60}"
    r"|(?:windows|mac)\s?(?:\d{1,2}\s?)?(?:版の?)?\s?(?:用の)?\s?(?:メール|outlook)\s?から送信.{0,10}"
    r"|yahoo!?\s?メール(?:アプリ)?\s?から?の?(?:送信|返信).{0,10}|(?:gmail|outlook|spark|thunderbird|proton "
    r"mail)\s?から送信.{0,10}"
    r"|送信元\s?:\s?(?:windows|mac|outlook).{0,30}"
    r"|<?https?://(?:aka\.ms|go\.microsoft\.com|www\.avast\.com|www\.avg\.com|sparkmailapp\.com|mail\.yahoo)\S{0,200}"
    r"|.{0,40}(?:ウイルス ?フリー|virus-free)\.?.{0,80}|.{0,30}\b(?:avast|avg)\b.{0,40}(?:ウイルス|virus).{0,60}",
    re.IGNORECASE,
)
_NOTICE_SUBJECT = re.compile(
    r"(?:この|本|当)\s?(?:電子)?\s?(?:メール|メッセージ|通信|e-?mail)(?!を(?!誤|受|お受))|this (?:e-?mail|message"
    r"|communication|transmission)|confidentiality notice|【?(?:注意|機密|免責)(?:事項)?】?",
    re.IGNORECASE,
)
_NOTICE_SECRET = re.compile(
    r"機密|秘密|名宛人|意図(?:された|した)|(?:宛先|受信者|受取人|相手方)以外|個人情報|confidential|privileged"
    r"|intended|誤って.{0,12}(?:受信|送信|届)|お?心当たりのない|unintended",
    re.IGNORECASE,
)
_NOTICE_ACTION = re.compile(
    r"破棄|削除|消去|廃棄|開示|複写|複製|転載|転送|漏洩|漏えい|使用.{0,10}(?:禁|固く)|禁じ|お断り|delete|destroy"
    r"|disclos|distribut|copying|prohibited|notify",
    re.IGNORECASE,
)
_LIST_FOOTER = re.compile(
    r".{0,20}https?://\S+/(?:listinfo|mailman|groups?)\S*\s*$|to unsubscribe\b.{0,120}|you received this message "
    r"because .{0,200}",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?:\S{1,12}\s)?\S{1,5}\s[^\s。!?]{1,5}")
_SIGNATURE_LINES = 18
_NOTICE_LINES = 20
_LONG_LINE = 60


def _is_rule(plain: str) -> bool:
    """Tell a line of rule characters: long enough, and not a run of dots or a face."""
    if not plain or plain[0].isalnum() or len(plain) < 3:  # noqa: PLR2004
        return False
    return bool(_RULE.fullmatch(plain)) and bool(_RULE_HEART.search(plain))


def _opens_signature(plain: str) -> bool:
    return _is_rule(plain) or bool(_TITLED_RULE.fullmatch(plain))


def _is_prose(line: _Line) -> bool:
    """Tell a line of ordinary sentences from a line of a signature."""
    plain = line.plain
    if _CONTACT.search(plain) and len(plain) <= _LONG_LINE and not plain.endswith(("。", "!", "?")):
        return False
    if _ALLOWED_IN_SIGNATURE.search(plain) or _NAME.fullmatch(plain):
        return False
    return len(plain) > _LONG_LINE or bool(_PROSE.search(plain))


def _drop_armour(lines: list[_Line]) -> None:
    """Drop what PGP puts around a signed text."""
    inside = False
    for index, line in enumerate(lines):
        if line.plain == "-----BEGIN PGP SIGNED MESSAGE-----":
            line.own = False
            following = _next_filled(lines, index + 1)
            if following < len(lines) and lines[following].plain.startswith("Hash:"):
                lines[following].own = False
        elif line.plain == "-----BEGIN PGP SIGNATURE-----":
            inside = True
        if inside:
            line.own = False
        inside = inside and line.plain != "-----END PGP SIGNATURE-----"


def _drop_endings(lines: list[_Line]) -> None:
    """Take signatures and footers off the first and the last stretch of own lines.

    An answer may stand above a quote, below it, or between its parts, and its signature at either end of
    the mail; the stretches in between are answers to single points and have none.
    """
    stretches = _stretches(lines)
    for number, stretch in enumerate(stretches):
        last = number == len(stretches) - 1
        if number == 0 or last:
            _strip_ending(stretch, after_text=number > 0)


def _stretches(lines: list[_Line]) -> list[list[_Line]]:
    """Return the runs of own lines that have a filled one, each without the lines of others in between."""
    stretches: list[list[_Line]] = [[]]
    for line in lines:
        if line.own:
            stretches[-1].append(line)
        elif stretches[-1]:
            stretches.append([])
    return [stretch for stretch in stretches if any(not line.blank for line in stretch)]


def _strip_ending(stretch: list[_Line], *, after_text: bool) -> None:
    """Drop from the end of a stretch, again and again, whatever the writer did not write for this mail."""
    while True:
        while stretch and stretch[-1].blank:
            stretch.pop()
        if not stretch:
            return
        start = _footer_start(stretch)
        if start == len(stretch):
            start = _signature_start(stretch, after_text=after_text)
        if start == len(stretch):
            return
        _disown(stretch, start, len(stretch))
        del stretch[start:]


def _paragraph_start(stretch: list[_Line]) -> int:
    index = len(stretch)
    while index > 0 and not stretch[index - 1].blank:
        index -= 1
    return index


def _footer_start(stretch: list[_Line]) -> int:
    """Return where an advertisement, disclaimer or list footer at the end begins; the length if there is none."""
    last = stretch[-1].plain
    if len(last) <= 200 and (_MOBILE.fullmatch(last) or _LIST_FOOTER.fullmatch(last)):  # noqa: PLR2004
        return len(stretch) - 1
    start = max(_paragraph_start(stretch), len(stretch) - _NOTICE_LINES)
    for index in range(start, len(stretch) if start else 0):
        # The paragraph may carry a signature or a rule in front.
        if _NOTICE_SUBJECT.search(stretch[index].plain) or _is_rule(stretch[index].plain):
            words = " ".join(line.plain for line in stretch[index:])
            if _NOTICE_SUBJECT.search(words) and _NOTICE_SECRET.search(words) and _NOTICE_ACTION.search(words):
                return index
    return len(stretch)


def _signature_start(stretch: list[_Line], *, after_text: bool) -> int:
    """Return where the signature at the end of a stretch begins; the length if there is none."""
    size = len(stretch)
    filled = 0
    for index in range(size - 1, -1, -1):
        line = stretch[index]
        if line.blank:
            continue
        filled += 1
        if filled > _SIGNATURE_LINES:
            break
        if line.text.rstrip("\r\n") == "-- " or line.plain == "--":
            if _is_dashed_signature(stretch[index + 1 :], exact=line.text.rstrip("\r\n") == "-- "):
                return index
        elif _opens_signature(line.plain):
            start = _ruled_signature(stretch, index)
            if start < size:
                return start
    return _bare_signature(stretch, after_text=after_text)


def _is_dashed_signature(below: list[_Line], *, exact: bool) -> bool:
    filled = [line for line in below if not line.blank]
    if exact:
        return True
    contact = any(_CONTACT.search(line.plain) for line in filled)
    return contact or not any(_is_prose(line) for line in filled)


def _ruled_signature(stretch: list[_Line], opening: int) -> int:
    """Return where a signature between or below rules begins that ends the stretch; the length if none does."""
    size = len(stretch)
    inner = [line for line in stretch[opening + 1 :] if not line.blank and not _is_rule(line.plain)]
    heads = [stretch[opening]] if _TITLED_RULE.fullmatch(stretch[opening].plain) else []
    body = [*heads, *inner]
    if not body:
        # Only a closing rule: the signature is above it, if there is one.
        return size
    contact = any(_CONTACT.search(line.plain) for line in body)
    closed = _is_rule(stretch[-1].plain) and size - 1 > opening
    company = any(_COMPANY.search(line.plain) for line in body)
    if not contact and not (company and closed) and not (company and len(body) <= 4):  # noqa: PLR2004
        return size
    if any(_is_prose(line) for line in inner):
        return size
    # A box may begin with several rules.
    start = opening
    while start > 0 and (_is_rule(stretch[start - 1].plain)):
        start -= 1
    return start


def _bare_signature(stretch: list[_Line], *, after_text: bool) -> int:
    """Return where a last paragraph of nothing but name, company and ways of contact begins."""
    size = len(stretch)
    start = _paragraph_start(stretch)
    block = stretch[start:]
    if len(block) > 12 or (start == 0 and not after_text):  # noqa: PLR2004
        return size
    contacts = sum(bool(_CONTACT.search(line.plain)) for line in block)
    told = (
        contacts + any(_COMPANY.search(line.plain) for line in block) + any(_PLACE.search(line.plain) for line in block)
    )
    if not contacts or told < 2 or any(_is_prose(line) for line in block):  # noqa: PLR2004
        return size
    return start
