"""The font for formulas: small, with all that formulas need, and a page that does without."""

from __future__ import annotations

import base64
import io

import pytest

from cftsr.output.typesetting import math_font as module
from cftsr.output.typesetting.math_font import CHARACTERS, math_font, math_font_face, with_plain_parentheses
from cftsr.output.typesetting.mathml import mathml


def test_the_font_has_every_character_and_tall_parentheses():
    fonts = pytest.importorskip("fontTools.ttLib")
    pytest.importorskip("ziamath")
    content = base64.b64decode(math_font())
    assert len(content) < 30_000
    font = fonts.TTFont(io.BytesIO(content))
    assert set(font.getBestCmap()) >= CHARACTERS - {0x2062}
    tall = font["MATH"].table.MathVariants.VertGlyphCoverage.glyphs
    assert {font.getBestCmap()[ord(sign)] for sign in "()"} <= set(tall)
    assert any("Open Font License" in str(name) for name in font["name"].names)


def test_without_the_packages_parentheses_stay_small(monkeypatch):
    formula = str(mathml("((p/q)+1)^2".replace("^2", "*(p+q)")))
    assert "<mo>(</mo>" in with_plain_parentheses(formula) or not math_font()
    monkeypatch.setattr(module, "math_font", lambda: "")
    assert "<mo>(</mo>" not in with_plain_parentheses(formula)
    assert '<mo stretchy="false">(</mo>' in with_plain_parentheses(formula)
    assert math_font_face() == ""
