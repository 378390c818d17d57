"""The JSON of speech recognisers, each told by its shape."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from kahara_nlp.sources.amazon import read_analytics, read_bedrock, read_real_time, read_standard
from kahara_nlp.sources.calls import merge_turns
from kahara_nlp.sources.loose_json import Json, dict_in, dicts_in, first_in, label_in, text_in, time_in
from kahara_nlp.sources.roles import Utterance

__all__ = ["Recognised", "recognise"]


class Recognised(NamedTuple):
    """A call as a recogniser wrote it.

    Parameters
    ----------
    utterances : list of Utterance
        In order of time.
    call_id : str
        Where the file states one; else empty.
    format : str
        The name of the format.
    """

    utterances: list[Utterance]
    call_id: str
    format: str


def recognise(data: object) -> Recognised | None:
    """Read the JSON of a speech recogniser or contact centre.

    Parameters
    ----------
    data : object
        As `json.loads` returns it.

    Returns
    -------
    Recognised or None
        None where it has none of the known shapes. A value of a wrong type inside a known shape is passed over.

    Examples
    --------
    >>> recognise({"segments": [{"start": 0.0, "end": 1.5, "text": "もしもし", "speaker": "SPEAKER_00"}]}).utterances
    [Utterance(speaker='SPEAKER_00', text='もしもし', start=0.0, end=1.5, role='')]
    """
    if not isinstance(data, dict):
        return None
    for name, reader in _READERS:
        utterances = reader(data)
        if utterances is not None:
            call_id = next(
                (str(data[key]) for key in _ID_KEYS if isinstance(data.get(key), str | int) and data[key] != ""), ""
            )
            contact = dict_in(data.get("CustomerMetadata")).get("ContactId")
            return Recognised(_ordered(utterances), str(contact or call_id)[:200], name)
    return None


_ID_KEYS = (
    "ContactId",
    "call_id",
    "callId",
    "conversation_id",
    "session_id",
    "JobName",
    "jobName",
    "utteranceid",
    "id",
)


def _ordered(utterances: list[Utterance]) -> list[Utterance]:
    """Put turns in order of time: stereo jobs list one channel after the other."""
    if any(utterance.start is None for utterance in utterances):
        return utterances
    return sorted(utterances, key=lambda utterance: utterance.start or 0.0)


def _amivoice(data: Json) -> list[Utterance] | None:
    """AmiVoice, one after the other and all at once; a label belongs to a token, not to a result."""
    results = dicts_in(data.get("results"))
    segments = dicts_in(data.get("segments"))
    if segments and any(isinstance(segment.get("results"), list) for segment in segments):
        results = [result for segment in segments for result in dicts_in(segment.get("results"))]
    elif not any(isinstance(result.get("tokens"), list) for result in results):
        return None
    words: list[Utterance] = []
    for result in results:
        tokens = dicts_in(result.get("tokens"))
        if not any(label_in(token.get("label")) for token in tokens):
            start, end = time_in(result.get("starttime"), 0.001), time_in(result.get("endtime"), 0.001)
            words.append(Utterance("", text_in(result.get("text")), start, end))
            continue
        for token in tokens:
            start, end = time_in(token.get("starttime"), 0.001), time_in(token.get("endtime"), 0.001)
            words.append(Utterance(label_in(token.get("label")), text_in(token.get("written")), start, end))
    return merge_turns(words)


def _whisper(data: Json) -> list[Utterance] | None:
    """Whisper, WhisperX and OpenAI's diarized JSON."""
    segments = dicts_in(data.get("segments"))
    if not any("text" in segment for segment in segments):
        return None
    return [
        Utterance(
            label_in(segment.get("speaker")) or _majority(dicts_in(segment.get("words"))),
            text_in(segment.get("text")),
            time_in(segment.get("start")),
            time_in(segment.get("end")),
        )
        for segment in segments
    ]


def _majority(words: list[Json]) -> str:
    """Return the speaker of most words of a segment that has none itself."""
    labels = [label for word in words if (label := label_in(word.get("speaker")))]
    return max(dict.fromkeys(labels), key=labels.count) if labels else ""


def _whisper_cpp(data: Json) -> list[Utterance] | None:
    segments = dicts_in(data.get("transcription"))
    if not any("offsets" in segment or "timestamps" in segment for segment in segments):
        return None
    utterances, tiny, told = [], 0, any("speaker_turn_next" in segment for segment in segments)
    for segment in segments:
        offsets = dict_in(segment.get("offsets"))
        speaker = label_in(segment.get("speaker")).replace("?", "")
        speaker = speaker or (f"turn{tiny % 2}" if told else "")
        tiny += segment.get("speaker_turn_next") is True
        utterances.append(
            Utterance(
                speaker,
                text_in(segment.get("text")),
                time_in(offsets.get("from"), 0.001),
                time_in(offsets.get("to"), 0.001),
            )
        )
    return utterances


