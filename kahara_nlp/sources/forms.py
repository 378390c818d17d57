"""Mails that a web form wrote: which field values are the customer's own words."""

import re
import unicodedata
from collections.abc import Sequence
from typing import NamedTuple

from kahara_nlp.sources.direction import SYSTEM_SENDER, is_own

__all__ = ["FormMail", "read_form"]


class FormMail(NamedTuple):
    """What a customer typed into a form.

    Parameters
    ----------
    spans : tuple of tuple of int
        Ranges of the mail's text with the free text of the customer.
    address : str
        The customer's mail address, lower case; empty where the form has none.
    subject : str
        What the customer gave as the subject; may be empty.
    """

    spans: tuple[tuple[int, int], ...]
    address: str
    subject: str


class _Field(NamedTuple):
    label: str
    style: str
    line: int  # of the label
    start: int  # of the value
    end: int


_TEXT_LABELS = re.compile(
    r"(?:お?問い?合わ?せ|ご?質問|ご?意見|ご?要望|ご?相談|ご?感想|ご?用件|苦情|クレーム|通報|ご?依頼|ご?連絡"
    r"|ご?指摘|具体的な?|詳細な?|その他)*"
    r"(?:の|等の?|・)?(?:内容|本文|詳細|事項|欄)|(?:お?問い?合わ?せ|ご?質問|ご?意見|ご?要望|ご?相談|ご?感想"
    r"|ご?用件|ご?意見・?ご?要望|ご?意見・?ご?感想)"
    r"|メッセージ(?:本文)?|本文|コメント|備考|自由(?:記入|記述|回答)欄?|その他|フリーコメント"
    r"|(?:your-?)?message|comments?|inquiry|body|question|details|content|text"
)
_ADDRESS_LABELS = re.compile(
    r"(?:ご?連絡先)?(?:e-?mail|メール|メイル)(?:アドレス|address)?(?:\(?(?:pc|携帯|半角|必須)\)?)?|your-?email"
    r"|mail ?address"
)
_SUBJECT_LABELS = re.compile(r"件名|題名|タイトル|表題|subject|title|your-?subject")
_OTHER_LABELS = re.compile(
    r"(?:お|ご|ご担当者|お客)?(?:様|さま)?(?:名前|氏名|芳名|担当者名?|会社名|法人名|御社名|貴社名|団体名|所属"
    r"|部署名?|役職|フリガナ|ふりがな|カナ|住所|郵便番号|都道府県|市区町村"
    r"|電話番号|電話|連絡先|携帯(?:電話)?(?:番号)?|tel|fax|年齢|年代|性別|職業|生年月日|会員番号|会員id"
    r"|お?客様番号|契約番号|注文番号|受付番号|受付日時?|管理番号|整理番号"
    r"|お?問い?合わ?せ番号|チケット番号|商品名|製品名|品番|型番|店舗名?|購入店|購入日|(?:ご)?利用日時?"
    r"|(?:ご)?希望(?:日時?|の?連絡方法)|回答方法|連絡方法"
    r"|お?問い?合わ?せ?(?:の)?(?:種別|種類|項目|区分|分類|カテゴリー?|先|商品)|種別|種類|カテゴリー?|区分|項目"
    r"|送信日時?|投稿日時?|日時|送信者|差出人|発信元"
    r"|(?:送信(?:者|元))?(?:の)?(?:ip|ip ?アドレス|リモートホスト|ホスト名?|url|ページ|ブラウザー?"
    r"|ユーザー?エージェント)|referer|referrer|user[- ]?agent|remote[- ]?(?:host|addr)"
    r"|name|your-?name|company|phone|address|date|time|from|to|ご?登録|同意|個人情報.{0,12}"
    r"|プライバシー.{0,8})(?:\(.{1,12}\))?"
)
_FOOTER_LABELS = re.compile(
    r"送信日時?|投稿日時?|送信者の.{1,12}|送信元.{0,8}|(?:送信者)?ip(?: ?アドレス)?|リモートホスト|ホスト名?"
    r"|(?:お?問い?合わ?せ)?(?:の)?ページ.{0,5}|ブラウザー?|ユーザー?エージェント"
    r"|user[- ]?agent|referer|referrer|remote[- ]?(?:host|addr|ip)|date|time"
)
# 【label】value, [label] value, ■label：value, label: value, label = value, label<tab>value
_BRACKETED = re.compile(
    r"[ 　]*(?P<mark>[■□●○◆◇▼▽▲・※*＊#]?)[ 　]*(?P<open>[【［\[〔＜《「])[ "
    r"　]*(?P<label>[^】］\]〕＞》」\n]{1,30}?)[ 　]*[】］\]〕＞》」][ 　]*(?P<sep>[:：=＝]?)"
)
_SEPARATED = re.compile(
    r"[ 　]*(?P<mark>[■□●○◆◇▼▽▲・※*＊#]?)(?P<open>)[ 　]*(?P<label>[^:：=＝\t\n。、「」?？!！]{1,24}?)[ "
    r"　]*(?P<sep>[:：=＝\t])"
)
_MARKED = re.compile(
    r"[ 　]*(?P<mark>[■□●○◆◇▼▽▲])(?P<open>)[ 　]*(?P<label>[^:：=＝\t\n。、「」?？!！]{1,24}?)[ 　]*(?P<sep>)$"
)
_RULE = re.compile(r"[ 　]*(?:([-=*_#+~─━═—―‐－＝＊＿～・.])[ 　]?){3,}.{0,3}$|-- ?$")
_FOOTER = re.compile(
    r"[ 　]*(?:※|\*|＊)?[ 　]*(?:この|本|当)(?:電子)?(?:メール|メッセージ)は|[ 　]*(?:sent|submitted) (?:from|via"
    r"|on)|[ 　]*this e-?mail",
    re.IGNORECASE,
)
_FORM_PHRASE = re.compile(
    r"(?:フォーム|form)(?:から|より|に|にて|での|の送信|への)"
    r"|(?:ホームページ|web ?サイト|ウェブサイト|サイト|hp)(?:上)?(?:から|より)(?:の)?(?:お?問い?合わ?せ|送信"
    r"|ご?意見)|contact form|web ?form|form submission"
    r"|(?:以下|下記|次)の(?:内容|通り|とおり)で?[^\n]{0,20}(?:お?問い?合わ?せ|送信|投稿)が?(?:あり|され|を受け)"
)
_FORM_WORDS = ("フォーム", "form", "サイト", "ホームページ", "hpから", "以下の", "下記の", "次の")
_INTRODUCTION_LINES = 4
_INTRODUCTION_LENGTH = 200
_ANSWER = re.compile(
    r"(?:お?問い?合わ?せ|ご?意見|ご?連絡)[^\n]{0,20}(?:ありがとうございま|有難うございま)|自動返信|控えです"
)
_MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}", re.ASCII)
_PROSE = re.compile(r"[ぁ-ん].*[ぁ-ん]")
_SHORT_CHOICE = 15
_LINES_READ = 2_000


