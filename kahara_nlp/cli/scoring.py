"""The commands that read texts: classify, score, export, suggest."""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from kahara_nlp.classifier import Classifier, load
from kahara_nlp.cli import values
from kahara_nlp.display import as_lines, as_record, message_lines, report_lines
from kahara_nlp.errors import DataError

if TYPE_CHECKING:
    from kahara_nlp.cli import Commands

__all__ = ["add_commands", "say", "with_model"]

_REDACT = "mask names, addresses and numbers of persons in the written table"
_DATABASES = {".db", ".sqlite", ".sqlite3"}


def say(message: str) -> None:
    """Tell the person at the terminal; standard output is for data."""
    print(message, file=sys.stderr)


def with_model(command: argparse.ArgumentParser) -> None:
    """Add the option of another model."""
    command.add_argument("--model", metavar="M", help="model directory or name; the one in use if not given")


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


def _score(args: argparse.Namespace) -> None:
    from kahara_nlp.archive import Filters, score_archive
    from kahara_nlp.exports import TABLES, export
    from kahara_nlp.results import Results
    from kahara_nlp.sources import SourceOptions

    output = Path(args.output) if args.output else None
    values.check_places(args.source, output, {*_DATABASES, *TABLES})
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
                say(f"not read: {problem.source}, position {problem.position}: {problem.reason}")
        if output is not None and not kept:
            store.unlink()
    for line in report_lines(counts):
        say(line)


def _export(args: argparse.Namespace) -> None:
    from kahara_nlp.exports import TABLES, export
    from kahara_nlp.results import Results

    if not Path(args.results).is_file():
        msg = f"no results file at {args.results}; make one with: kahara score SOURCE -o results.db"
        raise DataError(msg)
    values.check_places([], Path(args.output), set(TABLES))
    with Results(args.results) as results:
        say(f"{export(results, args.output, redact=args.redact):,} rows written to {args.output}")


def _suggest(args: argparse.Namespace) -> None:
    from kahara_nlp.training.suggest import write_suggestions

    values.check_places([], Path(args.output), {".csv"})
    n = write_suggestions(args.results, load(args.model), args.number, args.output)
    say(f"{n} texts written to {args.output}: put a category, several, or なし where labels has a ?, then")
    say(f"kahara train --add {args.output}")


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
    command.add_argument("--since", type=values.date, metavar="DATE", help="only messages sent from then on (Japan)")
    command.add_argument("--until", type=values.date, metavar="DATE", help="only messages sent before then")
    command.add_argument("--from", dest="sender", metavar="S", help="only messages whose sender contains this")
    command.add_argument(
        "--sample", type=values.share, default=1.0, metavar="SHARE", help="a share of the messages, such as 0.1"
    )
    command.add_argument("--include-own", action="store_true", help="score what staff wrote as well: incident notes")
    command.add_argument("--redact", action="store_true", help=_REDACT)
    command.add_argument("--jobs", type=values.count, default=2, metavar="N", help="processes (default 2)")
    command.add_argument("--strict", action="store_true", help="stop at the first message that cannot be read")
    with_model(command)
    command.add_argument("--policy", metavar="P", help="policy file to report in")


def add_commands(commands: "Commands") -> None:
    """Add the commands of this module."""
    command = commands("classify", _classify, "Classify one text and show why.")
    command.add_argument("text", metavar="TEXT", help="the text; - reads standard input")
    command.add_argument("--json", action="store_true", help="print JSON")
    with_model(command)
    command.add_argument("--policy", metavar="P", help="policy file to report in")

    _score_options(commands("score", _score, "Score the customers' messages of mail archives, calls and tables."))

    command = commands("export", _export, "Write a results file as a table.")
    command.add_argument("results", metavar="RESULTS", help="results.db of an earlier run")
    command.add_argument("-o", "--output", required=True, metavar="FILE", help=".csv, .jsonl, .xlsx or .parquet")
    command.add_argument("--redact", action="store_true", help=_REDACT)

    command = commands("suggest", _suggest, "Choose the messages of a results file that are most worth labelling.")
    command.add_argument("results", metavar="RESULTS", help="results.db of an earlier run")
    command.add_argument("-n", "--number", type=values.count, default=50, metavar="N", help="how many (default 50)")
    command.add_argument("-o", "--output", required=True, metavar="FILE", help="a .csv to fill in")
    with_model(command)
