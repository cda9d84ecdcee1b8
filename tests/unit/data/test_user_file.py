"""A user's own spectrum: what is read, what is held out, what is refused and how."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from dataclasses import replace
from fractions import Fraction as F
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cftsr.data import user_file as reader
from cftsr.data.user_file import SpectrumRequest, count_theories, read_spectrum
from cftsr.errors import UserError


def weight(k: int, l: int) -> F:
    return F(l * (l + 2), 4 * (k + 2))


ROWS = [(k, l, weight(k, l)) for k in range(1, 13) for l in range(k // 2 + 1)]


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def request_of(text: str | list[str], header: str = "k,l,h", **options) -> SpectrumRequest:
    rows = text if isinstance(text, str) else "\n".join([header, *text]) + "\n"
    Path("mine.csv").write_text(rows, encoding="utf-8")
    return SpectrumRequest(**{"name": "mine", "file": "mine.csv", "target": "h"} | options)


def lines(rows=ROWS) -> list[str]:
    return [f"{k},{l},{h}" for k, l, h in rows]


KL = {"labels": ("k", "l"), "theory_labels": 1}


def levels(dataset) -> list[tuple]:
    return [
        (*point, F(int(a), int(b)))
        for point, a, b in zip(dataset.x.tolist(), dataset.numerator, dataset.denominator, strict=True)
    ]


# ---- what is read


def test_the_largest_theories_are_held_out():
    spectrum = read_spectrum(request_of(lines(), **KL))
    assert {k for k, _, _ in levels(spectrum.held_out)} == {10, 11, 12}
    assert sorted(levels(spectrum.data) + levels(spectrum.held_out)) == sorted(ROWS)
    assert spectrum.data.labels == ("k", "l")
    assert spectrum.data.theory_labels == 1
    assert spectrum.data.metadata["theories"] == "9"
    assert spectrum.data.uncertainty is None


def test_the_highest_levels_are_held_out():
    spectrum = read_spectrum(request_of(lines(), **KL, hold_out_theories=0.0, hold_out_levels=0.5))
    for k in range(1, 13):
        fields = k // 2 + 1
        kept = [l for theory, l, _ in levels(spectrum.data) if theory == k]
        assert kept == list(range(-(-fields // 2)))
    assert len(spectrum.data) + len(spectrum.held_out) == len(ROWS)


def test_a_column_says_what_is_held_out():
    rows = [f"{line},{int(line.startswith('5,'))}" for line in lines()]
    spectrum = read_spectrum(request_of(rows, "k,l,h,test", **KL, hold_out_column="test"))
    assert {k for k, _, _ in levels(spectrum.held_out)} == {5}


def test_rows_are_sorted_by_theory_and_target_whatever_their_order_in_the_file():
    shuffled = list(np.random.default_rng(1).permutation(lines()))
    spectrum = read_spectrum(request_of(shuffled, **KL))
    assert levels(spectrum.data) == levels(read_spectrum(request_of(lines(), **KL)).data)
    assert spectrum.data.rank[:4].tolist() == [0, 0, 1, 0]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_delimiters_comments_and_blanks(separator):
    text = "# made by hand\n\n" + "\n".join(separator.join(line.split(",")) for line in ["k,l,h", *lines()])
    assert len(read_spectrum(request_of(text, **KL)).data) == len(read_spectrum(request_of(lines(), **KL)).data)


def test_parquet_with_integers_floats_and_text():
    k, l, h = zip(*ROWS, strict=True)
    table = pa.table({"k": pa.array(k, pa.int16()), "l": pa.array([float(v) for v in l]), "h": [float(v) for v in h]})
    pq.write_table(table, "mine.parquet")
    spectrum = read_spectrum(SpectrumRequest("mine", "mine.parquet", "h", **KL))
    assert sorted(levels(spectrum.data) + levels(spectrum.held_out)) == sorted(ROWS)
    assert "float64" in spectrum.notes[0]


def test_without_theory_labels_every_row_is_a_theory():
    spectrum = read_spectrum(request_of(lines()))
    assert spectrum.data.labels == ("k", "l")
    assert spectrum.data.theory_labels == 2
    assert len(spectrum.held_out) == -(-len(ROWS) // 5)


def test_stated_uncertainties_are_kept_where_the_number_is_not_simple():
    rows = [f"{k},{l},{float(h) + 1.3e-5 * (-1) ** l:.7f},0.0001" for k, l, h in ROWS]
    spectrum = read_spectrum(request_of(rows, "k,l,h,dh", **KL, uncertainty="dh"))
    assert spectrum.data.uncertainty is not None
    assert spectrum.data.uncertainty == pytest.approx(1e-4 + 5e-8), "the bound, and half a unit of the last digit"


def test_finite_labels_are_declared_by_the_values_in_the_file():
    rows = [f"{k},{l},{l % 2},{h}" for k, l, h in ROWS]
    spectrum = read_spectrum(
        request_of(rows, "k,l,parity,h", labels=("k", "l", "parity"), theory_labels=1, finite_labels=("parity",))
    )
    assert spectrum.data.finite_values == ((0,), (1,))


@pytest.mark.parametrize("options", [{}, {"hold_out_theories": 0.0}, {"hold_out_theories": 0.37}])
def test_the_count_of_theories_is_that_of_the_data(options):
    request = request_of(lines(), **KL, **options)
    assert count_theories(request) == int(read_spectrum(request).data.metadata["theories"])


# ---- what is refused


def refused(request: SpectrumRequest) -> str:
    with pytest.raises(UserError) as error:
        read_spectrum(request)
    assert "mine" in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"target": "H"}, "no column 'H' for the target (did you mean h?); it has k, l, h"),
        ({"labels": ("k", "spin")}, "no column 'spin' for the label"),
        ({"uncertainty": "dh"}, "no column 'dh' for the uncertainty"),
        ({"hold_out_column": "tset"}, "no column 'tset' for the hold_out"),
        ({"labels": ("k", "h")}, "column 'h' cannot be a label and the target"),
        ({"uncertainty": "h"}, "column 'h' is the target, and cannot be the uncertainty too"),
        ({"sigma": "h"}, "column 'h' is the target, and cannot be the sigma too"),
        ({"hold_out_column": "h"}, "column 'h' is the target, and cannot be the rows to hold out too"),
        ({"labels": ("k", "k")}, "a label appears twice"),
        ({"labels": ("k", "l"), "finite_labels": ("h",)}, "the finite label 'h' is no label"),
    ],
)
def test_columns_that_are_missing_or_do_not_fit(options, message):
    assert message in refused(request_of(lines(), **options))


def test_a_misspelt_column_gets_a_suggestion():
    assert "did you mean weight?" in refused(request_of(["1,0,0"], "k,l,weight", target="wieght"))


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("40,1,x", "column 'h', line 50: the entry is no integer, fraction (3/80) or decimal (there is 'x')"),
        ("40,1,3/0", "column 'h', line 50: the fraction has denominator 0 (there is '3/0')"),
        ("40,1,", "column 'h', line 50 (there is nothing)"),
        ("40,1,N/A", "column 'h', line 50 (there is 'N/A')"),
        ("forty,1,1/2", "column 'k', line 50: labels are numbers"),
        ("40,,1/2", "column 'l', line 50 (there is nothing)"),
        ("40,1", "line 50 has 2 entries under 3 columns: '40,1'"),
        ("40,1,1/2,7", "line 50 has 4 entries under 3 columns: '40,1,1/2,7'"),
        ("5,2,3/7", "contradict each other: at k=5, l=2 the target is 2/7 and 3/7"),
    ],
)
def test_a_bad_row_is_named_with_its_line(row, message):
    assert len(lines()) + 2 == 50
    assert message in refused(request_of([*lines(), row], **KL))


def test_lines_are_counted_past_comments():
    text = "# one\n# two\n" + "\n".join(["k,l,h", *lines(), "40,1,x"])
    assert "line 52" in refused(request_of(text, **KL))


def test_repeated_rows_are_used_once_with_a_note():
    spectrum = read_spectrum(request_of([*lines(), lines()[7], lines()[7]], **KL))
    assert "2 row(s) occur more than once" in spectrum.notes[0]
    assert len(spectrum.data) + len(spectrum.held_out) == len(ROWS)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("# nothing\n", "is empty"),
        ("k,l,h\n", "a header and no rows"),
        ("k,l,h\n1,0,1/2\n", "has one row"),
        ("k,k,h\n1,0,1/2\n", "two columns called 'k'"),
        ("h\n1/2\n", "no column besides 'h'"),
    ],
)
def test_files_with_too_little_in_them(text, message):
    assert message in refused(request_of(text))


def test_one_theory_only():
    message = refused(request_of(lines([row for row in ROWS if row[0] == 12]), **KL))
    assert "label 'k' is 12 on every row (one theory only?)" in message
    assert "has no label that varies" in refused(request_of([f"12,{h}" for _, _, h in ROWS], "k,h"))


def test_a_constant_target():
    assert "the target 'h' is 1/2 on every row" in refused(
        request_of(lines([(k, l, F(1, 2)) for k, l, _ in ROWS]), **KL)
    )


@pytest.mark.parametrize(
    ("label", "plain"),
    [
        ("2j", "x2j"),
        ("h (GeV)", "h_GeV"),
        ("level k", "level_k"),
        ("l (2j)", "l_2j"),
        ("lambda", "lambda_"),
        ("rank", "rank_"),
        ("square", "square_"),
        ("i3", "i3_"),
        ("\u03ba", "kappa"),
        ("\u0394", "Delta"),
        ("\u2113", "l"),
        ("n\u2081", "n1"),
        ("\u00e9tat", "etat"),
        ("E_gap_%", "E_gap_percent"),
        ("j'", "j_prime"),
        ("\u6c34\u5e73", "label"),
        ("$\\lambda$", "lambda_"),
    ],
)
def test_a_label_that_cannot_be_written_in_an_equation_is_mapped_with_a_note(label, plain):
    spectrum = read_spectrum(request_of(lines(), f"k,{label},h"))
    assert spectrum.data.labels == ("k", plain)
    assert f"{label} -> {plain}" in spectrum.notes[0]
    for name in (label, plain):
        assert read_spectrum(request_of(lines(), f"k,{label},h", labels=("k", name))).data.labels == ("k", plain)


def test_mapped_names_stay_apart():
    assert read_spectrum(request_of(lines(), "k!,k?,h")).data.labels == ("k", "k_2")
    assert read_spectrum(request_of(lines(), "l_2,l 2,h")).data.labels == ("l_2", "l_2_2")


@pytest.mark.parametrize("label", ["S", "N", "E", "I", "Q", "beta", "gamma", "zeta", "pi", "oo"])
def test_labels_that_sympy_reserves_are_labels_like_others(label):
    from cftsr.answers.fit_file import default_options
    from cftsr.engines.base import Assignment, Progress, problem_of
    from cftsr.engines.rational.engine import Rational
    from cftsr.fronts.verdict import judge_front

    spectrum = read_spectrum(request_of(lines(), f"{label},l,h", labels=(label, "l"), theory_labels=1))
    problem = problem_of(spectrum.data, "free")
    progress = Rational().advance(Assignment(problem, default_options(), log=str), Progress())
    verdict = judge_front(
        problem.front(list(progress.candidates)), spectrum.data, spectrum.held_out, f"l*(l+2)/(4*({label}+2))", 20
    )
    assert verdict["recovered"] == "yes"


def test_holding_out_too_much():
    assert "fewer than two theories are left" in refused(request_of(lines(ROWS[:3]), **KL, hold_out_theories=0.6))


@pytest.mark.parametrize("place", ["none.csv", "."])
def test_a_file_that_is_not_there(place):
    with pytest.raises(UserError, match="cannot read"):
        read_spectrum(SpectrumRequest("none", place, "h"))


def test_more_rows_than_any_formula_needs(monkeypatch):
    monkeypatch.setattr(reader, "MAX_ROWS", 40)
    assert "has more than 40 rows" in refused(request_of(lines(), **KL))
    pq.write_table(pa.table({"k": range(60), "h": range(60)}), "mine.parquet")
    assert "has more than 40 rows" in refused(replace(request_of(lines()), file="mine.parquet", labels=("k",)))


def test_a_file_of_two_gigabytes_is_refused_within_a_gigabyte_of_memory():
    """More rows than are read, then a hole: the file's size is two gigabytes, and the disk need not hold them."""
    block = "".join(f"{k},{l},{l * (l + 2)}/{4 * (k + 2)}\n" for k in range(1, 1_500) for l in range(0, k, 9)).encode()
    with open("large.csv", "wb") as stream:
        stream.write(b"k,l,h\n")
        for _ in range(reader.MAX_ROWS // block.count(b"\n") + 2):
            stream.write(block)
        stream.truncate(2 * 1024**3)
    code = textwrap.dedent(
        """
        import resource
        from cftsr.errors import UserError
        from cftsr.data.user_file import SpectrumRequest, read_spectrum
        try:
            read_spectrum(SpectrumRequest("large", "large.csv", "h", ("k", "l"), 1))
        except UserError as error:
            print(error)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path(reader.__file__).parents[2])},
        timeout=120,
    )
    message, kilobytes = done.stdout.splitlines()
    assert "more than 5,000,000 rows" in message
    assert int(kilobytes) < 1_000_000


# ---- tables as people have them


def test_all_missing_values_are_named_at_once_and_can_be_skipped():
    rows = lines()
    rows[3], rows[9], rows[20] = "3,0,NA", "5,,1/2", "8,1,?"
    message = refused(request_of(rows, **KL))
    assert "column 'h', lines 5, 22 (there is '?', 'NA')" in message
    assert "column 'l', line 11 (there is nothing)" in message
    assert "--skip-missing" in message
    spectrum = read_spectrum(request_of(rows, **KL, skip_missing=True))
    assert len(spectrum.data) + len(spectrum.held_out) == len(ROWS) - 3
    assert "3 rows with a missing value left out" in spectrum.notes[0]


def test_one_scale_serves_the_data_and_what_is_held_out():
    rows = [f"{k},{F(l, 2 if k < 11 else 6)},{h}" for k, l, h in ROWS]
    spectrum = read_spectrum(request_of(rows, **KL))
    assert spectrum.data.scales == spectrum.held_out.scales == (1, 6)
    assert spectrum.data.value(1, 3) == F(1, 2)


def test_columns_that_are_no_labels_are_left_out_with_a_note():
    rows = [f"{n},{k},{l},Ref. {n},24,,{h}" for n, (k, l, h) in enumerate(ROWS)]
    spectrum = read_spectrum(request_of(rows, ",k,l,where,c,empty,h"))
    assert spectrum.data.labels == ("k", "l")
    notes = "; ".join(spectrum.notes)
    for what in ("column 1 counts the rows", "'where' is text", "'c' is 24 on every row", "'empty' is empty"):
        assert what in notes


def test_columns_can_be_dropped_and_labels_named():
    rows = [f"{1000 + n},{k},{l},{h}" for n, (k, l, h) in enumerate(ROWS)]
    assert read_spectrum(request_of(rows, "id,k,l,h")).data.labels == ("id", "k", "l")
    assert "--drop 'id'" in read_spectrum(request_of(rows, "id,k,l,h")).notes[0]
    assert read_spectrum(request_of(rows, "id,k,l,h", drop=("id",))).data.labels == ("k", "l")
    assert read_spectrum(request_of(rows, "id,k,l,h", labels=("l", "k"))).data.labels == ("l", "k")
    spectrum = read_spectrum(request_of(rows, "id,k,l,h", labels=("k",), theory_labels=1, rest=True, drop=("id",)))
    assert (spectrum.data.labels, spectrum.data.theory_labels) == (("k", "l"), 1)


def test_texts_that_tell_rows_apart_are_a_finite_label():
    rows = [f"{k},{sector},{F(k, 3) + (sector == 'R')}" for k in range(1, 20) for sector in ("NS", "R")]
    spectrum = read_spectrum(request_of(rows, "k,sector,h"))
    assert spectrum.data.finite_labels == ("sector",)
    assert spectrum.data.finite_values == ((0,), (1,))
    assert spectrum.data.described(spectrum.data.x[0].tolist())["sector"] in ("NS", "R")
    assert "0 is NS, 1 is R" in "; ".join(spectrum.notes)


def test_texts_that_are_not_needed_can_be_named():
    rows = [f"{k},{'even' if k % 2 == 0 else 'odd'},{F(k, 3)}" for k in range(1, 20)]
    spectrum = read_spectrum(request_of(rows, "k,parity,h"))
    assert spectrum.data.labels == ("k",)
    assert spectrum.sectors == ("parity",)
    assert read_spectrum(request_of(rows, "k,parity,h", labels=("k", "parity"))).data.labels == ("k", "parity")


def test_standard_deviations_are_passed_on():
    rows = [f"{k},{l},{float(h) + 1e-5 * (-1) ** l:.7f},0.00002" for k, l, h in ROWS]
    spectrum = read_spectrum(request_of(rows, "k,l,h,dh", **KL, sigma="dh"))
    assert spectrum.data.sigma == pytest.approx(2e-5)
    assert spectrum.data.uncertainty is None
    assert spectrum.data.exact_target(0) == F(spectrum.data.quoted(0))


def test_uncertainties_in_the_entries_are_standard_deviations():
    spectrum = read_spectrum(request_of([f"{k},{l},{float(h) + 1e-5:.5f}(2)" for k, l, h in ROWS], **KL))
    assert spectrum.data.sigma == pytest.approx(2e-5)
    assert spectrum.data.quoted(0).endswith("(2)")


def test_an_uncertainty_is_not_needed_where_the_digits_are_those_of_fractions():
    spectrum = read_spectrum(
        request_of([f"{k},{l},{float(h):.12f},0.01" for k, l, h in ROWS], "k,l,h,dh", **KL, uncertainty="dh")
    )
    assert spectrum.data.uncertainty is None
    assert sorted(levels(spectrum.data) + levels(spectrum.held_out)) == sorted(ROWS)


def test_integers_beyond_64_bits_are_exact():
    rows = [(a, b, F(((a + 1) * (b + 1) * (a + b + 2)) ** 9, 7**30)) for a in range(6) for b in range(6)]
    spectrum = read_spectrum(request_of([f"{a},{b},{h}" for a, b, h in rows], "a,b,h"))
    assert sorted(levels(spectrum.data) + levels(spectrum.held_out)) == sorted(rows)


def test_rows_are_quoted_as_the_file_has_them():
    spectrum = read_spectrum(request_of([f"{k},{l},{float(h):.6f}" for k, l, h in ROWS], **KL))
    assert {spectrum.data.quoted(row) for row in range(len(spectrum.data))} <= {f"{float(h):.6f}" for _, _, h in ROWS}


@pytest.mark.parametrize("words", [("1", "0"), ("true", "false"), ("yes", "no"), ("T", "F"), ("1", "")])
def test_words_for_what_is_held_out(words):
    rows = [f"{line},{words[0] if line.startswith('5,') else words[1]}" for line in lines()]
    spectrum = read_spectrum(request_of(rows, "k,l,h,test", **KL, hold_out_column="test"))
    assert {k for k, _, _ in levels(spectrum.held_out)} == {5}
