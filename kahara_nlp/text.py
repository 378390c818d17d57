"""Normalisation with a map back to the original, and splitting into passages.

Everything that the model sees has gone through `normalize`. Whatever is shown to a person is the
original: `normalize_with_offsets` says where each normalised character came from.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from kahara_nlp.records import Passage, Status

__all__ = ["NormalizedText", "language_status", "normalize", "normalize_with_offsets", "split_passages"]

_MARKS = "\u0300-\u036f\u3099\u309a"
_JAPANESE = "ぁ-ゖァ-ヺー一-鿿々"
_HIDING = "◯○〇●×✕*＊_■□"
_INSIDE = "・/*.,、。_\\-+|×★☆♡♥◯○〇●~〜'\"^ "
# Words that people break up with marks or spaces to slip past a filter: only these are put together again.
_BROKEN_WORDS = (
    "死ね", "しね", "殺す", "ころす", "殺し", "バカ", "ばか", "馬鹿", "アホ", "あほ", "ボケ", "クズ", "くず",
    "ゴミ", "クソ", "くそ", "カス", "ブス", "デブ", "ハゲ", "キモい", "きもい", "ウザい", "うざい",
    "無能", "土下座", "ふざけるな", "ふざけんな", "黙れ", "消えろ", "クビ", "晒す", "晒し",
)  # fmt: skip


def _broken(word: str) -> str:
    """Return a pattern for a word with marks inside, unless it lies inside a run of the same script."""
    scripts = ("ァ-ヺー", "ぁ-ゖ")
    before = "".join(script for script in scripts if re.match(f"[{script}]", word[0]))
    after = "".join(script for script in scripts[:1] if re.match(f"[{script}]", word[-1]))
    inside = f"[{_INSIDE}]{{0,2}}".join(word)
    return (f"(?<![{before}])" if before else "") + inside + (f"(?![{after}])" if after else "")


def _nfkc(match: re.Match[str]) -> str:
    return unicodedata.normalize("NFKC", match[0])


def _lower(match: re.Match[str]) -> str:
    return match[0].lower()


def _without_spaces(match: re.Match[str]) -> str:
    return re.sub(r"[ \t]+", "", match[0])


def _rejoined(match: re.Match[str]) -> str:
    return re.sub(f"[{_INSIDE}]", "", match[0])


_Replacement = str | Callable[[re.Match[str]], str]
# In this order. MeCab ends a text at NUL and reads half-width kana and disguised words as something else.
_PASSES: tuple[tuple[re.Pattern[str], _Replacement], ...] = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"\r\n?|[\u2028\u2029\x0b\x0c\x85]", "\n"),
        # within a passage a newline only wraps a line
        (r"(?<=[^\x00-\x7f])[ \t\u3000]*\n[ \t\u3000]*(?=[^\x00-\x7f])", ""),
        # controls, zero-width and bidirectional marks, lone surrogates, private use (carrier emoji)
        ((r"[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f"
         r"\ufe00-\ufe0f\ufeff\ufff9-\ufffb\ud800-\udfff\ue000-\uf8ff\U000e0000-\U0010ffff]+"), ""),
        # A cluster at a time: half-width kana with its sound mark, a base with combining marks.
        (rf"[\uff66-\uff9d][\uff9e\uff9f]?|[^\n\x00-\x7fぁ-ゖァ-ヺー一-鿿々、。「」…〜{_MARKS}][{_MARKS}]*|.[{_MARKS}]+",
         _nfkc),
        (r"[A-Z]+", _lower),
        (r"[~∼〜～]+", "〜"),
        (r"[−–—―‐‑]", "-"),
        (r"[-─━═=*_]{3,}", "--"),
        (r"(?:\.{2,}|…+|‥+|・{2,}|。{2,}|､{2,}|、{2,})", "…"),
        (r"!{2,}", "!!"),
        (r"\?{2,}", "??"),
        (r"ー{2,}", "ー"),
        (r"w{3,}", "ww"),
        (r"([ぁぃぅぇぉっァィゥェォッあいうえおアイウエオ])\1{2,}", r"\1"),
        # ば か、し ね: single characters set apart by spaces
        (rf"(?<![{_JAPANESE}])(?:[{_JAPANESE}][ \t]+)+[{_JAPANESE}](?![{_JAPANESE}])", _without_spaces),
        ("|".join(map(_broken, _BROKEN_WORDS)), _rejoined),
        # the usual disguises
        (r"タヒ(?=[ねぬんにのな])", "死"),
        (r"(?<![一-鿿a-z0-9])[氏4四](?=ね(?:[よやば]|[^ぁ-ゖァ-ヺ一-鿿]|$))", "死"),
        (r"(?<![ァ-ヺーぁ-ゖ一-鿿])(?:シネ|しね)(?=[よや!。、…\s]|$)", "死ね"),
        (r"(?<![ァ-ヺー])コロ[スす](?![ァ-ヺー])", "殺す"),
        (r"(?<![ァ-ヺー])コロ[シし](?=[テてタた])", "殺し"),
        (rf"殺[{_HIDING}]す?", "殺す"),
        (rf"(?<![{_JAPANESE}{_HIDING}])[{_HIDING}]す(?=ぞ|から|よ|$)", "殺す"),
        (rf"[死氏][{_HIDING}](?=[よや!。、…\s]|$)", "死ね"),
        (r"頃す(?=ぞ|から|よ)", "殺す"),
        (rf"土[{_HIDING}]座|ド下座|どげざ|ドゲザ", "土下座"),
        (r"ヴァカ|バヵ|ヴぁか", "バカ"),
        (r"ヴォケ", "ボケ"),
        (rf"バ[{_HIDING}](?=[^{_JAPANESE}]|か|が|野郎|じゃ|だ|$)", "バカ"),
        (rf"ク[{_HIDING}](?=野郎|が|ども|じゃ)", "クズ"),
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class NormalizedText:
    """A normalised text and where each of its characters came from.

    Parameters
    ----------
    text : str
        The normalised text.
    starts : tuple of int, length ``len(text) + 1``
        Offset into the original of each character; the last is the original's length.
    ends : tuple of int, length ``len(text)``
        Offset behind the last original character that went into each character.
    """

    text: str
    starts: tuple[int, ...]
    ends: tuple[int, ...]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the range of the original behind a range of the normalised text.

        Parameters
        ----------
        start, end : int
            Offsets into `text` in characters.

        Returns
        -------
        tuple of int
            Offsets into the original in characters.

        Examples
        --------
        >>> normalize_with_offsets("ﾊﾞｶにするな").span(0, 2)
        (0, 3)
        """
        if start >= end:
            return self.starts[start], self.starts[start]
        return self.starts[start], max(self.ends[start:end])