def _google(data: Json) -> list[Utterance] | None:
    """Google Speech-to-Text, first and second version."""
    results = dicts_in(data.get("results")) or dicts_in(dict_in(data.get("response")).get("results"))
    best = [(first_in(result.get("alternatives")), result) for result in results]
    if not any("transcript" in alternative or "words" in alternative for alternative, _ in best):
        return None
    tagged = [_google_words(alternative) for alternative, _ in best]
    if tagged and any(word.speaker for word in tagged[-1]):
        # With diarisation the last result says everything once more, now with speakers.
        repeats = len(tagged) > 1 and not any(word.speaker for words in tagged[:-1] for word in words)
        return merge_turns(tagged[-1] if repeats else [word for words in tagged for word in words])
    utterances = []
    for (alternative, result), words in zip(best, tagged, strict=True):
        channel = label_in(result.get("channelTag"))
        end = time_in(result.get("resultEndTime") or result.get("resultEndOffset"))
        start = words[0].start if words else None
        utterances.append(
            Utterance(
                f"channel{channel}" if channel not in {"", "0"} else "",
                text_in(alternative.get("transcript")),
                start,
                end,
            )
        )
    return utterances


def _google_words(alternative: Json) -> list[Utterance]:
    words = []
    for word in dicts_in(alternative.get("words")):
        tag = label_in(word.get("speakerTag"))
        label = label_in(word.get("speakerLabel")) or ("" if tag == "0" else tag)  # a tag of 0 is unset
        written = text_in(word.get("word")).split("|")[0]  # 表記|カナ
        start = time_in(word.get("startTime", word.get("startOffset")))
        end = time_in(word.get("endTime", word.get("endOffset")))
        words.append(Utterance(label, written, start, end))
    return words


def _google_ccai(data: Json) -> list[Utterance] | None:
    entries = dicts_in(data.get("entries"))
    if not any("text" in entry and ("role" in entry or "user_id" in entry) for entry in entries):
        return None
    first = min(
        (time for entry in entries if (time := time_in(entry.get("start_timestamp_usec"), 1e-6)) is not None),
        default=0.0,
    )
    utterances = []
    for entry in entries:
        role = text_in(entry.get("role"))
        start = time_in(entry.get("start_timestamp_usec"), 1e-6)
        speaker = f"{role} {label_in(entry.get('user_id'))}".strip()
        utterances.append(
            Utterance(
                speaker, text_in(entry.get("text")), None if start is None else round(start - first, 3), None, role
            )
        )
    return utterances


def _azure(data: Json) -> list[Utterance] | None:
    """Azure Speech, batch and fast."""
    batch, fast = dicts_in(data.get("recognizedPhrases")), dicts_in(data.get("phrases"))
    if not batch and not any("text" in phrase for phrase in fast):
        return None
    channels = {label_in(phrase.get("channel")) for phrase in batch or fast}
    utterances = []
    for phrase in batch or fast:
        best = first_in(phrase.get("nBest"))
        text = text_in(phrase.get("text")) or next(
            (text_in(best.get(key)) for key in ("display", "maskedITN", "itn", "lexical") if best.get(key)), ""
        )
        start, length = _azure_times(phrase)
        speaker = label_in(phrase.get("speaker"))
        if not speaker and len(channels) > 1:
            speaker = f"channel{label_in(phrase.get('channel'))}"
        end = None if start is None or length is None else round(start + length, 6)
        utterances.append(Utterance(speaker, text, start, end))
    return utterances


def _azure_times(phrase: Json) -> tuple[float | None, float | None]:
    for key, scale in (("Milliseconds", 0.001), ("InTicks", 1e-7), ("", 1.0)):
        start = time_in(phrase.get("offset" + key), scale)
        if start is not None:
            return start, time_in(phrase.get("duration" + key), scale)
    return None, None


def _plain_turns(data: Json) -> list[Utterance] | None:
    """Read a list of turns under any usual name, each with a speaker and a text."""
    for key in (
        "turns",
        "utterances",
        "transcript",
        "conversation",
        "messages",
        "dialogue",
        "phrases",
        "sentences",
        "monologues",
    ):
        turns = dicts_in(data.get(key))
        found = [utterance for turn in turns if (utterance := _plain_turn(turn)) is not None]
        if found and len(found) * 2 > len(turns):
            return found
    return None


_SPEAKER_KEYS = (
    "speaker",
    "role",
    "speaker_label",
    "speakerLabel",
    "participant",
    "channel",
    "話者",
    "発話者",
    "sender",
    "from",
)
_TEXT_KEYS = ("text", "content", "transcript", "utterance", "message", "発話", "発話内容", "テキスト", "body")


def _pick(turn: Json, keys: Sequence[str], read: Callable[[object], str]) -> str:
    return next((value for key in keys if (value := read(turn.get(key)))), "")


def _plain_turn(turn: Json) -> Utterance | None:
    text, speaker = _pick(turn, _TEXT_KEYS, text_in), _pick(turn, _SPEAKER_KEYS, label_in)
    if not text or not speaker:
        return None
    start = next(
        (
            time
            for key in ("start", "start_time", "startTime", "begin", "offset")
            if (time := time_in(turn.get(key))) is not None
        ),
        None,
    )
    end = next((time for key in ("end", "end_time", "endTime") if (time := time_in(turn.get(key))) is not None), None)
    return Utterance(speaker, text, start, end)


_READERS: Iterable[tuple[str, Callable[[Json], list[Utterance] | None]]] = (
    ("Amazon Transcribe Call Analytics or Contact Lens", read_analytics),
    ("Contact Lens in real time", read_real_time),
    ("Amazon Transcribe", read_standard),
    ("Bedrock Data Automation", read_bedrock),
    ("AmiVoice", _amivoice),
    ("Azure Speech", _azure),
    ("whisper.cpp", _whisper_cpp),
    ("Whisper", _whisper),
    ("Google Speech-to-Text", _google),
    ("Google CCAI", _google_ccai),
    ("turns", _plain_turns),
)
