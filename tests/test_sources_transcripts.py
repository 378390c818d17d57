"""Calls: every transcript shape, and who in it is the customer."""

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kahara_nlp.customer_text import customer_text
from kahara_nlp.errors import KaharaError
from kahara_nlp.records import Message, Problem
from kahara_nlp.sources import SourceOptions, open_source
from kahara_nlp.sources.labelled import parse_labelled, parse_subtitles, seconds
from kahara_nlp.sources.roles import Utterance, assign_roles, role_of_name
from kahara_nlp.sources.speech import recognise

CUSTOMER = "注文が届きません。何回言わせるんですか。"
CUSTOMER_2 = "責任者を出してください。"
STAFF = "お電話ありがとうございます。"
STAFF_2 = "申し訳ございません。確認いたします。"
OWN_TEXT = f"{CUSTOMER}\n{CUSTOMER_2}"


def call(tmp_path: Path, data: object, name: str = "call", **options: object) -> Message:
    file = tmp_path / name
    if isinstance(data, bytes):
        file.write_bytes(data)
    else:
        file.write_text(data if isinstance(data, str) else json.dumps(data, ensure_ascii=False), encoding="utf-8")
    (found,) = list(open_source(file, SourceOptions(**options)))  # type: ignore[arg-type]
    assert isinstance(found, Message), found
    assert found.text == "\n".join(turn.text for turn in found.turns)
    return found


# --- labelled text ---------------------------------------------------------------------------------

LABELLED = {
    "colon": f"オペレータ：{STAFF}\n顧客：{CUSTOMER}\nオペレータ：{STAFF_2}\n顧客：{CUSTOMER_2}\n",
    "ascii colon": f"担当: {STAFF}\nお客様: {CUSTOMER}\n担当: {STAFF_2}\nお客様: {CUSTOMER_2}\n",
    "angle": f"OP> {STAFF}\nCU> {CUSTOMER}\nOP> {STAFF_2}\nCU> {CUSTOMER_2}\n",
    "square": f"[オペレーター] {STAFF}\n[顧客] {CUSTOMER}\n[オペレーター] {STAFF_2}\n[顧客] {CUSTOMER_2}\n",
    "lenticular": f"【応対者】{STAFF}\n【お客様】{CUSTOMER}\n【応対者】{STAFF_2}\n【お客様】{CUSTOMER_2}\n",
    "round": f"（受付）{STAFF}\n（客）{CUSTOMER}\n（受付）{STAFF_2}\n（客）{CUSTOMER_2}\n",
    "tab": f"スタッフ\t{STAFF}\nカスタマー\t{CUSTOMER}\nスタッフ\t{STAFF_2}\nカスタマー\t{CUSTOMER_2}\n",
    "time before": f"[00:00:01] 担当：{STAFF}\n[00:00:05] 客：{CUSTOMER}\n[00:00:15] 担当：{STAFF_2}\n[00:01:00] 客：{CUSTOMER_2}\n",
    "bare time before": f"00:01 担当: {STAFF}\n00:05 客: {CUSTOMER}\n00:15 担当: {STAFF_2}\n01:00 客: {CUSTOMER_2}\n",
    "time after": f"担当 (00:01): {STAFF}\n客 (00:05): {CUSTOMER}\n担当 (00:15): {STAFF_2}\n客 (01:00): {CUSTOMER_2}\n",
    "time behind colon": f"担当: [00:01] {STAFF}\n客: [00:05] {CUSTOMER}\n担当: [00:15] {STAFF_2}\n客: [01:00] {CUSTOMER_2}\n",
    "range": f"[00:00.000 --> 00:05.000] 担当: {STAFF}\n[00:05.000 --> 00:09.000] 客: {CUSTOMER}\n"
    f"[00:09.000 --> 00:12.000] 担当: {STAFF_2}\n[00:12.000 --> 00:15.000] 客: {CUSTOMER_2}\n",
    "heading": f"担当 00:01\n{STAFF}\n\n客 00:05\n{CUSTOMER}\n\n担当 00:15\n{STAFF_2}\n\n客 01:00\n{CUSTOMER_2}\n",
    "wrapped": f"担当：{STAFF}\n客：注文が届きません。\n　何回言わせるんですか。\n担当：{STAFF_2}\n客：{CUSTOMER_2}\n",
    "title": f"通話記録 2024-05-01\n\n担当：{STAFF}\n客：{CUSTOMER}\n担当：{STAFF_2}\n客：{CUSTOMER_2}\n",
    "numbers": f"担当1：{STAFF}\nお客様1：{CUSTOMER}\n担当2：{STAFF_2}\nお客様1：{CUSTOMER_2}\n",
    "whisperx": f"[SPEAKER_00]: {STAFF}\n[SPEAKER_01]: {CUSTOMER}\n[SPEAKER_00]: {STAFF_2}\n[SPEAKER_01]: {CUSTOMER_2}\n",
    "whisperx double": f"[[SPEAKER_00]]{STAFF}\n[[SPEAKER_01]]{CUSTOMER}\n[[SPEAKER_00]]{STAFF_2}\n[[SPEAKER_01]]{CUSTOMER_2}\n",
    "letters": f"A: {STAFF}\nB: {CUSTOMER}\nA: {STAFF_2}\nB: {CUSTOMER_2}\n",
    "letters full-width": f"Ａ：{STAFF}\nＢ：{CUSTOMER}\nＡ：{STAFF_2}\nＢ：{CUSTOMER_2}\n",
    "names": f"小暮：{STAFF}\n山田：{CUSTOMER}\n小暮：{STAFF_2}\n山田：{CUSTOMER_2}\n",
    "names with a time above": f"小暮 0:01\n{STAFF}\n山田 0:05\n{CUSTOMER}\n小暮 0:15\n{STAFF_2}\n山田 1:00\n{CUSTOMER_2}\n",
}


