"""What in a model's vocabulary could be personal: for a person to read before the model is handed on."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from kahara_nlp.classifier import Classifier
from kahara_nlp.features import Vocabulary
from kahara_nlp.masking import readable
from kahara_nlp.tokens import is_in_dictionary

__all__ = ["Audit", "AuditedTerm", "audit_model"]

_HONORIFIC = re.compile(r"([一-鿿ァ-ヺー々]{2,})(?:さん|様|氏|くん|ちゃん|先生|課長|部長|店長|主任)")
_CODE = re.compile(r"(?=.*[0-9])[a-z0-9_.@-]{4,}")
_FOREIGN = re.compile(r"[a-z]{4,}")
_MARKS = "!~"
#: Words before さん and 様 that name nobody.
_NOBODY = frozenset(
    [
        "客",
        "皆",
        "皆々",
        "神",
        "王",
        "店員",
        "係員",
        "職員",
        "社員",
        "駅員",
        "業者",
        "患者",
        "利用者",
        "会員",
        "大家",
        "奥",
        "旦那",
        "母",
        "父",
        "姉",
        "兄",
        "爺",
        "婆",
        "子",
        "娘",
        "息子",
        "担当者",
        "責任者",
        "運転手",
        "看護師",
        "医者",
        "警備員",
        "配達員",
        "組合員",
    ]
)


@dataclass(frozen=True, slots=True)
class AuditedTerm:
    """A term that a person should look at.

    Parameters
    ----------
    term : str
        As `terms.txt` writes it.
    family : str
        Which kind of term.
    texts : int
        Number of training texts that it stands in.
    reason : str
        Why it is listed.
    """

    term: str
    family: str
    texts: int
    reason: str


@dataclass(frozen=True)
class Audit:
    """What an audit found.

    Parameters
    ----------
    n_terms : int
        Terms of the model.
    fewest_texts : int
        Texts that the rarest term stands in.
    fewest_writers : int
        Writers that every term was used by at least, as the training was set.
    terms : tuple of AuditedTerm
        What could be personal, by reason; the rarest first.
    new : int
        Terms that the model compared with does not have.
    """

    n_terms: int
    fewest_texts: int
    fewest_writers: int
    terms: tuple[AuditedTerm, ...]
    new: int

    def to_text(self) -> str:
        """Write the list for a person.

        Returns
        -------
        str
            Counts, guarantees, then a line for each term.
        """
        reasons = Counter(term.reason for term in self.terms)
        lines = [
            f"{self.n_terms:,} terms, of which {self.new:,} are not in the shipped model.",
            f"Every one stands in at least {self.fewest_texts} texts by at least {self.fewest_writers} writers.",
            "",
            "Guaranteed: no text is stored; names, places and numbers that the dictionary or their form shows",
            "are classes. Not guaranteed: a name that the dictionary does not know stays where that many writers",
            "use it. Read the list before the model leaves the house.",
            "",
            *(f"{n:>7,} {reason}" for reason, n in sorted(reasons.items())),
            "",
        ]
        lines += [f"{t.texts:>6}  {t.family:<7}  {t.term}  ({t.reason})" for t in self.terms]
        return "\n".join(lines)


def audit_model(classifier: Classifier, against: Classifier | None = None) -> Audit:
    """List the terms of a model that could be personal.

    Parameters
    ----------
    classifier : Classifier
        The model.
    against : Classifier, optional
        A model whose terms are known to be harmless, such as the shipped one: they are not listed.

    Returns
    -------
    Audit
        Words that the dictionary does not know, words before さん or 様, codes with digits and foreign words.

    Examples
    --------
    >>> from kahara_nlp import load
    >>> audit = audit_model(load("kahara-linear-0.3.0"))
    >>> audit.fewest_texts >= 3, audit.fewest_writers >= 3
    (True, True)
    """
    known = set() if against is None else {(f.name, t) for f in against.model.vocabulary.families for t in f.terms()}
    n_texts = classifier.manifest.n_texts
    listed: list[AuditedTerm] = []
    new, fewest = 0, n_texts
    for name, term, texts in _terms(classifier.model.vocabulary, n_texts):
        fewest = min(fewest, texts)
        if (name, term) in known:
            continue
        new += against is not None
        reason = _reason(name, term)
        if reason:
            listed.append(AuditedTerm(readable(term), name, texts, reason))
    writers = int(classifier.manifest.metrics.get("settings", {}).get("min_writers", 1))
    listed.sort(key=lambda term: (term.reason, term.texts, term.term))
    return Audit(classifier.model.vocabulary.n_terms, fewest, writers, tuple(listed), new)


def _terms(vocabulary: Vocabulary, n_texts: int) -> Iterator[tuple[str, str, int]]:
    """Yield family, term and number of texts."""
    for family in vocabulary.families:
        texts = np.rint((1 + n_texts) / np.exp(family.idf - 1) - 1).astype(int).tolist()
        yield from ((family.name, term, n) for term, n in zip(family.terms(), texts, strict=True))


def _reason(family: str, term: str) -> str:
    """Say why a term could be personal; empty where it could not."""
    if family == "concept":  # comes from the lexicon, not from the texts
        return ""
    if family == "char":
        match = _HONORIFIC.search(term)
        return "before さん or 様" if match and match[1] not in _NOBODY else ""
    if " " in term:  # its words are listed by themselves
        return ""
    word = term.rstrip(_MARKS)
    if _CODE.fullmatch(word):
        return "code with digits"
    if _FOREIGN.fullmatch(word):
        return "foreign word"
    return "" if not word or is_in_dictionary(word) else "not in the dictionary"
