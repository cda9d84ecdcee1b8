"""cftsr identify: the theories with the levels of a file or of the command line, in words or JSON.

Exit status 0: at least one theory has exactly these levels. 1: none up to the bound. 2: unusable input.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from cftsr.errors import UserError
from cftsr.identify.index import Bounds, build_index
from cftsr.identify.near import Near, near_misses
from cftsr.identify.reading import read_file, read_number, read_numbers
from cftsr.identify.search import MAX_RIVALS, Identification, Query, TheoryProduct, identify, query_of

SHOWN = 12  # answers in words; all of them are in the JSON
SHOWN_NAMES = 8
SHOWN_NEAR = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    # argparse takes -1/5 for an option: it knows only integers and decimals as negative numbers.
    parser._negative_number_matcher = re.compile(r"^-(\d+\s*/\s*\d+|\d*\.?\d+([eE][+-]?\d+)?)$")
    parser.add_argument("levels", nargs="+", metavar="FILE | LEVEL", help="a file, or the levels: 0 1/16 1/2")
    parser.add_argument("--c", metavar="C", help="the central charge, where it is known")
    parser.add_argument("--energies", action="store_true", help="the levels are E = h - c/24, not weights")
    parser.add_argument("--complete", action="store_true", help="the levels are all that the theory has")
    parser.add_argument("--column", metavar="NAME", help="the column of the file that has the levels")
    parser.add_argument("--factors", type=int, metavar="N", help="of a product, at most (default 3 with --c, else 2)")
    parser.add_argument("--max-c", metavar="C", help="of a factor, at most (default 24)")
    parser.add_argument("--json", action="store_true", help="print everything that is known as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Answer, print, and return the exit status. Raises UserError if the arguments make no query."""
    query = _query_from(arguments)
    if arguments.factors is not None and not 1 <= arguments.factors <= 3:
        raise UserError(f"--factors {arguments.factors}: products have 1, 2 or 3 factors")
    bounds = Bounds()
    if arguments.max_c is not None:
        most = read_number(arguments.max_c, "--max-c").high
        if most <= 0:
            raise UserError(f"--max-c {arguments.max_c}: it bounds the factors' central charges; give one above 0")
        bounds = replace(bounds, central_charge=most)
    result = identify(build_index(bounds), query, arguments.factors)
    print(json.dumps(as_dict(result), indent=1) if arguments.json else describe_identification(result))
    return 0 if result.found else 1


def as_dict(result: Identification, near: Sequence[Near] | None = None) -> dict[str, Any]:
    """The identification as JSON. near: the result of `near_misses`, if it is known already."""
    near = near_misses(result) if near is None else near
    return result.as_dict() | {"near": [one.as_dict() for one in near]}


def _query_from(arguments: argparse.Namespace) -> Query:
    energies = arguments.energies
    if len(arguments.levels) == 1 and not _looks_like_a_number(arguments.levels[0]):
        levels, are_energies = read_file(arguments.levels[0], arguments.column)
        if are_energies is False and energies:
            raise UserError(f"{arguments.levels[0]}: the column is one of weights, and --energies says otherwise")
        energies = energies or bool(are_energies)
    else:
        if arguments.column is not None:
            raise UserError("--column goes with a file")
        levels = read_numbers(arguments.levels)
    c = None if arguments.c is None else read_number(arguments.c, "--c")
    return query_of(levels, c, energies, arguments.complete)


def _looks_like_a_number(text: str) -> bool:
    try:
        read_number(text, "")
    except UserError:
        return False
    return not Path(text).exists()


def main(argv: list[str] | None = None) -> int:
    """`cftsr identify` as a program of its own."""
    parser = argparse.ArgumentParser(prog="cftsr identify", description=__doc__.partition("\n")[0])
    add_arguments(parser)
    try:
        return run(parser.parse_args(argv))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


# ---- words


