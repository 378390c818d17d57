"""The commands that look after models: list, show, compare, use, rollback, audit."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from kahara_nlp.classifier import load
from kahara_nlp.cli import values
from kahara_nlp.cli.scoring import say, with_model
from kahara_nlp.manifest import Manifest, read_manifest
from kahara_nlp.model_files import DEFAULT_MODEL, find_model, load_model, models_root
from kahara_nlp.model_store import Current, current_model, own_models, roll_back, use_model

if TYPE_CHECKING:
    from kahara_nlp.cli import Commands

__all__ = ["add_commands"]


def _figure(manifest: Manifest, name: str) -> str:
    value = manifest.metrics.get("evaluation", {}).get("overall", {}).get(name, {}).get("value")
    return "–" if value is None else f"{value:.3f}"


def _shipped() -> Path:
    return models_root() / DEFAULT_MODEL


def _is_shipped(place: Path | None) -> bool:
    return place is not None and place.resolve() == _shipped().resolve()


def _list(_: argparse.Namespace) -> None:
    in_use = current_model().model
    places = [_shipped(), *own_models()]
    if in_use is not None and Path(in_use) not in places:
        places.append(Path(in_use))
    print("    name                     created     texts    macro AP  AUROC")
    for place in places:
        manifest = read_manifest(place)
        chosen = in_use == str(place) or (in_use is None and place.name == DEFAULT_MODEL)
        figures = f"{_figure(manifest, 'macro_average_precision'):>8}  {_figure(manifest, 'auroc'):>5}"
        print(
            f"{'*' if chosen else ' '}   {manifest.name:<24} {manifest.created}  {manifest.data['rows']:>6,}  {figures}"
        )
    say("* in use; kahara model use NAME takes another")


def _show(args: argparse.Namespace) -> None:
    from kahara_nlp.training import Evaluation

    place = find_model(args.model)
    manifest = read_manifest(place)
    print(f"{manifest.name} in {place}")
    print(f"created {manifest.created}, format {manifest.format}, trained with " + ", ".join(
        f"{name} {version}" for name, version in manifest.trained_with.items()
    ))  # fmt: skip
    print(f"{manifest.data['rows']:,} texts by {manifest.data['writers']} writers, SHA-256 {manifest.data['sha256']}")
    for parent in manifest.parents:
        print(f"on top of {parent}")
    if manifest.metrics.get("forced"):
        print("saved by --force although it was worse: " + "; ".join(manifest.metrics["contest"]["reasons"]))
    print()
    print(Evaluation.from_dict(manifest.metrics["evaluation"]).to_text())


def _compare(args: argparse.Namespace) -> None:
    from kahara_nlp.training import read_examples
    from kahara_nlp.training.contest import contest
    from kahara_nlp.training.doctor import unseen_scores

    champion, challenger = load(args.champion), load(args.challenger)
    examples = read_examples(args.data, policy=challenger.policy, columns=dict(args.column))
    result = contest(champion, challenger, examples, unseen_scores(challenger, examples), frozenset())
    print(result.to_text())
    for reason in result.reasons:
        say(f"worse: {reason}")


def _told(current: Current) -> None:
    say(f"in use: {current.model or DEFAULT_MODEL}")


def _use(args: argparse.Namespace) -> None:
    place = find_model(args.model)
    load_model(place)  # what does not load is never used
    _told(use_model(None if _is_shipped(place) else place))


def _roll_back(_: argparse.Namespace) -> None:
    _told(roll_back())


def _audit(args: argparse.Namespace) -> None:
    from kahara_nlp.training.audit import audit_model

    classifier = load(args.model)
    print(
        audit_model(
            classifier, None if args.all or _is_shipped(classifier.directory) else load(DEFAULT_MODEL)
        ).to_text()
    )


def add_commands(commands: "Commands") -> None:
    """Add the commands of this module."""
    verbs = commands.group("model", "Look after models.")
    verbs("list", _list, "List the shipped model and your own, and say which is in use.")
    command = verbs("show", _show, "Show where a model comes from and what it reached.")
    command.add_argument("model", nargs="?", metavar="M", help="directory or name; the one in use if not given")
    command = verbs("compare", _compare, "Compare two models on the same texts, figure by figure.")
    command.add_argument("champion", metavar="M1", help="directory or name of the model in use")
    command.add_argument("challenger", metavar="M2", help="directory or name of the other one")
    command.add_argument("--data", metavar="DIR", help="examples; the shipped examples if not given")
    command.add_argument(
        "--column", type=values.column, action="append", default=[], metavar="FIELD=NAME", help="see train"
    )
    command = verbs("use", _use, "Use a model from now on, in every command and in kahara_nlp.load().")
    command.add_argument("model", metavar="M", help="directory or name")
    verbs("rollback", _roll_back, "Go back to the model that was in use before.")
    command = verbs("audit", _audit, "List what in a model's vocabulary could be personal.")
    with_model(command)
    command.add_argument("--all", action="store_true", help="list terms of the shipped model, too")
