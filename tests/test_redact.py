"""Personal data out of exports."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kahara_nlp.redact import redact


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("佐藤さんと鈴木さんをクビにしろ。", "［名］さんと［名］さんをクビにしろ。"),
        ("東京都新宿区西新宿２丁目８番１号の者です。", "［住所］の者です。"),
        ("お返事は taro@example.jp か０９０－００００－００００へ。", "お返事は ［メール］ か［電話］へ。"),
        ("口座は普通　００１２３４５です。", "口座は普通　［番号］です。"),
        ("会員番号AB-00123の件、三万円を5月3日までに。", "会員番号［番号］の件、三万円を5月3日までに。"),
        ("https://example.jp/u/123 を見ろ", "［URL］ を見ろ"),
        ("三回も電話した。iPhone14が壊れた。", "三回も電話した。iPhone14が壊れた。"),
        ("", ""),
    ],
)
def test_persons_places_and_numbers_are_masked_and_amounts_stay(text: str, expected: str):
    assert redact(text) == expected


@given(st.text(max_size=200))
def test_any_text_comes_out_without_an_address(text: str):
    assert "taro@example.jp" not in redact(text + "\ntaro@example.jp\n" + text)
