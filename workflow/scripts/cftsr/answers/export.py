"""A benchmark for other tools: data sets of a sweep, what is held out of them, and the exact formulas, in files.

OUT/manifest.json     every data set: labels, rows, files with their SHA-256
OUT/truth.json        the formula of each, separate from the data
OUT/<family>/<task>/<name>/data.csv, held_out.csv, and both as .parquet
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from cftsr import __version__
from cftsr.algebra.formula import parse
from cftsr.algebra.other_notations import as_text
from cftsr.algebra.printing import latex_of
from cftsr.answers.checking import SplitTable, sweep_of, table_in
from cftsr.data.dataset import Dataset
from cftsr.errors import UserError
from cftsr.files import write_atomically, write_json, write_table, write_text
from cftsr.vocabulary import counted

MANIFEST, TRUTH = "manifest.json", "truth.json"
FORMAT = 1  # of the files; changes with the meaning of a column
# The columns besides the labels, as in docs/benchmark.md.
COLUMNS = {
    "target": "the number to find a formula for, float64",
    "numerator": "the target as a fraction in lowest terms, exact",
    "denominator": "of that fraction, positive",
    "theory": "number of the theory, 0, 1, ...: rows with one number have the same theory labels",
    "rank": "0 for the lowest target of its theory, 1 for the next",
}
PARTS = ("data", "held_out")


def export(folder: str | Path, cells: Sequence[str], config: Mapping[str, Any]) -> dict[str, Any]:
    """Write the data sets of these cells, or of all that the configuration has, and return the manifest.

    The same request gives the same bytes. Raises UserError for a cell that does not exist, or a folder in other use.
    """
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and not (folder / MANIFEST).exists())):
        raise UserError(f"{folder} is there and no benchmark of ours; name a folder that is empty or does not exist")
    sweep = sweep_of(config)
    every = dict.fromkeys(cell.spectrum for cell in sweep.cells)
    names = list(dict.fromkeys(name.strip("/") for name in cells)) or list(every)
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "generator": f"cftsr {__version__}",
        "columns": COLUMNS,
        "data_sets": {},
    }
    truth: dict[str, Any] = {}
    for name in names:
        table = table_in(sweep, name)
        manifest["data_sets"][table.source] = _write(folder, table)
        truth[table.source] = _truth(table)
    write_json(folder / TRUTH, truth)
    write_text(folder / "README.md", _readme(manifest))
    write_json(folder / MANIFEST, manifest)
    return manifest


def _write(folder: Path, table: SplitTable) -> dict[str, Any]:
    place, files = folder / table.source, {}
    theories = _theory_numbers(table)
    for part, rows, theory in zip(PARTS, (table.data, table.held_out), theories, strict=True):
        columns = _columns(rows, theory)
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
        content = text.getvalue().encode()
        _write_bytes(place / f"{part}.csv", content)
        write_table(place / f"{part}.parquet", _arrow(columns))
        for kind in ("csv", "parquet"):
            path = place / f"{part}.{kind}"
            files[f"{table.source}/{part}.{kind}"] = hashlib.sha256(path.read_bytes()).hexdigest()
    data = table.data
    return {
        "symbol": table.symbol,
        "labels": list(data.labels),
        "theory_labels": list(data.labels[: data.theory_labels]),
        "rows": len(data),
        "held_out_rows": len(table.held_out),
        "operators": ["+", "-", "*", "/", *data.unary_operators],
        "asked": {key: value for key, value in data.metadata.items() if key != "part"},
        "sha256": files,
    }


def _write_bytes(path: Path, content: bytes) -> None:
    def write(temporary: Path) -> None:
        temporary.write_bytes(content)

    write_atomically(path, write)


def _theory_numbers(table: SplitTable) -> tuple[np.ndarray, np.ndarray]:
    """The number of each row's theory, for the data and for the rows held out."""
    count = table.data.theory_labels
    theories = [tuple(point[:count]) for part in (table.data, table.held_out) for point in part.x.tolist()]
    # In the order of the families: by the size of the labels, then by the labels.
    order = {
        theory: number
        for number, theory in enumerate(
            sorted(set(theories), key=lambda theory_labels: (sum(theory_labels), theory_labels))
        )
    }
    numbers = np.array([order[theory] for theory in theories], dtype=np.int64)
    return numbers[: len(table.data)], numbers[len(table.data) :]


def _columns(rows: Dataset, theory: np.ndarray) -> dict[str, list]:
    labels = [list(rows.described(point).values()) for point in rows.x.tolist()]
    values = dict(zip(rows.labels, map(list, zip(*labels, strict=True)), strict=True)) if labels else {}
    values = values or {label: [] for label in rows.labels}
    rank = np.zeros(len(rows), dtype=np.int64) if rows.rank is None else rows.rank
    return values | {
        "target": rows.target.tolist(),
        "numerator": rows.numerator.tolist(),
        "denominator": rows.denominator.tolist(),
        "theory": theory.tolist(),
        "rank": rank.tolist(),
    }


def _arrow(columns: Mapping[str, list]) -> pa.Table:
    def column(name: str, values: list) -> pa.Array:
        if name == "target":
            return pa.array(values, pa.float64())
        if all(isinstance(value, int) and abs(value) < 2**63 for value in values):
            return pa.array(values, pa.int64())
        return pa.array(map(str, values), pa.string())

    return pa.table({name: column(name, values) for name, values in columns.items()})


def _truth(table: SplitTable) -> dict[str, Any]:
    """The formula in three notations; null where none is known. lambda_ is a label of fields that the data lack."""
    if table.closed_form is None:
        return {"formula": None, "python": None, "latex": None}
    expression = parse(table.closed_form, None)
    return {"formula": table.closed_form, "python": as_text(expression, "python"), "latex": latex_of(expression)}


def _readme(manifest: Mapping[str, Any]) -> str:
    lines = [
        "# A benchmark of exact formulas",
        "",
        f"Written by {manifest['generator']} (`cftsr export`). `manifest.json` describes every data set,",
        "`truth.json` has the formulas. A tool under test reads the `data` files alone.",
        "",
        "Columns: the labels (whole numbers), and",
        "",
        *(f"- `{name}`: {words}" for name, words in COLUMNS.items()),
        "",
        "`cftsr check EQUATION --cell DATA_SET` judges an equation, `cftsr prove FILE --cell DATA_SET` a front.",
        "",
        "| data set | target | labels | rows | held out |",
        "| -------- | ------ | ------ | ---: | -------: |",
    ]
    for name, entry in manifest["data_sets"].items():
        labels = ", ".join(entry["labels"])
        lines.append(f"| {name} | {entry['symbol']} | {labels} | {entry['rows']} | {entry['held_out_rows']} |")
    return "\n".join(lines) + "\n"


def describe_export(folder: str | Path, manifest: Mapping[str, Any]) -> str:
    entries = manifest["data_sets"].values()
    rows, held_out = (sum(entry[key] for entry in entries) for key in ("rows", "held_out_rows"))
    known = sum(bool(truth["formula"]) for truth in json.loads(Path(folder, TRUTH).read_text("utf-8")).values())
    return (
        f"{folder}: {counted(len(entries), 'data set')}, {rows:,} rows and {held_out:,} held out, in CSV and Parquet\n"
        f"{Path(folder, TRUTH)}: the formulas of {known} of them\n"
        f"{Path(folder, MANIFEST)}: labels, files and their SHA-256"
    )
