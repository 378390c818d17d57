"""What the documents show, runs."""

import doctest
import re
import shlex
from pathlib import Path

import pytest

import kahara_nlp
from kahara_nlp import cli

ROOT = Path(__file__).resolve().parent.parent
READMES = [ROOT / "README.md", ROOT / "README.ja.md"]


def _commands() -> list[str]:
    (subparsers,) = [
        a for a in cli.parser()._actions if hasattr(a, "choices") and a.choices and a.dest == "==SUPPRESS=="
    ]
    return sorted(subparsers.choices)


@pytest.mark.parametrize("readme", READMES, ids=lambda path: path.name)
def test_python_examples_run(readme: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(ROOT)
    failures, attempted = doctest.testfile(
        str(readme), module_relative=False, encoding="utf-8", optionflags=doctest.ELLIPSIS
    )
    assert failures == 0
    assert attempted >= 6


@pytest.mark.parametrize("readme", READMES, ids=lambda path: path.name)
def test_commands_are_understood(readme: Path):
    lines = re.findall(r"(?:^|&& \.venv/bin/)(kahara .+)$", readme.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(lines) >= 8
    for line in lines:
        cli.parser().parse_args(shlex.split(line, comments=True)[1:])


@pytest.mark.parametrize("readme", READMES, ids=lambda path: path.name)
def test_every_command_is_documented(readme: Path):
    text = readme.read_text(encoding="utf-8")
    assert [command for command in _commands() if f"kahara {command}" not in text] == []


@pytest.mark.parametrize("readme", READMES, ids=lambda path: path.name)
def test_links_lead_somewhere(readme: Path):
    for target in re.findall(r"\]\(([^)#]+)\)", readme.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (ROOT / target).exists(), target


def test_every_command_has_help():
    for action in cli.parser()._actions:
        for name, command in (getattr(action, "choices", None) or {}).items():
            assert command.format_help(), name
    listing = cli.parser().format_help()
    assert all(command in listing for command in _commands())


def test_public_names_are_documented_with_an_example_or_are_records():
    for name in kahara_nlp.__all__:
        value = getattr(kahara_nlp, name)
        assert name == "__version__" or value.__doc__, name


def test_the_changelog_has_this_version():
    assert f"[{kahara_nlp.__version__}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
