"""The datasheet of the labelled examples: its figures are counted, never typed."""

import csv
import re
from collections import Counter
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from sklearn.metrics import cohen_kappa_score

from kahara_nlp.errors import DataError
from kahara_nlp.policy import default_policy
from kahara_nlp.records import Example
from kahara_nlp.training.check import check_examples
from kahara_nlp.training.examples import data_digest

__all__ = ["agreement", "datasheet", "worn_share"]

#: The words by which anybody would look for a category; a model that knows only these is a list of words.
_OBVIOUS = {
    "physical_attack": "殴|蹴|叩",
    "mental_attack": "殺|死ね|バカ|馬鹿",
    "intimidation": "ふざけ|なめ|おい|コラ",
    "dogeza_demand": "土下座|どげざ",
    "persistence": "何度|何回|毎日|しつこ",
    "confinement": "帰さ|帰ら|居座",
    "discrimination": "外国|派遣|女の|女が|障害",
    "sexual": "胸|抱|パンツ|下着",
    "personal_attack": "クビ|首に|辞めさせ|減給|左遷",
    "excessive_demand": "慰謝料|百万|一千万|無料|ただで",
    "doxxing": "晒|さらす|拡散|ネットに",
    "apology_demand": "謝罪文|詫び状|始末書|反省文",
}
_RUN = 10
_WORN = 12


def worn_share(examples: Sequence[Example]) -> float:
    """Return the share of texts that hold a run of ten characters which stands in twelve or more texts.

    Parameters
    ----------
    examples : sequence of Example
        The data.

    Returns
    -------
    float
        In [0, 1]; a template leaves such runs behind.

    Examples
    --------
    >>> worn_share([Example(str(i), f"いつもお世話になっております{i}") for i in range(12)])
    1.0
    """
    texts = [re.sub(r"\s+", "", example.text) for example in examples]
    runs = [{text[i : i + _RUN] for i in range(len(text) - _RUN + 1)} for text in texts]
    frequency = Counter(run for row in runs for run in row)
    return sum(any(frequency[run] >= _WORN for run in row) for row in runs) / max(len(texts), 1)


def agreement(path: str | Path) -> dict[str, tuple[float, int]]:
    """Return how far two readers who did not see each other's labels agree.

    Parameters
    ----------
    path : str or Path
        A CSV file with the columns ``id, first_labels, first_clauses, second_labels, second_clauses``.

    Returns
    -------
    dict of str to tuple of float and int
        Cohen's kappa and the number of texts, for each category and for ``harassment``, [1]_.

    Raises
    ------
    DataError
        If the file cannot be read or a column is missing.

    References
    ----------
    .. [1] J. Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological
       Measurement 20(1), 37-46, 1960.
    """
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as handle:
            rows = list(csv.DictReader(handle))
        first = [set(filter(None, row["first_labels"].split("|"))) for row in rows]
        second = [set(filter(None, row["second_labels"].split("|"))) for row in rows]
    except (OSError, UnicodeDecodeError, KeyError) as exc:
        msg = f"{Path(path).name} is no file of two readers' labels ({type(exc).__name__}: {exc})"
        raise DataError(msg) from exc
    figures = {
        name: (_kappa([name in a for a in first], [name in b for b in second]), len(rows)) for name in default_policy()
    }
    figures["harassment"] = (_kappa(list(map(bool, first)), list(map(bool, second))), len(rows))
    return figures


def _without_obvious_word(examples: Sequence[Example]) -> list[str]:
    """Return a row for each category: how many of its texts do without the words that anybody would look for."""
    rows = []
    for name, words in _OBVIOUS.items():
        texts = [example.text for example in examples if name in example.labels]
        without = sum(re.search(words, text) is None for text in texts)
        rows.append(f"| {name} | {words.replace('|', ' ')} | {without / max(len(texts), 1):.2f} |")
    return rows


def _kappa(first: list[bool], second: list[bool]) -> float:
    """Return Cohen's kappa; 1 where both readers never saw the label."""
    return float(cohen_kappa_score(first, second)) if any(first) or any(second) else 1.0


def datasheet(examples: Sequence[Example], readers: str | Path) -> str:
    """Write the datasheet.

    Parameters
    ----------
    examples : sequence of Example
        The data.
    readers : str or Path
        The file of two readers' labels, see `agreement`.

    Returns
    -------
    str
        Markdown, the seven parts of [1]_.

    References
    ----------
    .. [1] T. Gebru et al., "Datasheets for Datasets", Communications of the ACM 64(12), 86-92, 2021.
    """
    template = files("kahara_nlp.training").joinpath("datasheet.md").read_text(encoding="utf-8")
    report = check_examples(examples)
    tables = []
    for heading, counts in report.counts.items():
        if heading not in {"writer", "all"}:
            tables += [f"| {heading} | texts |", "|---|---:|", *(f"| {k} | {v:,} |" for k, v in counts.items()), ""]
    figures = agreement(readers)
    kappa = ["| label | Cohen's kappa | texts read twice |", "|---|---:|---:|"]
    kappa += [f"| {name} | {value:.3f} | {n:,} |" for name, (value, n) in figures.items()]
    mails = sum(example.channel == "email" and len(example.text) >= 200 for example in examples)  # noqa: PLR2004
    words = {
        "texts": f"{len(examples):,}",
        "writers": str(len({example.writer for example in examples})),
        "digest": data_digest(examples),
        "tables": "\n".join(tables).rstrip(),
        "obvious": "\n".join(_without_obvious_word(examples)),
        "kappa": "\n".join(kappa),
        "worn": f"{worn_share(examples):.1%}",
        "mails": f"{mails:,}",
        "duplicates": str(len(report.problems)),
    }
    for key, value in words.items():
        template = template.replace("{{" + key + "}}", value)
    return template
