"""Who speaks in a mail: a customer, the organisation itself, or a machine."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from kahara_nlp.records import Direction

__all__ = ["Envelope", "is_own", "mail_direction"]

_BOUNCE_SENDER = re.compile(r"^(?:mailer-daemon|postmaster|mail-daemon|mailerdaemon|bounce[\w.+-]*)(?:@|$)")
_BOUNCE_SUBJECT = re.compile(
    r"undeliver|delivery (?:status|failure|incomplete|has failed)|delivery .{0,20}(?:fail|delay)|returned mail"
    r"|return(?:ed)? to sender"
    r"|failure notice|mail (?:delivery|system) (?:failed|error)|could not be delivered"
    r"|配信不能|配信(?:に失敗|できません|エラー|されません)|送信(?:に失敗|できません|エラー)|不達|宛先不明"
    r"|メールが?届きません",
    re.IGNORECASE,
)
_AUTO_SUBJECT = re.compile(
    r"^\W{0,3}(?:(?:re|aw|fw):\s*)*[【\[［(（]?\s*(?:自動(?:返信|応答|送信|配信|通知|回答)|不在(?:通知|応答|連絡"
    r"|メール|届|のお?知らせ|です|にし|のため)"
    r"|(?:夏季|年末年始|冬季)?休暇中(?:の|です|につき)|auto(?:matic|mated)?[ -]?(?:reply|response|answer)|out of "
    r"(?:the )?office|autoreply|vacation)",
    re.IGNORECASE,
)
_AUTO_TEXT = re.compile(
    r"(?:この|本|当)(?:電子)?(?:メール|メッセージ)は[^\n。]{0,30}?自動(?:的に|で)?\s*(?:送信|返信|配信|応答|生成|作成|発信|通知)"
    r"(?:専用)?(?:メール|システム)?(?:に|で)?(?:し(?:て|た)|され|です(?!か|よね|ね|と|っ)|となっ|なり|よる|よっ|お送り|の(?:ため|もの))"
    r"|(?:送信|配信)専用の?(?:メール)?アドレス(?:です(?!か)|のため|になり|につき|から(?:自動|お送り|配信|送信))"
    r"|this is an auto(?:matic|mated|matically)|automatically generated",
    re.IGNORECASE,
)
_MACHINE = re.compile(
    r"^(?:[\w.+-]*-?no-?_?reply[\w.+-]*|do-?_?not-?_?reply|auto(?:reply|mail|matic)?|notif[a-z]*|alerts?|system|daemon|root)[\d_.-]*@"
)
#: Local parts behind which no person sits.
SYSTEM_SENDER = re.compile(
    r"^(?:no-?_?reply|do-?_?not-?_?reply|noreply[\w.+-]*|[\w.+-]*-?no-?reply|auto(?:reply|mail|matic)?"
    r"|notification?s?|notify|notice|alerts?"
    r"|system|daemon|cron|root|nobody|www(?:-data)?|apache|nginx|wordpress|web(?:master|form|mail)?|mail-?form"
    r"|form(?:mail)?"
    r"|contact(?:-?form)?|inquiry|toiawase|otoiawase|order(?:s|-?status)?|shop-?order|news(?:letter)?"
    r"|mag(?:azine)?|info-?mail)[\d_.-]*@"
)
_LIST_DOMAIN = re.compile(r"(?:<[^<>\s.@]{1,64}\.|@)([a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,6})>?")
_NEWSLETTER_FIELDS = (
    "list-id",
    "list-unsubscribe",
    "list-post",
    "x-campaign",
    "x-campaignid",
    "x-mailinglist",
)


class Envelope(NamedTuple):
    """What tells who speaks in a mail.

    Parameters
    ----------
    fields : mapping of str to sequence of str
        Header fields by lower-case name.
    sender : str
        Bare address, lower case.
    subject : str
        Decoded.
    text : str
        The text of the mail.
    types : frozenset of str
        Content types of its parts.
    """

    fields: Mapping[str, Sequence[str]]
    sender: str = ""
    subject: str = ""
    text: str = ""
    types: frozenset[str] = frozenset()


def is_own(address: str, own_domains: Iterable[str]) -> bool:
    """Tell whether an address belongs to the organisation.

    Parameters
    ----------
    address : str
        A bare mail address in lower case.
    own_domains : iterable of str
        The organisation's domains; their sub-domains belong to it too.

    Returns
    -------
    bool
        True where the domain is one of them.

    Examples
    --------
    >>> is_own("a@mail.kumiai.example", {"kumiai.example"}), is_own("a@notkumiai.example", {"kumiai.example"})
    (True, False)
    """
    domain = address.rpartition("@")[2].rstrip(".")
    return bool(domain) and any(domain == own or domain.endswith("." + own) for own in own_domains)


def _is_bounce(mail: Envelope) -> bool:
    fields = mail.fields
    kind = " ".join(fields.get("content-type", ())).lower()
    if "disposition-notification" in kind:  # a read receipt
        return False
    if "x-failed-recipients" in fields or "message/delivery-status" in mail.types or "delivery-status" in kind:
        return True
    if _BOUNCE_SENDER.match(mail.sender):
        return True
    empty_path = any(value.strip() == "<>" for value in fields.get("return-path", ()))
    return empty_path and bool(_BOUNCE_SUBJECT.search(mail.subject))


def _value(fields: Mapping[str, Sequence[str]], name: str) -> str:
    return " ".join(fields.get(name, ())).strip().lower()


def _is_newsletter(fields: Mapping[str, Sequence[str]], own_domains: frozenset[str]) -> bool:
    marked = [name for name in _NEWSLETTER_FIELDS if name in fields]
    precedence = _value(fields, "precedence").split(" ")[0]
    if not marked and (precedence not in {"bulk", "list", "junk"} or _is_marked_automatic(fields)):
        return False
    # A shared inbox that is a mailing list of one's own (a Google Group, say) stamps every customer's mail.
    lists = _LIST_DOMAIN.findall(_value(fields, "list-id") + " " + _value(fields, "list-post"))
    if lists:
        to = _value(fields, "to") + " " + _value(fields, "cc") + " " + _value(fields, "delivered-to")
        return not any(is_own(domain, own_domains) or (not own_domains and f"@{domain}" in to) for domain in lists)
    return True


def _is_marked_automatic(fields: Mapping[str, Sequence[str]]) -> bool:
    submitted = _value(fields, "auto-submitted").split(";")[0].strip()
    suppressed = _value(fields, "x-auto-response-suppress")
    return (
        submitted not in {"", "no"}
        or suppressed not in {"", "none"}
        or any(name in fields for name in ("x-autoreply", "x-autorespond", "x-autoresponder", "x-autogenerated"))
        or _value(fields, "precedence") == "auto_reply"
        or "disposition-notification" in _value(fields, "content-type")
    )


def _is_automatic(mail: Envelope) -> bool:
    if _is_marked_automatic(mail.fields) or _AUTO_SUBJECT.search(mail.subject):
        return True
    lines = [line for line in mail.text[:20_000].splitlines() if line.strip()]
    # The sentence stands first or last, and is the writer's own: people quote it when they complain.
    edges = [line for line in (*lines[:3], *lines[-4:]) if not line.lstrip().startswith((">", "＞"))]
    said = any(_AUTO_TEXT.search(line) for line in edges)
    return said and (
        bool(_MACHINE.match(mail.sender)) or any(_AUTO_TEXT.match(line.lstrip(" 　※*＊（(")) for line in edges)
    )


def mail_direction(mail: Envelope, own_domains: frozenset[str] = frozenset()) -> Direction:
    """Tell who speaks in a mail.

    Parameters
    ----------
    mail : Envelope
        The mail.
    own_domains : frozenset of str, optional
        Domains of the organisation.

    Returns
    -------
    {"customer", "own", "automatic", "newsletter", "bounce", "unknown"}
        ``unknown`` where the mail names no sender.

    Examples
    --------
    >>> mail_direction(Envelope({"list-id": ["<news.x.example>"]}, "news@x.example"))
    'newsletter'
    """
    if _is_bounce(mail):
        return "bounce"
    if is_own(mail.sender, own_domains):
        return "own"
    if _is_newsletter(mail.fields, own_domains):
        return "newsletter"
    if _is_automatic(mail):
        return "automatic"
    return "customer" if mail.sender else "unknown"
