"""Tables in memory (pandas, polars, Arrow, dictionaries, records), read as files are."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from numbers import Number
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.feather

from cftsr.data.labels import plain_name
from cftsr.data.user_file import SpectrumRequest
from cftsr.errors import UserError

NAME = "the table"  # in messages


def is_file(data: Any) -> bool:
    return isinstance(data, str | Path)


def columns_of(data: Any) -> dict[str, Any]:
    """The columns of a table in memory, by name. Raises UserError if it is no table."""
    if hasattr(data, "collect_schema") and not hasattr(data, "to_dict"):  # polars, not yet computed
        data = data.collect()
    if isinstance(data, pa.Table):
        _refuse_twice(data.column_names)
        return {name: data.column(name) for name in data.column_names}
    if hasattr(data, "columns") and hasattr(data, "reset_index"):  # pandas
        named = [name for name in data.index.names if name is not None]
        frame = data.reset_index(named) if named else data
        _refuse_twice(map(str, frame.columns))
        return {str(name): frame[name].to_numpy() for name in frame.columns}
    if hasattr(data, "columns") and hasattr(data, "to_dict"):  # polars
        return {str(name): values.to_list() for name, values in data.to_dict().items()}
    if isinstance(data, Mapping):
        return {str(name): values for name, values in data.items()}
    if isinstance(data, Sequence) and data and all(isinstance(row, Mapping) for row in data):
        names = dict.fromkeys(str(name) for row in data for name in row)
        return {name: [row.get(name) for row in data] for name in names}
    raise UserError(
        f"{type(data).__name__} is no table; give a DataFrame, a mapping of columns, a list of records, or the path of "
        "a file"
    )


def _refuse_twice(names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise UserError(f"{NAME} has two columns called {name!r}; rename one")
        seen.add(name)


def _refuse_single(name: str, values: Any) -> None:
    if not hasattr(values, "__len__"):
        raise UserError(f"{NAME}, column {name!r}: {values!r} is no column; give a list of values")


def _arrow(name: str, values: Any) -> pa.Array:
    """A column for pyarrow: plain numbers unchanged, exact ones (Fraction, Decimal, SymPy's) and mixed ones as text.

    Raises UserError for entries that are neither numbers nor text, such as dates or lists.
    """
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return values
    listed = values.tolist() if isinstance(values, np.ndarray) else list(values)
    kinds = {type(value) for value in listed if value is not None}
    if kinds <= {int} or kinds <= {float} or kinds <= {bool} or kinds <= {str}:
        try:
            return pa.array(listed)
        except (OverflowError, pa.ArrowInvalid):
            pass  # integers beyond 64 bits
    other = next((value for value in listed if not _is_entry(value)), None)
    if other is not None:
        raise UserError(f"{NAME}, column {name!r}: {other!r} is neither a number nor text; leave the column out")
    return pa.array([_text(value) for value in listed], pa.string())


def _is_entry(value: Any) -> bool:
    # pandas.NA is no number; SymPy's numbers are registered as such.
    return value is None or isinstance(value, str | Number | Decimal | np.generic) or type(value).__name__ == "NAType"


def _text(value: Any) -> str | None:
    if value is None or value != value:  # NaN
        return None
    if isinstance(value, float | np.floating):
        return str(int(value)) if float(value).is_integer() else repr(float(value))
    return str(value)


def read_table(data: Any, request: SpectrumRequest, read: Callable[[SpectrumRequest], Any]) -> Any:
    """The result of `read` with the table as a file. Messages of UserError then speak of the table."""
    if is_file(data):
        return read(replace(request, file=str(data), name=Path(data).stem))
    columns = columns_of(data)
    for name, values in columns.items():
        _refuse_single(name, values)
    lengths = {len(values) for values in columns.values()}
    if len(lengths) != 1:
        raise UserError(f"{NAME} has columns of {' and '.join(map(str, sorted(lengths)))} rows; all need the same")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "table.arrow")
        pa.feather.write_feather(pa.table({name: _arrow(name, values) for name, values in columns.items()}), path)
        try:
            return read(replace(request, file=str(path), name="table"))
        except UserError as error:
            words = str(error).replace(str(path), NAME).replace(", line ", ", row ").replace(", lines ", ", rows ")
            raise UserError(words) from None


def exact(value: Any) -> Fraction:
    """A label's value. Raises UserError if it is no number."""
    try:
        if isinstance(value, float | np.floating):
            return Fraction(float(value)) if float(value).is_integer() else Fraction(repr(float(value)))
        if isinstance(value, Decimal | int | Fraction):
            return Fraction(value)
        return Fraction(str(value).replace(" ", "").replace("//", "/"))
    except (ValueError, OverflowError, ZeroDivisionError):
        raise UserError(f"{value!r} is no number that a label can have") from None


def label_columns(data: Any, labels: Sequence[str], sectors: Mapping[str, Sequence[str]]) -> list[list[Fraction]]:
    """The labels' values in a table in memory (or an array with one column for each label), as fractions.

    sectors   the texts of labels that are read from text
    """
    if isinstance(data, np.ndarray | list | tuple) and not (len(data) and isinstance(data[0], Mapping)):
        array = np.asarray(data, dtype=object)
        array = array.reshape(-1, 1) if array.ndim == 1 and len(labels) == 1 else array
        if array.ndim != 2 or array.shape[1] != len(labels):
            raise UserError(f"give a column for each label: {', '.join(labels)}")
        columns: dict[str, Any] = {label: array[:, place] for place, label in enumerate(labels)}
    else:
        columns = columns_of(data)
    result = []
    for label in labels:
        name = next((name for name in columns if name == label), None)
        name = name or next((name for name in columns if plain_name(name) == label), None)
        if name is None:
            raise UserError(f"{NAME} has no column {label!r}; it has {', '.join(columns)}")
        values = columns[name]
        _refuse_single(name, values)
        listed = values.to_pylist() if isinstance(values, pa.Array | pa.ChunkedArray) else list(values)
        texts = list(sectors.get(label, ()))
        for value in listed:
            if texts and str(value) not in texts:
                raise UserError(f"{label} is {value!r}; it was one of {', '.join(texts)}")
        result.append([Fraction(texts.index(str(value))) if texts else exact(value) for value in listed])
    return result
