"""Where an organisation's own models live, and which model is in use.

One folder for each user, ``kahara_nlp`` in the place where the system keeps a program's data, or where the
environment variable ``KAHARA_HOME`` says. ``current.json`` in it names the model in use and those before it.
"""

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_path

from kahara_nlp.errors import ModelError, ModelNotFoundError

__all__ = [
    "Current",
    "current_model",
    "is_model_name",
    "models_home",
    "new_name",
    "own_directory",
    "own_models",
    "roll_back",
    "use_model",
]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")


@dataclass(frozen=True)
class Current:
    """Which model is in use.

    Parameters
    ----------
    model : str or None
        Its directory; None for the shipped one.
    before : tuple of str or None
        Those that were in use before, the last one last.
    """

    model: str | None = None
    before: tuple[str | None, ...] = ()


def models_home() -> Path:
    """Return the folder of the user's own models.

    Returns
    -------
    Path
        It need not exist.
    """
    home = os.environ.get("KAHARA_HOME")
    return (Path(home) if home else user_data_path("kahara_nlp", appauthor=False)) / "models"


def own_models() -> list[Path]:
    """Return the user's own models.

    Returns
    -------
    list of Path
        Directories in the order of their names.
    """
    home = models_home()
    return sorted(path.parent for path in home.glob("*/manifest.json")) if home.is_dir() else []


def new_name() -> str:
    """Return a name that no own model has yet.

    Returns
    -------
    str
        ``own-1``, ``own-2`` and so on.
    """
    taken = [int(path.name[4:]) for path in own_models() if re.fullmatch(r"own-[0-9]{1,6}", path.name)]
    return f"own-{max(taken, default=0) + 1}"


def _record() -> Path:
    return models_home() / "current.json"


def current_model() -> Current:
    """Say which model is in use.

    Returns
    -------
    Current
        The shipped one where nobody chose another.

    Raises
    ------
    ModelError
        If the record is damaged.
    """
    try:
        document = json.loads(_record().read_text(encoding="utf-8"))
        model, before = document["model"], tuple(document["before"])
    except FileNotFoundError:
        return Current()
    except (OSError, ValueError, KeyError, TypeError) as exc:
        msg = f"{_record()} cannot be read ({type(exc).__name__}); remove it, then choose with: kahara model use NAME"
        raise ModelError(msg) from exc
    if not all(name is None or isinstance(name, str) for name in (model, *before)):
        msg = f"{_record()} names no models; remove it, then choose with: kahara model use NAME"
        raise ModelError(msg)
    return Current(model, before)


def _write(current: Current) -> None:
    """Replace the record as a whole."""
    record = _record()
    record.parent.mkdir(parents=True, exist_ok=True)
    new = record.with_suffix(".new")
    new.write_text(json.dumps({"model": current.model, "before": current.before}) + "\n", encoding="utf-8")
    new.replace(record)


def use_model(directory: Path | None) -> Current:
    """Make a model the one that is used from now on.

    Parameters
    ----------
    directory : Path or None
        A model that loads; None for the shipped one.

    Returns
    -------
    Current
        With the model before it remembered.

    Raises
    ------
    ModelNotFoundError
        If there is no model.
    """
    if directory is not None and not (directory / "manifest.json").is_file():
        msg = f"no manifest.json in {directory}; kahara model list shows the models that there are"
        raise ModelNotFoundError(msg)
    now = current_model()
    model = None if directory is None else str(directory.resolve())
    if model != now.model:
        _write(Current(model, (*now.before, now.model)))
    return current_model()


def roll_back() -> Current:
    """Go back to the model that was in use before.

    Returns
    -------
    Current
        What is in use now.

    Raises
    ------
    ModelError
        If there was none before.
    ModelNotFoundError
        If it has been removed.
    """
    now = current_model()
    if not now.before:
        msg = "there is no model to go back to: none was in use before this one"
        raise ModelError(msg)
    model, before = now.before[-1], now.before[:-1]
    if model is not None and not (Path(model) / "manifest.json").is_file():
        msg = f"the model before, {model}, is gone; choose another with: kahara model use NAME"
        raise ModelNotFoundError(msg)
    _write(Current(model, before))
    return current_model()


def is_model_name(name: str) -> bool:
    """Tell whether a model can be called this.

    Parameters
    ----------
    name : str
        Any text.

    Returns
    -------
    bool
        True for letters, digits, dots, hyphens and underscores, up to 80.

    Examples
    --------
    >>> is_model_name("own-1"), is_model_name("../own-1")
    (True, False)
    """
    return _NAME.fullmatch(name) is not None


def own_directory(name: str) -> Path:
    """Return the directory of an own model by its name.

    Parameters
    ----------
    name : str
        Letters, digits, dots, hyphens and underscores.

    Returns
    -------
    Path
        It need not exist.

    Raises
    ------
    ModelError
        If the name could lead out of the folder.
    """
    if not is_model_name(name):
        msg = f"{name!r} is no name for a model; use letters, digits, dots, hyphens and underscores"
        raise ModelError(msg)
    return models_home() / name
