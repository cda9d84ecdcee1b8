"""Which families give up their quantum numbers to a search that sees energies and theory labels only.

    python benchmarks/hidden_labels.py                    every family: 60 theories, the lowest 30%
    python benchmarks/hidden_labels.py paper              the paper's 18 cells of h, as energies without labels
    python benchmarks/hidden_labels.py FAMILY ... --theories 100 --fraction 0.1

A row: levels, kind of answer, outcome, held-out levels explained, CPU seconds of the search, E.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))

from cftsr.data.generate import generate
from cftsr.families import family_names
from cftsr.hidden.bare import without_state_labels
from cftsr.hidden.search import find_hidden

PAPER = ("minimal", "wzw_su2")


def row(family: str, theories: int, fraction: str, next_theories: int, reasons: bool) -> bool:
    data, held_out = map(without_state_labels, generate(family, {}, "energy", theories, next_theories, fraction))
    start = time.process_time()
    found = find_hidden(data, held_out, complete=True)
    spent = time.process_time() - start
    held = f"{found.held_out.levels}/{found.held_out.of_levels}" if found.held_out else "-"
    equations = "; ".join(found.equations()) or "-"
    print(
        f"{family:18} {theories:4} {fraction:4} {data.levels:6}  {found.kind:30} {found.outcome:10} {held:>13} "
        f"{spent:6.2f}  {equations}",
        flush=True,
    )
    if reasons:
        for sector in found.sectors:
            if sector.occurrence:
                print(f"      {sector.occurrence.describe()}")
        for reason in found.reasons:
            print(f"    - {reason}")
    return found.identified


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("families", nargs="*", default=list(family_names()))
    parser.add_argument("--theories", type=int, default=60)
    parser.add_argument("--fraction", default="0.3")
    parser.add_argument("--next-theories", type=int, default=20, help="held out whole (default 20)")
    arguments = parser.parse_args()
    print(
        f"{'family':18} {'n':>4} {'low':4} {'levels':>6}  {'kind':30} {'outcome':10} {'held out':>13} {'CPU s':>6}  E"
    )
    if arguments.families == ["paper"]:
        cells = [(family, n, f) for family in PAPER for n in (100, 200, 300) for f in ("0.1", "0.3", "0.5")]
        right = sum([row(*cell, 50, False) for cell in cells])
    else:
        cells = [(family, arguments.theories, arguments.fraction) for family in arguments.families]
        right = sum([row(*cell, arguments.next_theories, True) for cell in cells])
    print(f"identified, and every held-out level explained: {right} of {len(cells)}")


if __name__ == "__main__":
    main()
