"""cftsr status: what of a sweep is done, running, failed, and how long the rest may take."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from cftsr.commands.sweep_arguments import add_sweep_arguments, sweep_from


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_sweep_arguments(parser)
    parser.add_argument("-j", "--jobs", type=int, default=os.cpu_count() or 1, help="cores, for the estimate")


def run(arguments: argparse.Namespace) -> None:
    sweep = sweep_from(arguments)
    from cftsr.sweep.status import describe_status

    print(describe_status(sweep, Path(), arguments.jobs))
