"""What a model said of its own training texts when it had not seen their writers, kept beside the model.

A later model is compared with it on the same texts without training the earlier one again. Texts are kept as
64-bit digests only.
"""

import hashlib
import io
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from kahara_nlp.calibration import Scores
from kahara_nlp.classifier import Classifier
from kahara_nlp.model_files import read_extra
from kahara_nlp.records import Example

__all__ = ["Validation", "pack_validation", "read_validation"]

FILE = "validation.npz"
_LARGEST = 15.0  # log-odds; half precision tells 0.9999990 from 0.9999997


class Validation(NamedTuple):
    """Out-of-fold scores of texts that a model was trained on.

    Parameters
    ----------
    texts : ndarray of uint64, shape (n_texts,)
        Digests, ascending.
    log_odds : ndarray of float64, shape (n_texts, n_categories + 1)
        Of each category and of harassment.
    """

    texts: npt.NDArray[np.uint64]
    log_odds: npt.NDArray[np.float64]

    def find(self, examples: Sequence[Example]) -> npt.NDArray[np.int64]:
        """Look texts up.

        Parameters
        ----------
        examples : sequence of Example
            The texts.

        Returns
        -------
        ndarray of int64, shape (n_examples,)
            Row of each, -1 where the model was not trained on it.
        """
        wanted = _digests(examples)
        if not len(self.texts):
            return np.full(len(wanted), -1)
        places = np.minimum(np.searchsorted(self.texts, wanted), len(self.texts) - 1)
        return np.where(self.texts[places] == wanted, places, -1)

    def scores(self, rows: npt.NDArray[np.int64]) -> Scores:
        """Return the probabilities of some rows.

        Parameters
        ----------
        rows : ndarray of int64
            As `find` returns them, without -1.

        Returns
        -------
        Scores
            Probabilities.
        """
        probabilities = 1 / (1 + np.exp(-self.log_odds[rows]))
        return Scores(probabilities[:, :-1], probabilities[:, -1])


def _digests(examples: Sequence[Example]) -> npt.NDArray[np.uint64]:
    data = b"".join(hashlib.sha256(e.text.encode("utf-8", "surrogatepass")).digest()[:8] for e in examples)
    return np.frombuffer(data, dtype="<u8")


def pack_validation(examples: Sequence[Example], scores: Scores) -> bytes:
    """Write out-of-fold scores.

    Parameters
    ----------
    examples : sequence of Example
        The texts.
    scores : Scores
        Their probabilities.

    Returns
    -------
    bytes
        A file of arrays, the same for the same input.
    """
    probabilities = np.clip(np.column_stack([scores.categories, scores.harassment]), 1e-9, 1 - 1e-9)
    log_odds = np.clip(np.log(probabilities) - np.log1p(-probabilities), -_LARGEST, _LARGEST).astype(np.float16)
    texts, first = np.unique(_digests(examples), return_index=True)
    buffer = io.BytesIO()
    np.savez_compressed(buffer, texts=texts, log_odds=log_odds[first])
    return buffer.getvalue()


def read_validation(classifier: Classifier) -> Validation:
    """Read the out-of-fold scores of a model.

    Parameters
    ----------
    classifier : Classifier
        Read from disk.

    Returns
    -------
    Validation
        Without rows where the model has none.

    Raises
    ------
    ModelError
        If the file is damaged.
    """
    content = read_extra(classifier.directory, FILE) if classifier.directory is not None else None
    if content is None:
        return Validation(np.zeros(0, np.uint64), np.zeros((0, len(classifier.model.categories) + 1)))
    with np.load(io.BytesIO(content), allow_pickle=False) as stored:
        return Validation(stored["texts"], stored["log_odds"].astype(np.float64))
