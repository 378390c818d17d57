"""What a learning curve found, for programs and for people."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np

from kahara_nlp.policy import default_policy
from kahara_nlp.training.figures import OVERALL

__all__ = ["FIGURES", "CurvePoint", "Gain", "LearningCurve"]

#: What is measured of the whole.
FIGURES = ("macro_average_precision", "auroc", "recall_at_1_percent_complaints")
#: A gain that is surely smaller is not worth the labelling.
_WORTH = 0.01


class Gain(NamedTuple):
    """What the last step of a learning curve brought.

    Parameters
    ----------
    value : float
        Difference of the last two points, in [-1, 1]; NaN where it cannot be measured.
    low, high : float
        95 % interval from resampling the writers that are scored.

    Examples
    --------
    >>> Gain(0.031, 0.012, 0.05).verdict, Gain(0.001, -0.004, 0.006).verdict, Gain(0.02, -0.1, 0.14).verdict
    ('still gains', 'levelled off', 'within noise')
    """

    value: float
    low: float
    high: float

    @property
    def verdict(self) -> str:
        """Return ``still gains``, ``levelled off``, ``within noise`` or ``unknown``."""
        if np.isnan(self.value) or np.isnan(self.low):
            return "unknown"
        if self.high < _WORTH:
            return "levelled off"
        return "still gains" if self.low > 0 else "within noise"

    def __str__(self) -> str:
        return "–" if np.isnan(self.value) else f"{self.value:+.3f} [{self.low:+.3f}, {self.high:+.3f}]"


@dataclass(frozen=True)
class CurvePoint:
    """What is reached by learning from a share of the writers.

    Parameters
    ----------
    share : float
        Share of the writers that are not held out, in (0, 1].
    writers, texts : float
        How many were learnt from, on average over the folds.
    overall : mapping of str to float
        ``macro_average_precision``, ``auroc`` and ``recall_at_1_percent_complaints``, in [0, 1]; NaN where one
        cannot be measured.
    categories : mapping of str to float
        Average precision of each, likewise.
    """

    share: float
    writers: float
    texts: float
    overall: Mapping[str, float]
    categories: Mapping[str, float]


@dataclass(frozen=True)
class LearningCurve:
    """Figures for growing shares of the writers, always on the same texts.

    Parameters
    ----------
    n : int
        Number of texts scored.
    writers : int
        Number of their writers.
    labelled : mapping of str to int
        Number of texts of each category.
    points : tuple of CurvePoint
        By rising share.
    overall_gains, category_gains : mapping of str to Gain
        What the last step brought; empty where there is one point only.
    """

    n: int
    writers: int
    labelled: Mapping[str, int]
    points: tuple[CurvePoint, ...]
    overall_gains: Mapping[str, Gain]
    category_gains: Mapping[str, Gain]

    def by_verdict(self, verdict: str) -> list[str]:
        """Return the categories of one verdict.

        Parameters
        ----------
        verdict : {"still gains", "levelled off", "within noise", "unknown"}
            See `Gain`.

        Returns
        -------
        list of str
            Category ids, the greatest gain first.
        """
        names = [name for name, gain in self.category_gains.items() if gain.verdict == verdict]
        return sorted(names, key=lambda name: -self.category_gains[name].value)

    def to_dict(self) -> dict[str, Any]:
        """Return plain dicts and lists, rounded to four places, for JSON.

        Returns
        -------
        dict
            NaN is None.
        """

        def plain(value: Any) -> Any:  # noqa: ANN401 -- of whatever type a field is
            if isinstance(value, Mapping):
                return {key: plain(part) for key, part in value.items()}
            if isinstance(value, Gain):
                return {key: plain(part) for key, part in value._asdict().items()}
            if isinstance(value, tuple):
                return [plain(part) for part in value]
            return (None if np.isnan(value) else round(value, 4)) if isinstance(value, float) else value

        gains = {"overall_gains": self.overall_gains, "category_gains": self.category_gains}
        result: dict[str, Any] = plain({**self.__dict__, "points": tuple(asdict(p) for p in self.points), **gains})
        return result

    def to_text(self) -> str:
        """Write the curve for people, in Markdown.

        Returns
        -------
        str
            Two tables, then whether more would help, more of what, and how sure that is.
        """
        lines = [
            f"{self.n:,} texts by {self.writers} writers, scored by models that learnt from a share of the others.",
            "",
            "| share | writers | texts | " + " | ".join(OVERALL[name] for name in FIGURES) + " |",
            "|---:|---:|---:|" + "---:|" * len(FIGURES),
        ]
        for point in self.points:
            figures = " | ".join(_number(point.overall[name]) for name in FIGURES)
            lines.append(f"| {point.share:g} | {point.writers:.1f} | {point.texts:,.0f} | {figures} |")
        shares = " | ".join(f"{point.share:g}" for point in self.points)
        lines += ["", f"| average precision | n | {shares} | gain of {self._step()} | |"]
        lines.append("|---|---:|" + "---:|" * len(self.points) + "---|---|")
        for name, n in self.labelled.items():
            values = " | ".join(_number(point.categories[name]) for point in self.points)
            gain = self.category_gains.get(name, _NO_GAIN)
            lines.append(f"| {_title(name)} | {n} | {values} | {gain} | {gain.verdict} |")
        return "\n".join([*lines, "", *self._advice()])

    def _step(self) -> str:
        """Name the last step."""
        if len(self.points) > 1 and np.isclose(self.points[-1].share, 2 * self.points[-2].share):
            return "the last doubling"
        return "the last step"

    def _advice(self) -> Iterator[str]:
        """Say whether more would help, and more of what."""
        if not self.overall_gains:
            yield "One point is no curve: whether more examples would help needs more writers, or more shares."
            return
        first, last = self.points[-2], self.points[-1]
        macro = self.overall_gains[FIGURES[0]]
        yield {
            "still gains": "**More examples by other writers would help.**",
            "levelled off": "**More of the same would help little; the gain has levelled off.**",
        }.get(macro.verdict, "**Whether more examples would help cannot be told from so few writers.**")
        yield (
            f"From {first.writers:.1f} to {last.writers:.1f} writers, {self._step()}, gained "
            + "; ".join(f"{OVERALL[name]} {self.overall_gains[name]}" for name in FIGURES)
            + ". The next one rarely brings more than the last."
        )
        for verdict, sentence in (
            ("still gains", "More of these, the greatest gain first"),
            ("levelled off", f"Levelled off, less than {_WORTH} to gain"),
            ("within noise", "Cannot be told from noise"),
            ("unknown", "Not measured"),
        ):
            if names := self.by_verdict(verdict):
                yield f"- {sentence}: {', '.join(_title(name) for name in names)}."
        yield ""
        yield (
            "Noise: intervals are 95 %, from resampling the writers that are scored; which writers were learnt from is "
            "chance, too, and not in them. Of a dozen categories without any gain, one shows a gain by chance in one "
            "curve of four."
        )


_NO_GAIN = Gain(float("nan"), float("nan"), float("nan"))


def _number(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.3f}"


def _title(name: str) -> str:
    policy = default_policy()
    return f"{policy[name].number} {policy[name].name}" if name in policy else name
