"""A scikit-learn estimator around `cftsr.fit`. Without scikit-learn it has the same methods."""

from __future__ import annotations

import inspect
import warnings
from math import lcm
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from cftsr.errors import UserError
from cftsr.interface.api import Answer
from cftsr.interface.api import fit as fit_table
from cftsr.interface.frames import exact

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

TARGET = "y"
LARGEST_SCALE = 10_000  # the largest common denominator of a column of X for which a formula is searched

try:
    from sklearn.base import BaseEstimator, RegressorMixin
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError:

    class BaseEstimator:  # type: ignore[no-redef]
        """The parameters of a scikit-learn estimator."""

        def get_params(self, deep: bool = True) -> dict[str, Any]:
            return {
                name: getattr(self, name)
                for name in inspect.signature(type(self).__init__).parameters
                if name != "self"
            }

        def set_params(self, **parameters: Any) -> Self:
            for name, value in parameters.items():
                if name not in self.get_params():
                    raise ValueError(f"invalid parameter {name!r}; valid are {', '.join(self.get_params())}")
                setattr(self, name, value)
            return self

        def __repr__(self) -> str:
            return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self.get_params().items())})"

    class RegressorMixin:  # type: ignore[no-redef]
        """The score of scikit-learn's regressors."""

        def score(self, X: Any, y: Any) -> float:  # noqa: N803 - scikit-learn's name
            """The coefficient of determination R2."""
            truth = np.asarray(y, dtype=float)
            error = np.sum((truth - self.predict(X)) ** 2)  # type: ignore[attr-defined]
            spread = np.sum((truth - truth.mean()) ** 2)
            return float(1 - error / spread) if spread else float(error == 0)

    def check_is_fitted(estimator: Any) -> None:
        if not hasattr(estimator, "answer_"):
            raise AttributeError(f"this {type(estimator).__name__} is not fitted yet; call fit first")

    def validate_data(
        estimator: Any,
        X: Any,  # noqa: N803 - scikit-learn's name
        y: Any = None,
        reset: bool = True,
        **rules: Any,
    ) -> Any:
        values = np.asarray(X, dtype=float)
        if values.ndim != 2 or not values.size or not np.isfinite(values).all():
            raise ValueError("X has one row for each sample, one column for each label, and finite numbers alone")
        if reset:
            estimator.n_features_in_ = values.shape[1]
        elif values.shape[1] != estimator.n_features_in_:
            raise ValueError(f"X has {values.shape[1]} features, but was fitted with {estimator.n_features_in_}")
        if y is None:
            return values
        target = np.asarray(y, dtype=float)
        if target.shape != values.shape[:1] or not np.isfinite(target).all():
            raise ValueError("y has one finite number for each row of X")
        return values, target


def _scale(values: list[Any]) -> int:
    """The common denominator of a column, or more than LARGEST_SCALE."""
    scale = 1
    for value in values:
        scale = lcm(scale, exact(value).denominator)
        if scale > LARGEST_SCALE:
            break
    return scale


class RationalRegressor(RegressorMixin, BaseEstimator):
    """The exact rational function of the columns of X that gives y.

    X is of whole numbers or simple fractions (there is no search for formulas in other numbers), y of integers,
    fractions or decimals; fractions.Fraction is exact in both. Each row of X is a theory.

    Parameters: hold_out, the share of the rows, the largest, that is held out to judge the formula; max_degree and
    max_unknowns, limits of the search, as in `cftsr.fit`.

    After fit: `answer_` (cftsr.Answer), `formula_` (text; None where there is none), `identified_`. Where there is no
    formula, predict gives the mean of y, and fit warns.
    """

    def __init__(self, hold_out: float = 0.2, max_degree: int | None = None, max_unknowns: int | None = None):
        self.hold_out = hold_out
        self.max_degree = max_degree
        self.max_unknowns = max_unknowns

    answer_: Answer | None

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True  # on measured numbers, which are no exact function
        return tags

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:  # noqa: N803 - scikit-learn's name
        """Raises ValueError where X or y cannot be used."""
        _, target = validate_data(self, X, y, y_numeric=True)
        self.labels_ = self._labels()
        self.mean_ = float(np.mean(target))
        table: dict[str, Any] = dict(zip(self.labels_, self._columns(X), strict=True))
        table[TARGET] = list(np.asarray(y).ravel())
        self.answer_ = None
        simple = all(_scale(table[label]) <= LARGEST_SCALE for label in self.labels_)
        if simple and len(set(map(str, table[TARGET]))) > 1:
            try:
                self.answer_ = fit_table(
                    table,
                    TARGET,
                    labels=self.labels_,
                    hold_out=self.hold_out,
                    max_degree=self.max_degree,
                    max_unknowns=self.max_unknowns,
                )
            except UserError as error:
                raise ValueError(str(error)) from None
        self.formula_ = self.answer_.formula if self.answer_ else None
        self.identified_ = bool(self.answer_ and self.answer_.identified)
        if not simple or (self.answer_ is not None and not self.answer_.pieces):
            why = "was found" if simple else "is sought where X is not of whole numbers or simple fractions"
            warnings.warn(f"no formula {why}: predict gives the mean of y", UserWarning, stacklevel=2)
        return self

    def predict(self, X: ArrayLike) -> np.ndarray:  # noqa: N803
        """The formula's values, float64, shape (rows,); NaN where it is undefined."""
        check_is_fitted(self)
        values = validate_data(self, X, reset=False)
        if self.answer_ is None or not self.answer_.pieces:
            return np.full(len(values), self.mean_)
        return self.answer_.predict(dict(zip(self.labels_, self._columns(X), strict=True)))

    def _labels(self) -> list[str]:
        named = getattr(self, "feature_names_in_", None)
        return [f"x{place}" for place in range(self.n_features_in_)] if named is None else list(map(str, named))

    def _columns(self, X: Any) -> list[list[Any]]:  # noqa: N803
        """The columns of X, with exact numbers kept exact."""
        values = np.asarray(X)
        return [values[:, place].tolist() for place in range(values.shape[1])]
