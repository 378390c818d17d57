"""Labels as arrays."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from kahara_nlp.records import Example

__all__ = ["targets"]


def targets(examples: Sequence[Example], categories: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Return the label matrix.

    Parameters
    ----------
    examples : sequence of Example
        The data.
    categories : sequence of str
        The columns.

    Returns
    -------
    ndarray of bool, shape (n_examples, n_categories)
        Whether an example has a label.

    Examples
    --------
    >>> targets([Example("a", "…", ("sexual",))], ["sexual", "doxxing"])
    array([[ True, False]])
    """
    matrix = [[name in example.labels for name in categories] for example in examples]
    return np.array(matrix, dtype=bool).reshape(len(examples), len(categories))
