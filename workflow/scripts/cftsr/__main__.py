"""python -m cftsr: what can be asked without Snakemake."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import yaml

from cftsr.errors import UserError
from cftsr.sweep import Sweep, check_yaml


def sweep_from(arguments: argparse.Namespace) -> Sweep:
    """The sweep of config.yaml, with KEY=VALUE changed as with snakemake --config."""
    if not Path(arguments.configfile).exists():
        raise UserError(f"{arguments.configfile} is not here: go to the project's folder, or name it by --configfile")
    check_yaml(arguments.configfile)
    config = yaml.safe_load(Path(arguments.configfile).read_text(encoding="utf-8"))
    for item in arguments.config:
        key, equals, value = item.partition("=")
        if not equals:
            raise UserError(f"--config {item}: write KEY=VALUE")
        config[key] = yaml.safe_load(value)
    return Sweep(config)


def status(arguments: argparse.Namespace) -> None:
    from cftsr.status import describe

    print(describe(sweep_from(arguments), Path(), arguments.jobs))


def tables(arguments: argparse.Namespace) -> None:
    from cftsr.summary import read_records
    from cftsr.tables import write_tables

    sweep = sweep_from(arguments)
    verdicts = [f"results/{sweep.budget}/fits/{cell.folder}/verdict.json" for cell in sweep.cells]
    cells = [cell.as_dict() for cell in sweep.cells]
    print(write_tables(read_records(verdicts), cells, f"results/{sweep.budget}/partial", arguments.published), end="")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m cftsr", description="Questions about a sweep, without Snakemake.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--configfile", default="config.yaml", help="default: config.yaml")
    common.add_argument("--config", nargs="*", default=[], metavar="KEY=VALUE", help="as with snakemake --config")
    command = commands.add_parser("status", parents=[common], help="what is done, running, failed, and what is left")
    command.add_argument("-j", "--jobs", type=int, default=os.cpu_count() or 1, help="cores, for the estimate")
    command.set_defaults(run=status)
    command = commands.add_parser("tables", parents=[common], help="the tables of what is finished so far")
    command.add_argument("--published", default="data/published", help="default: data/published")
    command.set_defaults(run=tables)
    arguments = parser.parse_args()
    try:
        arguments.run(arguments)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
