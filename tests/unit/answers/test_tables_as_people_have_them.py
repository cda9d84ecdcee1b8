"""`cftsr fit` on tables as people have them: one small file of each kind, with the right status and answer."""

from __future__ import annotations

import gzip
import json
import math
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction as F
from itertools import product
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

from cftsr.__main__ import main
from cftsr.algebra.expressions import evaluate
from cftsr.algebra.formula import parse
from cftsr.fronts.exactness import function_of

LEVELS = 12
SU2 = [(k, l, F(l * (l + 2), 4 * (k + 2))) for k in range(1, LEVELS + 1) for l in range(k + 1)]
H = "l*(l+2)/(4*(k+2))"
THEORY = ("--theory", "k", "--state", "l")
ROOT_OF_5, ZETA_3 = math.sqrt(5), 1.2020569031595942


@dataclass(frozen=True)
class Case:
    """A file and what is right for it.

    content   the file's text or bytes, or a function that writes it
    options   after the file's name
    formula   what it has to equal, as functions; "" where there is none
    parts     (condition, formula) of several formulas
    named     labels of the rows that are named as wrong
    words     that stand in the answer or the message
    status    0 identified, 1 not, 2 unusable
    """

    content: str | bytes | Callable[[str], None]
    options: tuple[str, ...] = ("--target", "h")
    formula: str = ""
    parts: tuple[tuple[str, str], ...] = ()
    named: tuple[dict, ...] = ()
    words: tuple[str, ...] = ()
    status: int = 0
    name: str = "table.csv"


def table(rows: list[tuple], names: str | list[str], separator: str = ",", write: Callable = str) -> str:
    lines = [separator.join(names), *(separator.join([*map(str, row[:-1]), write(row[-1])]) for row in rows)]
    return "\n".join(lines) + "\n"


def klh(rows: list[tuple] = SU2, **how) -> str:
    return table(rows, how.pop("names", ["k", "l", "h"]), **how)


def misprinted(rows: list[tuple], *places: int, by: F = F(1, 7)) -> list[tuple]:
    return [(*row[:-1], row[-1] + by) if number in places else row for number, row in enumerate(rows)]


def two_labels(rule: Callable, first: range = range(1, 13), second: range = range(8)) -> list[tuple]:
    return [(n, m, rule(n, m)) for n in first for m in second]


def one_label(rule: Callable, values: range = range(1, 41)) -> list[tuple]:
    return [(n, rule(n)) for n in values]


def noisy(rows: list[tuple], relative: float) -> list[tuple]:
    random = np.random.default_rng(7)
    return [(*row[:-1], float(row[-1]) * (1 + relative * random.uniform(-1, 1))) for row in rows]


def lines(text: str, insert: dict[int, str]) -> str:
    """The text with lines inserted, each before the line of that number."""
    result = []
    for number, line in enumerate(text.split("\n"), 1):
        result += [insert[number]] if number in insert else []
        result.append(line)
    return "\n".join(result)


def parquet(columns: dict) -> Callable[[str], None]:
    return lambda path: pq.write_table(pa.table(columns), path)


def columns_of(rows: list[tuple] = SU2) -> dict[str, list]:
    k, l, h = zip(*rows, strict=True)
    return {"k": list(k), "l": list(l), "h": list(h)}


def dictionaries(path: str) -> None:
    k, l, h = columns_of().values()
    labels = (pa.array(map(str, values), pa.string()).dictionary_encode() for values in (k, l))
    pq.write_table(pa.table([*labels, pa.array(map(float, h))], names=["k", "l", "h"]), path)


def zipped(path: str) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("weights.csv", klh())


def binary_in_zip(path: str) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.npy", b"\x93NUMPY\x01\x00v\x00" + bytes(200))