def normalize(text: str) -> str:
    r"""Normalise a text as the model reads it.

    NFKC; one form for wave dashes and minus signs; controls, zero-width characters and lone
    surrogates away; repeated marks shortened; the usual disguises of hard words undone.

    Parameters
    ----------
    text : str
        One passage; a newline between two Japanese characters counts as a wrapped line and goes.

    Returns
    -------
    str
        The normalised text; normalising it again changes nothing that matters to the model.

    Examples
    --------
    >>> normalize("ﾊﾞｶ！！！　タヒね"), normalize("返金しろ\x00殺◯ぞ")
    ('バカ!! 死ね', '返金しろ殺すぞ')
    """
    for pattern, replacement in _PASSES:
        text = pattern.sub(replacement, text)
    return text


def normalize_with_offsets(text: str) -> NormalizedText:
    """Normalise a text and keep the way back.

    Parameters
    ----------
    text : str
        Any text.

    Returns
    -------
    NormalizedText
        ``.text`` equals ``normalize(text)``.

    Examples
    --------
    >>> normalize_with_offsets("はい！！！").starts
    (0, 1, 2, 3, 5)
    """
    starts, ends = list(range(len(text))), list(range(1, len(text) + 1))
    for pattern, replacement in _PASSES:
        pieces: list[str] = []
        new_starts: list[int] = []
        new_ends: list[int] = []
        position = 0
        for match in pattern.finditer(text):
            begin, end = match.span()
            new = replacement(match) if callable(replacement) else match.expand(replacement)
            pieces += (text[position:begin], new)
            new_starts += starts[position:begin]
            new_ends += ends[position:begin]
            if end - begin == len(new):
                new_starts += starts[begin:end]
                new_ends += ends[begin:end]
            else:  # the first characters keep their places, the rest of the match goes to the last one
                kept = min(len(new), end - begin)
                new_starts += starts[begin : begin + kept] + [starts[end - 1]] * (len(new) - kept)
                new_ends += ends[begin : begin + kept] + [ends[end - 1]] * (len(new) - kept)
                if new:
                    new_ends[-1] = ends[end - 1]
            position = end
        if pieces:
            text = "".join(pieces) + text[position:]
            starts = new_starts + starts[position:]
            ends = new_ends + ends[position:]
    return NormalizedText(text, (*starts, ends[-1] if ends else 0), tuple(ends))


_SENTENCE_END = re.compile(r"[。!?！？]+[」』）)\]]*|[」』](?=\s*\n)")
_OPENING, _CLOSING = "「『（(", "」』）)"
_LONGEST_QUOTE = 200
_LONGEST_PASSAGE = 240
_SOFT_BREAK = re.compile(r"[、,，\s]")
_WRAP_WIDTH = 25  # Japanese mail is wrapped at 34 to 38 full-width characters, prose lines are rarely shorter
_NEW_LINE_OF_THOUGHT = re.compile(r"[ \t\u3000]*(?:[・●■◆◇○※>＞*\-(（【\[①-⑳]|\d+[.)．）、])|[ \t]*\u3000")


