"""What several tests share: a model that trains in a second, and no network."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from kahara_nlp import Classifier, Example, read_examples, train

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any attempt to reach another machine fails the test."""

    def refuse(*_: object) -> None:
        message = "a test tried to open a network connection"
        raise AssertionError(message)

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)


@pytest.fixture(scope="session", autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The developer's own models are nobody's business here; processes that a test starts inherit this."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KAHARA_HOME", str(home))
        yield home


@pytest.fixture(scope="session")
def small_examples() -> list[Example]:
    return read_examples(ROOT / "tests" / "data" / "small.csv")


@pytest.fixture(scope="session")
def tiny(small_examples: list[Example]) -> Classifier:
    return train(small_examples)


@pytest.fixture(scope="session")
def tiny_directory(small_examples: list[Example], tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("models") / "tiny"
    train(small_examples, directory)
    return directory
