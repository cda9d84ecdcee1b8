"""cftsr tables: the tables of what a sweep has finished so far."""

from __future__ import annotations

import argparse

from cftsr.commands.sweep_arguments import add_sweep_arguments, sweep_from
from cftsr.sweep.paths import PUBLISHED, Fits


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_sweep_arguments(parser)
    parser.add_argument("--published", metavar="FOLDER", help=f"default: {PUBLISHED}")


def run(arguments: argparse.Namespace) -> None:
    sweep = sweep_from(arguments)
    from cftsr.output.tables.write import write_tables
    from cftsr.results.findings import Findings
    from cftsr.results.summary import read_records
    from cftsr.sweep.config import own_or_shipped

    verdicts = [sweep.fits_of(cell).verdict(cell.folder) for cell in sweep.cells]
    cells = [cell.as_dict() for cell in sweep.cells]
    records = read_records(verdicts, fronts=False)
    paper = Fits.of("paper").recorded
    repeated = read_records((paper.verdict(cell.folder) for cell in sweep.reference.used), False)
    findings = Findings(records, cells, repeated)
    published = arguments.published or own_or_shipped(PUBLISHED)
    print(write_tables(findings, sweep.results.partial, published), end="")