DIM_SU4 = "(a+1)*(b+1)*(c+1)*(a+b+2)*(b+c+2)*(a+b+c+3)/12"
SU4 = [
    (a, b, c, (a + 1) * (b + 1) * (c + 1) * (a + b + 2) * (b + c + 2) * (a + b + c + 3) // 12)
    for a in range(6)
    for b in range(7)
    for c in range(6)
]
DIM_SU5 = DIM_SU4.replace("/12", "*(d+1)*(c+d+2)*(b+c+d+3)*(a+b+c+d+4)/288")
SU5_OF_FOUR = [
    (*p, math.prod(sum(p[i : j + 1]) + j - i + 1 for i in range(4) for j in range(i, 4)) // 288)
    for p in product(range(4), repeat=4)
]
DIM_SO7 = "(a+1)*(b+1)*(c+1)*(a+b+2)*(b+c+2)*(2*b+c+3)*(a+b+c+3)*(a+2*b+c+4)*(2*a+2*b+c+5)/720"
SO7 = [(a, b, c, eval(DIM_SO7.replace("/", "//"))) for a in range(5) for b in range(5) for c in range(5)]
J = [(F(a, 2), F(b, 2), F(a + b + 2, 2 * a + 2)) for a in range(14) for b in range(-a, a + 1, 2)]


def decimal(value: F) -> str:
    return f"{float(value):.10g}"


CASES = {
    # one wrong row
    "misprint": Case(klh(misprinted(SU2, 40)), ("--target", "h", *THEORY), H, named=({"k": 8, "l": 5},)),
    "misprint in the first row": Case(
        klh(misprinted(SU2, 0)), ("--target", "h", *THEORY), H, named=({"k": 1, "l": 0},)
    ),
    "misprint among the held-out rows": Case(
        klh(misprinted(SU2, len(SU2) - 3)), ("--target", "h", *THEORY), H, named=({"k": 12, "l": 10},)
    ),
    "misprint among the held-out rows of 20": Case(
        klh(misprinted(SU2[:20], 18)), ("--target", "h", *THEORY), H, named=({"k": 5, "l": 4},)
    ),
    "misprint in one digit": Case(
        klh(write=decimal).replace("8,5,0.875\n", "8,5,0.857\n"),
        ("--target", "h", *THEORY),
        H,
        named=({"k": 8, "l": 5},),
    ),
    "misprint in three labels": Case(
        table(
            misprinted([(a, b, c, F(a * b, a + c)) for a in range(1, 7) for b in range(1, 6) for c in range(1, 6)], 60),
            "abcy",
        ),
        ("--target", "y"),
        "a*b/(a+c)",
        named=({"a": 3, "b": 3, "c": 1},),
    ),
    "misprint in one label": Case(
        table(misprinted(one_label(lambda n: F(n * n, n + 1), range(1, 27)), 10), "ny"),
        ("--target", "y"),
        "n*n/(n+1)",
        named=({"n": 11},),
    ),
    "misprint in the last of 20 rows": Case(
        table(misprinted(one_label(lambda n: F(n * n + n + 1), range(1, 21)), 19), "ny"),
        ("--target", "y"),
        "n*n+n+1",
        named=({"n": 20},),
    ),
    "two rows swapped": Case(
        klh([*SU2[:30], (*SU2[30][:2], SU2[39][2]), *SU2[31:39], (*SU2[39][:2], SU2[30][2]), *SU2[40:]]),
        formula=H,
        named=({"k": 7, "l": 3}, {"k": 8, "l": 4}),
    ),
    # digits
    "6 significant digits": Case(klh(write=lambda h: f"{float(h):.6g}"), ("--target", "h", *THEORY), H),
    "10 significant digits": Case(klh(write=lambda h: f"{float(h):.10g}"), ("--target", "h", *THEORY), H),
    "14 significant digits": Case(klh(write=lambda h: f"{float(h):.14g}"), ("--target", "h", *THEORY), H),
    "float64": Case(klh(write=lambda h: repr(float(h))), formula=H),
    "float32": Case(klh(write=lambda h: str(np.float32(float(h)))), formula=H),
    "computed in float32": Case(
        table(
            [(x, x * x + np.float32(1)) for x in np.random.default_rng(5).uniform(0, 10, 60).astype(np.float32)], "xy"
        ),
        ("--target", "y"),
        "x*x+1",
    ),
    "two decimals": Case(
        klh(
            [(k, l, F(l * (l + 2), 4 * (k + 2))) for k in range(1, 16) for l in range(k + 1)],
            write=lambda h: f"{float(h):.2f}",
        ),
        formula=H,
        status=1,
        words=("on the data: within the uncertainty on all 108 rows", "simple by accident"),
    ),
    "a spreadsheet's 14 digits": Case(
        table(
            two_labels(lambda n, m: F(1000 * n * n + 7 * m, 3 * n + 7 * m)), "nmy", write=lambda y: f"{float(y):.14g}"
        ),
        ("--target", "y"),
        "(1000*n*n+7*m)/(3*n+7*m)",
    ),
    "whole floats": Case(
        table(one_label(lambda n: float(n**9), range(1, 33)), "ny"), ("--target", "y"), "n*n*n*n*n*n*n*n*n"
    ),
    "whole numbers of 15 digits": Case(
        table(one_label(lambda n: n**12, range(1, 31)), "ny", write=lambda y: f"{y:.15g}"),
        ("--target", "y"),
        "*".join(["n"] * 12),
        words=("whole numbers of more than 15 digits are known to 15 digits",),
    ),
    "integers beyond 64 bits": Case(
        table(two_labels(lambda n, m: 10**40 * n * n + m**3), "nmy"), ("--target", "y"), f"{10**40}*n*n+m*m*m"
    ),
    "labels beyond 64 bits": Case(
        table(one_label(lambda n: n * n + 1, range(10**30, 10**30 + 30)), "ny"), ("--target", "y"), "n*n+1"
    ),
    "fractions beyond 64 bits": Case(
        table(one_label(lambda n: F(n**12 + 1, (n + 1) ** 3 + 10**20)), "ny"),
        ("--target", "y"),
        f"(n*n*n*n*n*n*n*n*n*n*n*n+1)/((n+1)*(n+1)*(n+1)+{10**20})",
    ),
    # uncertain and irrational
    "relative noise": Case(
        table(noisy(two_labels(lambda n, m: F(25 * n + m, 5)), 1e-6), "nmy", write=repr),
        ("--target", "y"),
        "(25*n+m)/5",
        status=1,
        words=("approximate", "1e-06"),
    ),
    "standard deviations": Case(
        table(
            [
                (n, m, f"{float(F(n * n + 2 * m, m + 3)) + 1e-5 * ((3 * n + m) % 3 - 1):.6f}(10)")
                for n, m, _ in two_labels(lambda n, m: 0)
            ],
            "nmy",
        ),
        ("--target", "y"),
        "(n*n+2*m)/(m+3)",
        words=("chi^2",),
    ),
    "standard deviations that are too small": Case(
        table(
            [(n, m, f"{n / (m + 1) + 1e-4 * ((3 * n + m) % 5 - 2):.6f}(20)") for n, m, _ in two_labels(lambda n, m: 0)],
            "nmy",
        ),
        ("--target", "y"),
        "n/(m+1)",
        status=1,
        words=("approximate: chi^2", "more than the stated errors allow"),
    ),
    "a standard deviation on every other row": Case(
        table([(n, f"{n / (n + 2):.6f}{'(2)' * (n % 2)}") for n in range(1, 31)], "ny"), ("--target", "y"), "n/(n+2)"
    ),
    # six rows
    "six rows": Case(table(one_label(lambda n: n + 1, range(1, 7)), "xy"), ("--target", "y"), "x+1"),
    "five rows": Case(
        table(one_label(lambda n: n + 1, range(1, 6)), "xy"),
        ("--target", "y"),
        "x+1",
        status=1,
        words=("2 held-out rows", "6 rows"),
    ),
    # labels
    "half-integers": Case(table(J, ["j", "m", "h"]), formula="(j+m+1)/(2*j+1)"),
    "halves as decimals": Case(table([(k, l / 2, h) for k, l, h in SU2], "kjh"), formula="j*(j+1)/(k+2)"),
    "thirds": Case(
        table([(F(a, 3), F(b, 3), F(a * a + a * b + b * b, 27)) for a in range(9) for b in range(9)], "pqh"),
        formula="(p*p+p*q+q*q)/3",
    ),
    "thirds in decimals": Case(
        table([(f"{a / 3:.6f}", f"{b / 3:.6f}", F(a * a + b, 9)) for a in range(9) for b in range(9)], "pqh"),
        formula="p*p+q/3",
    ),
    "thirds of four decimals": Case(
        table([(f"{a / 3:.4f}", f"{b / 3:.4g}", F(a * a + b, 9)) for a in range(9) for b in range(40)], "pqh"),
        formula="p*p+q/3",
        words=("rounded fractions of denominator 3",),
    ),
    "decimals that are no fractions": Case(
        table([(f"{0.07 * a * a:.2f}", f"{(0.07 * a * a) ** 2:.4f}") for a in range(1, 31)], "xy"),
        ("--target", "y"),
        "x*x",
    ),
    "a sign": Case(
        table([(n, s, F(s * n, n + 1)) for n in range(1, 31) for s in (1, -1)], ["n", "s", "y"]),
        ("--target", "y"),
        "s*n/(n+1)",
        status=1,
        words=("or --finite s, if it has no others",),
    ),
    "inverses in decimals": Case(
        table([(f"{1 / n:.10f}", f"{1 / n**2:.10f}") for n in range(1, 31)], "xy"), ("--target", "y"), "x*x"
    ),
    "real inputs": Case(
        table(
            [(x, x * x * x + x) for x in (F(i * i + 7 * i, 1000) for i in range(1, 40))], "xy", write=lambda y: str(y)
        ),
        ("--target", "y"),
        "x*x*x+x",
    ),
    "a text column": Case(
        table([(n, f"Ref. {n % 3}", F(3 * n, n + 2)) for n in range(1, 31)], ["n", "reference", "c"]),
        ("--target", "c", "--theory", "n"),
        "3*n/(n+2)",
        words=("'reference' is text",),
    ),
    "an id column": Case(
        table([(1000 + n, n, F(n, n + 1)) for n in range(1, 41)], ["id", "n", "y"]),
        ("--target", "y", "--labels", "n"),
        "n/(n+1)",
    ),
    "an id column as a label": Case(
        table([(1000 + n, n, F(n, n + 1)) for n in range(1, 41)], ["id", "n", "y"]),
        ("--target", "y"),
        "n/(n+1)",
        status=1,
        words=("--drop 'id'",),
    ),
    "an unnamed index": Case(
        table([(i, *row) for i, row in enumerate(SU2)], ["", "k", "l", "h"]), formula=H, words=("counts the rows",)
    ),
    "an empty last column": Case("\n".join(f"{line}," for line in klh().split("\n")[:-1]), formula=H),
    "a constant column": Case(
        table([(k, l, 2, h) for k, l, h in SU2], "kldh"), formula=H, words=("is 2 on every row",)
    ),
    # names
    "names with units": Case(
        klh(names=["level (k)", "2*spin", "h [1]"]),
        ("--target", "h [1]"),
        "x2_spin*(x2_spin+2)/(4*(level_k+2))",
        words=("level (k) -> level_k",),
    ),
    "keywords": Case(klh(names=["lambda", "in", "h"]), formula="in_*(in_+2)/(4*(lambda_+2))"),
    "greek": Case(klh(names=["λ", "κ", "Δ"]), ("--target", "Δ"), "kappa*(kappa+2)/(4*(lambda_+2))"),
    # several formulas
    "parity": Case(
        table(one_label(lambda n: n * n // 4, range(1, 61)), "ny"),
        ("--target", "y"),
        parts=(("n even", "n*n/4"), ("n odd", "(n*n-1)/4")),
        words=("ended at this limit", "--max-degree"),
    ),
    "residues modulo 3": Case(
        table(one_label(lambda n: n * n // 3, range(1, 61)), "ny"),
        ("--target", "y"),
        parts=(("n = 0 modulo 3", "n*n/3"), ("n = 1 modulo 3", "(n*n-1)/3"), ("n = 2 modulo 3", "(n*n-1)/3")),
    ),
    "residues modulo 3 of one of two labels": Case(
        table(two_labels(lambda n, m: n + m // 3, second=range(15)), "nmy"),
        ("--target", "y"),
        parts=(("m = 0 modulo 3", "n+m/3"), ("m = 1 modulo 3", "n+(m-1)/3"), ("m = 2 modulo 3", "n+(m-2)/3")),
    ),
    "a power of -1": Case(
        table(two_labels(lambda n, m: F((-1) ** n * m + n, n + 1)), "nmy"),
        ("--target", "y"),
        parts=(("n even", "(n+m)/(n+1)"), ("n odd", "(n-m)/(n+1)")),
    ),
    "signs as texts": Case(
        table([(n, s, F(n, n + 1) * (1 if s == "+" else -1)) for n in range(1, 31) for s in "+-"], ["n", "s", "y"]),
        ("--target", "y"),
        "n*(1-2*s)/(n+1)",
    ),
    "the parity of a sum": Case(
        table(two_labels(lambda n, m: (n + m) // 2), "nmy"),
        ("--target", "y"),
        parts=(("n+m even", "(n+m)/2"), ("n+m odd", "(n+m-1)/2")),
    ),
    "integers and half-integers": Case(
        table([(k, F(l, 2), h + F(l % 2, 3)) for k, l, h in SU2], "kjh"),
        parts=(("2*j even", "j*(j+1)/(k+2)"), ("2*j odd", "j*(j+1)/(k+2)+1/3")),
    ),
    "a sector": Case(
        table(
            [(n, sector, h) for n in range(2, 26) for sector, h in (("o", F(0)), ("v", F(1, 2)), ("s", F(n, 16)))],
            ["n", "sector", "h"],
        ),
        parts=(("sector=o", "0"), ("sector=s", "n/16"), ("sector=v", "1/2")),
    ),
    "a sector and a parity": Case(
        table(
            [(n, sector, n * n // 4 + shift) for n in range(1, 31) for sector, shift in (("NS", 0), ("R", F(1, 2)))],
            ["n", "sector", "h"],
        ),
        parts=(
            ("n even, sector=NS", "n*n/4"),
            ("n even, sector=R", "(n*n+2)/4"),
            ("n odd, sector=NS", "(n*n-1)/4"),
            ("n odd, sector=R", "(n*n+1)/4"),
        ),
    ),
    "an absolute value": Case(
        table(two_labels(lambda n, m: abs(n - m)), "nmy"), ("--target", "y"), status=1, words=("interpolant",)
    ),
    # large answers
    "dimensions": Case(table(SU4, ["a", "b", "c", "dim"]), ("--target", "dim"), DIM_SU4),
    "dimensions in a small box": Case(table(SU5_OF_FOUR, ["a", "b", "c", "d", "dim"]), ("--target", "dim"), DIM_SU5),
    "dimensions over a constant with a larger prime": Case(
        table(SO7, ["a", "b", "c", "dim"]), ("--target", "dim"), DIM_SO7
    ),
    # containers
    "blanks": Case(klh(separator="   "), formula=H, name="table.txt"),
    "tabs and blanks": Case("k l\th\n" + "".join(f" {k}\t{l}   {h}\n" for k, l, h in SU2), formula=H, name="table.txt"),
    "pipes": Case(klh(separator=" | "), formula=H),
    "a database's output": Case(lines(klh(separator=" | "), {2: "---+---+---"}) + f"({len(SU2)} rows)\n", formula=H),
    "Markdown without outer pipes": Case(
        lines(klh(separator=" | ", write=lambda h: f"`{h}`"), {2: ":--|:-:|--:"}).replace("`3/16`", "**3/16**"),
        formula=H,
    ),
    "boxes": Case(
        "shape: (90, 3)\n\u250c\u2500\u252c\u2500\u252c\u2500\u2510\n"
        + "".join(
            f"\u2502 {a} \u2506 {b} \u2506 {c} \u2502\n" for a, b, c in [tuple("klh"), ("i64", "i64", "str"), *SU2]
        )
        + "\u2514\u2500\u2534\u2500\u2534\u2500\u2518\n",
        formula=H,
        words=("line 1 before the header", "units?"),
    ),
    "units in brackets": Case(lines(klh(), {2: "(1),(1),(1)"}), formula=H, words=("units?",)),
    "percent with decimal commas": Case(
        klh(separator=";", write=lambda h: f"{100 * float(h):.6f} %".replace(".", ",")), formula=H
    ),
    "blanks in thousands": Case(
        table(
            two_labels(lambda n, m: F(12345 * n * n + m, 4)),
            "nmy",
            "\t",
            lambda y: f"{float(y):,.2f}".replace(",", " ").replace(".", ","),
        ),
        ("--target", "y"),
        "(12345*n*n+m)/4",
    ),
    "decimal commas": Case(klh(separator=";", write=lambda h: decimal(h).replace(".", ",")), formula=H),
    "thousands": Case(
        table(two_labels(lambda n, m: 1000 * n * n + m), "nmy", write=lambda y: f'"{y:,}"'),
        ("--target", "y"),
        "1000*n*n+m",
    ),
    "quotes": Case(klh(names=['"k"', '"l"', '"h"'], write=lambda h: f'"{h}"'), formula=H),
    "single quotes": Case(klh(names=["'k'", "'l'", "'h'"], write=lambda h: f"'{h}'"), formula=H),
    "a title": Case(
        "Weights of su(2), all levels\nof 2024\n" + klh(), formula=H, words=("lines 1, 2 before the header",)
    ),
    "the header again": Case(lines(klh(), {40: "k,l,h", 60: "k,l,h"}), formula=H, words=("lines 40, 61",)),
    "a total": Case(klh() + f"Total,,{sum(h for *_, h in SU2)}\n", formula=H, words=("is no row but a total",)),
    "comments": Case(lines(klh().replace("\n2,1,", "\n#2,1,"), {3: "# half of", 9: "# the rows"}), formula=H),
    "comments behind": Case(klh().replace("3,2,2/5", "3,2,2/5  # checked, twice"), formula=H),
    "blank lines": Case(klh().replace("\n", "\n\n"), formula=H),
    "a byte-order mark": Case(b"\xef\xbb\xbf" + klh().encode(), formula=H),
    "UTF-16": Case(klh().encode("utf-16"), formula=H),
    "Latin-1": Case(
        klh(names=["k", "l", "h_\xe9"]).encode("latin-1"), ("--target", "h_\xe9"), status=2, words=("latin-1",)
    ),
    "no header": Case(klh().split("\n", 1)[1], status=2, words=("no header line", "--columns")),
    "no header, named": Case(klh().split("\n", 1)[1], ("--target", "h", "--columns", "k,l,h"), H),
    "a unicode minus": Case(
        table(two_labels(lambda n, m: F(m - n, n + m)), "nmy", write=lambda y: str(y).replace("-", "\u2212")),
        ("--target", "y"),
        "(m-n)/(n+m)",
    ),
    "Julia": Case(klh(write=lambda h: f"{h.numerator}//{h.denominator}"), formula=H),
    "Mathematica": Case(
        "{" + ",\n ".join(f"{{{k}, {l}, {h}}}" for k, l, h in SU2) + "}\n",
        ("--target", "h", "--columns", "k,l,h"),
        H,
        name="table.m",
    ),
    "Python": Case(repr(SU2), ("--target", "h", "--columns", "k,l,h"), H, name="table.txt"),
    "NumPy": Case(
        f"h = np.array([{', '.join(f'[{k}., {l}., {float(h):.8f}]' for k, l, h in SU2)}], dtype=float)\n",
        ("--target", "h", "--columns", "k,l,h"),
        H,
        name="table.py",
    ),
    "MATLAB": Case(
        "A = [\n" + "".join(f"  {k} {l} {float(h):.10g};\n" for k, l, h in SU2) + "];\n",
        ("--target", "h", "--columns", "k,l,h"),
        H,
        name="table.m",
    ),
    "a tuple on each line": Case(
        "".join(f"({k}, {l}, {h})\n" for k, l, h in SU2), ("--target", "h", "--columns", "k,l,h"), H
    ),
    "PARI": Case(
        "[" + "; ".join(f"{k}, {l}, {h}" for k, l, h in SU2) + "]",
        ("--target", "h", "--columns", "k,l,h"),
        H,
        name="table.gp",
    ),
    "Fortran": Case(
        "".join(f" {k} {l} {float(h):.12E}\n".replace("E", "D") for k, l, h in SU2),
        ("--target", "h", "--columns", "k,l,h"),
        H,
    ),
    "Fortran's exponents of three digits": Case(
        "# k l h\n" + "".join(f"{k} {l} {1000 * float(h):.10f}-003\n" for k, l, h in SU2), formula=H
    ),
    "a field too narrow for its number": Case(
        klh().replace("3,2,2/5", "3,2,******"), status=2, words=("missing", "line 9 (there is '******')")
    ),
    "text that Excel was told to leave alone": Case(klh(write=lambda h: f'="{h}"'), formula=H),
    "Maple's Matrix": Case(
        f"M := Matrix({len(SU2)}, 3, [{', '.join(f'[{k}, {l}, {h}]' for k, l, h in SU2)}]);",
        ("--target", "h", "--columns", "k,l,h"),
        H,
        name="table.txt",
    ),
    "GAP with its prompt": Case(
        f"gap> [ {', '.join(f'[ {k}, {l}, {h} ]' for k, l, h in SU2)} ]",
        ("--target", "h", "--columns", "k,l,h"),
        H,
        name="table.txt",
    ),
    "Mathematica with names": Case(
        "Out[7]= {" + ",\n".join(f'<|"k" -> {k}, "l" -> {l}, "h" -> {h}|>' for k, l, h in SU2) + "}",
        formula=H,
        name="table.m",
    ),
    "a factor of MATLAB's": Case(
        "A =\n\n   1.0e+01 *\n\n" + "".join(f"  {k / 10} {l / 10} {float(h) / 10}\n" for k, l, h in SU2),
        ("--target", "h", "--columns", "k,l,h"),
        status=2,
        words=("line 3 is a factor", "format long g"),
    ),
    "Markdown in a text": Case(
        "# Weights\n\nAll levels, as told.\n\n| k | l | h |\n|---|---|---|\n"
        + "".join(f"| {k} | {l} | {h} |\n" for k, l, h in SU2)
        + "\nSource: our notes.\n",
        formula=H,
        words=("lines 1, 3, 98 stand outside the table",),
    ),
    "Julia's data frame": Case(
        "90\u00d73 DataFrame\n Row \u2502 k      l      h\n"
        "     \u2502 Int64  Int64  Rational\u2026\n\u2500\u2500\u253c\u2500\u2500\n"
        + "".join(f"{i:4} \u2502 {k:5} {l:5} {h.numerator}//{h.denominator}\n" for i, (k, l, h) in enumerate(SU2, 1)),
        formula=H,
        name="table.txt",
    ),
    "a note below": Case(klh() + "\n* computed by hand\n", formula=H, words=("below the table",)),
    "columns numbered for gnuplot": Case(
        "# 1:k 2:l 3:h\n" + "".join(f"{k} {l} {float(h):.10f}\n" for k, l, h in SU2), formula=H
    ),
    "names and units in a comment": Case(
        "# k  l  E [eV]\n" + "".join(f"{k} {l} {float(h):.10f}\n" for k, l, h in SU2),
        ("--target", "E"),
        H,
    ),
    "the index of a selection": Case(
        table([(i, *row) for i, row in enumerate(SU2) if row[1]], ["", "k", "l", "h"]),
        formula=H,
        words=("increases from row to row",),
    ),
    "an index that is the label": Case(
        table([(n, n * n) for n in range(2, 42)], ["", "y"]), ("--target", "y"), "column_1*column_1"
    ),
    "no row": Case("k,l,h\n", status=2, words=("has a header and no rows",)),
    "fractions as structures": Case(
        parquet({"n": list(range(9)), "y": [{"num": n, "den": 2} for n in range(9)]}),
        ("--target", "y"),
        status=2,
        words=("are no numbers; one number, or a text such as 3/80, stands for each",),
        name="table.parquet",
    ),
    "a description beside the rows in JSON": Case(
        json.dumps({"source": {"year": 2024}, "rows": [{"k": k, "l": l, "h": str(h)} for k, l, h in SU2]}),
        formula=H,
        name="table.json",
    ),
    "rows by their numbers in JSON": Case(
        json.dumps({str(i): {"k": k, "l": l, "h": str(h)} for i, (k, l, h) in enumerate(SU2)}),
        formula=H,
        name="table.json",
    ),
    "null in JSON": Case(
        json.dumps([{"k": k, "l": l, "h": str(h) if l else None} for k, l, h in SU2]),
        ("--target", "h", "--skip-missing"),
        H,
        name="table.json",
    ),
    "missing values": Case(
        klh().replace("3,2,2/5", "3,2,NA").replace("4,1,1/8", "4,1,"), status=2, words=("lines 9, 12", "--skip-missing")
    ),
    "missing values, skipped": Case(
        klh().replace("3,2,2/5", "3,2,NA").replace("4,1,1/8", "4,1,"), ("--target", "h", "--skip-missing"), H
    ),
    "a ragged row": Case(lines(klh(), {20: "6,0,0,note"}), status=2, words=("line 20 has 4 entries under 3 columns",)),
    "gzip": Case(gzip.compress(klh().encode()), formula=H, name="table.csv.gz"),
    "zip": Case(zipped, formula=H, name="table.zip"),
    "an array in a zip archive": Case(binary_in_zip, status=2, words=("a NumPy array",), name="table.npz"),
    "Feather": Case(
        lambda path: pyarrow.feather.write_feather(
            pa.table({n: [float(v) for v in c] for n, c in columns_of().items()}), path
        ),
        formula=H,
        name="table.feather",
    ),
    "dictionaries in Parquet": Case(dictionaries, formula=H, name="table.parquet"),
    "whole floats in Parquet": Case(
        parquet({"n": list(range(40)), "y": [float(n**3) for n in range(40)]}),
        ("--target", "y"),
        "n*n*n",
        name="table.parquet",
    ),
    "JSON lines": Case(
        "".join(json.dumps({"k": k, "l": l, "h": str(h)}) + "\n" for k, l, h in SU2), formula=H, name="table.jsonl"
    ),
    "a list of rows in JSON": Case(
        json.dumps([[k, l, float(h)] for k, l, h in SU2]),
        ("--target", "h", "--columns", "k,l,h"),
        H,
        name="table.json",
    ),
    "an index in JSON": Case(
        json.dumps(
            {
                "schema": {"fields": [{"name": name} for name in ("index", "k", "l", "h")], "primaryKey": ["index"]},
                "data": [{"index": i, "k": k, "l": l, "h": float(h)} for i, (k, l, h) in enumerate(SU2)],
            }
        ),
        formula=H,
        name="table.json",
    ),
}


def run(case: Case, capsys) -> tuple[int, str, dict]:
    """The exit status, all that was printed, and the answer as JSON."""
    content = case.content
    if callable(content):
        content(case.name)
    else:
        Path(case.name).write_bytes(content if isinstance(content, bytes) else content.encode())
    status = main(["fit", case.name, *case.options])
    printed = "".join(capsys.readouterr())
    known = {}
    if status != 2:
        assert main(["fit", case.name, *case.options, "--json"]) == status
        known = json.loads(capsys.readouterr().out)
    return status, printed, known


def same(one: str, other: str, labels: list[str]) -> bool:
    first, second = (function_of(parse(text, tuple(labels)), tuple(labels)) for text in (one, other))
    return first.same_as(second)


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("kind", CASES)
def test_each_kind_of_table_has_its_right_answer(kind, capsys):
    case = CASES[kind]
    status, printed, known = run(case, capsys)
    assert status == case.status, printed
    for words in case.words:
        assert words in printed, (words, printed)
    if case.formula:
        assert known["formula"], printed
        assert same(known["formula"], case.formula, known["labels"]), printed
    if case.parts:
        answers = {part["condition"]: part["formula"] for part in known["parts"]}
        assert set(answers) == {condition for condition, _ in case.parts}, printed
        assert all(same(answers[condition], right, known["labels"]) for condition, right in case.parts), printed
    named = [*known.get("certificate", {}).get("wrong_rows", ()), *known.get("held_out_rows_that_disagree", ())]
    if case.status == 0:
        assert sorted(map(str, (row["labels"] for row in named))) == sorted(map(str, case.named)), printed
    if case.status == 1 and not case.formula:
        assert known["formula"] is None, printed


IRRATIONAL = {
    "hydrogen": (one_label(lambda n: f"{-13.60569312 / n**2:.8f}"), "ne", "-c/(n*n)", 13.60569312, ""),
    "a well": (one_label(lambda n: f"{math.pi**2 * n**2 / 2:.10g}"), "ne", "c*n*n", math.pi**2 / 2, "pi^2/2"),
    "a series": (
        [(n, m, f"{109737.3157 * (1 / n**2 - 1 / m**2):.4f}") for n in range(1, 8) for m in range(n + 1, n + 13)],
        "nme",
        "c*(m*m-n*n)/(m*m*n*n)",
        109737.3157,
        "",
    ),
    "pi squared": (
        two_labels(lambda n, m: repr(math.pi**2 / 6 * n / (m + 1))),
        "nme",
        "c*n/(m+1)",
        math.pi**2 / 6,
        "pi^2/6",
    ),
    "the golden ratio": (
        one_label(lambda n: f"{(1 + ROOT_OF_5) / 2 * n * n:.10f}"),
        "ne",
        "c*n*n",
        (1 + ROOT_OF_5) / 2,
        "(1+sqrt(5))/2",
    ),
    "zeta(3)": (one_label(lambda n: repr(ZETA_3 * n / (n + 1))), "ne", "c*n/(n+1)", ZETA_3, "zeta(3)"),
    "log(2)": (
        two_labels(lambda n, m: f"{math.log(2) * (n * n - m) / (n + m):.9f}"),
        "nme",
        "c*(n*n-m)/(n+m)",
        math.log(2),
        "log(2)",
    ),
    "Casimir energies": (one_label(lambda n: repr(-math.pi / (24 * n))), "ne", "-c/n", math.pi / 24, "pi/24"),
    "in the denominator": (
        two_labels(lambda n, m: f"{n * n / (m + math.sqrt(2)):.12g}"),
        "nme",
        "n*n/(m+c)",
        math.sqrt(2),
        "sqrt(2)",
    ),
    "beside a label below": (one_label(lambda n: repr(1 / (math.pi * n + 1))), "ne", "1/(c*n+1)", math.pi, "pi"),
    "squared below": (
        two_labels(lambda n, m: repr(1 / (n + m + math.e) ** 2)),
        "nme",
        "1/((n+m+c)*(n+m+c))",
        math.e,
        "e",
    ),
    "stated": (one_label(lambda n: f"{13.6057 / n**2:.6f}(5)"), "ne", "c/(n*n)", 13.6057, ""),
}


@pytest.mark.parametrize("kind", IRRATIONAL)
def test_an_irrational_constant_leaves_the_shape_and_is_measured(kind, capsys):
    rows, names, shape, value, known_as = IRRATIONAL[kind]
    status, printed, known = run(Case(table(rows, names), ("--target", "e")), capsys)
    assert status == 1
    assert "approximate" in printed
    assert "contradicts" not in printed
    assert (known["exact_on_data"], known["exact_on_held_out"]) == ("approximate", "approximate"), printed
    (constant,) = known["certificate"]["constants"]
    assert abs(abs(constant["value"]) - value) <= constant["error"] * (1 + 1e-9)
    assert constant["known_as"].lstrip("-") == known_as
    # Printed with its decimals, in the equation and in LaTeX: a fraction near them would say more than is known.
    assert repr(abs(constant["value"])) in known["formula"]
    assert repr(abs(constant["value"])) in known["latex"]
    labels = tuple(known["labels"])
    wanted = shape.replace("c", f"({abs(constant['value'])!r})")
    points = {label: np.arange(5.0, 9.0) + 3 * i for i, label in enumerate(labels)}
    both = [evaluate(parse(text, labels), points) for text in (known["formula"], wanted)]
    assert np.allclose(*both, rtol=1e-12), printed


def test_two_measured_constants_are_within_what_all_rows_allow(capsys):
    rows = [(v, j, f"{2358.5694 * (v + 0.5) + 1.99824 * j * (j + 1):.4f}") for v in range(6) for j in range(15)]
    status, printed, known = run(Case(table(rows, "vje"), ("--target", "e")), capsys)
    assert status == 1
    assert "within the uncertainty on all" in printed
    values = [(one["value"], one["error"]) for one in known["certificate"]["constants"]]
    for (value, error), right in zip(values, (2358.5694, 1.99824), strict=True):
        assert abs(value - right) <= error * (1 + 1e-9) < 1e-4


def test_very_small_levels_have_their_constant_with_an_exponent(capsys):
    rows = one_label(lambda n: f"{1.054571817e-134 * n * n:.12e}")
    _, printed, known = run(Case(table(rows, "ne"), ("--target", "e")), capsys)
    assert known["formula"] == "1.054571817e-134*square(n)"
    assert "e-134\n" in printed.partition("coefficient 1.05457181700")[2]


def test_a_quantum_defect_is_measured_beside_the_rydberg_constant(capsys):
    rows = one_label(lambda n: f"{-109736.605 / (n - 1.3479692) ** 2:.4f}", range(4, 30))
    status, printed, known = run(Case(table(rows, "ne"), ("--target", "e")), capsys)
    assert status == 1
    assert known["formula"] == "-(109736.605/square(n-1.3479692))", printed
    assert (known["exact_on_data"], known["exact_on_held_out"]) == ("approximate", "approximate"), printed
    errors = [one["error"] for one in known["certificate"]["constants"]]
    assert 1e-3 < errors[0] < 3e-3
    assert 1e-8 < errors[1] < 3e-8


def test_two_constants_below_are_factored(capsys):
    rows = two_labels(lambda n, m: repr(1 / ((n + math.sqrt(2)) * (m + math.pi))))
    _, printed, known = run(Case(table(rows, "nme"), ("--target", "e")), capsys)
    assert sorted(one["known_as"] for one in known["certificate"]["constants"]) == ["pi", "sqrt(2)"], printed
    assert known["formula"].startswith("1/((n+1.41421"), printed


def test_a_constant_beside_a_sector_is_measured_and_no_accidental_fraction(capsys):
    rows = [(n, s, f"{n * n * math.pi / 24 + (s == 'R') / 2:.10f}") for n in range(1, 25) for s in ("NS", "R")]
    _, printed, known = run(Case(table(rows, ["n", "sector", "e"]), ("--target", "e")), capsys)
    (constant,) = known["certificate"]["constants"]
    assert constant["known_as"] == "pi/24", printed
    assert known["exact_on_held_out"] == "approximate", printed


@pytest.mark.parametrize("place", [16, 37], ids=["in the data", "held out"])
def test_a_misprint_among_measured_levels_is_named(place, capsys):
    rows = [(n, f"{-13.60569312 / n**2 + 0.01 * (n == place + 1):.8f}") for n in range(1, 41)]
    status, printed, known = run(Case(table(rows, "ne"), ("--target", "e")), capsys)
    assert status == 1
    assert known["formula"] == "-(13.60569312/square(n))", printed
    assert "within the uncertainty but for 1 row" in printed
    assert "contradicts" not in printed
    named = [*known["certificate"].get("wrong_rows", ()), *known["held_out_rows_that_disagree"]]
    assert [row["labels"] for row in named] == [{"n": place + 1}], printed


@pytest.mark.parametrize("rule", [math.sqrt, math.log, lambda n: math.exp(-n / 20)], ids=["root", "log", "exp"])
def test_a_function_that_is_not_rational_is_given_no_shape(rule, capsys):
    status, printed, known = run(Case(table(one_label(lambda n: f"{rule(n):.2f}"), "ne"), ("--target", "e")), capsys)
    assert status == 1
    assert known["formula"] is None, printed
    assert "nor fractions and a few real numbers" in printed


def test_held_out_rows_that_contradict_are_named(capsys):
    rows = one_label(lambda n: n * n if n < 33 else n**3)
    status, printed, known = run(Case(table(rows, "ny"), ("--target", "y")), capsys)
    assert status == 1
    assert "what was held out contradicts the formula" in printed
    assert "row n=33: the file says 35937, the formula 1089" in printed
    assert len(known["held_out_rows_that_disagree"]) == 8
