"""How often random products are identified: counts for a seed, with intervals and times, as JSON and as a table."""

from __future__ import annotations

import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

from cftsr.files import write_json, write_text
from cftsr.identify.index import Index, build_index
from cftsr.identify.search import identify, query_of
from cftsr.identify.trials import SERIES, campaign
from cftsr.output.tables.accuracy import COLUMNS, accuracy_table, rows_of
from cftsr.output.tables.latex import to_latex
from cftsr.output.tables.markdown import to_markdown
from cftsr.results.summary import wilson_interval, write_csv

TRIALS, SEED, LEVELS, LARGEST_LEVEL = 1000, 0, 10, 20
# Factors, and whether c is given.
KINDS = ((1, True), (2, True), (3, True), (1, False), (2, False))
# The square of a whole number over 1009, a large prime: no theory of the index has such weights.
OUTSIDE = ["0", "1/1009", "4/1009", "9/1009"]


def measure(trials: int = TRIALS, seed: int = SEED, log: Callable[[str], None] = print) -> dict[str, Any]:
    """Counts, Wilson's 95% intervals and CPU seconds for each of KINDS. Counts are the same in every run."""
    start = time.process_time()
    index = build_index()
    built = time.process_time() - start
    kinds = []
    for factors, with_c in KINDS:
        counts = campaign(index, factors, trials, seed + factors, with_c, LEVELS, LARGEST_LEVEL).as_dict()
        intervals = {
            key: list(wilson_interval(counts[key], counts["trials"])) for key in ("named", "alone", "agreeing")
        }
        kinds.append({"factors": factors, "with_c": with_c, **counts, "intervals": intervals})
        log(f"{factors} factors, c {'given' if with_c else 'unknown'}: {counts['named']} of {counts['trials']} named")
    return {
        "series": list(SERIES),
        "levels": LEVELS,
        "largest_level": LARGEST_LEVEL,
        "seed": seed,
        "bound": index.bounds.describe(),
        "theories": index.theories,
        "distinct": len(index.entries),
        "index_seconds": round(built, 2),
        "kinds": kinds,
        "outside": _outside(index),
    }


def _outside(index: Index) -> str:
    """The answer to levels that no theory within the bound has."""
    result = identify(index, query_of([Fraction(level) for level in OUTSIDE]))
    return "found" if result.found else f"none up to {index.bounds.describe()}"


def write_accuracy(
    measured: dict[str, Any], json: str | Path, markdown: str | Path, csv: str | Path, tex: str | Path
) -> None:
    table = accuracy_table(measured)
    write_json(json, measured)
    write_text(markdown, to_markdown(table))
    write_text(tex, to_latex(table))
    write_csv(Path(csv), COLUMNS, rows_of(measured))
