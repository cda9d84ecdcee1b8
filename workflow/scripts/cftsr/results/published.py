"""The numbers and formulas that the paper printed, as transcribed into data/published.

One CSV file per table, one row per printed value, with its place; notes.csv has remarks on whole tables: where the
paper contradicts itself, and how a row is to be read.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cftsr.errors import UserError

TABLES = (1, 2, 3, 4, 5, 6)
FAMILIES = ("wzw_su2", "minimal")  # of Tables 3 and 4, and of Tables 5 and 6
FORMULAS = ("closed_form", "formula", "simplified")
NUMBERS = ("loss", "simplified_loss", "score", "complexity")
COLUMNS = (
    "table",
    "row",
    "column",
    "family",
    "task",
    "theories",
    "fraction",
    "setting",
    "quantity",
    "printed",
    "value",
    "expression",
    "suspect",
    "note",
)


# The published lines of a formula table: name of the line, its formula, its error.
FORMULA_LINES = (
    ("exact formula", "closed_form", ""),
    ("paper", "formula", "loss"),
    ("paper, simplified", "simplified", "simplified_loss"),
)


@dataclass(frozen=True)
class PublishedValue:
    """One value of one table.

    table, row, column   where it is printed; `row` starts with the headings above the row, if there are any
    family .. setting    the cell; `fraction` is text ("0.3"), None for the central charge; `setting` is None for the
                         textbook formula
    quantity             one of FORMULAS or NUMBERS; "simplified_loss" is the MSE printed with a simplified formula
    printed              exactly as printed; formulas in LaTeX
    value                the number; 0.0 where "Exact" is printed, inf for "inf", None for a formula
    expression           a formula in our grammar and labels, with its constants inserted; None for a number
    suspect, note        whether the value can be shown to be wrong or misprinted, and how
    """

    table: int
    row: str
    column: str
    family: str
    task: str
    theories: int
    fraction: str | None
    setting: str | None
    quantity: str
    printed: str
    value: float | None
    expression: str | None
    suspect: bool
    note: str


@dataclass(frozen=True)
class Published:
    """All published values, in the paper's order, and the notes on whole tables by table number."""

    values: tuple[PublishedValue, ...]
    notes: dict[int, tuple[str, ...]]

    @cached_property
    def _by_cell(self) -> dict[tuple, PublishedValue]:
        return {
            (value.table, value.family, value.theories, value.fraction, value.setting, value.quantity): value
            for value in self.values
        }

    def of_table(self, table: int) -> list[PublishedValue]:
        return [value for value in self.values if value.table == table]

    def find(
        self, table: int, family: str, theories: int, fraction: str | None, setting: str | None, quantity: str
    ) -> PublishedValue | None:
        """The value of a table's cell, or None if the paper has none."""
        return self._by_cell.get((table, family, theories, fraction, setting, quantity))


def load_published(folder: str | Path) -> Published:
    """Read and check data/published; UserError names a missing or damaged file and the line."""
    folder = Path(folder)
    values: list[PublishedValue] = []
    for table in TABLES:
        path = folder / f"table{table}.csv"
        for line, row in _rows(path, COLUMNS):
            try:
                value = _value(row)
                if value.table != table:
                    raise ValueError(f"table {value.table} in the file of table {table}")
            except ValueError as error:
                raise _damaged(path, f"line {line}: {error}") from error
            values.append(value)
    published = Published(tuple(values), _notes(folder / "notes.csv"))
    if len(published._by_cell) != len(values):
        cells = [(value.table, value.row, value.column, value.quantity) for value in values]
        twice = next((cell for cell in cells if cells.count(cell) > 1), "two rows")
        raise _damaged(folder, f"{twice} appears twice")
    return published


def _notes(path: Path) -> dict[int, tuple[str, ...]]:
    notes: dict[int, tuple[str, ...]] = dict.fromkeys(TABLES, ())
    for line, row in _rows(path, ("table", "note")):
        if row["table"] not in map(str, TABLES) or not row["note"]:
            raise _damaged(path, f"line {line}: a note needs a table from 1 to 6 and a text")
        notes[int(row["table"])] += (row["note"],)
    return notes


def _rows(path: Path, columns: tuple[str, ...]) -> list[tuple[int, dict[str, str]]]:
    try:
        with open(path, newline="", encoding="utf-8") as stream:
            reader = csv.DictReader(stream, strict=True)
            rows = [(reader.line_num, row) for row in reader]
            header = tuple(reader.fieldnames or ())
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _damaged(path, str(error)) from error
    if header != columns:
        raise _damaged(path, f"its columns must be {', '.join(columns)}")
    if not rows:
        raise _damaged(path, "it has no rows")
    for line, row in rows:
        if None in row or None in row.values():
            raise _damaged(path, f"line {line}: it must have {len(columns)} fields")
    return rows


def _damaged(path: Path, reason: str) -> UserError:
    return UserError(
        f"cannot read the published values in {path}: {reason}. Restore them with `git checkout data/published`"
    )


def printed_number(text: str) -> float:
    """The number in a printed value: "~1.01e-11", "inf", "24.646230", or "Exact", which is an MSE of 0."""
    return 0.0 if text == "Exact" else float(text.removeprefix("~"))


def _value(row: dict[str, str]) -> PublishedValue:
    """A row with its types; ValueError says what is wrong with it."""
    quantity, printed = row["quantity"], row["printed"]
    if quantity not in FORMULAS + NUMBERS:
        raise ValueError(f"quantity {quantity!r} does not exist")
    if not (row["family"] and row["task"] and printed):
        raise ValueError("family, task and printed must not be empty")
    if quantity in NUMBERS:
        value: float | None = int(row["value"]) if quantity == "complexity" else float(row["value"])
        if math.isnan(value) or value != printed_number(printed):
            raise ValueError(f"value {row['value']} is not what is printed, {printed}")
    elif not row["expression"]:
        raise ValueError("a formula needs its expression")
    else:
        value = None
    if row["fraction"]:
        float(row["fraction"])
    if row["suspect"] not in ("yes", "no"):
        raise ValueError(f"suspect is {row['suspect']!r}; it must be yes or no")
    if row["suspect"] == "yes" and not row["note"]:
        raise ValueError("a suspect value needs a note that says why")
    return PublishedValue(
        table=int(row["table"]),
        row=row["row"],
        column=row["column"],
        family=row["family"],
        task=row["task"],
        theories=int(row["theories"]),
        fraction=row["fraction"] or None,
        setting=row["setting"] or None,
        quantity=quantity,
        printed=printed,
        value=value,
        expression=row["expression"] or None,
        suspect=row["suspect"] == "yes",
        note=row["note"],
    )
