"""`import cftsr`: tables of every kind in, an answer that can be used out."""

from __future__ import annotations

import math
import os
import pickle
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction as F
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import sympy

import cftsr
from cftsr.errors import UserError
from cftsr.provenance import source_digest
from cftsr.vocabulary import NO, YES

ROWS = [(k, l, F(l * (l + 2), 4 * (k + 2))) for k in range(1, 12) for l in range(k + 1)]
FRAME = pd.DataFrame(ROWS, columns=["k", "l", "h"])
EXAMPLE = Path(__file__).parents[3] / "data/examples/lee_yang_series.csv"
K, L = sympy.symbols("k l")


@pytest.fixture(scope="module")
def answer():
    return cftsr.fit(FRAME, target="h", theory=["k"], state=["l"])


def test_the_formula_in_every_notation(answer):
    assert answer.identified
    assert answer.verdict == YES
    assert eval(answer.formula, {"k": 2, "l": 1}) == pytest.approx(3 / 16)
    assert sympy.simplify(answer.sympy() - L * (L + 2) / (4 * (K + 2))) == 0
    assert answer.latex() == r"\frac{l \left(l + 2\right)}{4 \left(k + 2\right)}"
    assert answer._repr_latex_() == rf"$\displaystyle h = {answer.latex()}$"
    assert answer.certificate["outcome"] == "identified"
    assert answer.details["identified"]
    assert repr(answer).startswith("the table: 44 rows to fit, 33 held out; h in k, l")
    assert "identified: the data determine this formula" in repr(answer)


def test_values_and_residuals(answer):
    new = pd.DataFrame({"l": [1, 2], "k": [100, 200], "other": [0, 0]}, index=[7, 9])
    predicted = answer.predict(new)
    assert predicted.index.tolist() == [7, 9]
    assert predicted.tolist() == [3 / 408, 8 / 808]
    assert answer.predict([[100, 1]], exact=True) == [F(3, 408)]
    assert answer.predict({"k": ["1/2"], "l": [F(1, 2)]}, exact=True) == [F(1, 8)]
    assert math.isnan(answer.predict({"k": [-2], "l": [1]})[0])
    assert answer.predict({"k": [-2], "l": [1]}, exact=True) == [None]
    assert answer.residuals.tolist() == [0.0] * len(ROWS)
    assert sorted(zip(answer.rows["k"], answer.rows["l"], answer.rows["target"], strict=True)) == sorted(ROWS)
    assert sum(answer.rows["held_out"]) == 33
    with pytest.raises(UserError, match="the table has no column 'l'; it has k"):
        answer.predict({"k": [1]})
    with pytest.raises(UserError, match="is no number that a label can have"):
        answer.predict({"k": ["x"], "l": [1]})
    with pytest.raises(UserError, match="a column for each label: k, l"):
        answer.predict([1, 2, 3])


@pytest.mark.parametrize(
    "data",
    [
        FRAME.set_index(["k", "l"]),
        {"k": [row[0] for row in ROWS], "l": [row[1] for row in ROWS], "h": [str(row[2]) for row in ROWS]},
        [{"k": k, "l": l, "h": sympy.Rational(h.numerator, h.denominator)} for k, l, h in ROWS],
        pa.table({"k": [row[0] for row in ROWS], "l": [row[1] for row in ROWS], "h": [float(row[2]) for row in ROWS]}),
        FRAME.assign(h=FRAME["h"].astype(float)),
        FRAME.assign(h=[Decimal(h.numerator) / Decimal(h.denominator) for h in FRAME["h"]]),
        FRAME.assign(k=FRAME["k"].astype(float)),
    ],
    ids=["indexed", "columns of text", "records of SymPy", "Arrow", "floats", "decimals", "float labels"],
)
def test_tables_of_every_kind_give_the_same_formula(answer, data):
    other = cftsr.fit(data, target="h", theory="k", state="l")
    assert other.identified
    assert sympy.simplify(other.sympy() - answer.sympy()) == 0


