"""The model that is shipped: complete, small, honest, and fit for the sentences that anyone would try first."""

import json

import pytest

import kahara_nlp as kn
from kahara_nlp.model_files import DEFAULT_MODEL, find_model
from kahara_nlp.training.card import model_card
from kahara_nlp.training.examples import data_digest
from kahara_nlp.training.train import policy_digest

PLAIN = [
    ("customer threw a cup", "physical_attack", "受付の職員に向かって灰皿を投げつけ、胸ぐらをつかんだ。"),
    ("threat", "mental_attack", "殺すぞ。夜道に気をつけろよ。"),
    ("bare threat", "mental_attack", "殺すぞ"),
    ("threat with a pronoun", "mental_attack", "てめえ殺すぞ"),
    ("death wish", "mental_attack", "死ね"),
    ("disguised death wish", "mental_attack", "ﾀﾋね"),
    ("insult", "mental_attack", "お前みたいな無能なバカは死ね"),
    ("shout", "intimidation", "ふざけるな!なめてんのか、おい!"),
    ("kneel, the plain way", "dogeza_demand", "土下座して謝れ"),
    ("kneel", "dogeza_demand", "床に額をこすりつけて詫びろ"),
    ("again and again", "persistence", "これで三十回目の電話だ。認めるまで毎日何度でもかけるからな"),
    ("held", "confinement", "責任者が来るまでここを動かない。朝まで居座ってやる"),
    ("contempt", "discrimination", "たかが派遣の受付風情が偉そうに口をきくな"),
    ("obscene", "sexual", "お姉さん、今日の下着は何色?今度ホテルに行こうよ"),
    ("dismissal", "personal_attack", "あの担当者を今すぐクビにしろ"),
    ("money", "excessive_demand", "料理が冷めていた。慰謝料として三百万円払え"),
    ("doxxing", "doxxing", "担当者の住所と電話番号をネットに晒してやる"),
    ("apology", "apology_demand", "社長が家まで来て謝罪文を読み上げろ"),
]
HARMLESS = [
    "ご対応ありがとうございました。とても助かりました。",
    "届いた商品が壊れていました。交換をお願いします。",
    "先月から三度お問い合わせしていますが、お返事がありません。本当に困っています。",
    "対応が遅すぎます。責任者の方からご連絡をください。",
    "本日の診療は十八時までです。",
    "最高!!",
    "消費者センターに相談します。",
]


@pytest.fixture(scope="module")
def manifest() -> dict[str, object]:
    return json.loads((find_model() / "manifest.json").read_text(encoding="utf-8"))


def test_it_is_under_eight_megabytes():
    assert sum(path.stat().st_size for path in find_model().iterdir()) < 8_000_000


def test_the_manifest_is_of_this_data_and_this_policy(manifest: dict[str, object]):
    examples = kn.read_examples()
    assert manifest["name"] == DEFAULT_MODEL
    data = {key: value for key, value in manifest["data"].items() if key != "writer_folds"}
    assert data == {
        "sha256": data_digest(examples), "rows": len(examples), "writers": len({e.writer for e in examples}),
    }  # fmt: skip
    assert manifest["policy"] == policy_digest(kn.default_policy())
    assert manifest["categories"] == list(kn.default_policy())


def test_the_card_is_written_from_the_manifest():
    classifier = kn.load()
    plots = [name for name in classifier.manifest.files if name.startswith("plots/")]
    assert len(plots) == 3
    assert (find_model() / "MODEL_CARD.md").read_text(encoding="utf-8") == model_card(classifier.manifest, plots)


@pytest.mark.parametrize(("cause", "category", "text"), PLAIN)
def test_plain_harassment_is_found(cause: str, category: str, text: str):
    result = kn.classify(text)
    assert result.level == "alert", cause
    assert category in {f.category.id for f in result.findings}, cause


@pytest.mark.parametrize("text", HARMLESS)
def test_plain_harmless_texts_raise_no_alert(text: str):
    assert kn.classify(text).level != "alert"


def test_one_threat_in_a_long_courteous_mail_is_found_and_is_the_evidence():
    courteous = (
        "平素より大変お世話になっております。先日は丁寧なご案内をいただき、誠にありがとうございました。"
        "いただいた資料を拝見し、条件につきまして院内で検討を重ねております。\n"
    )
    threat = "返事がなければ、お前の家に火をつけて家族ごと殺すぞ。"
    result = kn.classify(courteous * 12 + threat + "\n" + courteous * 10)
    assert result.level is not None
    assert "mental_attack" in {f.category.id for f in result.findings}
    finding = next(f for f in result.findings if f.category.id == "mental_attack")
    assert finding.evidence.passage.text == threat


@pytest.mark.parametrize("other", ["佐藤", "小笠原", "五十嵐"])
def test_an_exchanged_name_moves_no_probability(other: str):
    text = "担当の{}さんの説明が間違っていました。{}をクビにしろとは言いませんが、謝ってください。"
    one, two = kn.classify(text.format("田中", "田中")), kn.classify(text.format(other, other))
    assert max(abs(one.probabilities[c] - two.probabilities[c]) for c in one.probabilities) <= 0.02
