"""What stands at the end of own words: signatures, disclaimers, advertisements of mail programs, armour of PGP."""

import re

from kahara_nlp.customer_text.lines import Line, disown, is_rule, next_filled

__all__ = ["drop_armour", "drop_endings"]

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


def drop_armour(lines: list[Line]) -> None:
    """Disown what PGP puts around a signed text.

    Parameters
    ----------
    lines : list of Line
        Of one message; changed in place.

    Examples
    --------
    >>> from kahara_nlp.customer_text.lines import split_lines
    >>> lines = split_lines("-----BEGIN PGP SIGNATURE-----", 0, 29)
    >>> drop_armour(lines)
    >>> lines[0].own
    False
    """
    inside = False
    for index, line in enumerate(lines):
        if line.plain == "-----BEGIN PGP SIGNED MESSAGE-----":
            line.own = False
            following = next_filled(lines, index + 1)
            if following < len(lines) and lines[following].plain.startswith("Hash:"):
                lines[following].own = False
        elif line.plain == "-----BEGIN PGP SIGNATURE-----":
            inside = True
        if inside:
            line.own = False
        inside = inside and line.plain != "-----END PGP SIGNATURE-----"


def drop_endings(lines: list[Line]) -> None:
    r"""Disown signatures and footers at the end of the first and the last stretch of own lines.

    Parameters
    ----------
    lines : list of Line
        Of one message, without quotes; changed in place.

    Notes
    -----
    An answer may stand above a quote, below it, or between its parts, and its signature at either end of
    the mail; the stretches in between are answers to single points and have none.

    Examples
    --------
    >>> from kahara_nlp.customer_text.lines import split_lines
    >>> lines = split_lines("遅い\niPhoneから送信", 0, 14)
    >>> drop_endings(lines)
    >>> [line.own for line in lines]
    [True, False]
    """
    stretches = _stretches(lines)
    for number, stretch in enumerate(stretches):
        last = number == len(stretches) - 1
        if number == 0 or last:
            _strip_ending(stretch, after_text=number > 0)


def _stretches(lines: list[Line]) -> list[list[Line]]:
    """Return the runs of own lines that have a filled one, each without the lines of others in between."""
    stretches: list[list[Line]] = [[]]
    for line in lines:
        if line.own:
            stretches[-1].append(line)
        elif stretches[-1]:
            stretches.append([])
    return [stretch for stretch in stretches if any(not line.blank for line in stretch)]


def _strip_ending(stretch: list[Line], *, after_text: bool) -> None:
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
        disown(stretch, start, len(stretch))
        del stretch[start:]


def _paragraph_start(stretch: list[Line]) -> int:
    index = len(stretch)
    while index > 0 and not stretch[index - 1].blank:
        index -= 1
    return index


def _footer_start(stretch: list[Line]) -> int:
    """Return where an advertisement, disclaimer or list footer at the end begins; the length if there is none."""
    last = stretch[-1].plain
    if len(last) <= 200 and (_MOBILE.fullmatch(last) or _LIST_FOOTER.fullmatch(last)):  # noqa: PLR2004
        return len(stretch) - 1
    start = max(_paragraph_start(stretch), len(stretch) - _NOTICE_LINES)
    for index in range(start, len(stretch) if start else 0):
        # The paragraph may carry a signature or a rule in front.
        if _NOTICE_SUBJECT.search(stretch[index].plain) or is_rule(stretch[index].plain):
            words = " ".join(line.plain for line in stretch[index:])
            if _NOTICE_SUBJECT.search(words) and _NOTICE_SECRET.search(words) and _NOTICE_ACTION.search(words):
                return index
    return len(stretch)


def _signature_start(stretch: list[Line], *, after_text: bool) -> int:
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


def _is_dashed_signature(below: list[Line], *, exact: bool) -> bool:
    filled = [line for line in below if not line.blank]
    if exact:
        return True
    contact = any(_CONTACT.search(line.plain) for line in filled)
    return contact or not any(_is_prose(line) for line in filled)


def _ruled_signature(stretch: list[Line], opening: int) -> int:
    """Return where a signature between or below rules begins that ends the stretch; the length if none does."""
    size = len(stretch)
    inner = [line for line in stretch[opening + 1 :] if not line.blank and not is_rule(line.plain)]
    heads = [stretch[opening]] if _TITLED_RULE.fullmatch(stretch[opening].plain) else []
    body = [*heads, *inner]
    if not body:
        # Only a closing rule: the signature is above it, if there is one.
        return size
    contact = any(_CONTACT.search(line.plain) for line in body)
    closed = is_rule(stretch[-1].plain) and size - 1 > opening
    company = any(_COMPANY.search(line.plain) for line in body)
    if not contact and not (company and closed) and not (company and len(body) <= 4):  # noqa: PLR2004
        return size
    if any(_is_prose(line) for line in inner):
        return size
    # A box may begin with several rules.
    start = opening
    while start > 0 and (is_rule(stretch[start - 1].plain)):
        start -= 1
    return start


def _bare_signature(stretch: list[Line], *, after_text: bool) -> int:
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


def _opens_signature(plain: str) -> bool:
    return is_rule(plain) or bool(_TITLED_RULE.fullmatch(plain))


def _is_prose(line: Line) -> bool:
    """Tell a line of ordinary sentences from a line of a signature."""
    plain = line.plain
    if _CONTACT.search(plain) and len(plain) <= _LONG_LINE and not plain.endswith(("。", "!", "?")):
        return False
    if _ALLOWED_IN_SIGNATURE.search(plain) or _NAME.fullmatch(plain):
        return False
    return len(plain) > _LONG_LINE or bool(_PROSE.search(plain))
