"""Retraining and measuring: examples in, models and evaluations out."""

from kahara_nlp.training.check import check_examples
from kahara_nlp.training.curve import learning_curve
from kahara_nlp.training.curve_report import LearningCurve
from kahara_nlp.training.estimator import KaharaClassifier
from kahara_nlp.training.evaluate import Evaluation
from kahara_nlp.training.examples import read_example_file, read_examples
from kahara_nlp.training.fit import Settings
from kahara_nlp.training.retrain import Retraining, retrain
from kahara_nlp.training.train import evaluate, save_trained, train

__all__ = [
    "Evaluation",
    "KaharaClassifier",
    "LearningCurve",
    "Retraining",
    "Settings",
    "check_examples",
    "evaluate",
    "learning_curve",
    "read_example_file",
    "read_examples",
    "retrain",
    "save_trained",
    "train",
]
