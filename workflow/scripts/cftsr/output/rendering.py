"""Tables as Markdown and LaTeX: what a table is made of, and how its numbers and formulas are set."""

from __future__ import annotations

import math
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from cftsr.algebra.expressions import Expression, ParseError, constant, fold, parse, substitute
from cftsr.algebra.integer_columns import INTEGER_COLUMNS
from cftsr.files import write_atomically

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
_MARKDOWN = {character: f"\\{character}" for character in r"\*<|"}


class Text(NamedTuple):
    """The same content in both languages."""

    markdown: str
    latex: str

    def __add__(self, other: Text) -> Text:  # type: ignore[override]
        return Text(self.markdown + other.markdown, self.latex + other.latex)


EMPTY = Text("", "")


@dataclass(frozen=True)
class Block:
    """Rows under one heading, in groups that stand together."""

    heading: str
    groups: list[list[list[Text]]]


@dataclass(frozen=True)
class Table:
    """A table for reading.

    columns   headings
    layout    LaTeX column types, one a column: l, r or p{...}
    notes     below the table: how to read it; `code` in back quotes
    remarks   below these: what is to be said about the published values
    kind      what it is made of: see tables.Plan
    """

    number: int
    caption: str
    columns: list[str]
    layout: list[str]
    blocks: list[Block]
    notes: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    kind: str = "grid"

    @property
    def below(self) -> list[tuple[str, list[str]]]:
        """Headings and sentences under the table, as far as there are any."""
        parts = [("How to read it", self.notes), ("On the published values", self.remarks)]
        return [(heading, sentences) for heading, sentences in parts if sentences]


# ---- words and numbers


def escape_latex(text: str) -> str:
    return "".join(_LATEX.get(character, character) for character in text)


def plain(text: str) -> Text:
    """Words as they are, with everything escaped that a language would take for its own; `code` is set as code."""
    markdown, latex = "", ""
    for index, part in enumerate(text.split("`")):
        if index % 2:
            shown = code(part)
            markdown, latex = markdown + shown.markdown, latex + shown.latex
        else:
            markdown += "".join(_MARKDOWN.get(character, character) for character in part)
            latex += escape_latex(part)
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
    names = set(re.findall(r"[A-Za-z]\w*", text)) - {"square", "inf", "nan"}
    try:
        parsed = parse(text, names)
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


# ---- documents


def to_markdown(table: Table) -> str:
    """GitHub Markdown, the columns aligned in the source too."""
    lines = [f"# Table {table.number}. {plain(table.caption).markdown}", ""]
    right = [kind == "r" for kind in table.layout]
    for block in table.blocks:
        lines += [f"## {plain(block.heading).markdown}", ""]
        rows = [[plain(column).markdown for column in table.columns]]
        rows += [[text.markdown for text in row] for group in block.groups for row in group]
        widths = [max(3, *(len(row[index]) for row in rows)) for index in range(len(table.columns))]
        rule = ["-" * (width - 1) + ":" if flush else "-" * width for width, flush in zip(widths, right, strict=True)]
        for row in [rows[0], rule, *rows[1:]]:
            padded = [
                text.rjust(width) if flush else text.ljust(width)
                for text, width, flush in zip(row, widths, right, strict=True)
            ]
            lines.append(f"| {' | '.join(padded)} |")
        lines.append("")
    for heading, sentences in table.below:
        lines += [f"**{heading}**", "", *(f"- {plain(sentence).markdown}" for sentence in sentences), ""]
    return "\n".join(lines)


def to_latex(table: Table) -> str:
    r"""A booktabs table environment for a document that says \usepackage{booktabs,amssymb}."""
    width = len(table.columns)
    lines = [
        r"% Needs \usepackage{booktabs,amssymb} in the preamble.",
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{plain(table.caption).latex}}}",
        rf"\label{{tab:cft-{table.number}}}",
        rf"\begin{{tabular}}{{{''.join(table.layout)}}}",
        r"\toprule",
        " & ".join(plain(column).latex for column in table.columns) + r" \\",
    ]
    for block in table.blocks:
        lines += [r"\midrule", rf"\multicolumn{{{width}}}{{l}}{{\emph{{{plain(block.heading).latex}}}}} \\"]
        for group in block.groups:
            lines.append(r"\addlinespace")
            lines += [" & ".join(text.latex for text in row) + r" \\" for row in group]
    lines += [r"\bottomrule", r"\end{tabular}"]
    if table.below:
        lines += ["", r"\medskip", r"\begin{minipage}{\linewidth}", r"\footnotesize"]
        for heading, sentences in table.below:
            lines.append(rf"\emph{{{heading}.}}\par")
            lines += [plain(sentence).latex + r"\par" for sentence in sentences]
        lines.append(r"\end{minipage}")
    lines.append(r"\end{table}")
    return "\n".join(lines) + "\n"


def to_document(names: Sequence[str]) -> str:
    r"""A document that compiles as it is and takes in these files, which lie beside it."""
    lines = [
        "% All tables of the sweep: pdflatex all.tex",
        r"\documentclass{article}",
        # A formula table does not break over pages: one page each, long enough.
        r"\usepackage[paperwidth=24cm,paperheight=90cm,margin=2cm]{geometry}",
        r"\usepackage{amsmath,amssymb,booktabs}",
        r"\begin{document}",
        *(rf"\input{{{name}}}\clearpage" for name in names),
        r"\end{document}",
    ]
    return "\n".join(lines) + "\n"


def typeset(document: Path) -> str:
    """Compile a document where there is a LaTeX installation, and say in one sentence what came of it.

    A convenience: that there is none, or that it lacks a package, is no error. Auxiliary files are not left behind.
    """
    program = shutil.which("pdflatex")
    if program is None:
        return f"no pdflatex here: {document.name} was not compiled"
    with tempfile.TemporaryDirectory() as folder:
        command = [program, "-interaction=batchmode", "-halt-on-error", f"-output-directory={folder}", document.name]
        try:
            done = subprocess.run(command, cwd=document.parent, capture_output=True, timeout=120, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"pdflatex did not finish: {error}"
        made = Path(folder, document.with_suffix(".pdf").name)
        if done.returncode or not made.exists():
            return f"pdflatex could not compile {document.name} (status {done.returncode})"
        content = made.read_bytes()
    write_atomically(document.with_suffix(".pdf"), lambda temporary: temporary.write_bytes(content))
    return f"made {document.with_suffix('.pdf').name}"
