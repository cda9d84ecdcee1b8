"""STIX Two Math, cut down to the glyphs in our formulas: Chromium stretches parentheses only with a math font.

The font comes with the package ziamath (SIL Open Font License, which allows it in a document); fonttools subsets it. If
one of the two is not installed, formulas are set without a font and their parentheses do not grow.
"""

from __future__ import annotations

import base64
import io
import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from markupsafe import Markup

# The characters of mathml.py: digits, operators, letters, and the italics that browsers use for names of one letter.
CHARACTERS = (
    {ord(character) for character in "0123456789+-=.,()/_ \u2212\u00d7\u00b7\u221e\u2062"}
    | {*range(ord("A"), ord("Z") + 1), *range(ord("a"), ord("z") + 1)}
    | {*range(0x3B1, 0x3CA), *range(0x1D6FC, 0x1D716)}
    | {0x210E, *range(0x1D434, 0x1D468)} - {0x1D455}  # an italic h is U+210E
)


@cache
def math_font() -> str:
    """The font as WOFF in base64, some 20 kB; "" if it cannot be made here."""
    try:
        from fontTools import subset
    except ModuleNotFoundError:
        return ""
    # Located, not imported: the import reads the whole font.
    package = find_spec("ziamath")
    source = Path(package.origin).with_name("fonts") / "STIXTwoMath-Regular.ttf" if package and package.origin else None
    if not source or not source.is_file():
        return ""
    options = subset.Options(
        flavor="woff",
        layout_features=[],
        hinting=False,
        drop_tables=["DSIG", "GPOS", "meta"],
        name_IDs=[0, 1, 2, 13, 14],  # names, and the licence
    )
    options.recalc_timestamp = False  # the same font gives the same bytes
    font = subset.load_font(source, options)
    cut = subset.Subsetter(options)
    cut.populate(unicodes=CHARACTERS)
    cut.subset(font)
    content = io.BytesIO()
    subset.save_font(font, content, options)
    return base64.b64encode(content.getvalue()).decode("ascii")


def math_font_face() -> Markup:
    """The CSS rule for the font "Page Math"; "" if there is none."""
    data = math_font()
    if not data:
        return Markup("")
    return Markup(
        f'@font-face {{ font-family: "Page Math"; src: url("data:font/woff;base64,{data}") format("woff"); }}'
    )


def with_plain_parentheses(page: str) -> str:
    """The page for browsers without a font for mathematics, where stretched parentheses would misplace exponents."""
    return page if math_font() else re.sub(r"<mo>([()])</mo>", r'<mo stretchy="false">\1</mo>', page)