@pytest.mark.parametrize("text", LABELLED.values(), ids=LABELLED)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
def test_labelled_text(text: str, encoding: str, tmp_path: Path) -> None:
    found = call(tmp_path, text.replace("\n", "\r\n").encode(encoding))
    assert customer_text(found).text == OWN_TEXT
    assert [turn.role for turn in found.turns] == ["staff", "customer", "staff", "customer"]
    assert found.direction == "customer"


@pytest.mark.parametrize(
    "text",
    [
        "前略\n先日の件です。\nよろしく。",
        "件名: クレーム\n内容: 店員の態度が悪い",
        "お客様各位\n\n営業時間：9時\n定休日：水曜\nご案内です。",
        "注意: 必ずお読みください。\n一、二、三。\n四、五、六。\n七、八。",
        "",
    ],
)
def test_what_is_no_transcript(text: str) -> None:
    assert parse_labelled(text) is None


def test_times_are_kept(tmp_path: Path) -> None:
    for name in ("time before", "bare time before", "time after", "time behind colon", "heading"):
        assert [turn.start for turn in call(tmp_path, LABELLED[name]).turns] == [1.0, 5.0, 15.0, 60.0], name
    assert [(turn.start, turn.end) for turn in call(tmp_path, LABELLED["range"]).turns][1] == (5.0, 9.0)


@pytest.mark.parametrize(
    ("clock", "value"),
    [
        ("1:02:03.5", 3723.5),
        ("00:01,250", 1.25),
        ("1分23秒", 83.0),
        ("1時間2分3秒", 3723.0),
        ("5秒", 5.0),
        ("", None),
        ("x", None),
        ("12", 12.0),
        ("nan", None),
    ],
)
def test_clock_times(clock: str, value: float | None) -> None:
    assert seconds(clock) == value


# --- subtitles -------------------------------------------------------------------------------------

VTT = f"""WEBVTT - 通話

NOTE 社外秘
二行目

STYLE
::cue {{ color: red }}

1
00:00.000 --> 00:05.000 align:start
<v オペレーター>{STAFF}</v>

call-2
00:00:05.000 --> 00:00:09.000
<v.loud お客様>注文が届きません。
<v お客様><b>何回</b>言わせるんですか。

00:09.000 --> 00:12.000
<v オペレーター>{STAFF_2}
<v お客様>{CUSTOMER_2}
"""
SRT = f"""1
00:00:00,000 --> 00:00:05,000
担当者: {STAFF}

2
00:00:05,000 --> 00:00:09,000
お客様: 注文が届きません。
何回言わせるんですか。

3
00:00:09.000 --> 00:00:12.000
担当者: {STAFF_2}
4
00:00:12,000 --> 00:00:15,000

お客様: {CUSTOMER_2}
"""


