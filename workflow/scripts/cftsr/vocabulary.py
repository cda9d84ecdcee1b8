"""The words of verdicts, certificates and settings: one place, one wording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# A verdict's answers, to three questions of which none is derived from another: exact on the data, exact on what was
# held out, identical to the closed form. APPROXIMATE is agreement within the uncertainty of data that nobody knows
# exactly: no proof. UNDECIDED: a limit of time or size was reached. NOT_LOOKED_AT: there was nothing to compare with
# (no row held out, no closed form known), or the comparison was not made.
YES, NO, APPROXIMATE, UNDECIDED = "yes", "no", "approximate", "undecided"
NOT_LOOKED_AT = "not looked at"

# A certificate's outcome: whether the data determine the formula that passes through them.
IDENTIFIED, FITS, NONE = "identified", "fits", "none"

# What made an equation: a search alone, or exact coefficients for the terms that a search found.
SEARCH, REFINED = "search", "refined"


@dataclass(frozen=True)
class Setting:
    """How constants are treated; the paper's axis "integer columns".

    integer_columns     whether the constant columns i1..i10 are offered
    constant_complexity what a free constant costs in the engine's own search (the printed count stays one node)
    nested_square       whether square(square(.)) is allowed
    """

    name: str
    integer_columns: bool
    constant_complexity: int
    nested_square: bool


SETTINGS = {
    setting.name: setting
    for setting in (
        Setting("free", integer_columns=False, constant_complexity=1, nested_square=True),
        Setting("integer", integer_columns=True, constant_complexity=10, nested_square=True),
        Setting("integer_flat", integer_columns=True, constant_complexity=10, nested_square=False),
    )
}

# What stands for the setting in paths and tables of an engine that ignores it.
ANY_SETTING = "any"


def setting_order(setting: str) -> tuple[int, str]:
    names = [*SETTINGS, ANY_SETTING]
    return (names.index(setting) if setting in names else len(names), setting)


def counted(number: int, noun: str, plural: str = "") -> str:
    """ "1 fit", "2 fits", "1,200 fits"."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def joined(words: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
