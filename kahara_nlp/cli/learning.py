"""The commands that learn and measure: train, evaluate, data."""

import argparse
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from kahara_nlp.classifier import load
from kahara_nlp.cli import values
from kahara_nlp.cli.scoring import say, with_model
from kahara_nlp.errors import DataError, ModelError

if TYPE_CHECKING:
    from kahara_nlp.classifier import Classifier
    from kahara_nlp.cli import Commands
    from kahara_nlp.policy import Policy
    from kahara_nlp.records import Example
    from kahara_nlp.training import LearningCurve

__all__ = ["add_commands"]

_SHOWN = 50


def _read(files: list[str], columns: dict[str, str], policy: "Policy | None") -> "list[Example]":
    """Read files of examples and say what was read."""
    from kahara_nlp.training import read_example_file

    examples: list[Example] = []
    for file in files:
        read = read_example_file(file, policy=policy, columns=columns)
        say(f"{file}: {read.to_text()}")
        known = {example.id for example in examples}
        if clash := [example.id for example in read.examples if example.id in known]:
            msg = f"{len(clash)} id(s) of {file} stand in another file already, the first is {clash[0]!r}; rename them"
            raise DataError(msg)
        examples += read.examples
    return examples


def _train(args: argparse.Namespace) -> None:
    from kahara_nlp.model_store import new_name, own_directory, use_model
    from kahara_nlp.policy import load_policy
    from kahara_nlp.training import Evaluation, Retraining, Settings, read_examples, retrain, save_trained
    from kahara_nlp.training.train import fit_classifier

    policy = load_policy(args.policy) if args.policy else None
    settings = Settings(jobs=args.jobs)
    if args.data is None and not args.add:
        if args.output is None:
            msg = "nothing to learn from: name examples with --add FILE, or a directory with -o for those shipped"
            raise DataError(msg)
        examples = read_examples(policy=policy)
        say(f"training on {len(examples):,} texts …")
        trained = fit_classifier(examples, policy=policy, settings=settings)
        classifier = save_trained(trained, args.output, plots=args.plots)
        print(Evaluation.from_dict(classifier.manifest.metrics["evaluation"]).to_text())
        say(f"saved {args.output}; use it with --model {args.output}")
        return
    added = _read(args.add, dict(args.column), policy)
    how = Retraining(
        base=[] if args.replace else read_examples(args.data, policy=policy),
        weight=args.weight,
        conflicts=args.conflicts,
        champion=load(args.against),
        policy=policy,
        settings=settings,
    )
    result = retrain(added, how, say=say)
    print(Evaluation.from_dict(result.trained.classifier.manifest.metrics["evaluation"]).to_text(), end="\n\n")
    print(result.contest.to_text())
    if result.contest.reasons and not args.force:
        reasons = "\n".join(f"  {reason}" for reason in result.contest.reasons)
        msg = f"the new model was not saved, since it is worse:\n{reasons}\n--force saves it nevertheless"
        raise ModelError(msg)
    directory = Path(args.output) if args.output else own_directory(new_name())
    notes = {"contest": result.contest.to_dict(), "forced": bool(result.contest.reasons)}
    save_trained(result.trained, directory, notes, plots=args.plots)
    if args.output:
        say(f"saved {directory}; use it with --model {directory}, or from now on: kahara model use {directory}")
    else:
        use_model(directory)
        say(f"saved {directory} and in use from now on; back to the one before: kahara model rollback")


def _evaluate(args: argparse.Namespace) -> None:
    from kahara_nlp.training import evaluate, read_examples

    classifier = load(args.model, policy=args.policy)
    examples = read_examples(args.data, policy=classifier.policy, columns=dict(args.column))
    cross_validate = True if args.cross_validate else False if args.as_is else None
    say(f"evaluating on {len(examples):,} texts …")
    evaluation = evaluate(classifier, examples, cross_validate=cross_validate)
    curve = _learning_curve(classifier, examples, args.plots) if args.learning_curve else None
    if args.plots:
        from kahara_nlp.training.doctor import unseen_scores
        from kahara_nlp.training.plots import evaluation_plots

        scores = unseen_scores(classifier, examples)
        _write(args.plots, evaluation_plots(examples, classifier.model.categories, scores))
    if args.json:
        more = {"learning_curve": curve.to_dict()} if curve else {}
        print(json.dumps(evaluation.to_dict() | more, ensure_ascii=False, indent=1))
    else:
        print(evaluation.to_text() + (f"\n\n{curve.to_text()}" if curve else ""))


