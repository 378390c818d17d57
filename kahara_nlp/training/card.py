"""The model card, written from the manifest: its figures cannot differ from what was measured."""

import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from kahara_nlp.manifest import Manifest
from kahara_nlp.training.evaluate import Evaluation
from kahara_nlp.training.fairness import fairness_text

__all__ = ["model_card"]


def model_card(manifest: Manifest, plots: Sequence[str] = ()) -> str:
    """Write the card of a model.

    Parameters
    ----------
    manifest : Manifest
        With metrics.
    plots : sequence of str, optional
        Files of pictures in the model's directory, to be shown.

    Returns
    -------
    str
        Markdown, sections as in "Model Cards for Model Reporting".

    References
    ----------
    .. [1] M. Mitchell et al., "Model Cards for Model Reporting", FAT* 2019.
    """
    template = files("kahara_nlp.training").joinpath("card.md").read_text(encoding="utf-8")
    evaluation = Evaluation.from_dict(manifest.metrics["evaluation"])
    thresholds = "\n".join(
        f"| {name} | {row['review']:.4f} | {row['alert']:.4f} |" for name, row in manifest.metrics["thresholds"].items()
    )
    words = {
        "name": manifest.name,
        "version": manifest.version,
        "created": manifest.created,
        "trained_with": ", ".join(f"{name} {version}" for name, version in manifest.trained_with.items()),
        "loss": str(manifest.metrics["settings"].get("loss", "logistic")).replace("_", " "),
        "families": ", ".join(f"{name} 1–{n}" for name, n in manifest.families.items()),
        "n_terms": f"{manifest.metrics['n_terms']:,}",
        "rows": f"{manifest.data['rows']:,}",
        "writers": str(manifest.data["writers"]),
        "digest": str(manifest.data["sha256"]),
        "evaluation": evaluation.to_text(),
        "thresholds": thresholds,
        "plots": "\n".join(f"![{Path(name).stem.replace('_', ' ')}]({name})" for name in plots),
        "fairness": fairness_text(manifest.metrics.get("fairness", ())),
        "settings": json.dumps(manifest.metrics["settings"], ensure_ascii=False),
    }
    for key, value in words.items():
        template = template.replace("{{" + key + "}}", value)
    return template
