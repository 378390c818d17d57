"""What each notion of the lexicon is worth: macro average precision lost where a notion counts nothing.

``python -m tests.quality.ablation`` fits five folds over writers, takes each notion's part out of the log-odds of
the held-out texts, and prints the loss in thousandths, the largest first, with the number of texts that show the notion. The heads are not fitted
again, so words that mean the same cannot step in: the loss is an upper bound of what a model without the notion
would lose. ``--refit`` fits once more without those whose loss is below nothing.
"""

import argparse
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

import kahara_nlp as kn
from kahara_nlp.concepts import Lexicon
from kahara_nlp.features import count_terms, sum_rows, weight_terms
from kahara_nlp.streams import default_lexicon, prepare
from kahara_nlp.training import Settings, read_examples
from kahara_nlp.training.figures import average_precision
from kahara_nlp.training.fit import fold_numbers
from kahara_nlp.training.heads import fit_heads, subset
from kahara_nlp.training.labels import targets

FloatArray = npt.NDArray[np.float64]
#: One entry that no text holds.
NOTHING = Lexicon({("\u0000",): ("nothing",)})


def parts(lexicon: Lexicon) -> Iterator[tuple[npt.NDArray[np.int64], FloatArray, dict[str, FloatArray]]]:
    """Yield for each fold its texts, their log-odds, and each notion's part of them."""
    examples = read_examples()
    categories, settings = tuple(kn.default_policy()), Settings()
    prepared = prepare([example.text for example in examples], lexicon)
    folds = fold_numbers(examples, settings.folds)
    for fold in range(settings.folds):
        held_out = np.flatnonzero(folds == fold)
        heads, _ = fit_heads(prepared, examples, np.flatnonzero(folds != fold), categories, settings)
        streams, owner, _ = subset(prepared, held_out)
        vocabulary = heads.vocabulary
        features = weight_terms(sum_rows(count_terms(streams, vocabulary), owner, len(held_out)), vocabulary)
        place = [family.name for family in vocabulary.families].index("concept")
        columns_of: dict[str, list[int]] = {}
        for column, term in enumerate(vocabulary.families[place].terms(), int(vocabulary.offsets[place])):
            columns_of.setdefault(term.rstrip("!"), []).append(column)
        notions = {name: features[:, columns] @ heads.weights[columns] for name, columns in columns_of.items()}
        yield held_out, features @ heads.weights + heads.intercepts, notions


def macro(labels: npt.NDArray[np.bool_], log_odds: FloatArray) -> float:
    """Return the macro average precision."""
    return float(np.mean([average_precision(labels[:, c], log_odds[:, c]) for c in range(labels.shape[1])]))


def losses(lexicon: Lexicon) -> tuple[float, dict[str, tuple[float, int]]]:
    """Return the macro average precision, and for each notion what is lost without it and how many texts show it."""
    labels = targets(read_examples(), tuple(kn.default_policy()))
    whole = np.zeros((len(labels), labels.shape[1] + 1))
    by_notion: dict[str, FloatArray] = {}
    for rows, log_odds, notions in parts(lexicon):
        whole[rows] = log_odds
        for name, part in notions.items():
            by_notion.setdefault(name, np.zeros_like(whole))[rows] = part
    full = macro(labels, whole)
    found = {
        name: (full - macro(labels, whole - part), int((part != 0).any(axis=1).sum()))
        for name, part in by_notion.items()
    }
    return full, found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--refit", action="store_true", help="fit once more without the notions that cost")
    arguments = parser.parse_args()
    lexicon = default_lexicon()
    full, found = losses(lexicon)
    print(f"macro average precision of whole texts, before calibration: {full:.4f}")
    for name, (loss, n) in sorted(found.items(), key=lambda row: -row[1][0]):
        print(f"| {name} | {1000 * loss:+.2f} | {n:,} |")
    if arguments.refit:
        costly = {name for name, (loss, _) in found.items() if loss < 0}
        kept = {
            lemmas: rest
            for lemmas, notions in lexicon.entries.items()
            if (rest := tuple(n for n in notions if n not in costly))
        }
        print(f"without {', '.join(sorted(costly))}: {losses(Lexicon(kept))[0]:.4f}")
        print(f"without any notion: {losses(NOTHING)[0]:.4f}")


if __name__ == "__main__":
    main()
