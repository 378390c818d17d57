"""From margins to probabilities, and where a policy acts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import kahara_nlp as kn
from kahara_nlp.calibration import LONG, OperatingPoint, Scores, TextStatistics
from kahara_nlp.training import Settings
from kahara_nlp.training.calibrate import LongMails, platt, rescale
from kahara_nlp.training.evaluate import long_texts
from kahara_nlp.training.fit import CrossValidation, _operating_points

PROBABILITY = st.floats(0, 1)


@given(PROBABILITY, PROBABILITY, PROBABILITY)
def test_a_text_is_held_to_the_threshold_of_its_length(few: float, long: float, said: float):
    reached = OperatingPoint(few, long).reached(np.array([said, said]), np.array([False, True]))
    assert reached.tolist() == [said >= few, said >= long]


def test_what_counts_as_long_is_the_same_in_scoring_and_in_evaluation():
    from kahara_nlp.findings import score_portion

    texts = ["返金をお願いします。" * n for n in range(1, LONG + 3)] + ["はい", "一行目\n" * 9]
    portion = score_portion(kn.load().model, texts)
    assert long_texts(texts).tolist() == portion.statistics.long.tolist()


def test_levels_are_those_of_the_operating_points():
    classifier = kn.load()
    texts = [
        "土下座して謝れ",
        "返金をお願いします。" * 9,
        "明日の十時に伺います。" * 7 + "お前を殺してやる。" + "返金をお願いします。" * 9,
    ]
    for result, long in zip(classifier.classify_many(texts), long_texts(texts), strict=True):
        model = classifier.model
        said, which = np.array([result.harassment]), np.array([long])
        alert, review = model.alert_point.reached(said, which)[0], model.review_point.reached(said, which)[0]
        assert result.level == ("alert" if alert else "review" if review else None)


def test_platt_scaling_turns_margins_into_log_odds():

    rng = np.random.default_rng(0)
    truth = rng.normal(size=20_000) * 2
    labels = rng.random(20_000) < 1 / (1 + np.exp(-truth))
    margins = np.column_stack([(truth - 1) / 4, -truth])
    scales = platt(margins, np.column_stack([labels, labels]))
    assert scales[0] == pytest.approx([4.0, 1.0], rel=0.1)
    assert scales[1, 0] == pytest.approx(1e-3), "a head that points the wrong way is not turned round"
    own = TextStatistics(margins, margins, np.zeros(20_000), np.zeros((20_000, 2), dtype=np.int64))
    np.testing.assert_allclose(rescale(own, scales).whole[:, 0], truth, atol=0.6)


def test_long_texts_have_thresholds_of_their_own():

    n = 400
    rng = np.random.default_rng(0)
    labels = (np.arange(n) % 2 == 0)[:, None]
    harassment = np.clip(0.5 + np.where(labels[:, 0], 0.2, -0.2) + rng.normal(size=n) * 0.05, 0, 1)
    buried = np.clip(harassment - np.where(labels[:, 0], 0.3, 0.1), 0, 1)
    zeros = np.zeros((n, 2))
    few = TextStatistics(zeros, zeros, np.zeros(n), zeros.astype(np.int64))
    many = few._replace(log_passages=np.full(n, np.log(20.0)))
    validated = CrossValidation(
        few, Scores(harassment[:, None], harassment), [], LongMails(many, labels, np.zeros(n, dtype=np.int64)),
        Scores(buried[:, None], buried), np.zeros(n, dtype=np.int64),
    )  # fmt: skip
    review, alert, long_points = _operating_points(validated, labels, Settings())
    assert (harassment[labels[:, 0]] >= review[-1]).mean() == pytest.approx(Settings().review_recall, abs=0.01)
    assert (buried[labels[:, 0]] >= long_points[0]).mean() == pytest.approx(Settings().review_recall, abs=0.01)
    assert long_points[0] < review[-1] <= alert[-1]
    short = validated._replace(
        mails=LongMails(few, labels[:0], np.zeros(0, dtype=np.int64)), mail_scores=Scores(zeros[:0], zeros[:0, 0])
    )
    assert _operating_points(short, labels, Settings())[2].tolist() == [review[-1], alert[-1]]


def test_settings_of_older_models_are_theirs():
    assert Settings.of_model({"regularization": 100.0}) == Settings(
        regularization=100.0, loss="logistic", norm_floor=0.0
    )