def describe_identification(result: Identification, near: Sequence[Near] | None = None) -> str:
    """The answer in words; near as in `as_dict`."""
    query = result.query
    what = "energies" if query.energies else "weights"
    given = ", ".join(map(str, query.levels))
    c = f"; c = {query.c}" if query.c is not None else ""
    kind = f"all {what} of the theory" if query.complete else f"the lowest {len(query.levels)} {what}"
    lines = [f"{kind}: {given}{c}", ""]
    if not result.found:
        products = f"; products of up to {result.factors} of them" if result.factors > 1 else ""
        lines.append(f"none up to {result.index.bounds.describe()}{products}")
        near = near_misses(result) if near is None else near
        for one in near:
            lines += [f"{one.premise}:", *_answers(one.answers, SHOWN_NEAR, query, one.remarks)]
        if result.answers:
            lines.append(f"with the lowest {result.explained} of the {len(query.levels)} levels:")
            lines += _answers(result.answers, SHOWN_NEAR, query)
        shown = [answer for one in near for answer in one.answers[:SHOWN_NEAR]] + list(result.answers[:SHOWN_NEAR])
        return "\n".join([*lines, *_isomorphisms(shown)])
    listed = _listed(result.answers, query)
    lines += _answers(result.answers, SHOWN, query, truncated=result.truncated)
    return "\n".join([*lines, *_isomorphisms(listed[:SHOWN]), *_deciding(result, listed)])


def _listed(answers: Sequence[TheoryProduct], query: Query) -> list[TheoryProduct]:
    """The answers to list: those with all primaries known, and without c those with no hidden factor."""
    whole = [answer for answer in answers if not answer.partial] or list(answers)
    return [answer for answer in whole if query.c is not None or not answer.hidden] or whole


def _answers(
    answers: Sequence[TheoryProduct], most: int, query: Query, remarks: Sequence[str] = (), truncated: bool = False
) -> list[str]:
    listed = _listed(answers, query)
    lines = [_line(answer) for answer in listed[:most]]
    if remarks:
        lines = [f"{line}, {remarks[answers.index(answer)]}" for line, answer in zip(lines, listed, strict=False)]
    if len(listed) > most or truncated:
        lines.append(f"  ... and {len(listed) - most}{' or more' if truncated else ''} more (--json has all)")
    others = [answer for answer in answers if answer not in listed]
    partial = [answer for answer in others if answer.partial]
    hidden = [answer for answer in others if not answer.partial]
    if hidden:
        names = dict.fromkeys(str(factor.names[0]) for answer in hidden for factor in answer.hidden)
        lines.append(f"  or one of these times a theory whose first gap is larger, {_first(list(names))}: c would tell")
    if partial:
        lines.append(
            f"  or {len(partial)} more if of so(n) only the symmetric tensors count, of su(n) only the rectangular "
            "weights (--json has all)"
        )
    elif listed and listed[0].partial:
        lines.append("  other primaries of the theories marked 'only' may lie among these levels")
    return lines


def _first(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN_NAMES} more" if len(names) > SHOWN_NAMES else ""
    return ", ".join(names[:SHOWN_NAMES]) + more


def _line(answer: TheoryProduct) -> str:
    line = f"  {answer.name}, c = {answer.c}"
    return line + (", these are all its weights" if answer.complete else "")


def _isomorphisms(answers: Sequence[TheoryProduct]) -> list[str]:
    """The other names of the theories that are printed."""
    lines = []
    for entry in dict.fromkeys(factor for answer in answers for factor in answer.factors):
        names = list(dict.fromkeys(name.text for name in entry.names if entry.partial or not name.partial))
        if len(names) > 1:
            more = f", and {len(names) - SHOWN_NAMES} more" if len(names) > SHOWN_NAMES else ""
            lines.append(f"  {' = '.join(names[:SHOWN_NAMES])}{more}")
    return ["", "the same c and weights:", *lines] if lines else []


def _deciding(result: Identification, listed: Sequence[TheoryProduct]) -> list[str]:
    """The further levels that would decide between the answers, in words."""
    groups = result.rivals(listed).groups
    lines: list[str] = []
    by_level: dict[Fraction | None, list[str]] = {}
    for level, answers in groups:
        if len(answers) > 1:
            names = _first([answer.name for answer in answers])
            lines.append(f"no further level that is known tells these apart: {names}")
        by_level.setdefault(level, []).extend(answer.name for answer in answers)
    reference = listed[0]
    by_level.pop(None)
    for level, others in list(by_level.items())[:SHOWN]:
        there = level is not None and _has(reference, level, result)
        do = "does" if len(others) == 1 else "do"
        lines.append(
            f"the level {level} decides: {reference.name} {'has' if there else 'does not have'} it; {_first(others)} "
            f"{do}{' not' if there else ''}"
        )
    if len(listed) > MAX_RIVALS:
        lines.append(f"only the first {MAX_RIVALS} answers were compared")
    return ["", *lines] if lines else []


def _has(answer: TheoryProduct, level: Fraction, result: Identification) -> bool:
    shift = answer.c / 24 if result.query.energies else Fraction(0)
    return level - answer.lowest + shift in answer.next_gaps


if __name__ == "__main__":
    sys.exit(main())
