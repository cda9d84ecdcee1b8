"""The container of rows: parts, exact values, Parquet, and what becomes of a damaged file."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction as F

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cftsr.algebra.rational_function import RationalFunction
from cftsr.data.dataset import Dataset, integers, read_dataset, write_dataset
from cftsr.data.generate import generate, lowest_levels
from cftsr.data.tasks import TASKS
from cftsr.errors import UserError
from cftsr.families import get_family
from tests.unit.conftest import weights

H = TASKS["conformal_weight"]


def assert_same(one, other):
    assert (one.labels, one.theory_labels, one.metadata) == (other.labels, other.theory_labels, other.metadata)
    for name in ("x", "numerator", "denominator", "rank", "target"):
        a, b = getattr(one, name), getattr(other, name)
        assert a.dtype == b.dtype
        assert np.array_equal(a, b)


# ---- rows and values


half_integers = st.lists(
    st.tuples(st.integers(-9, 9), st.integers(-9, 9), st.integers(-(10**25), 10**25), st.integers(1, 10**25)),
    min_size=1,
    max_size=8,
)


def from_rows(rows, scales=()) -> Dataset:
    targets = [F(row[-2], row[-1]) for row in rows]
    return Dataset(
        labels=("j", "m"),
        theory_labels=1,
        x=np.array([row[:2] for row in rows], dtype=np.int64),
        numerator=integers([target.numerator for target in targets]),
        denominator=integers([target.denominator for target in targets]),
        rank=np.zeros(len(rows), dtype=np.int32),
        uncertainty=np.arange(len(rows), dtype=float),
        scales=scales,
    )


def test_integers_are_64_bit_where_they_fit_and_python_s_where_not():
    assert integers([1, -(2**61)]).dtype == np.int64
    assert integers([]).dtype == np.int64
    assert integers([10**30, 1]).tolist() == [10**30, 1]


def test_taking_rows_takes_them_of_every_column():
    data = from_rows([(1, 2, 3, 4), (5, 6, 7, 8), (9, 1, 2, 3)])
    for rows in (slice(1, None), np.array([False, True, True]), np.array([1, 2])):
        part = data.take(rows)
        assert part.x.tolist() == [[5, 6], [9, 1]]
        assert part.numerator.tolist() == [7, 2]
        assert part.uncertainty.tolist() == [1.0, 2.0]
        assert len(part.rank) == 2
        assert part.sigma is None


@given(half_integers, st.tuples(st.integers(1, 6), st.integers(1, 6)))
def test_a_function_of_fractional_labels_is_checked_exactly(rows, scales):
    """P/Q = (j^2 m - 3)/(7 j + 1), P and Q in the labels' own values, against plain fractions."""
    function = RationalFunction({(2, 1): 1, (0, 0): -3}, {(1, 0): 7, (0, 0): 1})
    points = [(F(row[0], scales[0]), F(row[1], scales[1])) for row in rows]
    values = [(j * j * m - 3) / (7 * j + 1) if 7 * j + 1 else None for j, m in points]
    data = from_rows(rows, scales)
    right = [i for i, value in enumerate(values) if value is not None]
    exact = [(*rows[i][:2], values[i].numerator, values[i].denominator) for i in right]
    expected = [i for i, value in enumerate(values) if value != data.exact_target(i)]
    assert data.wrong_rows(function).tolist() == expected
    if exact:
        assert not len(from_rows(exact, scales).wrong_rows(function))
    above, below = data.evaluate(function)
    assert [F(int(above[i]), int(below[i])) for i in right] == [values[i] for i in right]
    prime = 2147483647
    residues = data.residues(prime) % prime
    assert [
        [(value * point.denominator - point.numerator) % prime for value, point in zip(*pair, strict=True)]
        for pair in zip(residues.tolist(), points, strict=True)
    ] == [[0, 0]] * len(rows)
    assert data.points.tolist() == [[float(j), float(m)] for j, m in points]


def test_fractional_labels_and_sectors_are_described_in_the_user_s_words():
    data = replace(from_rows([(1, 0, 1, 1), (4, 1, 1, 1)], (2, 1)), sectors={"m": ("NS", "R")})
    assert [data.described(row) for row in data.x.tolist()] == [{"j": "1/2", "m": "NS"}, {"j": 2, "m": "R"}]
    assert data.values(0) == [F(1, 2), 2]


