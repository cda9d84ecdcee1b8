"""cftsr sweeps: which sweeps are in this folder, and which configurations there are to run."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """It has none."""


def run(arguments: argparse.Namespace) -> None:
    from cftsr.sweep.named import describe_sweeps

    print(describe_sweeps(Path()))
