"""Pictures of an evaluation: precision and recall, reliability, confusion, the learning curve."""

import io
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from sklearn.metrics import precision_recall_curve

from kahara_nlp.calibration import Scores
from kahara_nlp.errors import MissingExtraError
from kahara_nlp.records import Example
from kahara_nlp.training.curve_report import LearningCurve
from kahara_nlp.training.evaluate import outcome
from kahara_nlp.training.figures import Outcome

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["evaluation_plots", "learning_curve_plot", "named"]

_INCHES = (8.0, 5.0)
_BINS = 15
#: Points of a precision-recall curve: more would only make the file larger.
_POINTS = 200
# Okabe and Ito's colours, told apart by every kind of eye, with two styles of line.
_COLOURS = ("#000000", "#E69F00", "#56B4E9", "#009E73", "#0072B2", "#D55E00", "#CC79A7")


def evaluation_plots(examples: Sequence[Example], categories: Sequence[str], scores: Scores) -> dict[str, bytes]:
    """Draw an evaluation.

    Parameters
    ----------
    examples : sequence of Example
        The labelled texts.
    categories : sequence of str
        Columns of the scores.
    scores : Scores
        Probabilities, one row for each example.

    Returns
    -------
    dict of str to bytes
        SVG by file name: ``precision_recall.svg``, ``reliability.svg``, ``confusion.svg``; the same bytes for the same
        input.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    data = outcome(examples, categories, scores)
    return {
        "precision_recall.svg": _svg(lambda axes: _precision_recall(axes, data, categories)),
        "reliability.svg": _svg(lambda axes: _reliability(axes, data)),
        "confusion.svg": _svg(lambda axes: _confusion(axes, data, categories)),
    }


def learning_curve_plot(curve: LearningCurve) -> bytes:
    """Draw a learning curve.

    Parameters
    ----------
    curve : LearningCurve
        As `learning_curve` returns it.

    Returns
    -------
    bytes
        SVG.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """

    def draw(axes: "Axes") -> None:
        texts = [point.texts for point in curve.points]
        for place, (name, title) in enumerate(
            (("macro_average_precision", "macro average precision"), ("auroc", "AUROC of harassment"))
        ):
            figures = [point.overall[name] for point in curve.points]
            axes.plot(texts, figures, "o-", color=_COLOURS[place * 4], label=title)
        axes.set(xlabel="texts learnt from", ylabel="figure on the same held-out texts", xscale="log")
        axes.legend()
        axes.grid(alpha=0.3)

    return _svg(draw)


def _svg(draw: Callable[["Axes"], None]) -> bytes:
    """Draw one picture, without any state that others could have changed."""
    try:
        import matplotlib as mpl
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure
    except ImportError as exc:
        task = "drawing plots"
        raise MissingExtraError(task, "plots") from exc
    with mpl.rc_context({"svg.hashsalt": "kahara", "font.family": "DejaVu Sans", "font.size": 9}):
        figure = Figure(figsize=_INCHES, layout="constrained")
        FigureCanvasSVG(figure)
        draw(figure.subplots())
        buffer = io.BytesIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def _precision_recall(axes: "Axes", data: Outcome, categories: Sequence[str]) -> None:
    for column, name in enumerate(categories):
        if not data.labels[:, column].any():
            continue
        precision, recall, _ = precision_recall_curve(data.labels[:, column], data.categories[:, column])
        kept = np.unique(np.linspace(0, len(recall) - 1, _POINTS).astype(int))
        style = "-" if column < len(_COLOURS) else "--"
        axes.plot(recall[kept], precision[kept], style, color=_COLOURS[column % len(_COLOURS)], label=name, linewidth=1)
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.02))
    axes.legend(ncols=2, fontsize=7)
    axes.grid(alpha=0.3)


def _reliability(axes: "Axes", data: Outcome) -> None:
    bins = np.minimum((data.harassment * _BINS).astype(int), _BINS - 1)
    sizes = np.bincount(bins, minlength=_BINS)
    filled = sizes > 0
    said = np.bincount(bins, data.harassment, _BINS)[filled] / sizes[filled]
    true = np.bincount(bins, data.any_label, _BINS)[filled] / sizes[filled]
    axes.plot([0, 1], [0, 1], color="grey", linewidth=1)
    axes.plot(said, true, "o-", color=_COLOURS[4])
    for x, y, n in zip(said, true, sizes[filled], strict=True):
        axes.annotate(f"{n:,}", (x, y), textcoords="offset points", xytext=(6, -10), fontsize=7)
    axes.set(xlabel="probability of harassment", ylabel="share of texts that harass", xlim=(0, 1), ylim=(0, 1.02))
    axes.grid(alpha=0.3)


def _confusion(axes: "Axes", data: Outcome, categories: Sequence[str]) -> None:
    """Show, of the texts with one category alone, which category the model finds likeliest."""
    alone = data.labels.sum(axis=1) == 1
    true, said = data.labels[alone].argmax(axis=1), data.categories[alone].argmax(axis=1)
    n = len(categories)
    counts = np.bincount(true * n + said, minlength=n * n).reshape(n, n)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="cividis", vmin=0, vmax=1, aspect="auto")
    for row, column in zip(*np.nonzero(shares >= 0.005), strict=True):  # noqa: PLR2004 -- half a per cent
        colour = "black" if shares[row, column] > 0.5 else "white"  # noqa: PLR2004 -- of the scale
        axes.text(column, row, f"{shares[row, column]:.2f}", ha="center", va="center", fontsize=6, color=colour)
    axes.set_xticks(range(n), categories, rotation=45, ha="right")
    axes.set_yticks(range(n), categories)
    axes.set(xlabel="likeliest for the model", ylabel="labelled (texts with one category)")


def named(plots: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return plots by the names that they have in a model's directory.

    Parameters
    ----------
    plots : mapping of str to bytes
        By file name.

    Returns
    -------
    dict of str to bytes
        With ``plots/`` before each.
    """
    return {f"plots/{name}": content for name, content in plots.items()}
