"""What fuzzing starts from: the sample files, and a small file of every format that is read."""

import gzip
import io
import json
import re
import zipfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from tests.outlook_message import msg
from tests.outlook_store import OutlookStore

SAMPLES = Path(__file__).resolve().parent.parent.parent / "data" / "samples"
LONGEST = 60_000

HEAD = "From: 客 <k@b.example>\r\nTo: info@kumiai.example\r\nSubject: =?ISO-2022-JP?B?GyRCN28bKEI=?=\r\nMessage-ID: <1@b>\r\n"
PARTS = (
    "Content-Type: multipart/mixed; boundary=A\r\n\r\n--A\r\nContent-Type: multipart/alternative; boundary=B\r\n\r\n"
    "--B\r\nContent-Type: text/plain; charset=utf-8; format=flowed\r\nContent-Transfer-Encoding: base64\r\n\r\n6YGF44GE\r\n"
    "--B\r\nContent-Type: text/html; charset=shift_jis\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n<p>=92x=82=A2</p>\r\n"
    "--B--\r\n--A\r\nContent-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\ny\r\n--A--\r\n"
)
REPLY = "遅い。\r\n\r\n-- \r\n客\r\nTEL 03-0000-0000\r\n\r\n2024年5月1日(水) 10:00 担当 <a@kumiai.example>:\r\n> 遅れます。\r\n"
FORM = "お名前: 塩見\nメールアドレス: k@b.example\n件名: 返金\nお問い合わせ内容:\n返金しろ。\n"
TEXTS = {
    "labelled": "担当：お電話ありがとうございます。\n顧客：遅い。\n[00:05] 担当：申し訳ございません。\n",
    "webvtt": "WEBVTT\n\n1\n00:01.000 --> 00:02.000\n<v 客>遅い &amp; 高い\n\n00:03.000 --> 00:04.000\n<v 担当>はい\n",
    "srt": "1\n00:00:01,000 --> 00:00:02,000\n[SPEAKER_00]: 遅い\n\n2\n00:00:03,000 --> 00:00:04,000\n[SPEAKER_01]: はい\n",
    "csv": 'ID,日時,本文\n1,2024/5/1 9:03,"遅い\nです"\n2,令和6年5月1日,困る\n',
    "calls": "通話ID\t話者\t発話内容\t開始\n1\tお客様\t遅い\t0:01\n1\t担当\tはい\t0:03\n2\tA\tいい\t0:01\n",
    "jsonl": '{"id": 1, "text": "遅い"}\n{"id": 2, "text": null}\n',
}
CALLS: dict[str, object] = {
    "whisper": {"segments": [{"start": 0, "end": 1.5, "text": "遅い", "speaker": "SPEAKER_00"}]},
    "amazon": {"Transcript": [{"ParticipantRole": "CUSTOMER", "Content": "遅い", "BeginOffsetMillis": 1, "EndOffsetMillis": 2}]},
    "connect": {"Transcript": [{"ParticipantId": "a", "Content": "遅い"}], "Participants": [{"ParticipantId": "a", "ParticipantRole": "AGENT"}]},
    "azure": {"recognizedPhrases": [{"channel": 0, "offsetInTicks": 1.0, "nBest": [{"display": "遅い。"}]}]},
    "google": {"results": [{"alternatives": [{"transcript": "遅い", "words": [{"word": "遅い", "speakerTag": 1, "startTime": "1.2s"}]}]}]},
    "amivoice": {"segments": [{"results": [{"tokens": [{"written": "遅い", "label": "speaker0", "starttime": 1}]}]}], "status": "completed"},
    "whisper.cpp": {"transcription": [{"speaker": "0", "offsets": {"from": 0, "to": 9}, "text": "遅い"}]},
}  # fmt: skip


def _mail() -> Iterator[tuple[str, bytes]]:
    yield "parts.eml", (HEAD + PARTS).encode()
    yield "form.eml", (HEAD + "Content-Type: text/plain; charset=utf-8\r\n\r\n" + FORM).encode()
    jis = (HEAD + "Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n" + REPLY).replace("客 <k", "<k")
    yield "jis.eml", jis.encode("iso-2022-jp")
    one = (HEAD + "\r\n" + REPLY).encode("cp932")
    yield "mail.emlx", b"%d\n" % len(one) + one + b"<?xml version='1.0'?><plist></plist>"
    yield "box.mbox", b"From k@b.example Wed May  1 10:00:00 2024\n" + one + b"\n\nFrom -\n" + one + b"\n>From x\n"
    yield "mail.eml.gz", gzip.compress(one, mtime=0)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("a.eml"), one)
        archive.writestr(zipfile.ZipInfo("b/通話.csv"), TEXTS["csv"].encode("cp932"))
    yield "mails.zip", packed.getvalue()


def _outlook() -> Iterator[tuple[str, bytes]]:
    values = {
        0x001A: "IPM.Note",
        0x0037: "件名",
        0x0C1F: "k@b.example",
        0x1000: REPLY,
        0x1013: b"<p>x</p>",
        0x3FFD: 932,
    }
    for encoding in ("", "cp932"):
        store = OutlookStore(encoding)
        folder = store.folder("受信トレイ")
        store.message(folder, values, [{0x39FE: "info@kumiai.example"}])
        store.message(store.folder("2024", folder), values)
        yield f"store{encoding}.pst", bytes(store)
        strings = {tag: value for tag, value in values.items() if not isinstance(value, int)}
        yield f"mail{encoding}.msg", msg(strings, encoding=encoding or "utf-16-le", t3FFD=932)


def _tables() -> Iterator[tuple[str, bytes]]:
    if find_spec("openpyxl"):
        from openpyxl import Workbook

        book, file = Workbook(), io.BytesIO()
        for row in (["番号", "内容"], [1, "遅い"], [2, None]):
            book.active.append(row)
        book.save(file)
        yield "book.xlsx", file.getvalue()
    if find_spec("pyarrow"):
        import pyarrow as pa
        import pyarrow.parquet as pq

        file = io.BytesIO()
        pq.write_table(pa.table({"id": [1, 2], "本文": ["遅い", None]}), file)
        yield "table.parquet", file.getvalue()


def seeds() -> dict[str, bytes]:
    """Return the contents to start from by name, none longer than `LONGEST`."""
    found = dict([*_mail(), *_outlook(), *_tables()])
    for name, text in TEXTS.items():
        found |= {f"{name}.{encoding}": text.encode(encoding) for encoding in ("utf-8", "cp932", "utf-16")}
    found |= {f"{name}.json": json.dumps(data, ensure_ascii=False).encode() for name, data in CALLS.items()}
    for path in sorted(SAMPLES.rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            mails = re.split(rb"(?m)^(?=From .*\d{4}$)", data) if path.suffix == ".mbox" else [data]
            found |= {f"{path.name}-{number}": mail[:LONGEST] for number, mail in enumerate(mails) if mail}
    return found


def words() -> list[bytes]:
    """Return what the formats are made of, for the mutations."""
    text = HEAD + PARTS + FORM + "".join(TEXTS.values()) + json.dumps(CALLS)
    found = set(re.findall(r"[A-Za-z][\w./-]{3,30}[:=]?|--\w+(?:--)?|-->|<v |[ぁ-んァ-ヶ一-龠]{2,10}[:：]?", text))
    marks = [
        b"\x1b$B",
        b"\x1b(B",
        b"\x1b(I",
        b"\x0e",
        b"From - \n",
        b"\n\nFrom ",
        b"=?UTF-8?B?",
        b"?=",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"\r\n\r\n",
    ]
    return [*marks, *sorted(word.encode() for word in found)]
