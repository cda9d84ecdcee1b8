"""What the commands that look at a sweep have in common: its configuration, and the folder that it is in."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cftsr.errors import UserError

if TYPE_CHECKING:
    from cftsr.sweep.plan import Sweep

# One of these is in every folder that a sweep was run in, or is about to be.
SIGNS = ("config.yaml", "Snakefile", "results", ".snakemake")


class _Once(argparse.Action):
    """Of an option that appears twice argparse, and Snakemake, forget the first."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option: str | None = None
    ) -> None:
        if getattr(namespace, self.dest):
            from cftsr.sweep.config import ONE_CONFIGFILE

            raise UserError(ONE_CONFIGFILE)
        setattr(namespace, self.dest, values)


def add_sweep_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--configfile",
        nargs="+",
        default=[],
        action=_Once,
        metavar="FILE",
        help="over config.yaml, as with snakemake --configfile",
    )
    parser.add_argument("--config", nargs="*", default=[], metavar="KEY=VALUE", help="as with snakemake --config")


def configuration(arguments: argparse.Namespace) -> dict[str, Any]:
    """What Snakemake would run with the same --configfile and --config; not yet checked."""
    from cftsr.sweep.config import assignments, base_config, merged, read_config, sweep_name

    config: dict[str, Any] = {}
    for path in (base_config(), *arguments.configfile):
        config = merged(config, read_config(path))
    return {"sweep": sweep_name(arguments.configfile)} | merged(config, assignments(arguments.config))


def sweep_from(arguments: argparse.Namespace) -> Sweep:
    """The sweep that Snakemake would run here. Raises UserError where the working folder is that of no sweep."""
    if not any(Path(sign).exists() for sign in SIGNS):
        raise UserError(
            f"this command looks at a sweep, and {Path().absolute()} is no folder of one: it has none of "
            f"{', '.join(SIGNS)}. Change to the folder in which snakemake was run"
        )
    from cftsr.sweep import record
    from cftsr.sweep.config import own_or_shipped
    from cftsr.sweep.plan import Sweep

    return Sweep(configuration(arguments), records=own_or_shipped(record.FOLDER))