def test_a_file_is_a_table_too():
    fitted = cftsr.fit(EXAMPLE, "h", "n", "s")
    assert fitted.identified
    assert repr(fitted).startswith(f"{EXAMPLE}: 54 rows")


def test_integers_beyond_64_bits_stay_exact():
    big = 10**25
    fitted = cftsr.fit({"n": list(range(1, 30)), "y": [big * n + 1 for n in range(1, 30)]}, "y")
    assert fitted.identified
    assert fitted.predict({"n": [100]}, exact=True) == [100 * big + 1]


def test_texts_are_labels():
    rows = [("NS" if s == 0 else "R", n, F(n * n + s, 8)) for n in range(1, 15) for s in (0, 1)]
    frame = pd.DataFrame(rows, columns=["sector", "n", "h"])
    fitted = cftsr.fit(frame, "h", theory="n", state="sector")
    assert fitted.pieces
    assert fitted.residuals.tolist() == [0.0] * len(rows)
    assert fitted.predict(pd.DataFrame({"n": [20, 20], "sector": ["NS", "R"]})).tolist() == [400 / 8, 401 / 8]
    with pytest.raises(UserError, match="sector is 'X'; it was one of NS, R"):
        fitted.predict({"n": [1], "sector": ["X"]})


def test_several_formulas_each_for_a_part():
    rows = {"n": list(range(1, 60)), "y": [F(n, 3) if n % 2 else F(n * n, 5) for n in range(1, 60)]}
    fitted = cftsr.fit(rows, "y")
    assert fitted.formula is None
    assert len(fitted.parts) == 2
    assert fitted.predict({"n": [101, 100]}, exact=True) == [F(101, 3), F(2000)]
    assert fitted.residuals.tolist() == [0.0] * 59
    assert r"\begin{cases}" in fitted.latex()
    with pytest.raises(UserError, match="several formulas"):
        fitted.sympy()


def test_parts_by_the_parity_of_a_sum():
    pairs = [(k, l) for k in range(1, 20) for l in range(k + 1)]
    value = {0: lambda k, l: F(l * l, k + 1), 1: lambda k, l: F(l, 2) + k}
    rows = {"k": [k for k, _ in pairs], "l": [l for _, l in pairs], "y": [value[(k + l) % 2](k, l) for k, l in pairs]}
    fitted = cftsr.fit(rows, "y", "k", "l")
    assert len(fitted.parts) == 2
    assert fitted.residuals.tolist() == [0.0] * len(pairs)
    assert fitted.predict({"k": [30, 30], "l": [4, 5]}, exact=True) == [F(16, 31), F(65, 2)]


def test_no_formula_is_an_answer():
    fitted = cftsr.fit({"n": list(range(1, 60)), "y": [int(sympy.prime(n)) for n in range(1, 60)]}, "y")
    assert not fitted.identified
    assert fitted.formula is None
    assert fitted._repr_latex_() is None
    assert np.isnan(fitted.residuals).all()
    assert "no formula" in repr(fitted)
    with pytest.raises(UserError, match="there is no formula for y"):
        fitted.predict({"n": [1]})


def test_a_shape():
    fitted = cftsr.fit(FRAME, "h", "k", "l", shape="a*l*(l+b)/(c*k+d)")
    assert fitted.identified
    assert fitted.details["constants"] == {"a": "1", "b": "2", "c": "4", "d": "8"}
    none = cftsr.fit(FRAME, "h", "k", "l", shape="a*l/(k+b)")
    assert not none.identified
    assert none.pieces == ()


