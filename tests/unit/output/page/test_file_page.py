"""The page of a file: the answer first, complete in itself, with residuals where there are any."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest

from cftsr.__main__ import main
from tests.unit.output.test_page import Page


def weight(k: int, l: int) -> Fraction:
    return Fraction(l * (l + 2), 4 * (k + 2))


def table(path, value=weight, levels=15, header="k,l,h"):
    rows = [f"{k},{l},{value(k, l)}" for k in range(1, levels) for l in range(k + 1)]
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def page_of(tmp_path, capsys, *arguments, **keys):
    """The page, what was printed, and the exit status."""
    target = tmp_path / "out.html"
    header = keys.get("header", "k,l,h")
    name = header.rpartition(",")[2]
    status = main(["fit", str(table(tmp_path / "t.csv", **keys)), "--target", name, "--html", str(target), *arguments])
    return Page(target.read_text(encoding="utf-8")), capsys.readouterr().out, status


def test_an_exact_formula(tmp_path, capsys):
    page, printed, status = page_of(tmp_path, capsys)
    assert status == 0
    assert printed.splitlines()[-1].strip()
    assert "✓ identified" in page.text
    assert "<mfrac>" in page.text
    assert '<h1 class="headline">A formula for <i>h</i> in <i>k</i>, <i>l</i></h1>' in page.text
    assert "Every residual is exactly zero, as fractions" in page.text
    assert "Without the largest theories" in page.text
    assert len(page.all("figure")) == 1
    assert "fitted" in page.text
    assert "held out" in page.text


def test_it_asks_nothing_of_the_network_and_has_no_script_and_no_path(tmp_path, capsys):
    page, _, _ = page_of(tmp_path, capsys)
    assert not page.all("script")
    for _, attributes in page.elements:
        for key in ("src", "href", "action", "data"):
            assert not re.match(r"(?:\w+:)?//|file:", attributes.get(key, "")), attributes
    assert not re.search(r'@import|url\((?!"data:)', page.text)
    assert str(tmp_path) not in page.text
    assert len(page.text) < 400_000


def test_wrong_rows_have_their_residuals(tmp_path, capsys):
    page, _, status = page_of(tmp_path, capsys, value=lambda k, l: weight(k, l) + Fraction((k, l) == (5, 3), 7))
    assert status == 0
    assert "Rows that disagree with the formula" in page.text
    assert "19/28" in page.text
    rows = page.text.partition('class="numbers residuals"')[2].partition("</table>")[0]
    assert "Residuals that are not zero" in rows
    assert "k = 5, l = 3" in rows
    titles = re.findall(r"Residuals against [^<:.]+", page.text)
    assert {"Residuals against level k", "Residuals against l"} <= set(titles)


def test_no_formula(tmp_path, capsys):
    page, _, status = page_of(
        tmp_path, capsys, "--max-degree", "1", value=lambda k, l: Fraction(k**3 + l**5, 7 + l * l)
    )
    assert status == 1
    assert "No formula for" in page.text
    assert "✗ not identified" in page.text
    assert len(page.all("figure")) == 1


def test_hostile_names_stay_text(tmp_path, capsys):
    page, _, _ = page_of(tmp_path, capsys, header="k,l,<script>alert(1)</script>")
    assert not page.all("script")
    assert "&lt;script&gt;" in page.text


def test_a_shape_has_a_page_too(tmp_path, capsys):
    path = table(tmp_path / "t.csv")
    status = main(["fit", str(path), "--target", "h", "--shape", "a*l*(l+b)/(k+c)", "--html", str(tmp_path / "o.html")])
    printed, page = capsys.readouterr().out, (tmp_path / "o.html").read_text(encoding="utf-8")
    assert status == 0
    assert "a = 1/4, b = 2, c = 2" in printed
    assert "The shape: h = a*l*(l+b)/(k+c), with a, b, c to be solved for" in page
    assert "The constants: a = 1/4, b = 2, c = 2" in page
    assert "Every residual is exactly zero" in page


@pytest.mark.parametrize("folder", ["no/such"])
def test_a_page_that_cannot_be_written(tmp_path, capsys, folder):
    path = table(tmp_path / "t.csv", levels=8)
    blocked = tmp_path / "file"
    blocked.write_text("", encoding="utf-8")
    assert main(["fit", str(path), "--target", "h", "--html", str(blocked / folder / "o.html")]) == 2
    assert "error:" in capsys.readouterr().err
