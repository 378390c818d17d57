"""The gate: what the shipped model reaches may not fall.

``python -m tests.quality.gate`` compares; ``--update`` takes over the new figures and the digest of the data,
and refuses to lower a floor.
"""

import argparse
import json
import sys
from pathlib import Path

import kahara_nlp as kn
from kahara_nlp.training.contest import quality_pairs as pairs

from .perturbations import PERTURBATIONS, perturbed

HERE = Path(__file__).resolve().parent
FLOORS = HERE / "floors.json"
#: Figures in which less is better.
FALLING = {"expected_calibration_error", "recall_lost"}


def figures() -> dict[str, float]:
    """Measure the shipped model: its evaluation by writer, the pairs, and the pairs disturbed."""
    overall = kn.load().manifest.metrics["evaluation"]["overall"]
    names = (
        "macro_average_precision", "auroc", "recall_at_1_percent_complaints", "recall_at_01_percent_ordinary",
        "expected_calibration_error", "clause_accuracy", "buried_sentence_found",
    )  # fmt: skip
    found = {name: overall[name]["value"] for name in names}
    rows = pairs()
    legitimate = kn.classify_many(row["legitimate"] for row in rows)
    harassing = kn.classify_many(row["harassing"] for row in rows)
    both = list(zip(legitimate, harassing, strict=True))
    found["pairs_in_order"] = sum(a.harassment < b.harassment for a, b in both) / len(rows)
    found["pairs_on_right_sides"] = sum(a.level is None and b.level is not None for a, b in both) / len(rows)
    recall = sum(b.level is not None for b in harassing) / len(rows)
    texts = [row["harassing"] for row in rows]
    disturbed = [
        sum(r.level is not None for r in kn.classify_many(perturbed(name, texts))) / len(rows) for name in PERTURBATIONS
    ]
    found["recall_lost"] = recall - sum(disturbed) / len(disturbed)
    return {name: round(value, 4) for name, value in found.items()}


def worse(found: dict[str, float], floors: dict[str, float], epsilon: float) -> list[str]:
    """Say which figures fell below their floor."""
    result = []
    for name, floor in floors.items():
        fallen = found[name] > floor + epsilon if name in FALLING else found[name] < floor - epsilon
        if fallen:
            result.append(f"{name}: {found[name]}, floor {floor}")
    return result


def main() -> int:
    """Compare or update."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--update", action="store_true", help="take over better figures and the digest of the data")
    arguments = parser.parse_args()
    stored, found = json.loads(FLOORS.read_text()), figures()
    problems = worse(found, stored["floors"], stored["epsilon"])
    print(json.dumps(found, indent=1))
    if problems:
        print("below the floor:", *problems, sep="\n  ", file=sys.stderr)
        return 1
    if arguments.update:
        better = {
            name: min(found[name], floor) if name in FALLING else max(found[name], floor)
            for name, floor in stored["floors"].items()
        }
        stored |= {"data": kn.load().manifest.data["sha256"], "floors": better}
        new = FLOORS.with_suffix(".new")
        new.write_text(json.dumps(stored, indent=1) + "\n")
        new.replace(FLOORS)
    return 0


if __name__ == "__main__":
    sys.exit(main())
