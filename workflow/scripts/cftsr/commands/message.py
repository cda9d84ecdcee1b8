"""cftsr message: what is printed at the end of a sweep."""

from __future__ import annotations

import argparse

from cftsr.commands.sweep_arguments import add_sweep_arguments, sweep_from

add_arguments = add_sweep_arguments


def run(arguments: argparse.Namespace) -> None:
    sweep = sweep_from(arguments)
    from cftsr.sweep.named import closing_message

    print(*closing_message(sweep), sep="\n")
