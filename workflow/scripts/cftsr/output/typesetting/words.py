"""Words, numbers and formulas in Markdown and in LaTeX."""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from cftsr.algebra.formula import ParseError, parse
from cftsr.algebra.integer_columns import without_integer_columns
from cftsr.algebra.printing import latex_of
from cftsr.output.typesetting.names import small_indices, with_indices

DIGITS = 5  # of constants in printed formulas; the CSV files have them in full

_LATEX = {
    **{character: f"\\{character}" for character in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"$<$",
    ">": r"$>$",
    "|": r"$|$",
    "*": r"{*}",  # else \\ before a star would take it as its own
    "[": r"{[}",
    "—": "---",
    "∞": r"$\infty$",
    "✓": r"$\checkmark$",
    "≈": r"$\approx$",
    "†": r"$^{\dagger}$",
    "‡": r"$^{\ddagger}$",
}
_ASIDE = "\x00"
_MARKDOWN = {character: f"\\{character}" for character in r"\*<|"}


class Text(NamedTuple):
    """The same content in both languages."""

    markdown: str
    latex: str

    def __add__(self, other: Text) -> Text:  # type: ignore[override]
        return Text(self.markdown + other.markdown, self.latex + other.latex)


EMPTY = Text("", "")


# ---- words and numbers


def escape_latex(text: str) -> str:
    return "".join(_LATEX.get(character, character) for character in text)


def _with_indices(text: str) -> str:
    """The text in LaTeX, with su(2)_k and the like set as indices: escaped piece by piece."""
    indices: list[str] = []

    def put_aside(index: str) -> str:
        indices.append(rf"$_{{{escape_latex(index)}}}$")
        return _ASIDE

    pieces = with_indices(text, put_aside).split(_ASIDE)
    return "".join(escape_latex(piece) + index for piece, index in zip(pieces, [*indices, ""], strict=True))


def plain(text: str) -> Text:
    """Words, with the special characters of each language escaped; `code` is set as code."""
    markdown, latex = "", ""
    for index, part in enumerate(text.split("`")):
        if index % 2:
            shown = code(part)
            markdown, latex = markdown + shown.markdown, latex + shown.latex
        else:
            markdown += "".join(_MARKDOWN.get(character, character) for character in small_indices(part))
            latex += _with_indices(part)
    return Text(markdown, latex)


def code(text: str) -> Text:
    """Text in a fixed-width face; a | would end a Markdown cell even there."""
    return Text("`" + text.replace("|", "\\|") + "`", rf"\texttt{{{escape_latex(text)}}}")


def number(value: float, scientific: bool = False) -> Text:
    """Three significant digits, "0" for exactly zero, and the sign of infinity."""
    if math.isinf(value):
        return Text("∞" if value > 0 else "-∞", r"$\infty$" if value > 0 else r"$-\infty$")
    if value == 0:
        return Text("0", "$0$")
    shown = f"{value:.2e}" if scientific else f"{value:#.3g}".removesuffix(".")
    mantissa, _, exponent = shown.partition("e")
    return Text(shown, rf"${mantissa}\times10^{{{int(exponent)}}}$" if exponent else f"${shown}$")


def rounded_constants(text: str) -> str:
    """The formula with its floats rounded to DIGITS digits; "2.0000" still shows that it was no integer."""
    return re.sub(
        r"(?<![\w.])\d+(?:\.\d*(?:e[+-]?\d+)?|e[+-]?\d+)", lambda match: f"{float(match[0]):#.{DIGITS}g}", text
    )


# ---- formulas


def formula(text: str, rounded: bool = True) -> Text:
    """An equation of a front or of the paper: code in Markdown, typeset without simplification in LaTeX.

    rounded   whether constants may be rounded; not if the verdict rests on all their digits

    The integer columns i1..i10 are shown as the integers they stand for. Other text is shown as words.
    """
    try:
        parsed = parse(text, None)
    except ParseError:
        return plain(text.replace("`", "'"))
    tree = without_integer_columns(parsed)
    constants = rounded_constants if rounded else str
    return Text(code(constants(str(tree))).markdown, rf"$\displaystyle {latex_of(tree, constants)}$")
