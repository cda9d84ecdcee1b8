"""Entries in HTML, for the page's templates."""

from __future__ import annotations

import math

from markupsafe import Markup, escape

from cftsr.output.tables.model import Entry, Number
from cftsr.output.tables.text import number_text
from cftsr.output.typesetting.mathml import mathml


def number_markup(value: float | None, quantity: str) -> Markup:
    """A number as in the other tables: three digits, powers of ten with a superscript, complexity without decimals."""
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


def _number(number: Number) -> Markup:
    return escape(number.printed.lower()) if number.printed else number_markup(number.value, number.quantity)


def behind(entry: Entry) -> list[Markup]:
    """The numbers in parentheses after the first."""
    return [_number(number) for number in entry.numbers[1:]]


def spreads(entry: Entry) -> list[Markup]:
    """The smallest and the largest of each number over several seeds; [] if no number has a spread."""
    if not any(number.extremes for number in entry.numbers):
        return []
    return [
        Markup("{} to {}").format(*(number_markup(value, number.quantity) for value in number.extremes))
        if number.extremes
        else _number(number)
        for number in entry.numbers
    ]


def order(entry: Entry) -> float:
    """The sorting key of an entry: those without a number come last."""
    return math.inf if entry.order is None else entry.order


def footnotes(entry: Entry) -> list[int]:
    return [note for note in (entry.suspect, *(number.suspect for number in entry.numbers)) if note]
