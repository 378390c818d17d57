"""What scikit-learn users hand to an estimator, as texts, labels and writers."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import column_or_1d

from kahara_nlp.errors import DataError, TextTypeError
from kahara_nlp.policy import default_policy
from kahara_nlp.training.fit import writer_digest

__all__ = ["Target", "as_texts", "as_writers", "deal", "read_target"]


class Target(NamedTuple):
    """Labels of some texts.

    Parameters
    ----------
    labels : list of tuple of str
        Categories of each text, in the order of `categories`.
    categories : tuple of str
        What is learnt.
    classes : ndarray, shape (n_classes,)
        Category ids, or the sorted classes.
    multilabel : bool
        Whether a text may have several.
    """

    labels: list[tuple[str, ...]]
    categories: tuple[str, ...]
    classes: npt.NDArray[Any]
    multilabel: bool


def as_texts(values: Any) -> list[str]:  # noqa: ANN401 -- whatever scikit-learn hands over
    """Check texts.

    Parameters
    ----------
    values : sequence of str, shape (n,)
        A list, a one-dimensional array or a Series.

    Returns
    -------
    list of str
        At least one.

    Raises
    ------
    DataError
        If it is a single text, empty or of two dimensions.
    TextTypeError
        If a text is no str.

    Examples
    --------
    >>> as_texts(np.array(["返金して"]))
    ['返金して']
    """
    if isinstance(values, (str, bytes)):
        msg = "found a single text; expected a sequence of texts, such as [text]"
        raise DataError(msg)
    found = values if isinstance(values, list | tuple) else np.asarray(values, dtype=object)
    shape = np.shape(found) if isinstance(found, np.ndarray) else (len(found),)
    if len(shape) != 1:
        msg = f"found an array of shape {shape}; expected one dimension, a text in each place: choose one column"
        raise DataError(msg)
    texts = list(found)
    if not texts:
        msg = "found no texts; expected at least one"
        raise DataError(msg)
    for place, text in enumerate(texts):
        if not isinstance(text, str):
            raise TextTypeError(text, place)
    return [str(text) for text in texts]


def read_target(
    y: Any,  # noqa: ANN401 -- whatever scikit-learn hands over
    categories: tuple[str, ...] | None = None,
    negative: object = None,
) -> Target:
    """Read labels in any of the three forms.

    Parameters
    ----------
    y : array-like
        An indicator array, a sequence of sets of category ids, or a one-dimensional array of classes.
    categories : tuple of str, optional
        Columns of the first two forms; those of the shipped policy if not given.
    negative : object, optional
        The class that stands for no category; the first in sorted order if not given.

    Returns
    -------
    Target
        One form for all.

    Raises
    ------
    DataError
        If it has none of the three forms or does not fit the categories.

    Examples
    --------
    >>> read_target([("sexual",), ()], ("doxxing", "sexual")).labels
    [('sexual',), ()]
    >>> read_target(["harassment", "complaint"]).labels
    [('1',), ()]
    """
    if y is None:
        msg = "requires y to be passed, but the target y is None; give labels"
        raise DataError(msg)
    values = y.toarray() if hasattr(y, "toarray") else y
    columns = tuple(default_policy()) if categories is None else categories
    if not isinstance(values, list | tuple | np.ndarray):
        values = np.asarray(values)
    if len(getattr(values, "shape", (0,))) == 1:
        rows = list(values)
        if rows and all(_is_label_set(row) for row in rows):
            return _read_sets(rows, columns)
    try:
        kind = type_of_target(values, input_name="y")
    except (ValueError, TypeError) as exc:
        msg = "Unknown label type: found neither an indicator array, nor sets of category ids, nor classes"
        raise DataError(msg) from exc
    array = np.asarray(values)
    if array.ndim == 2 and array.shape[1] == 1 != len(columns):  # noqa: PLR2004
        array = column_or_1d(array, warn=True)
    if array.ndim == 2:  # noqa: PLR2004
        return _read_indicator(array, columns)
    if kind not in {"binary", "multiclass"}:
        msg = f"Unknown label type: {kind}; expected two or more classes, an indicator array or sets of category ids"
        raise DataError(msg)
    return _read_classes(array, negative)


def _is_label_set(row: object) -> bool:
    return isinstance(row, tuple | list | AbstractSet) and all(isinstance(label, str) for label in row)


def _read_sets(rows: Sequence[Sequence[str]], columns: tuple[str, ...]) -> Target:
    """Put the labels of each text in the order of the categories."""
    unknown = {label for row in rows for label in row} - set(columns)
    if unknown:
        # An id may be anything, even a text that slipped into the wrong column: only count it.
        msg = f"found {len(unknown)} labels that are no category; expected ids among {', '.join(columns)}"
        raise DataError(msg)
    return Target([tuple(name for name in columns if name in row) for row in rows], columns, np.array(columns), True)


def _read_indicator(array: npt.NDArray[Any], columns: tuple[str, ...]) -> Target:
    """Read 0 and 1."""
    if array.shape[1] != len(columns):
        msg = (
            f"found labels of shape {array.shape}; expected {len(columns)} columns: say with categories= what they are"
        )
        raise DataError(msg)
    if not np.isin(array, [0, 1]).all():
        msg = "found other values than 0 and 1 among the labels; expected an indicator array"
        raise DataError(msg)
    labels = [tuple(name for name, value in zip(columns, row, strict=True) if value) for row in array.tolist()]
    return Target(labels, columns, np.array(columns), True)


def _read_classes(array: npt.NDArray[Any], negative: object) -> Target:
    """Give every class but the negative one a category."""
    classes, codes = np.unique(array, return_inverse=True)
    if len(classes) < 2:  # noqa: PLR2004
        msg = f"found {len(classes)} class; expected two or more"
        raise DataError(msg)
    known = classes.tolist()
    if negative is not None and negative not in known:
        msg = f"found no text of the class given as negative; expected one of the {len(known)} classes of y"
        raise DataError(msg)
    none = 0 if negative is None else known.index(negative)
    labels: list[tuple[str, ...]] = [() if code == none else (str(code),) for code in codes.tolist()]
    return Target(labels, tuple(str(code) for code in range(len(known)) if code != none), classes, False)


def as_writers(texts: Sequence[str], groups: Any) -> list[str]:  # noqa: ANN401 -- whatever scikit-learn hands over
    """Name the writer of each text.

    Parameters
    ----------
    texts : sequence of str, shape (n,)
        The texts.
    groups : sequence of hashable, shape (n,), or None
        Who wrote them.

    Returns
    -------
    list of str
        Without groups one for each text, and the same one for equal texts: a copy of a text that is held out must
        not be learnt from.

    Raises
    ------
    DataError
        If there is only one.

    Examples
    --------
    >>> as_writers(["はい", "いいえ"], [7, 8])
    ['7', '8']
    """
    names = list(texts) if groups is None else [repr(group) for group in np.asarray(groups, dtype=object).tolist()]
    if len(set(names)) < 2:  # noqa: PLR2004
        what = "different text" if groups is None else "group"
        msg = f"found {len(set(names))} {what}; expected texts by at least two writers: calibration holds one out"
        raise DataError(msg)
    return names


def deal(
    writers: Sequence[str], labels: Sequence[tuple[str, ...]], folds: int, *, alone: bool
) -> tuple[int, dict[str, int] | None]:
    """Choose the number of folds, and the fold of each writer where there are too few texts for stratified ones.

    Parameters
    ----------
    writers : sequence of str, shape (n,)
        The writer of each text.
    labels : sequence of tuple of str, shape (n,)
        The categories of each text.
    folds : int
        How many are wanted.
    alone : bool
        Whether nobody said who wrote what, so that a writer has one text.

    Returns
    -------
    folds : int
        At least two; no more than there are writers, or texts with or without a label.
    known : dict of str to int or None
        As `fold_numbers` takes it: writers with the same labels go to the folds in turn, so that even a category of
        few texts is in several; None to leave it to `fold_numbers`.

    Examples
    --------
    >>> deal(["a", "b", "c", "d"], [("sexual",), (), ("sexual",), ()], 5, alone=True)[0]
    2
    """
    labelled = sum(bool(row) for row in labels)
    smallest = min(labelled, len(labels) - labelled)
    n_folds = max(2, min(folds, len(set(writers)), smallest))
    if not alone and smallest >= n_folds:
        return n_folds, None
    theirs: dict[str, set[tuple[str, ...]]] = {}
    for writer, row in zip(writers, labels, strict=True):
        theirs.setdefault(writer, set()).add(row)
    order = sorted(theirs, key=lambda name: (sorted(theirs[name]), writer_digest(name)))
    return n_folds, {writer_digest(name): place % n_folds for place, name in enumerate(order)}