@pytest.mark.parametrize(
    "text", [VTT, SRT, SRT.replace(": ", "："), SRT.replace("担当者", "[SPEAKER_00]").replace("お客様", "[SPEAKER_01]")]
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932", "utf-16"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=repr)
def test_subtitles(text: str, encoding: str, end: str, tmp_path: Path) -> None:
    found = call(tmp_path, text.replace("\n", end).encode(encoding))
    assert customer_text(found).text == OWN_TEXT
    assert [turn.text for turn in found.turns if turn.role == "staff"] == [STAFF, STAFF_2]
    assert found.turns[1].start == 5.0


def test_subtitles_in_detail() -> None:
    text = "WEBVTT\n\n00:01.000 --> 00:02.000\n<v 客>Q&amp;A &lt;x&gt; 3 --> 4\n{\\an8}<c.red>赤</c>\n\n00:03.000 --> 00:04.000\n話者なし\n"
    assert parse_subtitles(text) == [
        Utterance("客", "Q&A <x> 3 --> 4赤", 1.0, 2.0),
        Utterance("", "話者なし", 3.0, 4.0),
    ]
    # a label that comes once is not taken for a speaker
    srt = "1\n00:00:01,000 --> 00:00:02,000\n時間: 十時です\n\n2\n00:00:03,000 --> 00:00:04,000\n場所: 東京です\n"
    assert [turn.text for turn in parse_subtitles(srt)] == ["時間: 十時です", "場所: 東京です"]
    assert parse_subtitles("no cues") == []


def test_subtitles_without_words_are_a_problem(tmp_path: Path) -> None:
    file = tmp_path / "a.vtt"
    file.write_text("WEBVTT\n\n00:01.000 --> 00:02.000\n\n")
    assert [type(found) for found in open_source(file)] == [Problem]


# --- JSON of recognisers ---------------------------------------------------------------------------


def words(turns: list[tuple[str, str]], key: str) -> list[dict[str, object]]:
    """Return the characters of turns as words of a tenth of a second."""
    found, clock = [], 0.0
    for speaker, text in turns:
        for character in text:
            found.append({key: speaker, "character": character, "start": round(clock, 1), "end": round(clock + 0.1, 1)})
            clock += 0.1
    return found


TURNS = [("0", STAFF), ("1", CUSTOMER), ("0", STAFF_2), ("1", CUSTOMER_2)]
WORDS = words(TURNS, "speaker")


def amazon_standard(*, channels: bool) -> dict[str, object]:
    items: list[dict[str, object]] = []
    segments: list[dict[str, object]] = []
    by_channel: dict[str, list[dict[str, object]]] = {"ch_0": [], "ch_1": []}
    for word in WORDS:
        times = {"start_time": f"{word['start']:.1f}", "end_time": f"{word['end']:.1f}"}
        mark = word["character"] in ("。", "、")
        item = {
            "alternatives": [{"content": word["character"], "confidence": "0.9"}],
            "type": "punctuation" if mark else "pronunciation",
        } | ({} if mark else times)
        items.append(item)
        by_channel[f"ch_{word['speaker']}"].append(item)
        if not mark:
            segments.append(
                {
                    **times,
                    "speaker_label": f"spk_{word['speaker']}",
                    "items": [{**times, "speaker_label": f"spk_{word['speaker']}"}],
                }
            )
    results: dict[str, object] = {"items": items, "transcripts": [{"transcript": "".join(text for _, text in TURNS)}]}
    if channels:
        results["channel_labels"] = {
            "number_of_channels": 2,
            "channels": [{"channel_label": name, "items": own} for name, own in by_channel.items()],
        }
    else:
        results["speaker_labels"] = {"speakers": 2, "segments": segments}
    return {"jobName": "job-1", "accountId": "0", "status": "COMPLETED", "results": results}


def google_words(tag: str) -> list[dict[str, object]]:
    return [
        {
            "startTime": f"{word['start']:.1f}s",
            "endTime": f"{word['end']:.1f}s",
            "word": f"{word['character']}|カナ",
            tag: int(str(word["speaker"])) + 1 if tag == "speakerTag" else str(word["speaker"]),
        }
        for word in WORDS
    ]


SHAPES: dict[str, object] = {
    "call analytics": {
        "JobName": "job-1",
        "Participants": [{"ParticipantRole": "AGENT"}, {"ParticipantRole": "CUSTOMER"}],
        "Transcript": [
            {
                "ParticipantRole": ("AGENT", "CUSTOMER")[int(who)],
                "BeginOffsetMillis": i * 1000,
                "EndOffsetMillis": i * 1000 + 900,
                "Content": text,
                "Sentiment": "NEUTRAL",
                "LoudnessScores": [1.0, None],
            }
            for i, (who, text) in enumerate(TURNS)
        ],
    },
    "contact lens voice": {
        "Channel": "VOICE",
        "CustomerMetadata": {"ContactId": "job-1", "InputS3Uri": "s3://x"},
        "Participants": [
            {"ParticipantId": "p-0", "ParticipantRole": "AGENT"},
            {"ParticipantId": "p-1", "ParticipantRole": "CUSTOMER"},
        ],
        "Transcript": [
            {
                "Id": str(i),
                "ParticipantId": f"p-{who}",
                "BeginOffsetMillis": i * 1000,
                "EndOffsetMillis": i * 1000 + 900,
                "Content": text,
            }
            for i, (who, text) in enumerate(TURNS)
        ],
    },
    "contact lens chat": {
        "Channel": "CHAT",
        "CustomerMetadata": {"ContactId": "job-1"},
        "Participants": [
            {"ParticipantId": "AGENT", "ParticipantRole": "AGENT"},
            {"ParticipantId": "c", "ParticipantRole": "CUSTOMER"},
            {"ParticipantId": "s", "ParticipantRole": "SYSTEM"},
        ],
        "Transcript": [
            {
                "ParticipantId": ("AGENT", "c")[int(who)],
                "Type": "MESSAGE",
                "ContentType": "text/plain",
                "Content": text,
                "AbsoluteTime": "2024-05-01T01:00:00.000Z",
            }
            for who, text in TURNS
        ]
        + [
            {
                "ParticipantId": "c",
                "Type": "EVENT",
                "ContentType": "application/vnd.amazonaws.connect.event.participant.left",
            },
            {"ParticipantId": "c", "Type": "ATTACHMENT", "ContentType": "image/png", "Attachments": []},
        ],
    },
    "contact lens real time": {
        "Segments": [
            {
                "Transcript": {
                    "ParticipantRole": ("AGENT", "CUSTOMER")[int(who)],
                    "ParticipantId": f"p{who}",
                    "Content": text,
                    "BeginOffsetMillis": i,
                    "EndOffsetMillis": i,
                }
            }
            for i, (who, text) in enumerate(TURNS)
        ]
        + [{"Categories": {"MatchedCategories": ["x"]}}],
    },
    "amazon transcribe": amazon_standard(channels=False),
    "amazon transcribe channels": amazon_standard(channels=True),
    "bedrock": {
        "audio_segments": [
            {
                "text": text,
                "speaker": {"speaker_label": f"spk_{who}"},
                "start_timestamp_millis": i * 1000,
                "end_timestamp_millis": i * 1000,
            }
            for i, (who, text) in enumerate(TURNS)
        ]
    },
    "whisperx": {
        "segments": [
            {"start": float(i), "end": i + 0.9, "text": text, "speaker": f"SPEAKER_0{who}", "words": []}
            for i, (who, text) in enumerate(TURNS)
        ],
        "language": "ja",
    },
    "whisperx by words": {
        "segments": [
            {
                "start": float(i),
                "end": i + 0.9,
                "text": text,
                "words": [{"word": text[:1], "speaker": f"SPEAKER_0{who}"}] * 2 + [{"word": "x"}],
            }
            for i, (who, text) in enumerate(TURNS)
        ]
    },
    "openai": {
        "task": "transcribe",
        "text": "…",
        "segments": [
            {
                "type": "transcript.text.segment",
                "id": f"seg_{i}",
                "start": float(i),
                "end": i + 0.9,
                "text": text,
                "speaker": "AB"[int(who)],
            }
            for i, (who, text) in enumerate(TURNS)
        ],
    },
    "whisper.cpp": {
        "systeminfo": "x",
        "model": {},
        "transcription": [
            {
                "timestamps": {"from": "00:00:00,000", "to": "00:00:01,000"},
                "offsets": {"from": i * 1000, "to": i * 1000 + 900},
                "text": text,
                "speaker": who,
            }
            for i, (who, text) in enumerate(TURNS)
        ],
    },
    "whisper.cpp tdrz": {
        "transcription": [
            {"offsets": {"from": i * 1000, "to": i * 1000 + 900}, "text": text, "speaker_turn_next": True}
            for i, (who, text) in enumerate(TURNS)
        ]
    },
    "google v1": {
        "results": [
            {"alternatives": [{"transcript": text, "words": [{"word": "x", "startTime": f"{i}s", "speakerTag": 0}]}]}
            for i, (who, text) in enumerate(TURNS)
        ]
        + [{"alternatives": [{"words": google_words("speakerTag")}]}]
    },
    "google v1 channels": {
        "results": [
            {
                "alternatives": [{"transcript": text, "confidence": 0.9}],
                "channelTag": int(who) + 1,
                "resultEndTime": {"seconds": i, "nanos": 5},
                "languageCode": "ja-jp",
            }
            for i, (who, text) in enumerate(TURNS)
        ]
    },
    "google v2": {
        "results": [
            {
                "alternatives": [
                    {
                        "transcript": "".join(text for _, text in TURNS),
                        "words": [{**word, "startOffset": word["startTime"]} for word in google_words("speakerLabel")],
                    }
                ],
                "languageCode": "ja-JP",
            }
        ]
    },
    "google long running": {
        "name": "1",
        "done": True,
        "response": {"results": [{"alternatives": [{"words": google_words("speakerTag")}]}]},
    },
    "ccai": {
        "conversation_info": {},
        "entries": [
            {
                "start_timestamp_usec": 1_000_000_000 + i * 1_000_000,
                "text": text,
                "role": ("AGENT", "CUSTOMER")[int(who)],
                "user_id": int(who) + 1,
            }
            for i, (who, text) in enumerate(TURNS)
        ],
    },
    "ccai end user": {
        "entries": [
            {"text": text, "role": ("AUTOMATED_AGENT", "END_USER")[int(who)], "user_id": 1} for who, text in TURNS
        ]
    },
    "amivoice": {
        "results": [
            {
                "tokens": [
                    {
                        "written": word["character"],
                        "confidence": 0.9,
                        "starttime": int(float(str(word["start"])) * 1000),
                        "endtime": 0,
                        "spoken": "_",
                        "label": f"speaker{word['speaker']}",
                    }
                    for word in WORDS
                ],
                "confidence": 0.9,
                "starttime": 0,
                "endtime": 9,
                "tags": [],
                "text": "…",
            }
        ],
        "utteranceid": "job-1",
        "text": "…",
        "code": "",
        "message": "",
    },
    "amivoice async": {
        "status": "completed",
        "session_id": "job-1",
        "text": "…",
        "segments": [
            {
                "results": [
                    {
                        "tokens": [
                            {"written": c, "label": f"speaker{who}", "starttime": i * 1000 + j, "endtime": i * 1000 + j}
                            for j, c in enumerate(text)
                        ],
                        "text": text,
                    }
                ]
            }
            for i, (who, text) in enumerate(TURNS)
        ],
    },
    "azure batch": {
        "source": "x",
        "combinedRecognizedPhrases": [{"channel": 0, "display": "…"}],
        "recognizedPhrases": [
            {
                "recognitionStatus": "Success",
                "channel": 0,
                "speaker": int(who) + 1,
                "offset": f"PT{i}.04S",
                "duration": "PT0.5S",
                "offsetInTicks": i * 1e7,
                "durationInTicks": 5e6,
                "nBest": [{"confidence": 0.9, "lexical": "x", "display": text}],
            }
            for i, (who, text) in enumerate(TURNS)
        ],
    },
    "azure stereo": {  # one channel behind the other
        "recognizedPhrases": sorted(
            [
                {"channel": int(who), "offset": f"PT{i}S", "duration": "PT1S", "nBest": [{"maskedITN": text}]}
                for i, (who, text) in enumerate(TURNS)
            ],
            key=lambda phrase: str(phrase["channel"]),
        )
    },
    "azure fast": {
        "durationMilliseconds": 9,
        "combinedPhrases": [{"text": "…"}],
        "phrases": [
            {
                "offsetMilliseconds": i * 1000,
                "durationMilliseconds": 900,
                "text": text,
                "speaker": int(who) + 1,
                "words": [],
            }
            for i, (who, text) in enumerate(TURNS)
        ],
    },
    "plain turns": {
        "call_id": "job-1",
        "utterances": [{"speaker": who, "text": text, "start": i} for i, (who, text) in enumerate(TURNS)],
    },
    "list of turns": [{"role": ("assistant", "user")[int(who)], "content": text} for who, text in TURNS],
}


@pytest.mark.parametrize("data", SHAPES.values(), ids=SHAPES)
def test_json_of_recognisers(data: object, tmp_path: Path) -> None:
    found = call(tmp_path, data)
    assert [turn.text for turn in found.turns] == [text for _, text in TURNS]
    assert [turn.role for turn in found.turns] == ["staff", "customer", "staff", "customer"]
    assert customer_text(found).text == OWN_TEXT
    if "job-1" in json.dumps(data):
        assert found.message_id == "job-1"
    starts = [turn.start for turn in found.turns]
    assert starts == sorted(start for start in starts if start is not None) or set(starts) == {None}


@pytest.mark.parametrize(
    "data",
    [
        {"segments": [{"start": 0.0, "end": 1.0, "text": STAFF}, {"start": 1.0, "end": 2.0, "text": CUSTOMER}]},
        {"transcription": [{"offsets": {"from": 0, "to": 1}, "text": CUSTOMER, "speaker": "?"}]},
        {"results": [{"alternatives": [{"transcript": CUSTOMER}]}]},
        {"results": [{"tokens": [{"written": "x"}], "text": CUSTOMER}], "code": ""},
        {"segments": [{"text": "はい", "speaker": "A"}, {"text": "いいえ", "speaker": "B"}]},
    ],
    ids=repr,
)
def test_unknown_roles_are_reported_and_never_scored(data: object, tmp_path: Path) -> None:
    found = call(tmp_path, data)
    assert found.spans == ()
    assert customer_text(found).text == ""
    assert "role unknown" in found.notes
    assert found.direction == "unknown"


@pytest.mark.parametrize(
    "data",
    [
        {"Transcript": []},
        {"results": {"items": []}},
        {"results": [{"tokens": [], "text": ""}], "code": "-", "message": "received unsupported audio format"},
        {"segments": [{"text": "  ", "speaker": "A"}]},
        {"recognizedPhrases": [{"nBest": []}]},
    ],
    ids=repr,
)
def test_transcripts_without_words_are_problems(data: object, tmp_path: Path) -> None:
    file = tmp_path / "a.json"
    file.write_text(json.dumps(data))
    assert [type(found) for found in open_source(file)] == [Problem]


def test_json_lines_of_calls(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(
        "".join(json.dumps(SHAPES[name], ensure_ascii=False) + "\n" for name in ("whisperx", "ccai", "openai"))
    )
    assert [
        (found.position, customer_text(found).text) for found in open_source(file) if isinstance(found, Message)
    ] == [(i, OWN_TEXT) for i in (1, 2, 3)]


# --- roles -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "顧客",
        "お客様",
        "お客さま",
        "客",
        "カスタマー",
        "CU",
        "エンドユーザー",
        "外線",
        "相手",
        "Customer",
        "END_USER",
        "caller",
        "お客様１",
        "[顧客]",
        "患者様",
        "利用者A",
    ],
)
def test_names_of_customers(name: str) -> None:
    assert role_of_name(name) == "customer"


