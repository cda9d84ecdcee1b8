"""cftsr identify: from a file or from numbers to theories, in words or JSON.

Exit status 0: at least one theory has exactly these levels. 1: none up to the bound. 2: unusable input.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from cftsr.errors import UserError
from cftsr.identify.index import Bounds, Entry, build_index
from cftsr.identify.reading import read_file, read_number, read_numbers
from cftsr.identify.search import Answer, Identification, Interval, Question, identify, question

SHOWN = 12  # answers in words; all of them are in the JSON
SHOWN_NAMES = 8


def add_arguments(parser: argparse.ArgumentParser) -> None:
    # argparse takes -1/5 for an option: only integers and decimals count as negative numbers there.
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
    """Answer, print, and return the exit status. Raises UserError for what cannot be asked."""
    asked = _asked(arguments)
    if arguments.factors is not None and not 1 <= arguments.factors <= 3:
        raise UserError(f"--factors {arguments.factors}: products have 1, 2 or 3 factors")
    bounds = Bounds()
    if arguments.max_c is not None:
        bounds = replace(bounds, central_charge=read_number(arguments.max_c, "--max-c").high)
    found = identify(build_index(bounds), asked, arguments.factors)
    print(json.dumps(found.as_dict(), indent=1) if arguments.json else describe(found))
    return 0 if found.found else 1


def _asked(arguments: argparse.Namespace) -> Question:
    energies = arguments.energies
    if len(arguments.levels) == 1 and not _looks_like_a_number(arguments.levels[0]):
        levels, says = read_file(arguments.levels[0], arguments.column)
        if says is False and energies:
            raise UserError(f"{arguments.levels[0]}: the column is one of weights, and --energies says otherwise")
        energies = energies or bool(says)
    else:
        if arguments.column is not None:
            raise UserError("--column goes with a file")
        levels = read_numbers(arguments.levels)
    c = None if arguments.c is None else read_number(arguments.c, "--c")
    return question(levels, c, energies, arguments.complete)


def _looks_like_a_number(text: str) -> bool:
    try:
        read_number(text, "")
    except UserError:
        return False
    return not Path(text).exists()


def main(argv: list[str] | None = None) -> int:
    """The command by itself."""
    parser = argparse.ArgumentParser(prog="cftsr identify", description=__doc__.partition("\n")[0])
    add_arguments(parser)
    try:
        return run(parser.parse_args(argv))
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


# ---- words


def describe(found: Identification) -> str:
    asked, index = found.question, found.index
    what = "energies" if asked.energies else "weights"
    given = ", ".join(map(_number, asked.levels))
    c = f"; c = {_number(asked.c)}" if asked.c is not None else ""
    kind = f"all {what} of the theory" if asked.complete else f"the lowest {len(asked.levels)} {what}"
    lines = [f"{kind}: {given}{c}", ""]
    if not found.answers:
        return "\n".join([*lines, f"none up to {index.bounds.describe()}"])
    if not found.found:
        lines += [
            f"none up to {index.bounds.describe()}",
            f"with the lowest {found.explained} of the {len(asked.levels)} levels there are:",
        ]
    shown = found.answers[:SHOWN]
    lines += [_line(answer) for answer in shown]
    left = len(found.answers) - len(shown)
    if left or found.truncated:
        lines.append(f"... and {left}{' or more' if found.truncated else ''} more (--json has all)")
    names = [line for entry in dict.fromkeys(f for a in shown for f in a.factors) if (line := _isomorphic(entry))]
    if names:
        lines += ["", "the same c and weights:", *names]
    return "\n".join([*lines, *_deciding(found)])


def _number(value: Interval) -> str:
    if value.low == value.high:
        return str(value.low)
    return f"{float((value.low + value.high) / 2):.6g}"


def _line(answer: Answer) -> str:
    line = f"  {answer.name}, c = {answer.c}"
    return line + (", these are all its weights" if answer.complete else "")


def _isomorphic(entry: Entry) -> str:
    """The names that an entry has beyond the one that is printed."""
    names = list(dict.fromkeys(name.text for name in entry.names))
    if len(names) < 2:
        return ""
    more = f", and {len(names) - SHOWN_NAMES} more" if len(names) > SHOWN_NAMES else ""
    return f"  {' = '.join(names[:SHOWN_NAMES])}{more}"


def _deciding(found: Identification) -> list[str]:
    """What further level would decide between the answers."""
    groups = found.rivals().groups
    if len(found.answers) < 2:
        return []
    lines = [""]
    for number, (level, answers) in enumerate(groups[:SHOWN]):
        names = ", ".join(answer.name for answer in answers[:SHOWN_NAMES])
        more = f" and {len(answers) - SHOWN_NAMES} more" if len(answers) > SHOWN_NAMES else ""
        if len(answers) > 1:
            lines.append(f"no further level that is known tells these apart: {names}{more}")
        if number:
            reference = groups[0][1][0].name
            has = _has(groups[0][1][0], level, found)
            lines.append(f"{names}{more} or {reference}? The level {level} decides: {has}")
    return lines if len(lines) > 1 else []


def _has(answer: Answer, level: Fraction | None, found: Identification) -> str:
    shift = answer.c / 24 if found.question.energies else Fraction(0)
    there = level is not None and level - answer.lowest + shift in answer.next_gaps
    return f"{answer.name} {'has' if there else 'does not have'} it"


if __name__ == "__main__":
    sys.exit(main())
