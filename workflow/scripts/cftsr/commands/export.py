"""cftsr export: data sets of a sweep as a benchmark for other tools."""

from __future__ import annotations

import argparse

from cftsr.commands.sweep_arguments import add_sweep_arguments, configuration
from cftsr.commands.table_arguments import without_pandas


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Write data sets, what is held out of them, and the exact formulas, in CSV and Parquet. docs/benchmark.md has "
        "the columns."
    )
    parser.add_argument("folder", metavar="OUT", help="a folder that is empty, not there, or an earlier export")
    parser.add_argument(
        "--cells",
        nargs="+",
        default=[],
        metavar="NAME",
        help="such as minimal/conformal_weight/n100_f30; default: every data set of the configuration",
    )
    add_sweep_arguments(parser)


def run(arguments: argparse.Namespace) -> None:
    without_pandas()
    from cftsr.answers.export import describe_export, export

    manifest = export(arguments.folder, arguments.cells, configuration(arguments))
    print(describe_export(arguments.folder, manifest))
