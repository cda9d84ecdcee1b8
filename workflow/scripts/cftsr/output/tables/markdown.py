"""Tables in GitHub Markdown."""

from __future__ import annotations

from cftsr.output.tables.model import NUMBER, Table
from cftsr.output.tables.text import entry_text, texts_of
from cftsr.output.typesetting.words import plain


def to_markdown(table: Table) -> str:
    """GitHub Markdown, with the columns aligned in the source as well."""
    lines = [f"# {plain(table.title).markdown}", ""]
    right = [column.kind == NUMBER for column in table.columns]
    if table.answer:
        symbol, formula = plain(table.answer.symbol).markdown, entry_text(table.answer).markdown
        lines += [f"{symbol} = {formula}, {table.answer.words}", ""]
    for block in table.blocks:
        lines += [f"## {plain(block.heading).markdown}", ""]
        rows = [[plain(column.title).markdown for column in table.columns]]
        rows += [[text.markdown for text in row] for group in block.groups for row in texts_of(group, table.columns)]
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
