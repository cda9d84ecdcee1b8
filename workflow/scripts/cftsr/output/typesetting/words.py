"""How words, numbers and formulas are set in Markdown and in LaTeX."""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from cftsr.algebra.expressions import Expression, ParseError, constant, fold, parse, substitute
from cftsr.algebra.integer_columns import INTEGER_COLUMNS
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
    """In LaTeX, with su(2)_k and the like set as indices: escaped piece by piece."""
    indices: list[str] = []

    def put_aside(index: str) -> str:
        indices.append(rf"$_{{{escape_latex(index)}}}$")
        return _ASIDE

    pieces = with_indices(text, put_aside).split(_ASIDE)
    return "".join(escape_latex(piece) + index for piece, index in zip(pieces, [*indices, ""], strict=True))


def plain(text: str) -> Text:
    """Words as they are, with everything escaped that a language would take for its own; `code` is set as code."""
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
    """The formula with its floats to DIGITS digits; "2.0000" still shows that it was no integer."""
    return re.sub(
        r"(?<![\w.])\d+(?:\.\d*(?:e[+-]?\d+)?|e[+-]?\d+)", lambda match: f"{float(match[0]):#.{DIGITS}g}", text
    )


# ---- formulas


def formula(text: str) -> Text:
    """An equation of a front or of the paper: code in Markdown, set as it was found in LaTeX.

    The integer columns i1..i10 are shown as the integers they stand for. What is no equation is shown as words.
    """
    try:
        parsed = parse(text, None)
    except ParseError:
        return plain(text.replace("`", "'"))
    tree = substitute(
        parsed,
        lambda node: constant(INTEGER_COLUMNS[node.value]) if node.value in INTEGER_COLUMNS else node,
    )
    return Text(code(rounded_constants(str(tree))).markdown, rf"$\displaystyle {formula_latex(tree)}$")


def formula_latex(expression: Expression) -> str:
    """The tree in LaTeX, nothing simplified: quotients as fractions, products by juxtaposition."""
    return fold(expression, _leaf, _apply)[0]


Set = tuple[str, int]  # LaTeX, and how tightly it holds together: 1 a sum, 2 a product, 3 anything closed


def _leaf(node: Expression) -> Set:
    if node.kind == "variable":
        stem, digits = re.fullmatch(r"([A-Za-z_]+?)_?(\d*)", node.value).groups()
        name = stem if len(stem) == 1 else rf"\mathrm{{{escape_latex(stem)}}}"
        return (f"{name}_{{{digits}}}" if digits else name), 3
    text = rounded_constants(str(Expression("constant", node.value)))
    mantissa, _, exponent = text.partition("e")
    shown = rf"{mantissa}\cdot10^{{{int(exponent)}}}" if exponent else text
    return shown, 1 if text.startswith("-") else 2 if exponent else 3


def _closed(item: Set, level: int) -> str:
    return item[0] if item[1] >= level else rf"\left({item[0]}\right)"


def _apply(kind: str, arguments: tuple[Set, ...]) -> Set:
    match kind, arguments:
        case "+", (left, right):
            return f"{left[0]}+{_closed(right, 2)}", 1
        case "-", (left, right):
            return f"{left[0]}-{_closed(right, 2)}", 1
        case "*", (left, right):
            first, second = _closed(left, 2), _closed(right, 2)
            return first + (r"\cdot " if second[0].isdigit() else r"\,") + second, 2
        case "/", (left, right):
            return rf"\frac{{{left[0]}}}{{{right[0]}}}", 3
        case "square", (argument,):
            # A fraction or a square needs parentheses under an exponent, though nothing else does.
            text, level = argument
            closed = _closed((text, 0 if text.startswith((r"\frac", "{")) else level), 3)
            return f"{{{closed}}}^{{2}}", 3
        case "neg", (argument,):
            return f"-{_closed(argument, 2)}", 1
    raise ValueError(f"unknown operator {kind!r}")
