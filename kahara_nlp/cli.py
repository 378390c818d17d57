"""The command line: one sub-command for each public verb.

Data goes to standard output, progress and warnings to standard error. Exit status 0: done; 2: wrong
usage; 3: a KaharaError, whose message is printed.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace

from kahara_nlp.classifier import Classifier, load
from kahara_nlp.errors import DataError, KaharaError
from kahara_nlp.records import Classification
from kahara_nlp.version import __version__

__all__ = ["main", "parser"]

_ERROR = 3


def _say(message: str) -> None:
    print(message, file=sys.stderr)


def as_record(result: Classification) -> dict[str, object]:
    """Return a classification as plain JSON values.

    Parameters
    ----------
    result : Classification
        What the model said.

    Returns
    -------
    dict
        NaN is None.
    """
    scored = result.status == "scored"
    return {
        "status": result.status,
        "level": result.level,
        "harassment": round(result.harassment, 4) if scored else None,
        "probabilities": {k: round(v, 4) if scored else None for k, v in result.probabilities.items()},
        "findings": [
            {
                "number": f.category.number,
                "category": f.category.id,
                "name": f.category.name,
                "clause": None if f.clause is None else {"number": f.clause.number, "text": f.clause.text},
                "probability": round(f.probability, 4),
                "level": f.level,
                "passage": {
                    "text": f.evidence.passage.text,
                    "start": f.evidence.passage.start,
                    "end": f.evidence.passage.end,
                },
                "terms": [
                    {"text": t.text, "start": t.start, "end": t.end, "contribution": round(t.contribution, 3)}
                    for t in f.evidence.terms
                ],
            }
            for f in result.findings
        ],
    }


def as_lines(result: Classification) -> list[str]:
    """Return a classification as lines for a person.

    Parameters
    ----------
    result : Classification
        What the model said.

    Returns
    -------
    list of str
        A line for the whole, then for each finding its row, passage and words.
    """
    if result.status != "scored":
        return [f"not scored: {result.status}"]
    lines = [f"{result.level or 'no finding'}  harassment {result.harassment:.2f}"]
    for finding in result.findings:
        category = finding.category
        lines.append(f"  ({category.number}) {category.name}  {finding.probability:.2f}  {finding.level}")
        if finding.clause is not None:
            lines.append(f"      {finding.clause.number} {finding.clause.text}")
        lines.append(f"      「{' '.join(finding.evidence.passage.text.split())}」")
        words = "  ".join(f"{t.text} {t.contribution:+.2f}" for t in finding.evidence.terms[:6])
        lines.append(f"      {words}")
    return lines


def _classifier(args: argparse.Namespace) -> Classifier:
    return load(args.model, policy=args.policy)


def _classify(args: argparse.Namespace) -> None:
    text = sys.stdin.buffer.read().decode("utf-8", "replace") if args.text == "-" else args.text
    result = _classifier(args).classify(text)
    if args.json:
        print(json.dumps(as_record(result), ensure_ascii=False, indent=1))
    else:
        print("\n".join(as_lines(result)))


def _train(args: argparse.Namespace) -> None:
    from kahara_nlp.policy import load_policy
    from kahara_nlp.training import Settings, read_examples, train

    policy = load_policy(args.policy) if args.policy else None
    examples = [] if args.replace else read_examples(args.data, policy=policy)
    for file in args.add:
        added = read_examples(file, policy=policy)
        known = {example.id for example in examples}
        if clash := [example.id for example in added if example.id in known]:
            msg = f"{len(clash)} id(s) of {file} stand in the data already, the first is {clash[0]!r}; rename them"
            raise DataError(msg)
        examples += [replace(example, weight=args.weight) for example in added]
    _say(f"training on {len(examples):,} texts …")
    classifier = train(examples, args.output, policy=policy, settings=Settings(jobs=args.jobs))
    from kahara_nlp.training import Evaluation

    print(Evaluation.from_dict(classifier.manifest.metrics["evaluation"]).to_text())
    _say(f"saved {args.output}; use it with --model {args.output}")


def _evaluate(args: argparse.Namespace) -> None:
    from kahara_nlp.training import evaluate, read_examples

    classifier = load(args.model)
    examples = read_examples(args.data)
    cross_validate = True if args.cross_validate else None
    _say(f"evaluating on {len(examples):,} texts …")
    evaluation = evaluate(classifier, examples, cross_validate=cross_validate)
    if args.json:
        print(json.dumps(evaluation.to_dict(), ensure_ascii=False, indent=1))
    else:
        print(evaluation.to_text())


def _data_check(args: argparse.Namespace) -> None:
    from kahara_nlp.training import check_examples, read_examples

    report = check_examples(read_examples(args.data))
    print(report.to_text())
    if report.problems:
        shown = "\n".join(f"  {problem}" for problem in report.problems[:50])
        msg = f"{len(report.problems)} problem(s) in the examples:\n{shown}"
        raise DataError(msg)


def _with_model(command: argparse.ArgumentParser) -> None:
    command.add_argument("--model", metavar="M", help="model directory or name; the shipped model if not given")


def parser() -> argparse.ArgumentParser:
    """Build the command line's parser.

    Returns
    -------
    argparse.ArgumentParser
        With a sub-command for each verb.
    """
    root = argparse.ArgumentParser(
        prog="kahara",
        description="Spot customer harassment in Japanese mail and call transcripts, on this machine.",
    )
    root.add_argument("--version", action="version", version=f"kahara_nlp {__version__}")
    commands = root.add_subparsers(required=True, metavar="COMMAND")

    def add(name: str, run: Callable[[argparse.Namespace], None], text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(run=run)
        return command

    command = add("classify", _classify, "Classify one text and show why.")
    command.add_argument("text", metavar="TEXT", help="the text; - reads standard input")
    command.add_argument("--json", action="store_true", help="print JSON")
    _with_model(command)
    command.add_argument("--policy", metavar="P", help="policy file to report in")

    command = add("train", _train, "Train a model on labelled examples.")
    command.add_argument("--data", metavar="DIR", help="folder or file of examples; the shipped examples if not given")
    command.add_argument("--add", metavar="FILE", action="append", default=[], help="more examples on top; repeatable")
    command.add_argument("--replace", action="store_true", help="use only the examples of --add")
    command.add_argument("--weight", type=float, default=3.0, help="weight of each added example (default 3)")
    command.add_argument("--policy", metavar="P", help="policy whose categories to learn")
    command.add_argument("--jobs", type=int, default=2, metavar="N", help="processes (default 2)")
    command.add_argument("-o", "--output", required=True, metavar="DIR", help="directory of the new model")

    command = add("evaluate", _evaluate, "Measure a model; on its own training data by cross-validation over writers.")
    command.add_argument("--data", metavar="DIR", help="folder or file of examples; the shipped examples if not given")
    command.add_argument("--cross-validate", action="store_true", help="train anew without each writer, on any data")
    command.add_argument("--json", action="store_true", help="print JSON")
    _with_model(command)

    data = commands.add_parser("data", help="Look after labelled examples.")
    verbs = data.add_subparsers(required=True, metavar="VERB")
    command = verbs.add_parser("check", help="Refuse bad labels, duplicates and personal data; print the table.")
    command.add_argument("data", nargs="?", metavar="DIR", help="folder or file; the shipped examples if not given")
    command.set_defaults(run=_data_check)
    return root


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        Without the program's name; those of the process if not given.

    Returns
    -------
    int
        Exit status.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    args = parser().parse_args(arguments)
    try:
        args.run(args)
    except KaharaError as exc:
        _say(f"kahara: {exc}")
        return _ERROR
    except BrokenPipeError:
        return 0
    except KeyboardInterrupt:
        _say("kahara: interrupted")
        return 130
    return 0
