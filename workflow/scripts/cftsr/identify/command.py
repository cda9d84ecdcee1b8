"""cftsr identify: from a file or from numbers to theories, in words or JSON.

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
from cftsr.identify.search import MAX_RIVALS, Answer, Identification, Question, identify, question

SHOWN = 12  # answers in words; all of them are in the JSON
SHOWN_NAMES = 8
SHOWN_NEAR = 3


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
    print(json.dumps(as_dict(found), indent=1) if arguments.json else describe(found))
    return 0 if found.found else 1


def as_dict(found: Identification, near: Sequence[Near] | None = None) -> dict[str, Any]:
    """near: what `near_misses` gives, where it is known already."""
    near = near_misses(found) if near is None else near
    return found.as_dict() | {"near": [one.as_dict() for one in near]}


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


def describe(found: Identification, near: Sequence[Near] | None = None) -> str:
    """The answer in words; near as in `as_dict`."""
    asked = found.question
    what = "energies" if asked.energies else "weights"
    given = ", ".join(map(str, asked.levels))
    c = f"; c = {asked.c}" if asked.c is not None else ""
    kind = f"all {what} of the theory" if asked.complete else f"the lowest {len(asked.levels)} {what}"
    lines = [f"{kind}: {given}{c}", ""]
    if not found.found:
        products = f"; products of up to {found.factors} of them" if found.factors > 1 else ""
        lines.append(f"none up to {found.index.bounds.describe()}{products}")
        near = near_misses(found) if near is None else near
        for one in near:
            lines += [f"{one.premise}:", *_answers(one.answers, SHOWN_NEAR, asked, one.remarks)]
        if found.answers:
            lines.append(f"with the lowest {found.explained} of the {len(asked.levels)} levels:")
            lines += _answers(found.answers, SHOWN_NEAR, asked)
        shown = [answer for one in near for answer in one.answers[:SHOWN_NEAR]] + list(found.answers[:SHOWN_NEAR])
        return "\n".join([*lines, *_isomorphisms(shown)])
    told = _told(found.answers, asked)
    lines += _answers(found.answers, SHOWN, asked, truncated=found.truncated)
    return "\n".join([*lines, *_isomorphisms(told[:SHOWN]), *_deciding(found, told)])


def _told(answers: Sequence[Answer], asked: Question) -> list[Answer]:
    """The answers that are worth a line: those of whole theories, and without c those of which every factor shows."""
    whole = [answer for answer in answers if not answer.partial] or list(answers)
    return [answer for answer in whole if asked.c is not None or not answer.hidden] or whole


def _answers(
    answers: Sequence[Answer], most: int, asked: Question, remarks: Sequence[str] = (), truncated: bool = False
) -> list[str]:
    told = _told(answers, asked)
    lines = [_line(answer) for answer in told[:most]]
    if remarks:
        lines = [f"{line}, {remarks[answers.index(answer)]}" for line, answer in zip(lines, told, strict=False)]
    if len(told) > most or truncated:
        lines.append(f"  ... and {len(told) - most}{' or more' if truncated else ''} more (--json has all)")
    others = [answer for answer in answers if answer not in told]
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
    elif told and told[0].partial:
        lines.append("  other primaries of the theories marked 'only' may lie among these levels")
    return lines


def _first(names: list[str]) -> str:
    more = f" and {len(names) - SHOWN_NAMES} more" if len(names) > SHOWN_NAMES else ""
    return ", ".join(names[:SHOWN_NAMES]) + more


def _line(answer: Answer) -> str:
    line = f"  {answer.name}, c = {answer.c}"
    return line + (", these are all its weights" if answer.complete else "")


def _isomorphisms(answers: Sequence[Answer]) -> list[str]:
    """The names that theories have beyond the one that is printed."""
    lines = []
    for entry in dict.fromkeys(factor for answer in answers for factor in answer.factors):
        names = list(dict.fromkeys(name.text for name in entry.names if entry.partial or not name.partial))
        if len(names) > 1:
            more = f", and {len(names) - SHOWN_NAMES} more" if len(names) > SHOWN_NAMES else ""
            lines.append(f"  {' = '.join(names[:SHOWN_NAMES])}{more}")
    return ["", "the same c and weights:", *lines] if lines else []


def _deciding(found: Identification, told: Sequence[Answer]) -> list[str]:
    """What further level would decide between the answers."""
    groups = found.rivals(told).groups
    lines: list[str] = []
    by_level: dict[Fraction | None, list[str]] = {}
    for level, answers in groups:
        if len(answers) > 1:
            names = _first([answer.name for answer in answers])
            lines.append(f"no further level that is known tells these apart: {names}")
        by_level.setdefault(level, []).extend(answer.name for answer in answers)
    reference = told[0]
    by_level.pop(None)
    for level, others in list(by_level.items())[:SHOWN]:
        there = level is not None and _has(reference, level, found)
        do = "does" if len(others) == 1 else "do"
        lines.append(
            f"the level {level} decides: {reference.name} {'has' if there else 'does not have'} it; {_first(others)} "
            f"{do}{' not' if there else ''}"
        )
    if len(told) > MAX_RIVALS:
        lines.append(f"compared are the first {MAX_RIVALS} answers")
    return ["", *lines] if lines else []


def _has(answer: Answer, level: Fraction, found: Identification) -> bool:
    shift = answer.c / 24 if found.question.energies else Fraction(0)
    return level - answer.lowest + shift in answer.next_gaps


if __name__ == "__main__":
    sys.exit(main())
