"""The best scale and offset: right where there is one, and not to be fooled."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cftsr.algebra.expressions import evaluate
from cftsr.algebra.formula import parse
from cftsr.algebra.integer_columns import INTEGER_COLUMNS
from cftsr.engines.scaling import Scaling, best_scaling, quotient_near, scaled

TARGET = np.array([0.0, 0.1, 0.3, 0.6, 1.0, 1.5, 2.1])
VARIANCE = float(np.var(TARGET))


@given(st.floats(-50, 50).filter(lambda value: abs(value) > 0.01), st.floats(-50, 50))
def test_a_prediction_up_to_scale_and_offset_is_exact(scale, offset):
    prediction = (TARGET - offset) / scale
    scaling = best_scaling(prediction, TARGET)
    assert scaling.loss < 1e-20
    assert scaling.scale * prediction + scaling.offset == pytest.approx(TARGET, abs=1e-9)


@given(st.lists(st.floats(-1e3, 1e3), min_size=len(TARGET), max_size=len(TARGET)))
def test_no_scale_and_offset_nearby_is_better(values):
    prediction = np.array(values)
    scaling = best_scaling(prediction, TARGET)
    assert scaling.loss <= VARIANCE * (1 + 1e-9)
    loss = float(np.mean((scaling.scale * prediction + scaling.offset - TARGET) ** 2))
    assert loss == pytest.approx(scaling.loss, abs=1e-9)
    for scale, offset in ((1.001, 0.0), (1.0, 0.001), (0.999, 0.0), (1.0, -0.001)):
        moved = scaling.scale * scale * prediction + scaling.offset + offset
        assert float(np.mean((moved - TARGET) ** 2)) >= loss * (1 - 1e-9) - 1e-12


# The three ways in which a search fooled a loss that was not guarded.
@pytest.mark.parametrize(
    "prediction",
    [
        pytest.param(np.full(7, 3.0, np.float32), id="constant"),
        pytest.param(np.float32(1) + np.float32(1.2e-7) * TARGET.astype(np.float32), id="constant up to rounding"),
        pytest.param(np.float32(1e6) + np.float32(0.1) * TARGET.astype(np.float32), id="a large constant"),
        pytest.param(np.zeros(7, np.float32), id="zero"),
        pytest.param((1e-44 * TARGET).astype(np.float32), id="subnormal"),
        pytest.param(np.float32(1e-38) * TARGET.astype(np.float32), id="so small that digits are lost"),
        pytest.param(1e-310 * TARGET, id="subnormal in float64"),
        pytest.param(1 + 1e-16 * TARGET, id="constant up to rounding in float64"),
    ],
)
def test_predictions_without_information_are_as_good_as_a_constant(prediction):
    assert best_scaling(prediction, TARGET) == Scaling(0.0, pytest.approx(TARGET.mean()), pytest.approx(VARIANCE))


@pytest.mark.parametrize(
    "prediction",
    [
        pytest.param((TARGET * 1e38).astype(np.float32), id="squares overflow in float32"),
        pytest.param(TARGET * 1e300, id="squares overflow in float64"),
        pytest.param(np.float32(1e-30) * TARGET.astype(np.float32), id="squares underflow in float32"),
        pytest.param(TARGET * 1e-200, id="squares underflow in float64"),
    ],
)
def test_large_and_small_predictions_keep_their_loss(prediction):
    assert best_scaling(prediction, TARGET).loss < 1e-12
    wrong = prediction[::-1]
    assert best_scaling(wrong, TARGET).loss == pytest.approx(best_scaling(TARGET[::-1], TARGET).loss, rel=1e-3)
    assert best_scaling(wrong, TARGET).loss > 0.01


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_a_prediction_that_is_not_finite_is_refused(value):
    prediction = TARGET.copy()
    prediction[3] = value
    assert best_scaling(prediction, TARGET) is None


def test_the_equation_is_written_with_its_scale_and_offset():
    body = parse("k*k", ("k",))
    assert str(scaled(body, Scaling(0.5, -0.25, 0.0), integer=False)) == "0.5*(k*k)+(-0.25)"
    assert str(scaled(body, Scaling(1.0, 0.0, 0.0), integer=False)) == "k*k"
    k = np.arange(1.0, 6.0)
    columns = {"k": k} | {name: np.full(5, float(value)) for name, value in INTEGER_COLUMNS.items()}
    for scale, offset in ((0.5, -0.25), (-2.0, 3.0), (0.3, 0.0)):
        written = scaled(body, Scaling(scale, offset, 0.0), integer=True)
        assert not any(node.kind == "constant" for node in written.walk())
        assert evaluate(written, columns) == pytest.approx(scale * k * k + offset)


@pytest.mark.parametrize(("value", "quotient"), [(0.5, (1, 2)), (-0.75, (-3, 4)), (1.0, (1, 1)), (9.7, (10, 1))])
def test_the_nearest_quotient_of_integer_columns(value, quotient):
    assert quotient_near(value) == quotient