def test_check():
    right = cftsr.check("l(l+2)/(4k+8)", FRAME, "h", theory="k", state="l", closed_form="l*(l+2)/(4*(k+2))")
    assert right.verdict == YES
    assert right.identified, "fit finds the same, and the data determine it"
    assert right.details["identical_to_closed_form"] == YES
    wrong = cftsr.check("l(l+2)/(4k+9)", FRAME, "h", theory="k", state="l", compare=False)
    assert wrong.verdict == NO
    assert wrong.details["differences"][0]["labels"] == {"k": 1, "l": 1}
    assert wrong.residuals.any()
    assert cftsr.check("3k/(k+2)", cell="wzw_su2/central_charge/n100").verdict == YES
    with pytest.raises(UserError, match="name the rows"):
        cftsr.check("k")
    with pytest.raises(UserError, match="target: name the column"):
        cftsr.check("k", FRAME)
    with pytest.raises(TypeError, match="unexpected argument 'theorie'"):
        cftsr.check("k", FRAME, "h", theorie="k")


def test_prove():
    texts = ["sin(l)", "l/k", "0.2500003*l*(l+2.0000001)/(k+2.000002)"]
    for equations in (texts, pd.DataFrame({"complexity": [1, 2, 3], "equation": texts})):
        fitted = cftsr.prove(equations, FRAME, "h", theory="k")
        assert fitted.verdict == YES
        assert fitted.identified
        assert fitted.formula == "l*(l + 2)/(4*(k + 2))"
        assert [one["problem"] != "" for one in fitted.details["equations"]] == [True, False, False]

    class FittedRegressor:  # what PySRRegressor has after fit
        equations_ = pd.DataFrame({"equation": texts})

    assert cftsr.prove(FittedRegressor(), FRAME, "h", theory="k").verdict == YES
    none = cftsr.prove(["l/k"], FRAME, "h", theory="k")
    assert none.verdict == NO
    assert none.formula is None
    assert repr(none).endswith("none of them is proved")


def test_identify_is_a_function_and_a_package():
    import cftsr.identify.search

    assert cftsr.identify.search.identify
    ising = cftsr.identify([0, "1/16", F(1, 2)], c="1/2")
    assert ising.found
    assert "M(4,3)" in ising.theories
    assert repr(ising).startswith("the lowest 3 weights")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (FRAME.assign(h="x"), "the table, column 'h', rows 1, 2, 3 and 74 more"),
        (7, "int is no table"),
        ({"k": [1, 2], "h": [1]}, "columns of 1 and 2 rows"),
        (FRAME.drop(columns="h"), "the table has no column 'h'"),
        ("missing.csv", "cannot read missing.csv"),
    ],
)
def test_a_table_that_cannot_be_used_is_told(data, message):
    with pytest.raises(UserError, match=message):
        cftsr.fit(data, "h")
    with pytest.raises(AttributeError, match="no attribute 'fitt'"):
        cftsr.fitt  # noqa: B018


def run(code: str) -> str:
    environment = os.environ | {"PYTHONPATH": str(Path(cftsr.__file__).parents[1])}
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    ).stdout.strip()


def test_import_takes_nothing_with_it():
    assert (
        run("import sys, cftsr; print([n for n in ('numpy', 'pyarrow', 'sympy', 'pandas') if n in sys.modules])")
        == "[]"
    )
    assert run("import cftsr; print(sorted({'fit', 'check', 'prove', 'identify'} & set(dir(cftsr))))") == str(
        ["check", "fit", "identify", "prove"]
    )


def test_the_command_does_not_wait_for_pandas(tmp_path):
    code = (
        "import sys; from cftsr.__main__ import main; "
        f"main(['fit', {str(EXAMPLE)!r}, '--target', 'h', '--json']); print('pandas' in sys.modules)"
    )
    assert run(code).endswith("False")


def test_the_digest_of_a_fit_does_not_depend_on_the_api(monkeypatch):
    """What a job imports: none of the modules for users."""
    from cftsr import provenance

    seen = set()
    whole = provenance._module

    def watched(path):
        seen.add(path.relative_to(provenance.PACKAGE).as_posix())
        return whole(path)

    monkeypatch.setattr(provenance, "_module", watched)
    source_digest.cache_clear()
    for module in ("jobs/fit_cell.py", "engines/rational/engine.py", "fronts/verdict.py", "data/generate.py"):
        source_digest(module)
    assert "engines/base.py" in seen
    assert not [name for name in seen if name.startswith(("interface/", "commands/", "answers/"))]


