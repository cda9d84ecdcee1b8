"""cftsr record: add the results of PySR runs here to data/recorded."""

from __future__ import annotations

import argparse

from cftsr.commands.sweep_arguments import add_sweep_arguments, sweep_from

add_arguments = add_sweep_arguments


def run(arguments: argparse.Namespace) -> None:
    sweep = sweep_from(arguments)
    from cftsr.results.recorded import record_run
    from cftsr.sweep.paths import DataSets, Fits
    from cftsr.sweep.record import FOLDER, record_path

    path = record_path(FOLDER, sweep.budget)
    new, total = record_run(Fits.of(sweep.budget), DataSets(), path)
    print(f"{path}: {new} of {total} fits are new or replaced")