@pytest.mark.parametrize(
    "name",
    [
        "オペレーター",
        "オペレータ",
        "OP",
        "担当者",
        "応対者",
        "スタッフ",
        "エージェント",
        "内線",
        "AGENT",
        "Agent 2",
        "AUTOMATED_AGENT",
        "IVR",
        "自動音声",
        "SV",
        "受付",
        "operator",
    ],
)
def test_names_of_staff(name: str) -> None:
    assert role_of_name(name) == "staff"


@pytest.mark.parametrize("name", ["", "A", "SPEAKER_00", "spk_1", "0", "ch_0", "佐藤", "件名", "話者1"])
def test_names_that_tell_nothing(name: str) -> None:
    assert role_of_name(name) == "unknown"


def test_the_user_says_who_is_the_customer(tmp_path: Path) -> None:
    turns = {
        "segments": [
            {"text": "はい", "speaker": "SPEAKER_00"},
            {"text": "いいえ", "speaker": "SPEAKER_01"},
            {"text": "誰", "speaker": "SPEAKER_02"},
        ]
    }
    found = call(tmp_path, turns, customer_speakers=frozenset({"speaker_01"}))
    assert [turn.role for turn in found.turns] == ["staff", "customer", "staff"]
    # a mapping that names nobody in this call changes nothing
    assert call(tmp_path, LABELLED["colon"], customer_speakers=frozenset({"ch_9"})).spans != ()
    # and it is stronger than a name
    swapped = call(tmp_path, LABELLED["colon"], customer_speakers=frozenset({"オペレータ"}))
    assert customer_text(swapped).text.startswith(STAFF)


