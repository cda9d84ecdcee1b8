"""cftsr prove: the hall of fame of another tool, made exact and proved."""

from __future__ import annotations

import argparse
import json

from cftsr.commands.table_arguments import add_table_source, table_from


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Read the equations that PySR or another tool found, with constants such as 0.2500003: as rational numbers "
        "where they are near enough, else their structure is given exact coefficients. Each is judged on the data and "
        "on what is held out; the simplest one that is proved is printed."
    )
    parser.epilog = (
        "Exit status: 0 one is proved, 1 none is, 2 something cannot be read (one message says what). An equation that "
        "is no rational function, or cannot be read, is named by its line and left out."
    )
    parser.add_argument(
        "equations",
        metavar="FILE",
        help="a table with a column Equation (PySR's hall_of_fame.csv), or one equation on each line",
    )
    add_table_source(parser)
    parser.add_argument(
        "--variables", nargs="+", default=[], metavar="LABEL", help="which labels x0, x1, ... are, in this order"
    )
    parser.add_argument("--no-fit", action="store_true", help="do not run fit to compare with what it finds")
    parser.add_argument("--json", action="store_true", help="print everything that is known as JSON")


def run(arguments: argparse.Namespace) -> int:
    table = table_from(arguments)
    from cftsr.answers.fit_file import default_options
    from cftsr.answers.proving import describe_proof, prove

    options = None if arguments.no_fit else default_options()
    proof = prove(arguments.equations, table, options, tuple(arguments.variables))
    print(json.dumps(proof.as_dict(), indent=1) if arguments.json else describe_proof(proof))
    return 0 if proof.proved else 1
