"""cftsr replication: which of the paper's numbers replicate."""

from __future__ import annotations

import argparse

from cftsr.commands.sweep_arguments import add_sweep_arguments, sweep_from
from cftsr.sweep.paths import PUBLISHED


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_sweep_arguments(parser)
    parser.add_argument("--published", default=PUBLISHED, help=f"default: {PUBLISHED}")
    parser.add_argument("--output", default="docs/replication.md", help="default: docs/replication.md")


def run(arguments: argparse.Namespace) -> None:
    sweep = sweep_from(arguments)
    from cftsr.output.replication import write_replication

    write_replication(sweep, arguments.published, arguments.output)
    print(f"{arguments.output}: which published values replicate")