def test_evidence_must_be_clear() -> None:
    both = [Utterance("A", STAFF), Utterance("B", STAFF_2), Utterance("A", STAFF_2), Utterance("B", STAFF_2)]
    assert assign_roles(both, frozenset())[1] == "role unknown"
    none = [Utterance("A", "はい"), Utterance("B", "いいえ")]
    assert assign_roles(none, frozenset())[1] == "role unknown"
    opening = [
        Utterance("A", "はい、お電話ありがとうございます"),
        Utterance("B", "壊れた"),
        Utterance("B", "どうしてくれる"),
    ]
    assert assign_roles(opening, frozenset()) == (
        {"A": "staff", "B": "customer"},
        "roles told by what the speakers say",
    )
    transfer = [
        Utterance(who, text)
        for who, text in [
            ("A", STAFF),
            ("B", CUSTOMER),
            ("A", STAFF_2),
            ("C", "お待たせいたしました。承ります。"),
            ("B", CUSTOMER_2),
            ("C", STAFF_2),
        ]
    ]
    assert assign_roles(transfer, frozenset())[0] == {"A": "staff", "B": "customer", "C": "staff"}
    known = [Utterance("オペレータ", STAFF), Utterance("山田", CUSTOMER)]
    assert assign_roles(known, frozenset()) == (
        {"オペレータ": "staff", "山田": "customer"},
        "role of one speaker told from the other's",
    )


