"""Which speaker of a call is the customer: by what the user says, by name, by what the speakers say."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

__all__ = ["Role", "Utterance", "assign_roles", "is_role_name", "role_of_name"]

Role = Literal["customer", "staff", "unknown"]

_CUSTOMER_NAMES = re.compile(
    r"(?:顧客|お?客様?|お客さま|お客さん|カスタマー?|cu|cust|エンドユーザー?|ユーザー?|外線|相手(?:方|先)?"
    r"|お?相手様|利用者|会員|患者(?:様|さん)?|発信者|入電者|架電者"
    r"|お?問い?合わ?せ者|申告者|消費者|乗客|customer|client|caller|end[ _-]?user|user|consumer|patient|guest"
    r"|external|inbound|externalparticipant)(?:様|さん|側)?"
)
_STAFF_NAMES = re.compile(
    r"(?:オペレーター?|op|opr|担当者?|ご?担当|応対者?|応答者|スタッフ|エージェント|内線|コミュニケーター?"
    r"|受付(?:担当|係)?|窓口|社員|職員|駅員|店員|係員?|乗務員|看護師|医師|事務"
    r"|コールセンター?|センター?|サポート|sv|スーパーバイザー?|管理者|上司|責任者|ivr|自動音声|自動応答"
    r"|音声ガイダンス|ガイダンス|ボット|チャットボット|システム"
    r"|agent|automated[ _-]?agent|human[ _-]?agent|virtual[ _-]?agent|operator|staff|rep|representative|support"
    r"|employee|supervisor|csr|system|custom[ _-]?bot|bot|assistant|internal|teller|advisor)(?:様|さん|側)?"
)
_ORDINAL = re.compile(r"[\s_#-]*(?:[0-9]{1,3}|[a-d]|[①-⑨])$")
_WRAPPING = " \t　[]【】()（）<>＜＞「」:：*"
# What people say who answer a customer's call for a living, in the words that speech recognition writes.
_STAFF_WORDS = re.compile(
    r"お電話(?:いただき(?:まして)?、?)?(?:誠に|どうも)?、?(?:ありがとうございます|有難うございます"
    r"|有り難うございます)|お待たせ(?:いた|致)?し(?:て(?:おり)?ます|まし(?:て|た))|で?ございます(?:でしょうか|ね)?"
    r"|承り|かしこまり|畏まり|承知(?:いたし|致し|しまし)|(?:確認|ご案内|お調べ|手配|対応|ご連絡|お送り|お繋ぎ"
    r"|おつなぎ)(?:いたし|致し|させて(?:いただ|頂))|お待ち(?:ください|下さい|くださいませ|いただ)|少々お待ち"
    r"|いかが(?:なさ|いた)|どのような(?:ご用|ご要)|ご(?:用件|要件)を?(?:お伺|うかが|承)|お(?:伺|うかが)い(?:しても"
    r"|いたし|できます|します)|お客様(?:の|は|が|番号|に)|申し訳(?:ございません|ありません|ございませんでした)"
    r"|(?:お|ご)(?:名前|住所|電話番号|連絡先|生年月日|契約)(?:を|と|は)?[^。]{0,12}(?:お願い|いただけ|頂け|伺"
    r"|うかが|頂戴|よろし)|(?:担当|係)の[^。]{1,12}(?:と申します|でございます)"
    r"|折り返し(?:お電話|ご連絡)|いたしかねます|致しかねます|できかねます|失礼いたし|失礼致し|ご不明な点|ご了承"
    r"|恐れ入り"
)
_OPENING = re.compile(
    r"お電話(?:いただき(?:まして)?、?)?(?:誠に|どうも)?、?(?:ありがとうございます|有難うございます"
    r"|有り難うございます)|お待たせ(?:いた|致)?し(?:まし(?:て|た)|て)"
)
_LETTERS_PER_UTTERANCE = 400


class Utterance(NamedTuple):
    """One utterance before roles are known.

    Parameters
    ----------
    speaker : str
        Label of the speaker; empty where the transcript names none.
    text : str
        What was said.
    start, end : float or None
        Seconds.
    role : str
        Role that the format itself states, such as ``"AGENT"``; may be empty.
    """

    speaker: str
    text: str
    start: float | None = None
    end: float | None = None
    role: str = ""


def _key(name: str) -> str:
    return unicodedata.normalize("NFKC", name).strip(_WRAPPING).lower()


def role_of_name(name: str) -> Role:
    """Return the role that a speaker's label tells.

    Parameters
    ----------
    name : str
        Such as ``"お客様1"``, ``"OP"`` or ``"SPEAKER_00"``.

    Returns
    -------
    {"customer", "staff", "unknown"}
        ``unknown`` for names of persons, numbers and letters.

    Examples
    --------
    >>> [role_of_name(name) for name in ("お客様", "オペレータ２", "AGENT", "spk_0", "佐藤")]
    ['customer', 'staff', 'staff', 'unknown', 'unknown']
    """
    key = _key(name)
    for candidate in (key, _ORDINAL.sub("", key)):
        if _CUSTOMER_NAMES.fullmatch(candidate):
            return "customer"
        if _STAFF_NAMES.fullmatch(candidate):
            return "staff"
    return "unknown"


def is_role_name(name: str) -> bool:
    """Tell whether a label names a role.

    Parameters
    ----------
    name : str
        Of a speaker.

    Returns
    -------
    bool
        True for ``"顧客"``, False for ``"件名"``.

    Examples
    --------
    >>> is_role_name("【顧客】"), is_role_name("件名")
    (True, False)
    """
    return role_of_name(name) != "unknown"


def assign_roles(utterances: Sequence[Utterance], customer_speakers: frozenset[str]) -> tuple[Mapping[str, Role], str]:
    """Tell the role of each speaker of a call.

    Parameters
    ----------
    utterances : sequence of Utterance
        The call.
    customer_speakers : frozenset of str
        Labels that are the customer, as the user says.

    Returns
    -------
    roles : mapping of str to str
        Per label.
    note : str
        How it was told where that is less than certain; ``"role unknown"`` where it could not be.

    Examples
    --------
    >>> call = [Utterance("A", "お電話ありがとうございます。"), Utterance("B", "壊れてたんだけど"),
    ...         Utterance("A", "申し訳ございません。")]
    >>> assign_roles(call, frozenset())
    ({'A': 'staff', 'B': 'customer'}, 'roles told by what the speakers say')
    """
    speakers = dict.fromkeys(utterance.speaker for utterance in utterances)
    stated = {utterance.speaker: utterance.role for utterance in utterances if utterance.role}
    named: dict[str, Role] = {}
    wanted = {_key(name) for name in customer_speakers}
    mapped = {speaker for speaker in speakers if speaker and _key(speaker) in wanted}
    for speaker in speakers:
        if speaker in mapped:
            named[speaker] = "customer"
            continue
        role = role_of_name(stated.get(speaker, "")) if stated.get(speaker) else role_of_name(speaker)
        named[speaker] = "staff" if mapped and role == "unknown" and speaker else role
    open_speakers = [speaker for speaker in speakers if named[speaker] == "unknown" and speaker]
    if not open_speakers:
        return named, "role unknown" if set(named.values()) <= {"unknown"} else ""
    return _from_known(named, open_speakers) or _from_words(utterances, named, open_speakers)


def _from_known(named: dict[str, Role], open_speakers: list[str]) -> tuple[Mapping[str, Role], str] | None:
    """Fill in the one speaker that is left when everybody else is on the other side."""
    roles = {role for role in named.values() if role != "unknown"}
    if len(roles) != 1 or len(open_speakers) != 1:
        return None
    other: Role = "staff" if roles == {"customer"} else "customer"
    return named | {open_speakers[0]: other}, "role of one speaker told from the other's"


def _from_words(
    utterances: Sequence[Utterance], named: dict[str, Role], open_speakers: list[str]
) -> tuple[Mapping[str, Role], str]:
    said = dict.fromkeys(open_speakers, 0)
    hits = dict.fromkeys(open_speakers, 0)
    openings: list[str] = []
    for number, utterance in enumerate(utterances):
        if utterance.speaker not in said:
            continue
        said[utterance.speaker] += 1
        hits[utterance.speaker] += bool(_STAFF_WORDS.search(utterance.text[:_LETTERS_PER_UTTERANCE]))
        if number < 4 and _OPENING.search(utterance.text[:_LETTERS_PER_UTTERANCE]):  # noqa: PLR2004
            openings.append(utterance.speaker)
            hits[utterance.speaker] += 1
    rates = {speaker: hits[speaker] / said[speaker] for speaker in open_speakers}
    staff = [speaker for speaker in open_speakers if hits[speaker] >= 2 and rates[speaker] >= 0.2]  # noqa: PLR2004
    staff = staff or openings[:1]
    lowest = min((rates[speaker] for speaker in staff), default=0.0)
    customers = [speaker for speaker in open_speakers if speaker not in staff and rates[speaker] * 2.5 <= lowest]
    if not staff or not (customers or "customer" in named.values()):
        return named, "role unknown"
    roles: dict[str, Role] = dict(named)
    roles.update(dict.fromkeys(staff, "staff"))
    roles.update(dict.fromkeys(customers, "customer"))
    return roles, "roles told by what the speakers say"
