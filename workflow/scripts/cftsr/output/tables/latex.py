"""Tables in LaTeX, one by one and all in a document."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from cftsr.files import write_atomically
from cftsr.output.tables.model import NUMBER, Column, Table
from cftsr.output.tables.text import entry_text, texts_of
from cftsr.output.typesetting.words import plain


def _layout(column: Column) -> str:
    """A column type: l, r or p{...}."""
    if column.share:
        return rf"p{{{column.share:g}\linewidth}}"
    return "r" if column.kind == NUMBER else "l"


def to_latex(table: Table) -> str:
    r"""A booktabs table environment for a document with \usepackage{booktabs,amssymb}."""
    width = len(table.columns)
    lines = [
        r"% Needs \usepackage{booktabs,amssymb} in the preamble.",
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{plain(table.caption).latex}}}",
        rf"\label{{tab:cft-{table.number}}}",
        rf"\begin{{tabular}}{{{''.join(map(_layout, table.columns))}}}",
        r"\toprule",
        " & ".join(plain(column.title).latex for column in table.columns) + r" \\",
    ]
    for block in table.blocks:
        lines += [r"\midrule", rf"\multicolumn{{{width}}}{{l}}{{\emph{{{plain(block.heading).latex}}}}} \\"]
        for group in block.groups:
            lines.append(r"\addlinespace")
            lines += [" & ".join(text.latex for text in row) + r" \\" for row in texts_of(group, table.columns)]
    lines += [r"\bottomrule", r"\end{tabular}"]
    if table.answer:
        symbol, formula = plain(table.answer.symbol).latex, entry_text(table.answer).latex
        lines += ["", r"\medskip", rf"\emph{{{symbol}}} = {formula}, {plain(table.answer.words).latex}"]
    if table.below:
        lines += ["", r"\medskip", r"\begin{minipage}{\linewidth}", r"\footnotesize"]
        for heading, sentences in table.below:
            lines.append(rf"\emph{{{heading}.}}\par")
            lines += [plain(sentence).latex + r"\par" for sentence in sentences]
        lines.append(r"\end{minipage}")
    lines.append(r"\end{table}")
    return "\n".join(lines) + "\n"


def to_document(names: Sequence[str]) -> str:
    r"""A complete document that inputs these files from its own folder."""
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
    """Compile a document if there is a LaTeX installation, and report the result in one sentence.

    A missing installation, or one without a package, is no error. No auxiliary files are left behind.
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
