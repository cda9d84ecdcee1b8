"""cftsr fit: the exact formula of one table, and how sure it is."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from cftsr.commands.table_arguments import FILE, add_table_arguments, request_from
from cftsr.errors import UserError

if TYPE_CHECKING:
    from cftsr.data.user_file import SpectrumRequest


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Find the exact formula of a table: a rational function of the labels that gives the target. "
        "docs/your-own-table.md has formats and numbers, docs/answers.md the words of the answer."
    )
    parser.epilog = (
        "Numbers: 3/80, 1//4, 0.25, 1.5e-3, 13.6057(5), 12.5%; integers and fractions are exact at any size, decimals "
        "are known to their rounding. Labels: numbers (1/2 and 0.5 too), or a few texts (NS, R). "
        "Answers: identified - the data determine this formula, with rows to spare; fits - it passes through the rows, "
        "but others do too, or there are too few; approximate - near it, with coefficients that were measured; none - "
        "the limit that ended the search is named. "
        "Exit status: 0 identified, 1 not identified (fits, approximate, none), 2 the file or an option cannot be used "
        "(one message says why)."
    )
    parser.add_argument("file", help=FILE)
    parser.add_argument("--target", required=True, metavar="COLUMN", help="what to find a formula for")
    add_table_arguments(parser)
    parser.add_argument(
        "--shape",
        metavar="FORMULA",
        help="the structure, such as 'a*l*(l+b)/(c*k+d)': names that are no columns are constants, solved for exactly",
    )
    parser.add_argument("--max-degree", type=int, metavar="N", help="of numerator and denominator")
    parser.add_argument("--max-unknowns", type=int, metavar="N", help="coefficients of both together")
    parser.add_argument("--html", metavar="PAGE", help="write a page with the answer, the rows and the residuals")
    parser.add_argument("--json", action="store_true", help="print everything that is known as JSON")


def run(arguments: argparse.Namespace) -> int:
    request = request_from(arguments, arguments.file)
    if arguments.html:
        import cftsr.output.page.file_page  # noqa: F401  a package that it needs is missed before the search
    if arguments.shape is not None:
        return _fit_shape(arguments, request)
    from cftsr.answers.fit_file import describe_answer, fit_file, options_of_fit

    options = options_of_fit(max_degree=arguments.max_degree, max_unknowns=arguments.max_unknowns)
    try:
        answer = fit_file(request, options)
    except UserError as error:
        return _fit_levels(arguments, request, options, error)
    return _show(arguments, answer, describe_answer)


def _fit_levels(
    arguments: argparse.Namespace, request: SpectrumRequest, options: dict[str, Any], error: UserError
) -> int:
    """A file that may be one of levels without labels; else the same error again."""
    from cftsr.answers.fit_levels import (  # takes as long to import as the fit of a small table
        answer_in_words,
        fit_as_levels,
    )

    return _show(arguments, fit_as_levels(request, options, error), answer_in_words)


def _show(arguments: argparse.Namespace, answer: Any, words: Callable[[Any], str]) -> int:
    print(json.dumps(answer.as_dict(), indent=1) if arguments.json else words(answer))
    if arguments.html:
        from cftsr.commands.fit_page import file_page_of
        from cftsr.output.page.file_page import write_file_page

        write_file_page(file_page_of(answer), arguments.html)
    return 0 if answer.identified else 1


def _fit_shape(arguments: argparse.Namespace, request: SpectrumRequest) -> int:
    if arguments.max_degree is not None or arguments.max_unknowns is not None:
        raise UserError(
            "--max-degree and --max-unknowns limit a search, and --shape leaves none; give one or the other"
        )
    from cftsr.answers.checking import table_of_file
    from cftsr.answers.shape import describe_shape, fit_shape

    return _show(arguments, fit_shape(arguments.shape, table_of_file(request)), describe_shape)
