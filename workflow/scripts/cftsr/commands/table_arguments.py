"""Arguments of all commands that read a table: the roles of its columns, and what is held out."""

from __future__ import annotations

import argparse
import re
import sys
from contextlib import suppress
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import TYPE_CHECKING

from cftsr.commands.sweep_arguments import add_sweep_arguments, configuration
from cftsr.errors import UserError

if TYPE_CHECKING:
    from cftsr.answers.checking import SplitTable
    from cftsr.data.user_file import SpectrumRequest

FILE = (
    "a table: text (CSV, blanks, Markdown, LaTeX; .gz and the like), Parquet, Feather, ORC, JSON, Excel; - for "
    "standard input"
)


def add_table_arguments(parser: argparse.ArgumentParser) -> None:
    # A formula, of --shape too, may begin with a minus: argparse would take -3*k for an option.
    parser._negative_number_matcher = re.compile(r"^-(?!h$)[^-]")
    parser.add_argument("--labels", nargs="+", metavar="LABEL", help="the labels; default: all other columns")
    parser.add_argument(
        "--theory", nargs="+", metavar="LABEL", help="labels that fix the theory; other columns then fix a field in it"
    )
    parser.add_argument("--state", nargs="+", metavar="LABEL", help="labels that fix a field within its theory")
    parser.add_argument("--drop", nargs="+", default=[], metavar="COLUMN", help="columns that are no labels")
    parser.add_argument("--uncertainty", metavar="COLUMN", help="how far each target may be off, at most")
    parser.add_argument("--sigma", metavar="COLUMN", help="the standard deviation of each target")
    parser.add_argument(
        "--hold-out",
        default="0.2",
        metavar="SHARE",
        help="share of the theories, the largest, or a column (default 0.2)",
    )
    parser.add_argument(
        "--finite", nargs="+", default=[], metavar="LABEL", help="labels that take no values beyond those in the file"
    )
    parser.add_argument(
        "--columns", nargs="+", default=[], metavar="NAME", help="the columns' names, where no header line has them"
    )
    parser.add_argument(
        "--encoding", metavar="NAME", help="of a text file, such as latin-1; default: UTF-8, or as marked"
    )
    parser.add_argument("--skip-missing", action="store_true", help="leave out rows with a missing value")


def add_table_source(parser: argparse.ArgumentParser) -> None:
    """--data FILE --target COLUMN with the options for a file, or --cell."""
    parser.add_argument("--data", metavar="FILE", help=FILE)
    parser.add_argument("--target", metavar="COLUMN", help="what the formula gives")
    parser.add_argument(
        "--cell", metavar="FAMILY/TASK/NAME", help="a data set of a sweep instead, such as minimal/central_charge/n100"
    )
    parser.add_argument("--closed-form", metavar="FORMULA", help="a formula that it should be identical to")
    add_table_arguments(parser)
    add_sweep_arguments(parser)


def table_from(arguments: argparse.Namespace) -> SplitTable:
    """The rows that the arguments name. Raises UserError."""
    if (arguments.data is None) == (arguments.cell is None):
        raise UserError(
            "name the rows: either --data FILE --target COLUMN, or --cell such as minimal/conformal_weight/n100_f30"
        )
    if arguments.data is not None and arguments.target is None:
        raise UserError(f"--data {arguments.data}: name the column that the formula gives (--target COLUMN)")
    if arguments.data is not None:
        request = request_from(arguments, arguments.data)
        from cftsr.answers.checking import table_of_file

        return table_of_file(request).with_closed_form(arguments.closed_form)
    without_pandas()
    from cftsr.answers.checking import table_of_cell

    return table_of_cell(arguments.cell, configuration(arguments)).with_closed_form(arguments.closed_form)


def request_from(arguments: argparse.Namespace, file: str) -> SpectrumRequest:
    """The request for a file that the arguments make."""
    without_pandas()
    from cftsr.data.user_file import SpectrumRequest

    hold_out: float | str = arguments.hold_out
    with suppress(ValueError):
        hold_out = float(hold_out)
    if isinstance(hold_out, float) and not 0 <= hold_out < 1:
        raise UserError(f"--hold-out {arguments.hold_out}: give a share from 0 to below 1, or the name of a column")
    theory, state, labels = (tuple(getattr(arguments, name) or ()) for name in ("theory", "state", "labels"))
    if labels and (theory or state):
        raise UserError(
            "--labels lists all labels without telling theories apart; give either it or --theory and --state"
        )
    return SpectrumRequest.of_roles(
        "table" if file == "-" else Path(file).stem,
        file,
        arguments.target,
        theory,
        state,
        labels,
        hold_out,
        uncertainty=arguments.uncertainty,
        sigma=arguments.sigma,
        finite_labels=tuple(arguments.finite),
        drop=tuple(arguments.drop),
        columns=tuple(name.strip() for part in arguments.columns for name in part.split(",") if name.strip()),
        encoding=arguments.encoding,
        skip_missing=arguments.skip_missing,
    )


class _WithoutPandas:
    """An import hook to which pandas is not installed."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if name == "pandas":
            raise ModuleNotFoundError(name)
        return None


def without_pandas() -> None:
    """Tell pyarrow, once, that there is no pandas.

    To recognise a Series it imports pandas with the first array that it makes, which takes longer than the fit of a
    small table; a command has no Series. What needs pandas itself (Excel) still imports it.
    """
    if "pandas" in sys.modules:
        return
    import pyarrow as pa

    hook = _WithoutPandas()
    sys.meta_path.insert(0, hook)
    try:
        pa.array([])
    finally:
        sys.meta_path.remove(hook)
