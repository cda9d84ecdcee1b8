"""Names with indices: su(2)_k, su(2)_{k+m}, h_min, W_3(p,q).

In prose an index follows a single letter or a closing parenthesis and an underscore. It is letters, digits, or
anything in braces: n100_f30 and conformal_weight have none.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from markupsafe import Markup, escape

_INDEX = re.compile(r"(?:(?<=\))|(?<=\b[A-Za-z]))_(?:\{([^{}]{1,20})\}|([A-Za-z]+|\d+)\b)")
_SMALL = dict(zip("0123456789+-=()aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True))


def with_indices(text: str, typeset: Callable[[str], str]) -> str:
    """The text with each index replaced by `typeset(index)`."""
    return _INDEX.sub(lambda match: typeset(match[1] or match[2]), text)


def subscripts(text: str) -> Markup:
    """In HTML."""
    return Markup(with_indices(str(escape(text)), lambda index: f"<sub>{index}</sub>"))


def small_indices(text: str) -> str:
    """In plain text, for charts and window titles: Unicode subscripts, if there is one for every letter."""
    return with_indices(text, lambda index: "".join(_SMALL.get(letter, letter) for letter in _plain(index)))


def _plain(index: str) -> str:
    """The index, with its underscore if a letter of it has no subscript."""
    return index if all(letter in _SMALL for letter in index) else f"_{index}"
