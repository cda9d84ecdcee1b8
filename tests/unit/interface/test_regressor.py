"""`cftsr.RationalRegressor`: scikit-learn's estimator, and the same without scikit-learn."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from fractions import Fraction as F
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sympy
from sklearn.base import clone
from sklearn.model_selection import cross_val_score
from sklearn.utils.estimator_checks import parametrize_with_checks

import cftsr
from cftsr.interface.regressor import RationalRegressor

X = np.array([(k, l) for k in range(1, 12) for l in range(k + 1)])
Y = X[:, 1] * (X[:, 1] + 2) / (4 * (X[:, 0] + 2))


def test_a_formula_is_found_and_scored():
    model = cftsr.RationalRegressor().fit(X, Y)
    assert model.identified_
    assert model.formula_ == "x1*(x1 + 2)/(4*(x0 + 2))"
    assert model.score(X, Y) == 1.0
    assert model.predict([[100, 1]]).tolist() == [3 / 408]
    assert cross_val_score(model, X, Y, cv=3).tolist() == [1.0] * 3


def test_the_columns_of_a_frame_are_the_labels():
    model = RationalRegressor().fit(pd.DataFrame(X, columns=["k", "l"]), [F(y).limit_denominator(1000) for y in Y])
    assert model.formula_ == "l*(l + 2)/(4*(k + 2))"
    assert model.answer_.identified


def test_parameters():
    model = RationalRegressor(hold_out=0.0, max_degree=1)
    assert model.get_params() == {"hold_out": 0.0, "max_degree": 1, "max_unknowns": None}
    assert clone(model).set_params(max_degree=3).max_degree == 3


def test_without_a_formula_it_predicts_the_mean():
    numbers = np.arange(1, 50)[:, None]
    primes = [sympy.prime(int(n)) for n in numbers.ravel()]
    with pytest.warns(UserWarning, match="no formula was found"):
        model = RationalRegressor().fit(numbers, primes)
    assert model.formula_ is None
    assert model.predict([[1], [2]]).tolist() == [np.mean(primes)] * 2


def test_measured_labels_have_no_formula():
    random = np.random.default_rng(0)
    with pytest.warns(UserWarning, match="is sought where X is not of whole numbers"):
        RationalRegressor().fit(random.normal(size=(20, 2)), random.normal(size=20))


@parametrize_with_checks([RationalRegressor()])
def test_the_checks_of_scikit_learn(estimator, check):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check(estimator)


def test_without_scikit_learn_it_has_the_same_methods():
    code = """
import sys
sys.modules["sklearn"] = sys.modules["sklearn.base"] = None
import cftsr
X = [[n] for n in range(1, 20)]
model = cftsr.RationalRegressor(max_degree=2).fit(X, [n[0] * 3 for n in X])
print(model, model.formula_, model.score(X, [n[0] * 3 for n in X]), model.set_params(max_degree=1).get_params())
for wrong in (lambda: model.predict([[1, 2]]), lambda: model.fit([[float("nan")]], [1]), lambda: model.set_params(a=1)):
    try:
        wrong()
    except ValueError as error:
        print(error)
"""
    environment = os.environ | {"PYTHONPATH": str(Path(cftsr.__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    first, *messages = done.stdout.splitlines()
    assert first == (
        "RationalRegressor(hold_out=0.2, max_degree=1, max_unknowns=None) 3*x0 1.0 "
        "{'hold_out': 0.2, 'max_degree': 1, 'max_unknowns': None}"
    )
    assert [message.split()[0] for message in messages] == ["X", "X", "invalid"]
