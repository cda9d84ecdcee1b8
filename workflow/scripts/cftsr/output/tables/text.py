"""Entries as text, in Markdown and LaTeX at once."""

from __future__ import annotations

from collections.abc import Sequence

from cftsr.output.tables.model import GROUP, Column, Entry, Number, Row
from cftsr.output.typesetting.words import EMPTY, Text, code, formula, number, plain


def texts_of(group: Sequence[Row], columns: Sequence[Column]) -> list[list[Text]]:
    """The rows of a group; entries of a GROUP column appear in the first row only."""
    return [
        [
            EMPTY if index and column.kind == GROUP else entry_text(entry)
            for column, entry in zip(columns, row.entries, strict=True)
        ]
        for index, row in enumerate(group)
    ]


def number_text(value: float | None, quantity: str) -> Text:
    """A number in the format of its quantity; a median complexity may be a half-integer."""
    if value is None:
        return plain("—")
    return plain(f"{value:g}") if quantity == "complexity" else number(value, scientific=quantity.endswith("loss"))


def entry_text(entry: Entry) -> Text:
    if entry.formula:
        shown = formula(entry.formula, entry.rounded)
        if entry.latex:
            shown = Text(code(entry.formula).markdown, rf"$\displaystyle {entry.latex}$")
        return shown + plain("‡" * bool(entry.suspect))
    if not entry.numbers:
        mark = entry.mark.text if entry.mark else ""
        return plain(f"{mark} {entry.words}".strip())
    first, *rest = map(_number, entry.numbers)
    for part in rest:  # "score (complexity)"
        first = first + plain(" (") + part + plain(")")
    return first + plain(f" {entry.mark.text}") if entry.mark and entry.mark.text else first


def _number(printed_number: Number) -> Text:
    """The number of one seed, or of several that agree; else the median [smallest, largest]."""
    shown = (
        plain(printed_number.printed)
        if printed_number.printed
        else number_text(printed_number.value, printed_number.quantity)
    )
    if printed_number.extremes:
        low, high = (number_text(value, printed_number.quantity) for value in printed_number.extremes)
        shown = shown + plain(" [") + low + plain(", ") + high + plain("]")
    return shown + plain("‡" * bool(printed_number.suspect))