DATES = pd.Timestamp("2020-01-01") + pd.to_timedelta(FRAME["k"], "D")


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (pd.concat([FRAME, FRAME[["k"]]], axis=1), "two columns called 'k'; rename one"),
        (pa.table([[1], [2]], names=["k", "k"]), "two columns called 'k'; rename one"),
        (FRAME.assign(k=DATES), "column 'k': datetime.*is neither a number nor text"),
        (FRAME.assign(k=[[1]] * len(FRAME)), r"column 'k': \[1\] is neither a number nor text"),
        ({"k": [1, 2], "h": 5}, "column 'h': 5 is no column; give a list of values"),
    ],
    ids=["pandas twice", "Arrow twice", "dates", "lists", "a number for a column"],
)
def test_a_table_that_has_no_columns_of_numbers_is_refused(table, words):
    with pytest.raises(UserError, match=words):
        cftsr.fit(table, "h", "k")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"target": ["h"]}, r"target is \['h'\]; give the name of one column"),
        ({"target": "h", "hold_out": None}, "hold_out is None; give a share"),
        ({"target": "h", "max_degree": -1}, "max_degree is -1; give a whole number of at least 1"),
        ({"target": "h", "max_unknowns": "9"}, "max_unknowns is '9'; give a whole number"),
        ({"target": "h", "shape": 3}, "every name in it is a label"),
    ],
)
def test_arguments_that_cannot_be_used_are_named(arguments, words):
    with pytest.raises(UserError, match=words):
        cftsr.fit(FRAME, theory="k", **arguments)


def test_an_answer_can_be_stored(answer):
    again = pickle.loads(pickle.dumps(answer))
    assert again.formula == answer.formula
    assert again.predict([[100, 1]], exact=True) == [F(3, 408)]
    rows = {"n": list(range(1, 60)), "y": [F(n, 3) if n % 2 else F(n * n, 5) for n in range(1, 60)]}
    parts = pickle.loads(pickle.dumps(cftsr.fit(rows, "y")))
    assert parts.predict({"n": [101, 100]}, exact=True) == [F(101, 3), F(2000)]
    with pytest.raises(UserError, match="3 is no column"):
        answer.predict({"k": 3, "l": 1})


def test_numbers_name_columns_and_sympy_is_a_formula():
    frame = pd.DataFrame(ROWS)
    assert cftsr.fit(frame, 2, 0, 1).identified
    assert cftsr.check(L * (L + 2) / (4 * K + 8), FRAME, "h", theory="k", compare=False).verdict == YES


class _Series(list):
    """A polars Series as far as it is asked: a 128-bit one has no NumPy array."""

    to_list = list.copy


class _Polars:
    def __init__(self, columns):
        self.columns, self._data = list(columns), columns

    def to_dict(self):
        return {name: _Series(values) for name, values in self._data.items()}


class _Lazy:
    """A polars LazyFrame, which warns where it is asked for its columns."""

    collect_schema = None

    def __init__(self, frame):
        self._frame = frame

    @property
    def columns(self):
        raise AssertionError("a query was resolved to see whether this is a table")

    def collect(self):
        return self._frame


@pytest.mark.parametrize("lazy", [False, True])
def test_polars_frames_are_tables(lazy):
    frame = _Polars({"n": list(range(40)), "y": [10**25 * n + n * n for n in range(40)]})
    found = cftsr.fit(_Lazy(frame) if lazy else frame, target="y")
    assert found.identified
    assert found.predict(frame, exact=True)[:3] == [0, 10**25 + 1, 2 * 10**25 + 4]


def test_a_real_polars_frame_is_a_table():
    polars = pytest.importorskip("polars")
    k, l, h = zip(*ROWS, strict=True)
    frame = polars.DataFrame({"k": k, "l": l, "h": [str(value) for value in h]})
    for table in (frame, frame.lazy()):
        assert cftsr.fit(table, target="h").identified