def test_a_turn_without_speaker_is_nobodys(tmp_path: Path) -> None:
    data = {
        "segments": [
            {"text": STAFF, "speaker": "A"},
            {"text": CUSTOMER, "speaker": "B"},
            {"text": "誰か"},
            {"text": STAFF_2, "speaker": "A"},
        ]
    }
    found = call(tmp_path, data)
    assert [turn.role for turn in found.turns] == ["staff", "customer", "unknown", "staff"]
    assert "role unknown in 1 of 4 turns" in found.notes


_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.sampled_from(["1.2s", "PT1S", "AGENT", "text/plain", "0:01", "-"]),
)
_KEYS = st.sampled_from(
    ["Transcript", "Segments", "Participants", "ParticipantRole", "ParticipantId", "Content", "BeginOffsetMillis", "results", "items", "alternatives", "content", "speaker_labels", "channel_labels", "channels", "segments", "speaker", "text", "start", "end", "words", "word", "speakerTag", "transcription", "offsets", "from", "entries", "role", "user_id", "tokens", "written", "label", "recognizedPhrases", "phrases", "nBest", "display", "offset", "turns", "transcript"]
)  # fmt: skip
_JSON = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(_KEYS, inner, max_size=6)),
    max_leaves=25,
)


@settings(max_examples=200, deadline=None)
@given(_JSON)
def test_any_json_is_read_or_refused(data: object) -> None:
    found = recognise(data)
    assert found is None or all(isinstance(utterance.text, str) for utterance in found.utterances)


_LINES = st.lists(
    st.sampled_from(
        [
            "顧客：",
            "A: ",
            "[00:01] ",
            "00:00:01,000 --> 00:00:02,000\n",
            "\n",
            "WEBVTT\n",
            "<v 客>",
            "</v>",
            "1\n",
            "あ",
            "NOTE\n",
            "-->",
            "客 00:01\n",
            "OP> ",
            "&amp;",
            "\r",
            "\ufeff",
            "（",
            "）",
        ]
    ),
    max_size=40,
).map("".join)


@settings(max_examples=150, deadline=None)
@given(_LINES)
def test_any_text_is_read_or_refused(text: str) -> None:
    parse_labelled(text)
    parse_subtitles(text)


@settings(max_examples=100, deadline=None)
@given(st.one_of(st.binary(max_size=200), _LINES.map(str.encode), _JSON.map(lambda data: json.dumps(data).encode())))
def test_any_file_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    file = tmp_path_factory.getbasetemp() / "fuzz"
    file.write_bytes(data)
    with contextlib.suppress(KaharaError):
        assert all(isinstance(found, Message | Problem) for found in open_source(file))
