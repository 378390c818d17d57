"""Every error that kahara_nlp raises on purpose.

* KaharaError
  - TextTypeError (also TypeError)
  - MissingExtraError (also ImportError)
  - SourceError
    + UnsupportedSourceError
    + MessageParseError
  - DataError (also ValueError)
  - ModelError
    + ModelNotFoundError (also FileNotFoundError)
    + ModelFormatError
    + ChecksumMismatchError
    + TokenizerMismatchError
  - PolicyError (also ValueError)

A message says what was found, what was expected and what to do. It never holds a text that
somebody wrote: texts are confidential, and messages end in logs.
"""

__all__ = [
    "ChecksumMismatchError",
    "DataError",
    "KaharaError",
    "MessageParseError",
    "MissingExtraError",
    "ModelError",
    "ModelFormatError",
    "ModelNotFoundError",
    "PolicyError",
    "SourceError",
    "TextTypeError",
    "TokenizerMismatchError",
    "UnsupportedSourceError",
]


class KaharaError(Exception):
    """Root of the tree: catch this one to catch every error of the library."""


class TextTypeError(KaharaError, TypeError):
    """A text was expected and something else was given.

    Parameters
    ----------
    found : object
        What was given. Only its type enters the message.
    position : int, optional
        Its place in the sequence or column, counted from 0.
    """

    def __init__(self, found: object, position: int | None = None) -> None:
        self.found = type(found).__name__
        self.position = position
        place = "" if position is None else f" at position {position}"
        super().__init__(
            f"expected str{place}, found {self.found}; decode bytes first and replace missing values by ''"
        )


class MissingExtraError(KaharaError, ImportError):
    """A part of the library needs a package that is not installed.

    Parameters
    ----------
    task : str
        What was asked for, such as ``"reading Excel files"``.
    extra : str
        The extra that brings the package.
    """

    def __init__(self, task: str, extra: str) -> None:
        self.extra = extra
        super().__init__(f"{task} needs the extra '{extra}': pip install 'kahara-nlp[{extra}]'")


class SourceError(KaharaError):
    """An archive, a mail or a table cannot be read."""


class UnsupportedSourceError(SourceError):
    """The content is in no format that the library reads."""


class MessageParseError(SourceError):
    """One message of a source cannot be read; the others can."""


class DataError(KaharaError, ValueError):
    """Examples, arrays or settings do not fit together."""


class ModelError(KaharaError):
    """A model cannot be used."""


class ModelNotFoundError(ModelError, FileNotFoundError):
    """There is no model at the given place."""


class ModelFormatError(ModelError):
    """A model file is damaged, incomplete or of a format that this version does not read."""


class ChecksumMismatchError(ModelError):
    """A file of the model is not the one that its manifest describes."""


class TokenizerMismatchError(ModelError):
    """The installed dictionary cuts texts otherwise than the one the model was trained with."""


class PolicyError(KaharaError, ValueError):
    """A policy file is malformed."""