@settings(deadline=None, max_examples=30)
@given(half_integers, st.tuples(st.integers(1, 6), st.integers(1, 6)))
def test_integers_of_any_size_and_fractional_labels_survive_the_round_trip(tmp_path_factory, rows, scales):
    path = tmp_path_factory.mktemp("rows") / "data.parquet"
    data = replace(
        from_rows(rows, scales), sectors={"m": ("a b", "c")}, finite_labels=("m",), finite_values=((0,), (1,))
    )
    write_dataset(path, data)
    again = read_dataset(path)
    assert again.content() == data.content()
    assert again.sectors == data.sectors


# ---- Parquet


@pytest.fixture
def written(tmp_path):
    path = tmp_path / "folder" / "n12_f30.parquet"
    write_dataset(path, weights("minimal", 12, 30)[0])
    return path


def test_a_written_data_set_reads_back(written):
    assert_same(read_dataset(written), weights("minimal", 12, 30)[0])
    schema = pq.read_schema(written)
    types = {field.name: str(field.type) for field in schema}
    assert types == dict.fromkeys("pqrs", "int32") | {
        "rank": "int32",
        "numerator": "int64",
        "denominator": "int64",
        "target": "double",
    }


def test_an_empty_held_out_set_reads_back(tmp_path):
    _, nothing = lowest_levels(get_family("wzw_su2"), H, 3, F(1), next_theories=0)
    write_dataset(tmp_path / "empty.parquet", nothing)
    assert len(nothing) == 0
    assert_same(read_dataset(tmp_path / "empty.parquet"), nothing)


def test_the_metadata_tell_what_was_asked_for(written):
    metadata = read_dataset(written).metadata
    assert metadata["family"] == "minimal"
    assert metadata["task"] == "conformal_weight"
    assert metadata["theories"] == "12"
    assert metadata["fraction"] == "0.3"
    assert read_dataset(written).unary_operators == ("square",)
    assert "smallest_q=2" in metadata["conventions"]
    assert "identify_fields=True" in metadata["conventions"]


def test_the_same_request_gives_the_same_bytes(written, tmp_path):
    request = generate("minimal", {}, "conformal_weight", 12, 50, fraction="0.3", rounding="ceil")
    write_dataset(tmp_path / "again.parquet", request[0])
    assert (tmp_path / "again.parquet").read_bytes() == written.read_bytes()


@pytest.mark.parametrize(
    "other",
    [
        generate("minimal", {}, "conformal_weight", 13, 50, fraction="0.3"),
        generate("minimal", {}, "conformal_weight", 12, 50, fraction="0.3", rounding="floor"),
        generate("minimal", {"smallest_q": 3}, "conformal_weight", 12, 50, fraction="0.3"),
    ],
    ids=["more theories", "rounded down", "from q = 3"],
)
def test_another_request_gives_other_bytes(other, written, tmp_path):
    write_dataset(tmp_path / "other.parquet", other[0])
    assert (tmp_path / "other.parquet").read_bytes() != written.read_bytes()


def assert_refused(path):
    with pytest.raises(UserError) as error:
        read_dataset(path)
    assert str(path) in str(error.value)
    assert "Delete it and run snakemake again" in str(error.value)


def test_a_missing_data_set_is_refused(tmp_path):
    assert_refused(tmp_path / "missing.parquet")


def test_a_truncated_data_set_is_refused_wherever_it_ends(written):
    whole = written.read_bytes()
    for length in [*range(0, len(whole), 97), len(whole) - 1]:
        written.write_bytes(whole[:length])
        assert_refused(written)


def test_a_flipped_bit_is_noticed_wherever_it_is(written):
    whole = written.read_bytes()
    for position in range(len(whole)):
        damaged = bytearray(whole)
        damaged[position] ^= 1 << position % 8
        written.write_bytes(damaged)
        assert_refused(written)


def test_a_parquet_file_of_another_kind_is_refused(tmp_path):
    path = tmp_path / "other.parquet"
    pq.write_table(pa.table({"k": [1, 2]}), path)
    assert_refused(path)
    pq.write_table(pa.table({"k": [1, 2]}).replace_schema_metadata({"labels": "k", "theory_labels": "1"}), path)
    assert_refused(path)
    path.write_text("k,l,h\n1,0,0\n", encoding="utf-8")
    assert_refused(path)


def test_big_labels_survive_the_round_trip(tmp_path):
    data, _ = weights("wzw_su2", 3, 100)
    big = replace(data, x=data.x + 2_000_000_000, numerator=data.numerator + 2**61)
    write_dataset(tmp_path / "big.parquet", big)
    assert_same(read_dataset(tmp_path / "big.parquet"), big)
