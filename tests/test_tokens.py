import itertools
import pickle
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kahara_nlp.masking import CLASS_NAMES, mask_numbers, readable
from kahara_nlp.text import normalize
from kahara_nlp.tokens import character_stream, token_spans, tokenize, word_units


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("三百万円払え", "<YEN>=1000000>払え"),
        ("3百万円", "<YEN>=1000000>"),
        ("100万用意しろ", "<YEN>=1000000>用意しろ"),
        ("1,980円です", "<YEN>=1000>です"),
        ("¥500", "<YEN<1000>"),
        ("数十万払え", "<YEN>=100000>払え"),
        ("二十回も電話した", "<TENS>回も電話した"),
        ("二度と来るな", "二度と来るな"),
        ("もう二度も", "もう<TWO-THREE>度も"),
        ("三時間待った", "<HOURS>=2>待った"),
        ("45分間", "<MINUTES>=30>"),
        ("1時間半", "<MINUTES>=30>"),
        ("十分です", "十分です"),
        ("五年前", "<YEARS>前"),
        ("2026年11月24日の", "<DATE>の"),
        ("午後3時半に", "<TIME>に"),
        ("090-0000-0000まで", "<PHONE>まで"),
        ("〒000-0000", "<POSTCODE>"),
        ("a.b@example.jpへ", "<MAIL>へ"),
        ("https://example.jp/a?b=1 を見て", "<URL> を見て"),
        ("注文番号A-12345", "注文番号<CODE>"),
        ("一番いい", "一番いい"),
        ("一緒に", "一緒に"),
        ("お一人様", "お<ONE>人様"),
    ],
)
def test_numbers_become_classes(text: str, expected: str):
    assert readable(mask_numbers(normalize(text))) == expected


def _units(text: str) -> list[str]:
    return [readable(unit) for unit in word_units(tokenize([normalize(text)])[0])]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("早く謝れ", ["早い", "謝る!"]),
        ("謝ろう", ["謝る~"]),
        ("田中太郎さんを出せ", ["<NAME>", "さん", "を", "出す!"]),
        ("渋谷の店で", ["<NAME>", "の", "店", "で"]),
        ("中国の方", ["中国", "の", "方"]),
        ("馬鹿、ばか、バカ", ["馬鹿", "馬鹿", "馬鹿"]),
    ],
)
def test_word_units(text: str, expected: list[str]):
    assert _units(text) == expected


def test_marks_and_spaces_do_not_change_the_streams():
    plain, marked = tokenize(["早く返せ", "早く、 返せ。"])
    assert word_units(plain) == word_units(marked)
    assert character_stream(plain) == character_stream(marked)


def test_tokens_outlive_later_calls():
    first = tokenize(["殺すぞ"])[0]
    before = [token.lemma for token in first]
    tokenize(["全く別の文章です"] * 50)
    assert [token.lemma for token in first] == before


def test_tokens_can_travel_between_processes():
    tokens = tokenize(["返金してください"])[0]
    assert pickle.loads(pickle.dumps(tokens)) == tokens


@given(st.text(st.sampled_from("田中さん三百万円二十回0-9@a.jp殺すぞ、。!? \n〜ー12時間分"), max_size=40))
def test_spans_lie_in_order_and_fit_the_tokens(text: str):
    normalized = normalize(text)
    tokens = tokenize([normalized])[0]
    spans = token_spans(normalized, tokens)
    assert len(spans) == len(tokens)
    assert all(0 <= start < end <= len(normalized) for start, end in spans)
    assert all(a[1] <= b[0] for a, b in itertools.pairwise(spans))
    for token, (start, end) in zip(tokens, spans, strict=True):
        assert token.surface in CLASS_NAMES or token.surface == normalized[start:end]


def test_importing_the_package_loads_no_dictionary_and_no_scikit_learn():
    code = "import sys, kahara_nlp; print([m for m in ('sklearn', 'fugashi', 'unidic_lite') if m in sys.modules])"
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )
