"""Tables of binary formats: Excel and Parquet, each with an extra of its own."""

import warnings
import zipfile
from collections.abc import Iterator, Sequence
from importlib import import_module
from typing import Any, BinaryIO

from kahara_nlp.errors import DataError, MissingExtraError, SourceError
from kahara_nlp.records import Message, Problem
from kahara_nlp.sources.columns import find_columns
from kahara_nlp.sources.options import SourceOptions
from kahara_nlp.sources.rows import Row, read_rows

__all__ = ["read_excel", "read_parquet"]

#: Bytes of a workbook, unpacked.
WORKBOOK_LIMIT = 1_000_000_000

_ROW_BATCH = 1_000


def read_excel(stream: BinaryIO, name: str, options: SourceOptions) -> Iterator[Message | Problem]:
    """Read an Excel workbook (.xlsx): every sheet that has a text column.

    Parameters
    ----------
    stream : seekable binary file
        The workbook.
    name : str
        Its name in messages; sheets after the first are called ``name!sheet``.
    options : SourceOptions
        Settings.

    Yields
    ------
    Message or Problem
        One for each row or call.

    Raises
    ------
    MissingExtraError
        If openpyxl is not installed.
    DataError
        If no sheet has a column with the text.
    SourceError
        If the workbook is damaged.

    Examples
    --------
    >>> import io
    >>> from openpyxl import Workbook
    >>> book, file = Workbook(), io.BytesIO()
    >>> for row in (["ID", "本文"], [7, "返事がない"]):
    ...     book.active.append(row)
    >>> book.save(file)
    >>> [(row.message_id, row.text) for row in read_excel(file, "a.xlsx", SourceOptions())]
    [('7', '返事がない')]
    """
    try:
        load_workbook = import_module("openpyxl").load_workbook
    except ImportError:
        task = "reading Excel files"
        raise MissingExtraError(task, "excel") from None
    _check_workbook(stream, name)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and validations that openpyxl does not keep
            book = load_workbook(stream, read_only=True, data_only=True, keep_links=False)
    except Exception as error:
        msg = f"the workbook {name} is damaged ({type(error).__name__})"
        raise SourceError(msg) from error
    missing: DataError | None = None
    readable = 0
    try:
        for index, sheet in enumerate(book.worksheets):
            title = name if index == 0 else f"{name}!{sheet.title}"
            try:
                for item in read_rows(_sheet_rows(sheet), title, options):
                    readable += 1
                    yield item
            except DataError as error:
                missing = missing or error
    finally:
        book.close()
    if missing is not None and not readable:
        raise missing


def _check_workbook(stream: BinaryIO, name: str) -> None:
    stream.seek(0)
    try:
        with zipfile.ZipFile(stream) as archive:
            size = sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        msg = f"the workbook {name} is damaged ({type(error).__name__})"
        raise SourceError(msg) from error
    if size > WORKBOOK_LIMIT:
        msg = f"the workbook {name} unpacks to {size} bytes; at most {WORKBOOK_LIMIT} are read"
        raise SourceError(msg)
    stream.seek(0)


def _sheet_rows(sheet: Any) -> Iterator[Row | Problem]:  # noqa: ANN401 - openpyxl has no types
    iterator = iter(sheet.iter_rows(values_only=True))
    number = 0
    while True:
        batch: list[Sequence[object]] = []
        broken = False
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                while len(batch) < _ROW_BATCH:
                    batch.append(next(iterator))
            except StopIteration:
                broken = True
            except Exception as error:  # noqa: BLE001 - whatever damaged XML leads to
                yield Problem("", number + len(batch), f"the sheet cannot be read further ({type(error).__name__})")
                broken = True
        for row in batch:
            if any(cell is not None and cell != "" for cell in row):
                yield number, row
                number += 1
        if broken:
            return


def read_parquet(stream: BinaryIO, name: str, options: SourceOptions) -> Iterator[Message | Problem]:
    """Read a Parquet file.

    Parameters
    ----------
    stream : seekable binary file
        The file.
    name : str
        Its name in messages.
    options : SourceOptions
        Settings.

    Yields
    ------
    Message or Problem
        One for each row or call.

    Raises
    ------
    MissingExtraError
        If pyarrow is not installed.
    DataError
        If no column holds the text.
    SourceError
        If the file is damaged.
    """
    try:
        parquet_file = import_module("pyarrow.parquet").ParquetFile
    except ImportError:
        task = "reading Parquet files"
        raise MissingExtraError(task, "parquet") from None
    try:
        table = parquet_file(stream)
        names = [str(column) for column in table.schema_arrow.names]
    except Exception as error:
        msg = f"the Parquet file {name} is damaged ({type(error).__name__})"
        raise SourceError(msg) from error
    find_columns(names, options)  # before any row is read

    def rows() -> Iterator[Row | Problem]:
        yield 0, names
        number = 1
        try:
            for batch in table.iter_batches(batch_size=_ROW_BATCH):
                for row in batch.to_pylist():
                    yield number, list(row.values())
                    number += 1
        except Exception as error:  # noqa: BLE001
            yield Problem("", number, f"the file cannot be read further ({type(error).__name__})")

    yield from read_rows(rows(), name, options)
