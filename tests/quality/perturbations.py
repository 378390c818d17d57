"""What real text does to words: each function disturbs a text, the same way in every run."""

import random
import re
import unicodedata
from collections.abc import Callable
from functools import cache
from typing import Any

from kahara_nlp.text import normalize

_HALF = {unicodedata.normalize("NFKC", chr(code)): chr(code) for code in range(0xFF66, 0xFF9E)}
_HALF |= {
    unicodedata.normalize("NFKC", chr(code) + mark): chr(code) + mark
    for code in range(0xFF66, 0xFF9E)
    for mark in "ﾞﾟ"
    if len(unicodedata.normalize("NFKC", chr(code) + mark)) == 1
}
_FILLERS = ["えーと、", "あのー、", "なんか、", "まあ、", "えー", "その、"]
_SLIPS = str.maketrans({"誠": "製", "返": "変", "責": "席", "対": "大", "謝": "社", "訴": "素", "慰": "医", "録": "六"})


def half_width(text: str, _: random.Random) -> str:
    """Katakana in half width."""
    return "".join(_HALF.get(character, character) for character in text)


def full_width(text: str, _: random.Random) -> str:
    """Letters, digits and marks in full width."""
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def spaced(text: str, rng: random.Random) -> str:
    """A space behind every third character or so."""
    return "".join(c + (" " if rng.random() < 0.3 else "") for c in text)


def without_marks(text: str, _: random.Random) -> str:
    """No punctuation, as speech recognition writes."""
    return re.sub(r"[。、,.!?！？「」『』]", "", text)


def with_fillers(text: str, rng: random.Random) -> str:
    """Fillers at the beginning and behind commas."""
    return rng.choice(_FILLERS) + re.sub("、", lambda _: "、" + rng.choice(_FILLERS), text)


@cache
def _tagger() -> Any:
    """One tagger for all texts: each holds thirteen megabytes."""
    import fugashi

    return fugashi.Tagger()


def in_kana(text: str, _: random.Random) -> str:
    """Every third word in hiragana instead of Chinese characters."""
    words = _tagger()(normalize(text))
    result = []
    for number, word in enumerate(words):
        kana = word.feature.kana if number % 3 == 0 and re.search("[一-鿿]", word.surface) else None
        result.append("".join(chr(ord(c) - 0x60) if "ァ" <= c <= "ヶ" else c for c in kana) if kana else word.surface)
    return "".join(result)


def misheard(text: str, _: random.Random) -> str:
    """Some characters as homophones."""
    return text.translate(_SLIPS)


def stretched(text: str, rng: random.Random) -> str:
    """Repeated marks and stretched vowels."""
    return re.sub("[!！。]", lambda _: "!" * rng.randint(2, 6), text) + "ーーー"


PERTURBATIONS: dict[str, Callable[[str, random.Random], str]] = {
    function.__name__: function
    for function in (half_width, full_width, spaced, without_marks, with_fillers, in_kana, misheard, stretched)
}


def perturbed(name: str, texts: list[str]) -> list[str]:
    """Disturb texts in one way."""
    rng = random.Random(name)
    return [PERTURBATIONS[name](text, rng) for text in texts]