def read_form(
    text: str, subject: str, sender: str, own_domains: Sequence[str] | frozenset[str] = ()
) -> FormMail | None:
    r"""Return what a customer typed, if a web form wrote this mail.

    Parameters
    ----------
    text : str
        The text of the mail.
    subject : str
        Its subject.
    sender : str
        Its sender, a bare address in lower case.
    own_domains : sequence of str, optional
        Domains of the organisation, from which its forms may come.

    Returns
    -------
    FormMail or None
        None unless there is a field for free text and another field, and the sender is a machine or the
        mail says that it comes from a form. An answer to the customer that repeats the fields is none.

    Examples
    --------
    >>> mail = "お名前: 山田\nメール: y@a.example\nお問い合わせ内容: 返事がない\n何日待たせるのか"
    >>> form = read_form(mail, "お問い合わせ", "noreply@form.example")
    >>> [mail[start:end] for start, end in form.spans], form.address
    (['返事がない\n何日待たせるのか'], 'y@a.example')
    """
    own = is_own(sender, own_domains)
    system = bool(SYSTEM_SENDER.match(sender))
    told = _tells_of_form(f"{subject}\n{text[:3000]}\n{text[-600:]}".lower())
    if not told and not own and not system:
        return None
    if _ANSWER.search(text[:400]) or _ANSWER.search(subject):
        return None
    fields = _fields(text)
    if not own and not system and _has_letter_above(text, fields):
        return None
    free = [field for field in fields if _is_free_text(field, text)]
    others = [
        field
        for field in fields
        if field not in free and (_OTHER_LABELS.fullmatch(field.label) or _ADDRESS_LABELS.fullmatch(field.label))
    ]
    named = [field for field in free if _TEXT_LABELS.fullmatch(field.label)]
    if not named or not others or (own and not told and len(others) < 2):  # noqa: PLR2004
        return None
    addressed = [field for field in fields if _ADDRESS_LABELS.fullmatch(field.label)]
    address = _address([*addressed, *others], text)
    title = next((text[field.start : field.end] for field in fields if _SUBJECT_LABELS.fullmatch(field.label)), "")
    return FormMail(
        tuple((field.start, field.end) for field in free if field.end > field.start),
        address,
        " ".join(title.split())[:200],
    )


