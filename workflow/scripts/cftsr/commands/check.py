"""cftsr check: whether a formula is exact on a table."""

from __future__ import annotations

import argparse
import json

from cftsr.commands.table_arguments import add_table_source, table_from
from cftsr.vocabulary import APPROXIMATE, YES


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Judge a formula as an engine's formula is judged: exact on the data, exact on what is held out, identical to "
        "the closed form where one is known, and the same as what fit finds."
    )
    parser.epilog = (
        "A formula is written as in Python, SymPy or PySR: 3*k/(k+2), (l+1)^2/4, square(l), 3k(k+1). Exit status: 0 it "
        "agrees everywhere it was looked at, 1 it does not, 2 something cannot be read (one message says what)."
    )
    parser.add_argument("formula", help="the right side, or all of h = ...")
    add_table_source(parser)
    parser.add_argument("--no-fit", action="store_true", help="do not run fit to compare with what it finds")
    parser.add_argument("--json", action="store_true", help="print everything that is known as JSON")


def run(arguments: argparse.Namespace) -> int:
    table = table_from(arguments)
    from cftsr.answers.checking import check, describe_check
    from cftsr.answers.fit_file import default_options

    result = check(arguments.formula, table, None if arguments.no_fit else default_options())
    print(json.dumps(result.as_dict(), indent=1) if arguments.json else describe_check(result))
    return 0 if result.recovered in (YES, APPROXIMATE) else 1
