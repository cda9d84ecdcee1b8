"""Loss, score, fronts and the selected equation, by hand and against real PySR."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest

from cftsr.algebra.formula import parse
from cftsr.algebra.integer_columns import INTEGER_COLUMNS
from cftsr.errors import UserError
from cftsr.files import read_table, write_table
from cftsr.fronts.front import (
    Candidate,
    Equation,
    best,
    mean_squared_error,
    pareto_front,
    read_front,
    score,
    write_front,
)

K = {"k": np.array([1.0, 2.0, 3.0, 4.0])}


def front_of(*texts, target=None, columns=K):
    return pareto_front([Candidate(text) for text in texts], columns, K["k"] if target is None else target)


def equations(*figures) -> tuple[Equation, ...]:
    """A front from (complexity, loss), scored as a front is."""
    found: list[Equation] = []
    for complexity, loss in figures:
        gain = score(loss, complexity, found[-1].loss, found[-1].complexity) if found else 0.0
        found.append(Equation(complexity, loss, gain, f"e{complexity}"))
    return tuple(found)


# ---- loss


@pytest.mark.parametrize(
    ("text", "loss"),
    [("k", 0.0), ("k+2", 4.0), ("0", 7.5), ("2.5", 1.25), ("2*k", 7.5), ("k+1e200", math.inf)],
)
def test_loss_by_hand(text, loss):
    assert mean_squared_error(parse(text, ("k",)), K, K["k"]) == loss


@pytest.mark.parametrize(
    "text", ["1/(k-2)", "k/0", "1/0", "0/0", "0/(k-k)", "inf", "nan", "k*1e400", "9" * 400, "1e200*1e200*k"]
)
def test_an_equation_undefined_on_a_row_has_infinite_loss(text):
    assert mean_squared_error(parse(text, ("k",)), K, K["k"]) == math.inf


# ---- the front


def test_a_front_by_hand():
    front = front_of("2.5", "k+1", "k*1.1", "k", "k+0", "k-0.25", "k+k-k")
    # 2.5: loss 1.25 with one node. k: loss 0 with one node beats everything.
    assert [(equation.text, equation.complexity, equation.loss) for equation in front] == [("k", 1, 0.0)]


def test_only_what_no_simpler_or_equal_one_beats_is_on_the_front():
    target = 3 * K["k"] + 1
    front = front_of("8", "8.5", "4*k", "3*k", "2*k+3", "3*k+1", "3*k+2", "k+k+k+1", "3*k+1+0", target=target)
    assert [(equation.complexity, equation.text) for equation in front] == [(1, "8.5"), (3, "3*k"), (5, "3*k+1")]
    assert [equation.loss for equation in front] == [11.25, 1.0, 0.0]
    assert [equation.score for equation in front] == [0.0, math.log(11.25) / 2, math.inf]


def test_equal_losses_keep_the_simpler_and_equal_pairs_the_first_text():
    target = 2 * K["k"]
    front = front_of("2*k", "k*2", "k+k", "k+k+0", target=target)
    assert [equation.text for equation in front] == ["2*k"]
    assert front == front_of("k+k+0", "k+k", "k*2", "2*k", target=target)


def test_undefined_equations_are_dropped_and_may_leave_nothing():
    front = front_of("1/(k-2)", "nan", "k*1e400", "k")
    assert [equation.text for equation in front] == ["k"]
    assert front_of("1/(k-2)", "inf") == ()


def test_the_first_of_repeated_candidates_keeps_its_figures():
    candidates = [Candidate("2.5", 9.0, "search"), Candidate("2.5", 1.0, "other")]
    (only,) = pareto_front(candidates, K, K["k"])
    assert (only.engine_loss, only.origin) == (9.0, "search")


def test_integer_columns_are_columns():
    columns = K | {name: np.full(4, float(value)) for name, value in INTEGER_COLUMNS.items()}
    assert front_of("k*i10", columns=columns, target=10 * K["k"])[0].loss == 0.0


# ---- score and best


def test_score_by_hand():
    assert score(1.0, 5, math.e**6, 3) == pytest.approx(3.0, rel=1e-15)
    assert score(1.0, 4, 8.0, 1) == math.log(8) / 3
    assert score(0.0, 4, 1.0, 3) == math.inf


def test_the_score_survives_losses_whose_ratio_float64_cannot_hold():
    assert score(1e-30, 5, 1e300, 1) == pytest.approx(330 * math.log(10) / 4, rel=1e-14)
    assert score(5e-324, 3, 1.0, 1) == pytest.approx(1074 * math.log(2) / 2, rel=1e-14)


def test_best_is_the_highest_score_among_losses_up_to_one_and_a_half_times_the_smallest():
    # Scores: 0, ln(1000)/2 = 3.45, ln(100/10.1)/2, tiny, ...
    front = equations((1, 1e5), (3, 100.0), (5, 1.4), (7, 1.2), (9, 1.0))
    assert best(front) == 2  # 100 -> 1.4 is steepest among 1.4, 1.2, 1.0; 1e5 -> 100 is too lossy
    front = equations((1, 1e5), (3, 100.0), (5, 1.6), (7, 1.2), (9, 1.0))
    assert best(front) == 3  # 1.6 > 1.5 * 1.0


def test_a_loss_of_exactly_one_and_a_half_times_the_smallest_is_eligible():
    assert best(equations((1, 1000.0), (3, 1.5), (5, 1.0))) == 1


def test_best_of_a_front_that_reaches_zero_is_the_equation_with_zero_loss():
    assert best(equations((1, 5.0), (3, 1e-30), (7, 0.0))) == 2


def test_best_of_a_single_equation():
    assert best(equations((1, 0.0))) == 0
    assert best(equations((4, 3.0))) == 0


def test_equal_scores_prefer_the_simpler_equation():
    front = (Equation(1, 1.0, 0.0, "a"), Equation(2, 0.9, 0.1, "b"), Equation(3, 0.8, 0.1, "c"))
    assert best(front) == 1


def test_an_empty_front_has_no_best():
    with pytest.raises(ValueError, match="empty front"):
        best(())


# ---- real PySR


def test_our_score_is_pysrs(pysr_sample):
    rows = pysr_sample.rows
    assert float(rows[0]["score"]) == 0.0
    for simpler, row in pairwise(rows):
        ours = score(float(row["loss"]), int(row["complexity"]), float(simpler["loss"]), int(simpler["complexity"]))
        assert ours == pytest.approx(float(row["score"]), rel=1e-14, abs=0)  # math.log against numpy.log


def test_our_best_is_pysrs(pysr_sample):
    front = equations(*((int(row["complexity"]), float(row["loss"])) for row in pysr_sample.rows))
    chosen = pysr_sample.rows[best(front)]
    assert chosen["equation"] == pysr_sample.best["equation"]
    assert int(chosen["complexity"]) == pysr_sample.best["complexity"]


def test_our_complexity_and_loss_are_pysrs(pysr_sample):
    data, _ = pysr_sample.data()
    columns = {label: data.x[:, i].astype(float) for i, label in enumerate(data.labels)}
    columns |= {name: np.full(len(data), float(number)) for name, number in INTEGER_COLUMNS.items()}
    variance = float(np.var(data.target))
    for row in pysr_sample.rows:
        tree = parse(row["equation"], columns)
        if pysr_sample.setting == "free":  # elsewhere PySR was told that a constant costs more than one node
            assert tree.complexity == int(row["complexity"])
        loss, theirs = mean_squared_error(tree, columns, data.target), float(row["loss"])
        # PySR works in float32 and prints eight digits: that is all that can agree.
        assert loss == pytest.approx(theirs, rel=1e-3, abs=1e-12 * max(1.0, variance))


# ---- Parquet


def test_a_front_reads_back_and_is_written_with_the_same_bytes(tmp_path):
    front = front_of("2.5", "k*1.0000001", "k+0.0")
    front = (*front, Equation(9, 0.0, math.inf, "k*k/k", 1e-9, "refined"))
    write_front(tmp_path / "front.parquet", front)
    write_front(tmp_path / "again.parquet", front)
    read = read_front(tmp_path / "front.parquet")
    assert (tmp_path / "front.parquet").read_bytes() == (tmp_path / "again.parquet").read_bytes()
    assert [(e.complexity, e.loss, e.score, e.text, e.origin) for e in read] == [
        (e.complexity, e.loss, e.score, e.text, e.origin) for e in front
    ]
    assert [e.engine_loss for e in read] == [e.engine_loss for e in front]
    assert {e.engine_loss for e in read} == {None, 1e-9}


def test_an_engine_that_has_no_loss_of_its_own_gives_equal_candidates_and_a_null():
    assert Candidate("k") == Candidate("k", math.nan) == Candidate("k", None)
    assert Candidate("k", math.nan).engine_loss is None
    assert len({Candidate("k", math.nan), Candidate("k", math.nan)}) == 1


def test_only_the_engines_loss_may_be_missing_in_a_file(tmp_path):
    path = tmp_path / "front.parquet"
    write_front(path, front_of("k"))
    table = read_table(path)
    assert table["engine_loss"].to_pylist() == [None]
    for name in table.column_names:
        place = table.column_names.index(name)
        write_table(path, table.set_column(place, table.field(name), pa.nulls(len(table), table.field(name).type)))
        if name == "engine_loss":
            assert read_front(path)
        else:
            with pytest.raises(UserError, match="a value is missing"):
                read_front(path)


def test_an_empty_front_reads_back(tmp_path):
    write_front(tmp_path / "front.parquet", ())
    assert read_front(tmp_path / "front.parquet") == ()


def test_a_damaged_front_is_refused_by_name(tmp_path):
    path = tmp_path / "front.parquet"
    with pytest.raises(UserError, match=r"front\.parquet is not a front of ours.*Delete it and run snakemake again"):
        read_front(path)
    front = equations((1, 5.0), (3, 1.0))
    write_front(path, front)
    whole = path.read_bytes()
    for length in range(0, len(whole), 61):
        path.write_bytes(whole[:length])
        with pytest.raises(UserError, match=r"front\.parquet"):
            read_front(path)
    for position in range(len(whole)):
        damaged = bytearray(whole)
        damaged[position] ^= 0x10
        path.write_bytes(damaged)
        with pytest.raises(UserError, match=r"front\.parquet"):
            read_front(path)
