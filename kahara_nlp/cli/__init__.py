"""The command line: one sub-command for each public verb.

Data goes to standard output, progress and warnings to standard error. Exit status 0: done; 2: wrong
usage; 3: a KaharaError, whose message is printed.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Any

from kahara_nlp.errors import KaharaError
from kahara_nlp.version import __version__

__all__ = ["Commands", "main", "parser"]

_ERROR = 3


class Commands:
    """Sub-commands of a parser, each with the function that does it.

    Parameters
    ----------
    actions : argparse action
        What `ArgumentParser.add_subparsers` returns.
    """

    def __init__(self, actions: Any) -> None:  # noqa: ANN401 -- argparse does not name the type
        self._actions = actions

    def __call__(self, name: str, run: Callable[[argparse.Namespace], None], text: str) -> argparse.ArgumentParser:
        """Add a command."""
        command: argparse.ArgumentParser = self._actions.add_parser(name, help=text, description=text)
        command.set_defaults(run=run)
        return command

    def group(self, name: str, text: str) -> "Commands":
        """Add a command that has verbs of its own."""
        command = self._actions.add_parser(name, help=text, description=text)
        return Commands(command.add_subparsers(required=True, metavar="VERB"))


def parser() -> argparse.ArgumentParser:
    """Build the command line's parser.

    Returns
    -------
    argparse.ArgumentParser
        With a sub-command for each verb.
    """
    from kahara_nlp.cli import learning, models, scoring

    root = argparse.ArgumentParser(
        prog="kahara",
        description="Spot customer harassment in Japanese mail and call transcripts, on this machine.",
    )
    root.add_argument("--version", action="version", version=f"kahara_nlp {__version__}")
    commands = Commands(root.add_subparsers(required=True, metavar="COMMAND"))
    for part in (scoring, learning, models):
        part.add_commands(commands)
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
        print(f"kahara: {exc}", file=sys.stderr)
        return _ERROR
    except BrokenPipeError:
        return 0
    except KeyboardInterrupt:
        print("kahara: interrupted", file=sys.stderr)
        return 130
    return 0
