"""Entries in HTML: what the page's templates ask of them."""

from __future__ import annotations

import math

from markupsafe import Markup, escape

from cftsr.output.tables.model import Entry, Number
from cftsr.output.tables.text import number_text
from cftsr.output.typesetting.mathml import mathml


def number(value: float | None, quantity: str) -> Markup:
    """As in the other tables: three digits, powers of ten as such, complexity as a whole number."""
    if value is None:
        return Markup("—")
    text = number_text(value, quantity).markdown.replace("-", "\u2212")
    mantissa, _, exponent = text.partition("e")
    if quantity == "complexity" or not exponent or not int(exponent[1:]):
        return escape(mantissa)
    power = str(int(exponent.replace("\u2212", "-"))).replace("-", "\u2212")
    return Markup('{}<span class="times">\u00d710</span><sup>{}</sup>').format(mantissa, power)


def shown(entry: Entry) -> Markup:
    """The words, the formula, or the first number."""
    if entry.formula:
        return mathml(entry.formula, rounded=entry.rounded)
    return _number(entry.numbers[0]) if entry.numbers else escape(entry.words.replace("`", ""))


def _number(item: Number) -> Markup:
    return escape(item.printed.lower()) if item.printed else number(item.value, item.quantity)


def behind(entry: Entry) -> list[Markup]:
    """The numbers in parentheses behind the first."""
    return [_number(item) for item in entry.numbers[1:]]


def spreads(entry: Entry) -> list[Markup]:
    """The smallest and the largest of each number over several seeds; nothing where no number has a spread."""
    if not any(item.extremes for item in entry.numbers):
        return []
    return [
        Markup("{} to {}").format(*(number(value, item.quantity) for value in item.extremes))
        if item.extremes
        else _number(item)
        for item in entry.numbers
    ]


def order(entry: Entry) -> float:
    """What a column is sorted by: what has no number stands last."""
    return math.inf if entry.order is None else entry.order


def footnotes(entry: Entry) -> list[int]:
    return [note for note in (entry.suspect, *(item.suspect for item in entry.numbers)) if note]
