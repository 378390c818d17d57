"""Term weights to calibrated probabilities: arrays in, arrays out, no scikit-learn.

A model has one linear head for each category and one for harassment as a whole. A text is scored
passage by passage and as a whole; `kahara_nlp.calibration` turns the two into probabilities.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from kahara_nlp.calibration import N_INPUTS, OperatingPoint, Scores, TextStatistics, combine
from kahara_nlp.concepts import Lexicon
from kahara_nlp.errors import DataError
from kahara_nlp.features import Vocabulary

__all__ = ["Model"]

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Model:
    """A fitted model.

    Parameters
    ----------
    vocabulary : Vocabulary
        The terms.
    lexicon : Lexicon
        The notions that concept terms are made of.
    categories : tuple of str, length n_categories
        Category ids in policy order.
    weights : ndarray of float32, shape (n_terms, n_categories + 1)
        Log-odds per unit of TF-IDF; the last head is harassment as a whole.
    intercepts : ndarray of float64, shape (n_categories + 1,)
        Log-odds of a text without terms.
    combiner : ndarray of float64, shape (n_categories + 1, 8)
        For each head the calibrated log-odds' factors of the inputs (`N_INPUTS`), and a constant.
    harassment_combiner : ndarray of float64, shape (2, 3)
        For texts of few passages and for long ones the factors of the harassment head's calibrated log-odds
        and of `any_log_odds`, and a constant.
    clauses : tuple of str, length n_clauses
        Clause numbers such as ``"2.3"``.
    clause_weights : ndarray of float32, shape (n_terms, n_clauses)
        Margin of a clause within its category: the highest is the likeliest.
    clause_intercepts : ndarray of float64, shape (n_clauses,)
        Likewise.
    review, alert : ndarray of float64, shape (n_categories + 1,)
        Probability thresholds of the two operating points; the last is harassment's in texts of few passages.
    long_points : ndarray of float64, shape (2,)
        Thresholds of harassment at review and at alert in long texts.

    Raises
    ------
    DataError
        If the shapes do not fit together.
    """

    vocabulary: Vocabulary
    lexicon: Lexicon
    categories: tuple[str, ...]
    weights: npt.NDArray[np.float32]
    intercepts: FloatArray
    combiner: FloatArray
    harassment_combiner: FloatArray
    clauses: tuple[str, ...]
    clause_weights: npt.NDArray[np.float32]
    clause_intercepts: FloatArray
    review: FloatArray
    alert: FloatArray
    long_points: FloatArray

    def __post_init__(self) -> None:
        heads, terms = len(self.categories) + 1, self.vocabulary.n_terms
        expected = {
            "weights": (terms, heads),
            "intercepts": (heads,),
            "combiner": (heads, N_INPUTS + 1),
            "harassment_combiner": (2, 3),
            "clause_weights": (terms, len(self.clauses)),
            "clause_intercepts": (len(self.clauses),),
            "review": (heads,),
            "alert": (heads,),
            "long_points": (2,),
        }
        for name, shape in expected.items():
            array = getattr(self, name)
            if array.shape != shape:
                msg = f"{name} has shape {array.shape}, expected {shape}"
                raise DataError(msg)
            if not np.isfinite(array).all():
                msg = f"{name} holds values that are not finite"
                raise DataError(msg)

    @property
    def review_point(self) -> OperatingPoint:
        """Where a text is worth a person's look: recall first."""
        return OperatingPoint(float(self.review[-1]), float(self.long_points[0]))

    @property
    def alert_point(self) -> OperatingPoint:
        """Where a text is all but sure: precision first."""
        return OperatingPoint(float(self.alert[-1]), float(self.long_points[1]))

    def log_odds(self, features: csr_array) -> FloatArray:
        """Return the uncalibrated log-odds of every head.

        Parameters
        ----------
        features : csr_array of float64, shape (n_rows, n_terms)
            TF-IDF weights of passages or whole texts.

        Returns
        -------
        ndarray of float64, shape (n_rows, n_categories + 1)
            As scikit-learn's ``decision_function`` gives them, times the factor that made log-odds of the weights.
        """
        return np.asarray(features @ self.weights, dtype=np.float64) + self.intercepts

    def scores(self, statistics: TextStatistics) -> Scores:
        """Turn the statistics of texts into calibrated probabilities.

        Parameters
        ----------
        statistics : TextStatistics
            As `text_statistics` returns them.

        Returns
        -------
        Scores
            Probabilities of categories and of harassment.
        """
        return combine(statistics, self.combiner, self.harassment_combiner)

    def likeliest_clauses(self, features: csr_array) -> list[dict[int, int]]:
        """Choose for each row and category the likeliest behaviour.

        Parameters
        ----------
        features : csr_array of float64, shape (n_rows, n_terms)
            TF-IDF weights.

        Returns
        -------
        list of dict of int to int, length n_rows
            For each category number that has clauses in the model, the line.
        """
        ends = features.indptr
        # Row by row: scipy would first turn all weights of the model into another precision.
        log_odds = [
            features.data[low:high] @ self.clause_weights[features.indices[low:high]] + self.clause_intercepts
            for low, high in pairwise(ends.tolist())
        ]
        numbers = [tuple(int(part) for part in clause.split(".")) for clause in self.clauses]
        result: list[dict[int, int]] = []
        for row in log_odds:
            best: dict[int, tuple[float, int]] = {}
            for value, (category, line) in zip(row.tolist(), numbers, strict=True):
                if category not in best or value > best[category][0]:
                    best[category] = (value, line)
            result.append({category: line for category, (_, line) in best.items()})
        return result
