"""Spots customer harassment (カスハラ) in Japanese e-mails and call transcripts, on your own machine.

>>> import kahara_nlp as kn
>>> kn.classify("土下座して謝れ。さもないとお前の住所をネットに晒すぞ").findings[0].category.id
'doxxing'
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from kahara_nlp.classifier import Classifier, classify, classify_many, explain, load
from kahara_nlp.errors import (
    ChecksumMismatchError,
    DataError,
    KaharaError,
    MessageParseError,
    MissingExtraError,
    ModelError,
    ModelFormatError,
    ModelNotFoundError,
    PolicyError,
    SourceError,
    TextTypeError,
    TokenizerMismatchError,
    UnsupportedSourceError,
)
from kahara_nlp.policy import Category, Clause, Policy, default_policy, load_policy
from kahara_nlp.records import (
    Classification,
    Evidence,
    Example,
    Finding,
    Message,
    Passage,
    Problem,
    TermContribution,
    Turn,
)
from kahara_nlp.version import __version__

if TYPE_CHECKING:
    from kahara_nlp.archive import Filters, score_archive
    from kahara_nlp.sources import SourceOptions, open_source
    from kahara_nlp.training import (
        Evaluation,
        KaharaClassifier,
        Retraining,
        Settings,
        check_examples,
        evaluate,
        read_example_file,
        read_examples,
        retrain,
        save_trained,
        train,
    )

__all__ = [
    "Category",
    "ChecksumMismatchError",
    "Classification",
    "Classifier",
    "Clause",
    "DataError",
    "Evaluation",
    "Evidence",
    "Example",
    "Filters",
    "Finding",
    "KaharaClassifier",
    "KaharaError",
    "Message",
    "MessageParseError",
    "MissingExtraError",
    "ModelError",
    "ModelFormatError",
    "ModelNotFoundError",
    "Passage",
    "Policy",
    "PolicyError",
    "Problem",
    "Retraining",
    "Settings",
    "SourceError",
    "SourceOptions",
    "TermContribution",
    "TextTypeError",
    "TokenizerMismatchError",
    "Turn",
    "UnsupportedSourceError",
    "__version__",
    "check_examples",
    "classify",
    "classify_many",
    "default_policy",
    "evaluate",
    "explain",
    "load",
    "load_policy",
    "open_source",
    "read_example_file",
    "read_examples",
    "retrain",
    "save_trained",
    "score_archive",
    "train",
]

# Training imports scikit-learn, which takes a second; reading archives imports parsers: only users of them pay.
_LATER = {
    "Evaluation": "training", "KaharaClassifier": "training", "Settings": "training", "check_examples": "training",
    "evaluate": "training", "read_examples": "training", "train": "training", "retrain": "training",
    "Retraining": "training", "read_example_file": "training", "save_trained": "training",
    "Filters": "archive", "score_archive": "archive", "SourceOptions": "sources", "open_source": "sources",
}  # fmt: skip


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name in _LATER:
        return getattr(import_module(f"kahara_nlp.{_LATER[name]}"), name)
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    return sorted(__all__)
