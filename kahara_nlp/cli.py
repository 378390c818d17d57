"""The command line: one sub-command for each public verb.

Data goes to standard output, progress and warnings to standard error. Exit status 0: done; 2: wrong
usage; 3: a KaharaError, whose message is printed.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from kahara_nlp.classifier import Classifier, load
from kahara_nlp.display import as_lines, as_record, message_lines, report_lines
from kahara_nlp.errors import DataError, KaharaError, SourceError
from kahara_nlp.records import COLUMNS
from kahara_nlp.version import __version__

__all__ = ["main", "parser"]

_ERROR = 3


def _say(message: str) -> None:
    print(message, file=sys.stderr)


def _classifier(args: argparse.Namespace) -> Classifier:
    return load(args.model, policy=args.policy)


def _classify(args: argparse.Namespace) -> None:
    from kahara_nlp.sources.decode import decode_text

    text = decode_text(sys.stdin.buffer.read()).text if args.text == "-" else args.text
    result = _classifier(args).classify(text)
    if args.json:
        print(json.dumps(as_record(result), ensure_ascii=False, indent=1))
    else:
        print("\n".join(as_lines(result)))


_REDACT = "mask names, addresses and numbers of persons in the written table"
_DATABASES = {".db", ".sqlite", ".sqlite3"}


def _check_places(sources: Sequence[str], output: Path | None, endings: set[str]) -> None:
    """Refuse before the work what could not be read or written after it."""
    for source in sources:
        if source != "-" and not Path(source).exists():
            msg = f"there is no {source}"
            raise SourceError(msg)
    if output is None:
        return
    if output.suffix.lower() not in endings:
        msg = f"cannot write {output.name}; use a name that ends in {', '.join(sorted(endings))}"
        raise DataError(msg)
    if not output.absolute().parent.is_dir():
        msg = f"there is no folder {output.absolute().parent}; make it first"
        raise DataError(msg)


def _score(args: argparse.Namespace) -> None:
    from kahara_nlp.archive import Filters, score_archive
    from kahara_nlp.results import TABLES, Results, export
    from kahara_nlp.sources import SourceOptions

    output = Path(args.output) if args.output else None
    _check_places(args.source, output, {*_DATABASES, *TABLES})
    filters = Filters(args.since, args.until, args.sender, args.sample, args.include_own)
    with tempfile.TemporaryDirectory() as scratch:
        kept = output is not None and output.suffix.lower() in _DATABASES
        # A table is written at the end; until then the results wait beside it, so that a run can go on.
        store = output.with_name(f".{output.name}.unfinished.db") if output else Path(scratch) / "results.db"
        store = output if output is not None and kept else store
        counts = score_archive(
            args.source,
            store,
            own_domains=args.own_domain,
            reading=SourceOptions(
                text_column=args.text_column,
                id_column=args.id_column,
                customer_speakers=frozenset(args.customer_speaker),
            ),
            classifier=_classifier(args),
            filters=filters,
            jobs=args.jobs,
            strict=args.strict,
        )
        with Results(store) as results:
            if output is None:
                for line in message_lines(results):
                    print(line)
            elif not kept:
                export(results, output, redact=args.redact)
            for problem in results.query("SELECT source, position, reason FROM errors").itertuples():
                _say(f"not read: {problem.source}, position {problem.position}: {problem.reason}")
        if output is not None and not kept:
            store.unlink()
    for line in report_lines(counts):
        _say(line)


def _export(args: argparse.Namespace) -> None:
    from kahara_nlp.results import TABLES, Results, export

    if not Path(args.results).is_file():
        msg = f"no results file at {args.results}; make one with: kahara score SOURCE -o results.db"
        raise DataError(msg)
    _check_places([], Path(args.output), set(TABLES))
    with Results(args.results) as results:
        _say(f"{export(results, args.output, redact=args.redact):,} rows written to {args.output}")


def _date(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        msg = f"{text!r} is no date; write 2026-10-01 or 2026-10-01T09:00"
        raise argparse.ArgumentTypeError(msg) from None


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = 0.0
    if not 0 < share <= 1:
        msg = f"{text!r} is no share; write a number above 0 and up to 1, such as 0.1"
        raise argparse.ArgumentTypeError(msg)
    return share


def _weight(text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        weight = 0.0
    if not 0 < weight < float("inf"):
        msg = f"{text!r} is no weight; write a number above 0, such as 3"
        raise argparse.ArgumentTypeError(msg)
    return weight


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        msg = f"{text!r} is no number of processes; write 1 or more"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


_COLUMN = "column of --add that holds text, labels, writer …, such as text=本文; repeatable"


def _column(text: str) -> tuple[str, str]:
    field, mark, name = text.partition("=")
    if not mark or field not in COLUMNS:
        msg = f"{text!r} names no column; write one of {', '.join(COLUMNS)}, = and the column's name"
        raise argparse.ArgumentTypeError(msg)
    return field, name


def _train(args: argparse.Namespace) -> None:
    from kahara_nlp.policy import load_policy
    from kahara_nlp.training import Settings, read_example_file, read_examples, train

    policy = load_policy(args.policy) if args.policy else None
    examples = [] if args.replace else read_examples(args.data, policy=policy)
    for file in args.add:
        read = read_example_file(file, policy=policy, columns=dict(args.column))
        _say(f"{file}: {read.to_text()}")
        added = list(read.examples)
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
    cross_validate = True if args.cross_validate else False if args.as_is else None
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


def _data_sheet(args: argparse.Namespace) -> None:
    from kahara_nlp.training import read_examples
    from kahara_nlp.training.datasheet import datasheet

    text = datasheet(read_examples(args.data), args.readers)
    if args.output:
        Path(args.output).write_text(text, encoding="utf-8")
    else:
        print(text, end="")


def _with_model(command: argparse.ArgumentParser) -> None:
    command.add_argument("--model", metavar="M", help="model directory or name; the shipped model if not given")


def _score_options(command: argparse.ArgumentParser) -> None:
    """Add the options of `kahara score`."""
    command.add_argument(
        "source", nargs="+", metavar="SOURCE", help="mbox, folder, mail, transcript or table; - for stdin"
    )
    command.add_argument("-o", "--output", metavar="FILE", help="results.db, or .csv, .jsonl, .xlsx, .parquet")
    command.add_argument(
        "--own-domain", action="append", default=[], metavar="D", help="mail from here is staff's; repeatable"
    )
    command.add_argument("--text-column", metavar="NAME", help="column of a table that holds the text")
    command.add_argument("--id-column", metavar="NAME", help="column of a table that names the row")
    command.add_argument(
        "--customer-speaker",
        action="append",
        default=[],
        metavar="S",
        help="speaker label that is the customer; repeatable",
    )
    command.add_argument("--since", type=_date, metavar="DATE", help="only messages sent from then on (Japan time)")
    command.add_argument("--until", type=_date, metavar="DATE", help="only messages sent before then")
    command.add_argument("--from", dest="sender", metavar="S", help="only messages whose sender contains this")
    command.add_argument(
        "--sample", type=_share, default=1.0, metavar="SHARE", help="a share of the messages, such as 0.1"
    )
    command.add_argument("--include-own", action="store_true", help="score what staff wrote as well: incident notes")
    command.add_argument("--redact", action="store_true", help=_REDACT)
    command.add_argument("--jobs", type=_count, default=2, metavar="N", help="processes (default 2)")
    command.add_argument("--strict", action="store_true", help="stop at the first message that cannot be read")
    _with_model(command)
    command.add_argument("--policy", metavar="P", help="policy file to report in")


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

    _score_options(add("score", _score, "Score the customers' messages of mail archives, calls and tables."))

    command = add("export", _export, "Write a results file as a table.")
    command.add_argument("results", metavar="RESULTS", help="results.db of an earlier run")
    command.add_argument("-o", "--output", required=True, metavar="FILE", help=".csv, .jsonl, .xlsx or .parquet")
    command.add_argument("--redact", action="store_true", help=_REDACT)

    command = add("train", _train, "Train a model on labelled examples.")
    command.add_argument("--data", metavar="DIR", help="folder or file of examples; the shipped examples if not given")
    command.add_argument("--add", metavar="FILE", action="append", default=[], help="more examples on top; repeatable")
    command.add_argument("--replace", action="store_true", help="use only the examples of --add")
    command.add_argument("--weight", type=_weight, default=3.0, help="weight of each added example (default 3)")
    command.add_argument("--policy", metavar="P", help="policy whose categories to learn")
    command.add_argument("--column", type=_column, action="append", default=[], metavar="FIELD=NAME", help=_COLUMN)
    command.add_argument("--jobs", type=_count, default=2, metavar="N", help="processes (default 2)")
    command.add_argument("-o", "--output", required=True, metavar="DIR", help="directory of the new model")

    command = add("evaluate", _evaluate, "Measure a model; on its own training data by cross-validation over writers.")
    command.add_argument("--data", metavar="DIR", help="folder or file of examples; the shipped examples if not given")
    how = command.add_mutually_exclusive_group()
    how.add_argument("--cross-validate", action="store_true", help="train anew without each writer, on any data")
    how.add_argument("--as-is", action="store_true", help="score by the model as it is, even texts that it learnt from")
    command.add_argument("--json", action="store_true", help="print JSON")
    _with_model(command)

    data = commands.add_parser("data", help="Look after labelled examples.")
    verbs = data.add_subparsers(required=True, metavar="VERB")
    command = verbs.add_parser("check", help="Refuse bad labels, duplicates and personal data; print the table.")
    command.add_argument("data", nargs="?", metavar="DIR", help="folder or file; the shipped examples if not given")
    command.set_defaults(run=_data_check)
    command = verbs.add_parser("sheet", help="Write the datasheet of the examples.")
    command.add_argument("data", nargs="?", metavar="DIR", help="folder or file; the shipped examples if not given")
    command.add_argument("--readers", default="data/second_reader.csv", metavar="FILE", help="two readers' labels")
    command.add_argument("-o", "--output", metavar="FILE", help="file to write; standard output if not given")
    command.set_defaults(run=_data_sheet)
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
