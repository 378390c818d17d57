"""The transcripts of Amazon's services."""

from collections.abc import Mapping

from kahara_nlp.sources.calls import merge_turns
from kahara_nlp.sources.loose_json import Json, dict_in, dicts_in, first_in, label_in, text_in, time_in
from kahara_nlp.sources.roles import Utterance

__all__ = ["read_analytics", "read_bedrock", "read_real_time", "read_standard"]


def read_analytics(data: Json) -> list[Utterance] | None:
    """Read Amazon Transcribe Call Analytics and Connect Contact Lens, voice and chat.

    Parameters
    ----------
    data : mapping
        The file.

    Returns
    -------
    list of Utterance or None
        None where it has another shape.
    """
    if not isinstance(data.get("Transcript"), list):
        return None
    roles = {
        label_in(one.get("ParticipantId")): text_in(one.get("ParticipantRole"))
        for one in dicts_in(data.get("Participants"))
    }
    utterances = []
    for turn in dicts_in(data["Transcript"]):
        kind = text_in(turn.get("ContentType")).lower()
        if (kind and not kind.startswith("text/")) or text_in(turn.get("Type") or "MESSAGE").upper() not in {
            "MESSAGE",
            "",
        }:
            continue  # a chat's events and attachments
        person = label_in(turn.get("ParticipantId"))
        role = text_in(turn.get("ParticipantRole")) or roles.get(person, "") or person
        begin, end = time_in(turn.get("BeginOffsetMillis"), 0.001), time_in(turn.get("EndOffsetMillis"), 0.001)
        utterances.append(Utterance(person or role, text_in(turn.get("Content")), begin, end, role))
    return utterances


def read_real_time(data: Json) -> list[Utterance] | None:
    """Read Contact Lens in real time.

    Parameters
    ----------
    data : mapping
        The file.

    Returns
    -------
    list of Utterance or None
        None where it has another shape.
    """
    segments = dicts_in(data.get("Segments"))
    turns = [dict_in(segment.get("Transcript") or segment.get("Utterance")) for segment in segments]
    if not any(turns):
        return None
    return read_analytics({"Transcript": [turn for turn in turns if turn]})


def read_standard(data: Json) -> list[Utterance] | None:
    """Read Amazon Transcribe: words, and beside them who speaks when.

    Parameters
    ----------
    data : mapping
        The file.

    Returns
    -------
    list of Utterance or None
        None where it has another shape.
    """
    results = dict_in(data.get("results"))
    if not isinstance(results.get("items"), list):
        return None
    channels = dicts_in(dict_in(results.get("channel_labels")).get("channels"))
    if channels:
        words = [
            word
            for channel in channels
            for word in _amazon_words(dicts_in(channel.get("items")), {}, label_in(channel.get("channel_label")))
        ]
        return merge_turns(sorted(words, key=lambda word: word.start or 0.0))
    speakers = {
        (label_in(item.get("start_time")), label_in(item.get("end_time"))): label_in(
            item.get("speaker_label") or segment.get("speaker_label")
        )
        for segment in dicts_in(dict_in(results.get("speaker_labels")).get("segments"))
        for item in (segment, *dicts_in(segment.get("items")))
    }
    return merge_turns(_amazon_words(dicts_in(results["items"]), speakers, ""))


def _amazon_words(items: list[Json], speakers: Mapping[tuple[str, str], str], channel: str) -> list[Utterance]:
    words: list[Utterance] = []
    for item in items:
        content = text_in(first_in(item.get("alternatives")).get("content"))
        start, end = time_in(item.get("start_time")), time_in(item.get("end_time"))
        if item.get("type") == "punctuation" and words:
            words[-1] = words[-1]._replace(text=words[-1].text + content)
            continue
        key = (label_in(item.get("start_time")), label_in(item.get("end_time")))
        speaker = channel or label_in(item.get("speaker_label")) or speakers.get(key, "")
        words.append(Utterance(speaker, content, start, end))
    return words


def read_bedrock(data: Json) -> list[Utterance] | None:
    """Read Bedrock Data Automation.

    Parameters
    ----------
    data : mapping
        The file.

    Returns
    -------
    list of Utterance or None
        None where it has another shape.
    """
    if not isinstance(data.get("audio_segments"), list):
        return None
    return [
        Utterance(
            label_in(
                dict_in(segment.get("speaker")).get("speaker_label")
                or dict_in(segment.get("channel")).get("channel_label")
            ),
            text_in(segment.get("text")),
            time_in(segment.get("start_timestamp_millis"), 0.001),
            time_in(segment.get("end_timestamp_millis"), 0.001),
        )
        for segment in dicts_in(data["audio_segments"])
    ]
