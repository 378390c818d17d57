"""Spots customer harassment (カスハラ) in Japanese e-mails and call transcripts, on your own machine.

>>> import kahara_nlp as kn
>>> kn.classify("土下座して謝れ。さもないとお前の住所をネットに晒すぞ").findings[0].category.id
'doxxing'
"""

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
    from kahara_nlp.training import Evaluation, Settings, check_examples, evaluate, read_examples, train

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
    "Finding",
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
    "Settings",
    "SourceError",
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
    "read_examples",
    "train",
]

# Training imports scikit-learn, which takes a second: only whoever trains or evaluates pays for it.
_TRAINING = {"Evaluation", "Settings", "check_examples", "evaluate", "read_examples", "train"}


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name in _TRAINING:
        from kahara_nlp import training

        return getattr(training, name)
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    return sorted(__all__)