def _tells_of_form(lower: str) -> bool:
    """Tell whether a mail says that it comes from a form; the pattern is slow, the words are not."""
    return any(word in lower for word in _FORM_WORDS) and bool(_FORM_PHRASE.search(lower))


def _has_letter_above(text: str, fields: list[_Field]) -> bool:
    """Tell whether a person wrote above the fields, say to complain that a form was not answered."""
    if not fields:
        return False
    above = [line for line in text[: fields[0].start].splitlines()[:-1] if line.strip()]
    return len(above) > _INTRODUCTION_LINES or sum(map(len, above)) > _INTRODUCTION_LENGTH


def _address(fields: list[_Field], text: str) -> str:
    found = (_MAIL.search(text, field.start, field.end) for field in fields)
    return next((match[0].lower() for match in found if match), "")


def _is_free_text(field: _Field, text: str) -> bool:
    """Tell whether a value is the customer's own wording rather than a name, a number or a choice."""
    if _TEXT_LABELS.fullmatch(field.label):
        return True
    if any(
        labels.fullmatch(field.label) for labels in (_OTHER_LABELS, _ADDRESS_LABELS, _SUBJECT_LABELS, _FOOTER_LABELS)
    ):
        return False
    value = text[field.start : field.end]
    return len(value) > _SHORT_CHOICE and bool(_PROSE.search(value))


def _label(line: str) -> tuple[str, str, int] | None:
    """Return the label that a line begins with, its typographic style and where the value begins."""
    for pattern in (_BRACKETED, _SEPARATED, _MARKED):
        found = pattern.match(line)
        if found:
            label = unicodedata.normalize("NFKC", found["label"]).strip().lower()
            label = re.sub(r"\s*[\(\[【※]?(?:必須|任意|required)[\)\]】]?$|^\*|\*$", "", label).strip()
            separator = unicodedata.normalize("NFKC", found["sep"])
            return label, found["mark"] + found["open"] + ("" if found["open"] else separator or "|"), found.end()
    return None


def _is_known(label: str) -> bool:
    return any(labels.fullmatch(label) for labels in (_TEXT_LABELS, _ADDRESS_LABELS, _SUBJECT_LABELS, _OTHER_LABELS))


def _fields(text: str) -> list[_Field]:
    """Cut the mail into fields; a field of free text ends only at a label set like the ones before it."""
    fields: list[_Field] = []
    styles: set[str] = set()
    inside_text = False
    position = 0
    open_field: tuple[str, str, int, int] | None = None
    lines = text.splitlines(keepends=True)[:_LINES_READ]
    for number, line in enumerate(lines):
        label = _label(line.rstrip("\r\n"))
        ends = _ends_form(lines, number) if inside_text else False
        if label and _begins_field(label, styles, inside_text=inside_text):
            _close(fields, open_field, text, position)
            styles.add(label[1])
            open_field = (label[0], label[1], number, position + label[2])
            inside_text = bool(_TEXT_LABELS.fullmatch(label[0]))
        elif ends:
            _close(fields, open_field, text, position)
            open_field, inside_text = None, False
        position += len(line)
    _close(fields, open_field, text, position)
    return fields


def _begins_field(label: tuple[str, str, int], styles: set[str], *, inside_text: bool) -> bool:
    name, style, _ = label
    bracketed = bool(style) and style[-1] in "【［[〔＜《"
    if inside_text:
        if _FOOTER_LABELS.fullmatch(name):
            return True
        return style in styles and (_is_known(name) or bracketed)
    return _is_known(name) or (bracketed and style in styles)


def _ends_form(lines: list[str], number: int) -> bool:
    """Tell whether what the form itself adds at the end begins on this line."""
    if _FOOTER.match(lines[number]):
        return True
    if not _RULE.match(lines[number].rstrip("\r\n")):
        return False
    following = [line for line in lines[number + 1 : number + 4] if line.strip()]
    if not following:
        return True
    label = _label(following[0].rstrip("\r\n"))
    return bool(_FOOTER.match(following[0])) or bool(label and _FOOTER_LABELS.fullmatch(label[0]))


def _close(fields: list[_Field], field: tuple[str, str, int, int] | None, text: str, end: int) -> None:
    if field is None:
        return
    label, style, line, start = field
    lines = text[start:end].splitlines(keepends=True)
    while lines and (not lines[-1].strip() or (len(lines) > 1 and _RULE.match(lines[-1].rstrip("\r\n")))):
        end -= len(lines.pop())
    value = text[start:end]
    start += len(value) - len(value.lstrip(" \t\r\n　"))
    end -= len(value) - len(value.rstrip(" \t\r\n　"))
    fields.append(_Field(label, style, line, start, max(start, end)))