def _ends_line(text: str, line_start: int, newline: int) -> bool:
    """Tell whether a newline ends the thought, or only wraps a long line of mail."""
    line = text[line_start:newline].strip()
    following = text[newline + 1 : newline + 80]
    if len(line) < _WRAP_WIDTH or not following.strip() or following[0] in "\r\n":
        return True
    return line[-1] in "。!?！？」』:：" or _NEW_LINE_OF_THOUGHT.match(following) is not None


def _quote_end(text: str, start: int) -> int:
    """Return the offset behind the quotation that opens at `start`; `start` + 1 where it never closes."""
    depth = 0
    for offset in range(start, min(len(text), start + _LONGEST_QUOTE)):
        if text[offset] in _OPENING:
            depth += 1
        elif text[offset] in _CLOSING:
            depth -= 1
            if depth == 0:
                return offset + 1
    return start + 1


_BREAK = re.compile(r"[。!?！？\n「『（(]")


def _sentence_ends(text: str) -> list[int]:
    """Return the offsets at which sentences end; a quotation is not cut in two."""
    ends: list[int] = []
    offset = line_start = 0
    while match := _BREAK.search(text, offset):
        at = match.start()
        if text[at] in _OPENING:
            offset = _quote_end(text, at)
        elif text[at] == "\n":
            if _ends_line(text, line_start, at):
                ends.append(at)
            offset = line_start = at + 1
        else:
            end = _SENTENCE_END.match(text, at)
            offset = end.end() if end else at + 1
            ends.append(offset)
    return ends


def split_passages(text: str) -> list[Passage]:
    """Split a text into sentences or lines.

    A newline ends a passage unless it only wraps a long line; a quotation in 「」 is not cut; a
    stretch without marks is cut at about 240 characters, at a comma or space where there is one.

    Parameters
    ----------
    text : str
        The original text.

    Returns
    -------
    list of Passage
        In order, without blank ones, not overlapping; ``passage.text == text[start:end]``.

    Examples
    --------
    >>> [p.text for p in split_passages("もう結構です。「帰れ。」と言われました。")]
    ['もう結構です。', '「帰れ。」と言われました。']
    """
    passages: list[Passage] = []
    begin = 0
    for end in [*_sentence_ends(text), len(text)]:
        while begin < end:
            stop = end
            if end - begin > _LONGEST_PASSAGE:
                cuts = [
                    m.end() for m in _SOFT_BREAK.finditer(text, begin + _LONGEST_PASSAGE // 2, begin + _LONGEST_PASSAGE)
                ]
                stop = cuts[-1] if cuts else begin + _LONGEST_PASSAGE
            piece = text[begin:stop]
            left = begin + len(piece) - len(piece.lstrip())
            right = stop - (len(piece) - len(piece.rstrip()))
            if left < right:
                passages.append(Passage(text[left:right], left, right))
            begin = stop
    return passages


_KANA_OR_KANJI = re.compile(r"[ぁ-ゖァ-ヺｦ-ﾝ一-鿿々]")
_KANA = re.compile(r"[ぁ-ゖァ-ヺｦ-ﾝ]")
_OTHER_LETTERS = re.compile(r"[A-Za-z\u00c0-\u024f\u0370-\u1fff\uac00-\ud7af\u0e00-\u0e7f]")
_ENOUGH_LETTERS = 12
_ADDRESS = re.compile(r"(?:https?://|www\.)[!-~]+|[\w.+-]+@[\w.-]+", re.ASCII)


def language_status(text: str) -> Status:
    """Tell whether a text is one that the model can speak about.

    Parameters
    ----------
    text : str
        The original text.

    Returns
    -------
    {"scored", "empty", "not_japanese"}
        ``empty`` without any letter or digit; ``not_japanese`` where there are only other letters, or where
        a longer text has Chinese characters and no kana.

    Examples
    --------
    >>> language_status(" … "), language_status("Please call me back."), language_status("返金希望")
    ('empty', 'not_japanese', 'scored')
    """
    if not any(character.isalnum() for character in text):
        return "empty"
    text = _ADDRESS.sub(" ", text)
    japanese = len(_KANA_OR_KANJI.findall(text))
    # One Japanese sentence among foreign ones is enough: the passages are scored one by one.
    if not japanese and _OTHER_LETTERS.search(text):
        return "not_japanese"
    if japanese > 2 * _ENOUGH_LETTERS and not _KANA.search(text):
        return "not_japanese"
    return "scored"
