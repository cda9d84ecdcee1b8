"""How the exact engine's time and memory grow with the rows, and with the unknowns.

    python benchmarks/rational_scale.py [FOLDER]

Prints two tables in Markdown and, where a folder is given, writes rational_scale.md, rational_scale.svg and
rational_scale.png there. Every measurement is a process of its own, for its peak memory.

Rows: h of su(2)_k (2 labels, 9 unknowns) and of the minimal models (4 labels, 85 unknowns) on up to a million rows,
with refits and certificate; and the check of all rows alone. Unknowns: one ansatz in three labels, numerator and
denominator of equal degree, from the linear system to the formula checked on all rows; with python-flint, and with
numpy alone.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "workflow" / "scripts"))

ROWS = (10**3, 10**4, 10**5, 10**6)
DEGREES = (1, 2, 3, 5, 7, 9, 12, 16)  # 8, 20, 40, 112, 240, 440, 910 and 1,938 unknowns
NUMPY_UNKNOWNS = 450  # beyond, numpy takes minutes
OPTIONS = {"max_degree": 12, "max_unknowns": 400, "spare_rows": 12, "refit_without": 0.2, "wrong_rows": 0.02}
OF_ROWS, OF_UNKNOWNS = ("wzw_su2 h", "minimal h"), ("python-flint", "numpy")
CHECK = ", all rows checked"


def measured_rows(name: str, rows: int) -> dict:
    from cftsr.algebra.polynomials import wrong_rows
    from cftsr.engines import get_engine
    from cftsr.engines.base import Assignment, Problem, Progress

    if name == "wzw_su2 h":
        size = int((2 * rows) ** 0.5) + 2
        k, l = (part.ravel() for part in np.meshgrid(np.arange(1, size), np.arange(size), indexing="ij"))
        x = np.column_stack([k, l])[l <= k][:rows]
        k, l = x.T
        numerator, denominator, labels, theory = l * (l + 2), 4 * (k + 2), ("k", "l"), 1
        function = {(0, 2): 1, (0, 1): 2}, {(1, 0): 4, (0, 0): 8}
    else:
        # Kac tables of all p > q, in part: the formula, not the theories, is what counts here.
        levels = []
        total, have = 5, 0
        while have < rows:
            for q in range(2, (total + 1) // 2):
                p = total - q
                r, s = (part.ravel() for part in np.meshgrid(np.arange(1, q), np.arange(1, p), indexing="ij"))
                levels.append(np.column_stack([np.full(len(r), p), np.full(len(r), q), r, s]))
                have += len(r)
            total += 1
        x = np.concatenate(levels)[:rows]
        p, q, r, s = x.T
        numerator, denominator = (p * r - q * s) ** 2 - (p - q) ** 2, 4 * p * q
        labels, theory = ("p", "q", "r", "s"), 2
        function = (
            {(2, 0, 2, 0): 1, (1, 1, 1, 1): -2, (0, 2, 0, 2): 1, (2, 0, 0, 0): -1, (1, 1, 0, 0): 2, (0, 2, 0, 0): -1},
            {(1, 1, 0, 0): 4},
        )
    problem = Problem(labels, theory, x, numerator, denominator, unary_operators=("square",))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start = time.process_time()
    progress = get_engine("rational")().advance(Assignment(problem, OPTIONS, log=lambda line: None), Progress())
    seconds = time.process_time() - start
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start = time.process_time()
    wrong = wrong_rows(*function, x, (numerator, denominator))
    check = time.process_time() - start
    certificate = progress.extra["certificate"]
    return {
        "series": name,
        "size": rows,
        "seconds": seconds,
        "check": check,
        "memory": after,
        "before": before,
        "outcome": certificate["outcome"],
        "used": certificate["rows_used"],
        "wrong": len(wrong),
    }


def measured_unknowns(library: str, degree: int) -> dict:
    from cftsr.algebra import modular
    from cftsr.algebra.ansatz import Ansatz, FiniteLabels
    from cftsr.algebra.polynomials import evaluate_exactly, monomials
    from cftsr.data.dataset import Dataset
    from cftsr.engines.rational.search import solve

    if library == "numpy":
        modular.flint = None
    items = monomials(3, degree)
    ansatz = Ansatz((degree, degree), items, items)
    generator = np.random.default_rng(degree)
    x = np.unique(generator.integers(1, 41, (2 * ansatz.unknowns + 400, 3)), axis=0)
    generator.shuffle(x)
    above, below = ({items[i]: int(generator.integers(1, 10)) for i in range(0, len(items), step)} for step in (3, 2))
    below[items[-1]] = 1
    values = [evaluate_exactly(part, x).astype(object) for part in (above, below)]
    rows = Dataset(tuple("abcdefgh"[: x.shape[1]]), 1, x, *values)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    start = time.process_time()
    solution, _ = solve(rows, ansatz, np.arange(ansatz.unknowns + OPTIONS["spare_rows"]), FiniteLabels())
    seconds = time.process_time() - start
    return {
        "series": library,
        "size": ansatz.unknowns,
        "seconds": seconds,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "before": before,
        "outcome": "found" if solution is not None and solution.dimension == 1 else "not found",
    }


def in_a_process(kind: str, series: str, size: int) -> dict:
    done = subprocess.run(
        [sys.executable, __file__, "--one", kind, series, str(size)], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def tables(rows: list[dict], unknowns: list[dict]) -> str:
    lines = [
        "| data | rows | rows used to solve | CPU s | of them all rows checked once | peak MB | before | outcome |"
    ]
    lines.append("| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |")
    for row in rows:
        lines.append(
            f"| {row['series']} | {row['size']:,} | {row['used']} | {row['seconds']:.2f} | {row['check']:.3f} | "
            f"{row['memory']:.0f} | {row['before']:.0f} | {row['outcome']} |"
        )
    lines += [
        "",
        "| library | unknowns | CPU s | peak MB | before | outcome |",
        "| --- | ---: | ---: | ---: | ---: | --- |",
    ]
    for row in unknowns:
        lines.append(
            f"| {row['series']} | {row['size']:,} | {row['seconds']:.3f} | {row['memory']:.0f} | {row['before']:.0f} | "
            f"{row['outcome']} |"
        )
    return "\n".join(lines) + "\n"


def draw(rows: list[dict], unknowns: list[dict], folder: Path) -> None:
    """Two panels side by side, in the style of the report's figures; both axes logarithmic."""
    import altair as alt
    import vl_convert

    from cftsr.output.figures.base import BLUE, GREEN, PURPLE, VERMILION, themed
    from cftsr.output.figures.base import rows as inline

    checks = [row | {"series": row["series"] + CHECK, "seconds": row["check"]} for row in rows]

    def panel(points: list[dict], title: str, colours: dict[str, str]) -> alt.LayerChart:
        keys = ("series", "size", "seconds")
        chart = alt.Chart(inline([{key: row[key] for key in keys} for row in points])).encode(
            x=alt.X("size:Q", scale=alt.Scale(type="log"), title=title),
            y=alt.Y("seconds:Q", scale=alt.Scale(type="log"), title="CPU seconds"),
            color=alt.Color(
                "series:N",
                scale=alt.Scale(domain=list(colours), range=list(colours.values())),
                title=None,
                legend=alt.Legend(orient="bottom", columns=2, labelLimit=320),
            ),
        )
        return alt.layer(chart.mark_line(), chart.mark_point(filled=True, size=40)).properties(width=330, height=260)

    left = panel(
        [*rows, *checks],
        "rows",
        dict(zip((*OF_ROWS, *(name + CHECK for name in OF_ROWS)), (BLUE, VERMILION, GREEN, PURPLE), strict=True)),
    )
    right = panel(unknowns, "unknowns", dict(zip(OF_UNKNOWNS, (BLUE, VERMILION), strict=True)))
    # The theme is that of a single view; here it goes round both.
    style = themed([alt.Chart().mark_point()], 1).to_dict()["config"] | {"background": "white"}
    spec = alt.hconcat(left, right).resolve_scale(color="independent").to_dict() | {"config": style}
    (folder / "rational_scale.svg").write_text(vl_convert.vegalite_to_svg(spec), encoding="utf-8")
    (folder / "rational_scale.png").write_bytes(vl_convert.vegalite_to_png(spec, scale=2))


def main() -> None:
    rows = [in_a_process("rows", series, size) for series in OF_ROWS for size in ROWS]
    unknowns = [
        in_a_process("unknowns", library, degree)
        for library in OF_UNKNOWNS
        for degree in DEGREES
        if library != "numpy" or (degree + 1) * (degree + 2) * (degree + 3) // 3 <= NUMPY_UNKNOWNS
    ]
    text = tables(rows, unknowns)
    print(text)
    if len(sys.argv) > 1:
        folder = Path(sys.argv[1])
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "rational_scale.md").write_text(text, encoding="utf-8")
        draw(rows, unknowns, folder)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        measure = {"rows": measured_rows, "unknowns": measured_unknowns}[sys.argv[2]]
        print(json.dumps(measure(sys.argv[3], int(sys.argv[4]))))
    else:
        main()
