import itertools
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kahara_nlp.text import language_status, normalize, normalize_with_offsets, split_passages

ANY_TEXT = st.text(
    st.one_of(
        st.characters(),
        st.characters(codec=None, categories=("Cs",)),
        st.sampled_from("。、!?!?「」\n\r\u3000 ーｶﾞﾊﾞ〜～…・死ねタヒ氏殺す◯あアばか\x00\u200b"),
    ),
    max_size=80,
)


@pytest.mark.parametrize(
    ("original", "expected"),
    [
        ("ﾊﾞｶ", "バカ"),
        ("ＡＢＣ１２３", "abc123"),
        ("返金しろ\x00殺すぞ", "返金しろ殺すぞ"),
        ("死\u200bね", "死ね"),
        ("か\u3099", "が"),
        ("おい〜〜", "おい〜"),
        ("おい～", "おい〜"),
        ("ふざけるなぁぁぁ！！！！", "ふざけるなぁ!!"),
        ("待って。。。", "待って…"),
        ("タヒね", "死ね"),
        ("氏ね", "死ね"),
        ("４ね", "死ね"),
        ("殺◯ぞ", "殺すぞ"),
        ("殺○", "殺す"),
        ("ｺﾛｽぞ", "殺すぞ"),
        ("ｺﾛｽ", "殺す"),
        ("ば か", "ばか"),
        ("し　ね", "死ね"),
        ("バ・カ", "バカ"),
        ("土◯座", "土下座"),
        ("ど げ ざ", "土下座"),
        ("お待たせ\nしました", "お待たせしました"),
        ("\ue000", ""),
    ],
)
def test_normalisation(original: str, expected: str):
    assert normalize(original) == expected


@pytest.mark.parametrize(
    "harmless",
    ["氏名をどうぞ", "タマゴ、ミルク", "シカ、スイカ", "いえば、かならず", "何もしねえ", "4年前", "バカンス"],
)
def test_harmless_words_are_left_alone(harmless: str):
    assert normalize(harmless) == harmless


@given(ANY_TEXT)
def test_both_ways_of_normalising_agree(text: str):
    tracked = normalize_with_offsets(text)
    assert tracked.text == normalize(text)
    assert len(tracked.starts) == len(tracked.text) + 1
    assert len(tracked.ends) == len(tracked.text)
    assert all(0 <= start < end <= len(text) for start, end in zip(tracked.starts, tracked.ends, strict=False))
    assert list(tracked.starts) == sorted(tracked.starts)


@given(ANY_TEXT)
def test_normalised_text_holds_nothing_that_stops_the_tokenizer(text: str):
    for character in normalize(text):
        assert character == "\n" or unicodedata.category(character) not in {"Cc", "Cs", "Co"} or character == "\t"


@given(ANY_TEXT)
def test_passages_lie_in_the_text_and_lose_no_letter(text: str):
    passages = split_passages(text)
    assert all(passage.text == text[passage.start : passage.end] for passage in passages)
    assert all(a.end <= b.start for a, b in itertools.pairwise(passages))
    assert "".join("".join(p.text.split()) for p in passages) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("一つ。二つ！三つ？", ["一つ。", "二つ！", "三つ？"]),
        ("彼は「帰れ。早く。」と言った。", ["彼は「帰れ。早く。」と言った。"]),
        ("「閉じない。次の文。", ["「閉じない。", "次の文。"]),
        ("一行目\n二行目", ["一行目", "二行目"]),
        (
            "先日お願いいたしました見積書の件でございますが、その後いかがで\nしょうか。",
            ["先日お願いいたしました見積書の件でございますが、その後いかがで\nしょうか。"],
        ),
        ("本当ですか!?そうですか", ["本当ですか!?", "そうですか"]),
        ("", []),
        (" \n\n ", []),
    ],
)
def test_splitting(text: str, expected: list[str]):
    assert [passage.text for passage in split_passages(text)] == expected


def test_a_long_stretch_without_marks_is_cut():
    passages = split_passages("あのですね、" * 200)
    assert max(len(passage.text) for passage in passages) <= 240


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("", "empty"),
        ("!?…\n", "empty"),
        ("Thank you for your help.", "not_japanese"),
        ("감사합니다 고객님", "not_japanese"),
        ("OKです", "scored"),
        ("死ね https://www.example.com/shop/orders/detail?id=1234567890", "scored"),
        ("返金要求", "scored"),
        ("我们对贵公司的服务非常满意谢谢你们的帮助希望以后还能合作非常感谢", "not_japanese"),
        ("死ね", "scored"),
    ],
)
def test_language_status(text: str, status: str):
    assert language_status(text) == status