def _write(folder: str, plots: Mapping[str, bytes]) -> None:
    """Write pictures into a folder."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    for name, content in plots.items():
        (Path(folder) / name).write_bytes(content)
    say(f"{', '.join(sorted(plots))} written to {folder}")


def _learning_curve(classifier: "Classifier", examples: "list[Example]", plots: str | None) -> "LearningCurve":
    """Train as the model was trained, on ever more of the writers."""
    from kahara_nlp.training import Settings, learning_curve

    say("training on growing shares of the writers, which takes about twice as long as training a model …")
    model = classifier.model
    settings = Settings.of_model(classifier.manifest.metrics["settings"])
    curve = learning_curve(examples, model.categories, settings, lexicon=model.lexicon)
    if plots:
        from kahara_nlp.training.plots import learning_curve_plot

        _write(plots, {"learning_curve.svg": learning_curve_plot(curve)})
    return curve


def _data_check(args: argparse.Namespace) -> None:
    from kahara_nlp.policy import load_policy
    from kahara_nlp.training import check_examples, read_examples

    policy = load_policy(args.policy) if args.policy else None
    report = check_examples(read_examples(args.data, policy=policy, columns=dict(args.column)))
    print(report.to_text())
    if report.problems:
        shown = "\n".join(f"  {problem}" for problem in report.problems[:_SHOWN])
        msg = f"{len(report.problems)} problem(s) in the examples:\n{shown}"
        raise DataError(msg)


def _data_doctor(args: argparse.Namespace) -> None:
    from kahara_nlp.training import read_examples
    from kahara_nlp.training.doctor import doubtful_labels

    classifier = load(args.model)
    examples = read_examples(args.data, policy=classifier.policy, columns=dict(args.column))
    doubts = doubtful_labels(classifier, examples)
    text_of = {example.id: " ".join(example.text.split()) for example in examples}
    for doubt in doubts[: args.number]:
        print(doubt.to_text())
        if args.texts:
            print(f"    {text_of[doubt.id]}")
    texts = len({doubt.id for doubt in doubts})
    say(f"{len(doubts):,} doubtful labels in {texts:,} of {len(examples):,} texts; the clearest come first")


def _data_sheet(args: argparse.Namespace) -> None:
    from kahara_nlp.training import read_examples
    from kahara_nlp.training.datasheet import datasheet

    text = datasheet(read_examples(args.data), args.readers)
    if args.output:
        Path(args.output).write_text(text, encoding="utf-8")
    else:
        print(text, end="")


_DATA = "folder or file of examples; the shipped examples if not given"
_COLUMN = "column that holds text, labels, writer …, such as text=本文; repeatable"


def _with_columns(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--column", type=values.column, action="append", default=[], metavar="FIELD=NAME", help=_COLUMN
    )


def add_commands(commands: "Commands") -> None:
    """Add the commands of this module."""
    command = commands("train", _train, "Train a model, compare it with the one in use, and use it if it is not worse.")
    command.add_argument("--data", metavar="DIR", help=_DATA)
    command.add_argument("--add", metavar="FILE", action="append", default=[], help="more examples on top; repeatable")
    command.add_argument("--replace", action="store_true", help="use only the examples of --add")
    command.add_argument(
        "--weight", type=values.weight, metavar="W", help="weight of each added example (default: a tenth of all)"
    )
    command.add_argument(
        "--conflicts",
        choices=("added", "base", "refuse"),
        default="added",
        help="whose labels count where a text has two sets of them (default added)",
    )
    command.add_argument("--against", metavar="M", help="model to compare with; the one in use if not given")
    command.add_argument("--force", action="store_true", help="save a model that is worse, and note it in its manifest")
    command.add_argument("--plots", action="store_true", help="draw the evaluation into the model card (extra plots)")
    command.add_argument("--policy", metavar="P", help="policy whose categories to learn")
    _with_columns(command)
    command.add_argument("--jobs", type=values.count, default=2, metavar="N", help="processes (default 2)")
    command.add_argument(
        "-o", "--output", metavar="DIR", help="directory of the new model; an own one in use if not given"
    )

    text = "Measure a model; on its own training data by cross-validation over writers."
    command = commands("evaluate", _evaluate, text)
    command.add_argument("--data", metavar="DIR", help=_DATA)
    how = command.add_mutually_exclusive_group()
    how.add_argument("--cross-validate", action="store_true", help="train anew without each writer, on any data")
    how.add_argument("--as-is", action="store_true", help="score by the model as it is, even texts that it learnt from")
    command.add_argument(
        "--learning-curve",
        action="store_true",
        help="train on growing shares of the writers, say whether more would help",
    )
    command.add_argument("--plots", metavar="DIR", help="draw the evaluation into a folder (extra plots)")
    command.add_argument("--json", action="store_true", help="print JSON")
    _with_columns(command)
    with_model(command)
    command.add_argument("--policy", metavar="P", help="policy to report in")

    verbs = commands.group("data", "Look after labelled examples.")
    command = verbs("check", _data_check, "Refuse bad labels, duplicates and personal data; print the table.")
    command.add_argument("data", nargs="?", metavar="DIR", help=_DATA)
    _with_columns(command)
    command.add_argument("--policy", metavar="P", help="policy whose categories the labels name")
    command = verbs("doctor", _data_doctor, "List labels that are probably wrong, the clearest first.")
    command.add_argument("data", nargs="?", metavar="DIR", help=_DATA)
    command.add_argument("-n", "--number", type=values.count, default=_SHOWN, metavar="N", help="how many (default 50)")
    command.add_argument("--texts", action="store_true", help="print the texts as well")
    _with_columns(command)
    with_model(command)
    command = verbs("sheet", _data_sheet, "Write the datasheet of the examples.")
    command.add_argument("data", nargs="?", metavar="DIR", help=_DATA)
    command.add_argument("--readers", default="data/second_reader.csv", metavar="FILE", help="two readers' labels")
    command.add_argument("-o", "--output", metavar="FILE", help="file to write; standard output if not given")
