"""Which column of a table is what, by its name."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from kahara_nlp.errors import DataError
from kahara_nlp.sources.options import SourceOptions

__all__ = ["Columns", "column_key", "find_columns", "looks_like_header", "text_column_rank"]

# Best first: a table may have both 件名 and 本文, or both 応対メモ and 発話内容.
_NAMES: dict[str, str] = {
    "text": (
        "本文 メール本文 本文テキスト text テキスト body plain_text body_text message_body 発話内容 発話 "
        "発話テキスト 認識結果 認識テキスト utterance transcript transcription "
        "お問い合わせ内容 問い合わせ内容 お問合せ内容 問合せ内容 お問合わせ内容 問合わせ内容 相談内容 ご意見内容 "
        "意見内容 苦情内容 申出内容 申し出内容 クレーム内容 通報内容 "
        "ご意見 ご意見・ご要望 意見 要望 内容 メッセージ メッセージ本文 message content コメント comment comments "
        "review レビュー 口コミ 自由記述 自由記入 自由回答 "
        "通話内容 会話内容 通話テキスト 文字起こし 応対内容 応対メモ 対応内容 対応メモ 応対履歴 通話メモ メモ "
        "備考 詳細 description 文章 文面 投稿内容"
    ),
    "id": (
        "message_id messageid メッセージid mail_id メールid id 管理番号 受付番号 受付no 受付id 整理番号 "
        "お問い合わせ番号 問い合わせ番号 問合せ番号 お問合せ番号 チケット番号 チケットid ticket_id "
        "案件番号 案件id case_id ケース番号 no 番号 通番 連番 uuid key"
    ),
    "date": (
        "日時 受信日時 送信日時 受付日時 登録日時 投稿日時 作成日時 通話開始日時 通話日時 着信日時 入電日時 "
        "応対日時 発生日時 日付 受信日 送信日 受付日 登録日 date datetime sent received received_at "
        "sent_at created_at created timestamp call_date"
    ),
    "sender": (
        "差出人 差出人アドレス 送信者 送信元 from sender from_address sender_address メールアドレス email e-mail "
        "mail address 顧客id 顧客番号 お客様番号 お客様id customer_id 会員番号 会員id user_id "
        "発信元 発信元番号 発信番号 電話番号 顧客名 お客様名 氏名 名前 お名前 customer name 投稿者"
    ),
    "recipient": "宛先 to recipient recipients to_address 受信者 送信先",
    "subject": "件名 subject 題名 タイトル title 表題",
    "direction": "送受信 送受信区分 受発信 受発信区分 方向 direction inbound_outbound 通話種別 メール種別",
    "thread": "in_reply_to references スレッドid スレッド thread thread_id 会話id conversation_id",
    "call": (
        "通話id コールid 応対id シーケンスid 通話番号 コール番号 録音id 録音ファイル 録音ファイル名 call_id "
        "callid contact_id contactid session_id セッションid conversation_id 会話id file filename ファイル名 "
        "音声ファイル"
    ),
    "speaker": (
        "話者 発話者 話者ラベル 話者名 話者区分 発言者 発言者名 speaker speaker_label speaker_id チャネル "
        "チャンネル channel role 役割 participant participant_role"
    ),
    "start": (
        "開始 開始時刻 開始時間 発話開始 発話開始時刻 開始位置 経過時間 start start_time starttime begin time "
        "時刻 タイムスタンプ"
    ),
    "end": "終了 終了時刻 終了時間 発話終了 発話終了時刻 end end_time endtime",
}  # fmt: skip
_LONGEST_NAME = 40
_MOST_SHOWN = 30
_DROPPED = re.compile(r"[\s　_\-・]+|\(.*?\)|\[.*?\]|【.*?】")


def column_key(name: str) -> str:
    """Return a column name without case, width, spaces and what stands in brackets.

    Parameters
    ----------
    name : str
        As it stands in a table.

    Returns
    -------
    str
        What names are compared by.

    Examples
    --------
    >>> column_key("Message_ID (PK)")
    'messageid'
    """
    plain = unicodedata.normalize("NFKC", name.strip("\ufeff \t\r\n\"'")).lower()
    return _DROPPED.sub("", plain) or plain


_KNOWN = {kind: {column_key(name): rank for rank, name in enumerate(names.split())} for kind, names in _NAMES.items()}
_AMBIGUOUS = {column_key(name) for name in "チャネル チャンネル channel role 役割 participant_role".split()}  # noqa: SIM905
_ALL = {name for names in _KNOWN.values() for name in names}


def text_column_rank(name: str) -> int | None:
    """Say how surely a column of this name holds the text.

    Parameters
    ----------
    name : str
        Name of a column.

    Returns
    -------
    int or None
        0 for the surest; None where the name is not that of a text.

    Examples
    --------
    >>> text_column_rank("本文"), text_column_rank("日時")
    (0, None)
    """
    return _KNOWN["text"].get(column_key(name))


@dataclass(frozen=True, slots=True)
class Columns:
    """Where in a row things stand.

    Parameters
    ----------
    text : int
        Index of the text.
    others : dict of str to int
        Index of each other kind of column that was found.
    """

    text: int
    others: dict[str, int]

    def get(self, row: Sequence[object], kind: str) -> str:
        """Return a value of a row as text.

        Parameters
        ----------
        row : sequence of object
            The values.
        kind : str
            Such as ``"date"``.

        Returns
        -------
        str
            Empty where the table has no such column or the row no such value.

        Examples
        --------
        >>> Columns(0, {"id": 1}).get(["text", 7.0], "id")
        '7'
        """
        index = self.text if kind == "text" else self.others.get(kind, -1)
        return cell_text(row[index]) if 0 <= index < len(row) else ""


def cell_text(value: object) -> str:
    """Return a cell as text.

    Parameters
    ----------
    value : object
        As a reader of tables gives it.

    Returns
    -------
    str
        Empty for None and NaN; whole numbers without a decimal point.

    Examples
    --------
    >>> cell_text(None), cell_text(12.0), cell_text("a")
    ('', '12', 'a')
    """
    if isinstance(value, str):
        return value
    if value is None or (isinstance(value, float) and value != value):  # noqa: PLR0124
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:  # noqa: PLR2004
        return str(int(value))
    try:
        return str(value)
    except ValueError:  # an integer of more digits than Python converts
        return ""


def looks_like_header(row: Sequence[str]) -> bool:
    """Tell whether a row names columns that are known.

    Parameters
    ----------
    row : sequence of str
        Of a table without further knowledge.

    Returns
    -------
    bool
        True where one cell is a usual name of a text column.

    Examples
    --------
    >>> looks_like_header(["ID", "本文"]), looks_like_header(["前略", "先日の件"])
    (True, False)
    """
    return any(column_key(cell) in _KNOWN["text"] for cell in row if len(cell) <= _LONGEST_NAME)


def find_columns(header: Sequence[str], options: SourceOptions) -> Columns:
    """Find the columns of a table.

    Parameters
    ----------
    header : sequence of str
        Names of the columns.
    options : SourceOptions
        May name the text and the id column.

    Returns
    -------
    Columns
        A column serves one purpose only.

    Raises
    ------
    DataError
        If the named column does not exist, or none is named and none recognised. The message lists the
        names that were found, unless they look like data.

    Examples
    --------
    >>> find_columns(["通話ID", "話者", "発話内容"], SourceOptions())
    Columns(text=2, others={'speaker': 1, 'call': 0})
    """
    keys = [column_key(name) if len(name) <= _LONGEST_NAME else "" for name in header]
    if options.text_column is not None:
        text = _named(header, keys, options.text_column, "text")
    else:
        ranked = [(rank, index) for index, key in enumerate(keys) if (rank := _KNOWN["text"].get(key)) is not None]
        if not ranked:
            msg = f"no column is known to hold the text; name it with text_column. {_found(header, keys)}"
            raise DataError(msg)
        text = min(ranked)[1]
    taken = {text}
    others: dict[str, int] = {}
    if options.id_column is not None:
        others["id"] = _named(header, keys, options.id_column, "id")
        taken.add(others["id"])
    # The call's id before other ids: 会話ID may be either, and only a call has speakers.
    order = ["speaker", "call", *(kind for kind in _KNOWN if kind not in {"speaker", "call", "text"})]
    # チャネル or role speaks of a speaker only beside a call's id: elsewhere it is "by telephone", "member" …
    call = bool(options.customer_speakers) or any(key in _KNOWN["call"] for key in keys)
    for kind in order:
        if kind in others or (kind in {"call", "start", "end"} and "speaker" not in others):
            continue
        ranked = [
            (rank, index)
            for index, key in enumerate(keys)
            if index not in taken
            and (rank := _KNOWN[kind].get(key)) is not None
            and (kind != "speaker" or call or key not in _AMBIGUOUS)
        ]
        if ranked:
            others[kind] = min(ranked)[1]
            taken.add(others[kind])
    return Columns(text, others)


def _named(header: Sequence[str], keys: list[str], name: str, purpose: str) -> int:
    plain = [cell.strip("\ufeff ") for cell in header]
    if name in plain:
        return plain.index(name)
    if column_key(name) in keys:
        return keys.index(column_key(name))
    msg = f"there is no column {name!r} for the {purpose}. {_found(header, keys)}"
    raise DataError(msg)


def _found(header: Sequence[str], keys: list[str]) -> str:
    """List the columns, unless the first row is data: texts never enter a message."""
    data_like = any(len(name) > _LONGEST_NAME or "。" in name or "@" in name or "\n" in name for name in header)
    if data_like or not (
        any(key in _ALL for key in keys) or all(re.fullmatch(r"\w{1,20}", n, re.ASCII) for n in header)
    ):
        return f"The first row has {len(header)} cells that do not look like names of columns"
    shown = ", ".join(name.strip("\ufeff ") or "(empty)" for name in header[:_MOST_SHOWN])
    return f"Columns found: {shown}" + (" …" if len(header) > _MOST_SHOWN else "")
