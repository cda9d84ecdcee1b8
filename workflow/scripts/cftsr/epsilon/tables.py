"""The coefficients as files that a sweep reads: python -m cftsr.epsilon.tables writes data/on_epsilon."""

from __future__ import annotations

import sys
from pathlib import Path

from cftsr.epsilon.coefficients import COEFFICIENTS, data
from cftsr.files import write_text

FOLDER = "data/on_epsilon"
LARGEST_N, LARGEST_SPIN = 40, 20


def text_of(name: str) -> str:
    """A CSV file: labels and exact value on each row, what it is and where it is printed on top."""
    chosen = COEFFICIENTS[name]
    labels, rows, values = data(name, LARGEST_N, LARGEST_SPIN)
    lines = [
        f"# O(N) model in 4 - epsilon dimensions: {chosen.symbol}; exact.",
        f"# {chosen.source}.",
        "# Written by python -m cftsr.epsilon.tables; the formula is not in this file.",
        ",".join([*labels, "value"]),
    ]
    lines += [",".join(map(str, [*row, value])) for row, value in zip(rows, values, strict=True)]
    return "\n".join(lines) + "\n"


def write_tables(folder: str | Path = FOLDER) -> list[Path]:
    written = []
    for name in COEFFICIENTS:
        path = Path(folder, f"{name}.csv")
        write_text(path, text_of(name))
        written.append(path)
    return written


if __name__ == "__main__":
    for path in write_tables(*sys.argv[1:2]):
        print(path)
