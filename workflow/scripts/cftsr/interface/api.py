"""The functions of `import cftsr`: fit, check and prove tables in memory or in files; their answers are objects.

Each function takes a pandas or polars DataFrame, an Arrow table, a mapping of columns, a list of records, or the path
of a file. Numbers may be integers, fractions.Fraction, Decimal, SymPy's, text such as "3/80", or floats.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cftsr.algebra.expressions import Expression, exact_value_at
from cftsr.algebra.other_notations import as_text, to_sympy
from cftsr.answers.checking import Check, SplitTable, describe_check, expression_judged, table_of_file
from cftsr.answers.checking import check as check_table
from cftsr.answers.fit_file import FitAnswer, default_options, latex_symbol, options_of_fit
from cftsr.answers.fit_levels import LevelsAnswer, answer_in_words, fit_table
from cftsr.answers.proving import EQUATION, FileEquation, Proof, describe_proof, prove_equations, read_equations
from cftsr.answers.shape import ShapeFit, describe_shape, fit_shape
from cftsr.data.dataset import Dataset
from cftsr.data.user_file import SpectrumRequest
from cftsr.errors import UserError
from cftsr.fronts.verdict import Judgement
from cftsr.interface.frames import NAME, columns_of, is_file, label_columns, read_table
from cftsr.vocabulary import NO, NOT_LOOKED_AT, YES

if TYPE_CHECKING:
    import sympy

    from cftsr.identify.search import Identification

Names = str | int | Iterable[str | int] | None


@dataclass(frozen=True)
class Piece:
    """A formula and the rows for which it holds.

    condition   in words; "" for all rows
    members     those rows; None for all
    """

    expression: Expression
    judgement: Judgement
    condition: str = ""
    members: Membership | None = None

    def belongs(self, point: dict[str, Fraction]) -> bool:
        """Whether the formula holds for a row, label -> value."""
        return self.members is None or self.members.has(point)


@dataclass(frozen=True)
class Membership:
    """The rows of a part, as `answers.fit_file` selects them.

    residues   of sums of labels as whole numbers: names of the labels, modulus, residue
    scales     label -> the factor that makes it a whole number
    sector     label -> value
    """

    residues: tuple[tuple[tuple[str, ...], int, int], ...]
    scales: dict[str, int]
    sector: dict[str, Fraction]

    def has(self, point: dict[str, Fraction]) -> bool:
        return all(
            sum(point[label] * self.scales[label] for label in labels) % modulus == rest
            for labels, modulus, rest in self.residues
        ) and all(point[label] == value for label, value in self.sector.items())


@dataclass(frozen=True, repr=False)
class Answer:
    """The formula of a table, and how sure it is.

    symbol        of the target
    identified    whether the data determine the formula, and nothing that was held out speaks against it
    certificate   of the exact engine: why, as JSON values; {} where it was not run
    verdict       of check and prove: "yes" (proved), "no", "approximate", "undecided"; of fit that of its formula
    details       the JSON that the command prints
    """

    symbol: str
    data: Dataset = field(repr=False)
    held_out: Dataset = field(repr=False)
    pieces: tuple[Piece, ...]
    identified: bool
    certificate: dict[str, Any]
    verdict: str
    words: str
    details: dict[str, Any]

    # ---- the formula

    @property
    def formula(self) -> str | None:
        """The formula in Python's notation; None if there is none, or several, each for some of the rows (`parts`)."""
        return as_text(self.pieces[0].expression, "python") if self._single else None

    @property
    def parts(self) -> dict[str, str]:
        """Condition -> formula if there are several formulas; otherwise {}."""
        return {} if self._single else {piece.condition: as_text(piece.expression, "python") for piece in self.pieces}

    @property
    def _single(self) -> bool:
        return len(self.pieces) == 1 and not self.pieces[0].condition

    def latex(self) -> str:
        """The right-hand side in LaTeX; cases if there are several formulas. Raises UserError if there is none."""
        self._needed()
        if self._single:
            return self.pieces[0].judgement.latex
        cases = r" \\ ".join(rf"{one.judgement.latex} & \text{{{one.condition}}}" for one in self.pieces)
        return rf"\begin{{cases}}{cases}\end{{cases}}"

    def sympy(self) -> sympy.Expr:
        """The formula as a SymPy expression. Raises UserError if there is none, or several."""
        self._needed()
        if not self._single:
            raise UserError("there are several formulas, each for a part of the rows; see .parts")
        return to_sympy(self.pieces[0].expression)

    def _needed(self) -> None:
        if not self.pieces:
            raise UserError(f"there is no formula for {self.symbol}; print the answer to see why")

    # ---- its values

    @property
    def labels(self) -> tuple[str, ...]:
        return self.data.labels

    def predict(self, data: Any, exact: bool = False) -> Any:
        """The formula's value on each row of a table with the columns of the labels.

        Returns float64, for a pandas DataFrame a Series; NaN where the formula is undefined or no part of it holds.
        With `exact`, a list of Fractions, with None for NaN.
        """
        self._needed()
        columns = label_columns(data, self.labels, self.data.sectors)
        values = [self._value(dict(zip(self.labels, row, strict=True))) for row in zip(*columns, strict=True)]
        if exact:
            return values
        floats = np.array([np.nan if value is None else float(value) for value in values], dtype=float)
        if hasattr(data, "reset_index"):
            import pandas as pd

            return pd.Series(floats, index=data.index, name=self.symbol)
        return floats

    def _value(self, point: dict[str, Fraction]) -> Fraction | None:
        piece = next((piece for piece in self.pieces if piece.belongs(point)), None)
        return None if piece is None else exact_value_at(piece.expression, point)

    @cached_property
    def rows(self) -> dict[str, list]:
        """Every row that was used, by column: the labels, `target`, `formula`, `residual`, `held_out`.

        Theories by size, those to fit first, then those that were held out. Labels are as in the table, targets and
        values are Fractions (a decimal that is not known exactly is the fraction it denotes).
        """
        result: dict[str, list] = {name: [] for name in (*self.labels, "target", "formula", "residual", "held_out")}
        for part, held_out in ((self.data, False), (self.held_out, True)):
            for row, point in enumerate(part.x.tolist()):
                values = [Fraction(part.value(column, whole)) for column, whole in enumerate(point)]
                labels = dict(zip(self.labels, values, strict=True))
                target, value = part.exact_target(row), self._value(labels) if self.pieces else None
                for label, shown in part.described(point).items():
                    result[label].append(shown)
                result["target"].append(target)
                result["formula"].append(value)
                result["residual"].append(None if value is None else target - value)
                result["held_out"].append(held_out)
        return result

    @cached_property
    def residuals(self) -> np.ndarray:
        """Target minus formula on every row of `rows`, float64: exactly 0 where the formula is exact, NaN where it is
        undefined."""
        return np.array([np.nan if value is None else float(value) for value in self.rows["residual"]], dtype=float)

    # ---- for display

    def __repr__(self) -> str:
        return self.words

    def _repr_latex_(self) -> str | None:
        if not self.pieces:
            return None
        sure = "" if self.identified or self.verdict == YES else r"\quad\text{(not identified)}"
        return f"$\\displaystyle {latex_symbol(self.symbol)} = {self.latex()}{sure}$"


# ---- from the results of the commands


def _pieces(answer: FitAnswer) -> tuple[Piece, ...]:
    parts = answer.certificate.get("parts") or []
    pieces = []
    for number, formula in enumerate(answer.formulas):
        if not formula.shown:
            continue
        part = parts[number] if formula.condition and number < len(parts) else {}
        pieces.append(
            Piece(
                expression_judged(formula.judgement, formula.data.labels),
                formula.judgement,
                formula.condition,
                _membership(part, answer.spectrum.data),
            )
        )
    return tuple(pieces)


def _membership(part: Mapping[str, Any], data: Dataset) -> Membership | None:
    if not part:
        return None
    scales = dict(zip(data.labels, data.scales or (1,) * len(data.labels), strict=True))
    sector = {}
    for label, value in (part.get("sector") or {}).items():
        texts = data.sectors.get(label, ())
        sector[label] = Fraction(texts.index(value)) if value in texts else Fraction(value)
    residues = tuple((tuple(labels), modulus, rest) for labels, modulus, rest in part.get("residues") or ())
    return Membership(residues, scales, sector)


def _of_fit(fitted: FitAnswer | LevelsAnswer) -> Answer:
    """The answer of a fit; for a table without labels of fields the formula is in the hidden quantum numbers too."""
    answer = fitted if isinstance(fitted, FitAnswer) else fitted.formula
    symbol = fitted.request.target if fitted.request else "y"
    if answer is None:
        nothing = _no_rows()
        return Answer(
            symbol, nothing, nothing, (), fitted.identified, {}, NO, answer_in_words(fitted), fitted.as_dict()
        )
    spectrum = answer.spectrum
    judgements = [formula.judgement for formula in answer.formulas]
    return Answer(
        symbol=symbol,
        data=spectrum.data,
        held_out=spectrum.held_out,
        pieces=_pieces(answer),
        identified=fitted.identified,
        certificate=answer.certificate,
        verdict=_weakest([judgement.recovered for judgement in judgements]),
        words=answer_in_words(fitted),
        details=fitted.as_dict(),
    )


def _no_rows() -> Dataset:
    none = np.array([], dtype=np.int64)
    return Dataset((), 0, none.reshape(0, 0), none, none)


def _weakest(verdicts: Sequence[str]) -> str:
    return next((verdict for verdict in verdicts if verdict != YES), YES if verdicts else NO)


def _of_check(
    table: SplitTable, result: Check | None, words: str, details: dict[str, Any], identified: bool | None = None
) -> Answer:
    judgement = result and result.judgement
    fitted = result and result.answer
    sure = bool(fitted and fitted.identified and result and result.same_as_fit == YES)
    labels = table.data.labels
    return Answer(
        symbol=table.symbol,
        data=table.data,
        held_out=table.held_out,
        pieces=(Piece(expression_judged(judgement, labels), judgement),) if judgement else (),
        identified=sure if identified is None else identified,
        certificate=fitted.certificate if fitted else {},
        verdict=judgement.recovered if judgement else NO,
        words=words,
        details=details,
    )


# ---- the functions


def _names(names: Names) -> tuple[str, ...]:
    """Names as text: pandas numbers the columns that have no names."""
    return (str(names),) if isinstance(names, str | int) else tuple(map(str, names or ()))


def _request(
    target: str | int,
    theory: Names = None,
    state: Names = None,
    labels: Names = None,
    hold_out: float | str = 0.2,
    uncertainty: str | None = None,
    sigma: str | None = None,
    drop: Names = None,
    finite: Names = None,
    skip_missing: bool = False,
) -> SpectrumRequest:
    if not isinstance(target, str | int):
        raise UserError(f"target is {target!r}; give the name of one column")
    target = str(target)
    first, second, every = _names(theory), _names(state), _names(labels)
    if every and (first or second):
        raise UserError("labels lists all labels without telling theories apart; give either it or theory and state")
    if not isinstance(hold_out, str) and not (isinstance(hold_out, int | float) and 0 <= hold_out < 1):
        raise UserError(f"hold_out is {hold_out!r}; give a share from 0 to below 1, or the name of a column")
    return SpectrumRequest.of_roles(
        "table",
        NAME,
        target,
        first,
        second,
        every,
        hold_out if isinstance(hold_out, str) else float(hold_out),
        uncertainty=uncertainty,
        sigma=sigma,
        finite_labels=_names(finite),
        drop=_names(drop),
        skip_missing=skip_missing,
    )


def fit(
    data: Any,
    target: str | int,
    theory: Names = None,
    state: Names = None,
    *,
    labels: Names = None,
    shape: str | None = None,
    hold_out: float | str = 0.2,
    uncertainty: str | None = None,
    sigma: str | None = None,
    drop: Names = None,
    finite: Names = None,
    skip_missing: bool = False,
    max_degree: int | None = None,
    max_unknowns: int | None = None,
) -> Answer:
    """The exact formula of a table: a rational function of the labels that gives the target.

    target         the column to find a formula for
    theory, state  the labels that fix a theory, and a field within it; `labels` if the two kinds are not
                   distinguished. Without any of them all other columns are labels
    shape          a structure such as "a*l*(l+b)/(c*k+d)": its constants are solved for exactly
    hold_out       the share of the theories, the largest, that is held out to judge the formula; or a column
    uncertainty, sigma   columns: how far each target may be off, or its standard deviation
    drop, finite, skip_missing, max_degree, max_unknowns   as in `cftsr fit --help`

    Raises cftsr.errors.UserError, with one message, where the table cannot be used.
    """
    request = _request(target, theory, state, labels, hold_out, uncertainty, sigma, drop, finite, skip_missing)
    if shape is not None:
        table = _table(data, request)
        solved: ShapeFit = fit_shape(str(shape), table)
        return _of_check(table, solved.check, describe_shape(solved), solved.as_dict(), solved.identified)
    options = options_of_fit(max_degree=max_degree, max_unknowns=max_unknowns)

    def read(file_request: SpectrumRequest) -> Answer:
        answer = _of_fit(fit_table(file_request, options))
        return answer if is_file(data) else _of_a_table(answer, str(file_request.file))

    return read_table(data, request, read)


def _of_a_table(answer: Answer, path: str) -> Answer:
    """The answer without the name of the file that a table in memory was read from."""
    words, details = answer.words.replace(path, NAME), answer.details | {"file": NAME}
    return replace(answer, words=words, details=details)


def _table(data: Any, request: SpectrumRequest, closed_form: str | None = None) -> SplitTable:
    table = read_table(data, request, table_of_file)
    table = table if is_file(data) else replace(table, source=NAME)
    return table.with_closed_form(closed_form)


def _rows(
    data: Any, cell: str | None, target: str | None, closed_form: str | None, more: Mapping[str, Any]
) -> SplitTable:
    if (data is None) == (cell is None):
        raise UserError('name the rows: either a table and its target, or cell="minimal/conformal_weight/n100_f30"')
    if cell is not None:
        from cftsr.answers.checking import table_of_cell
        from cftsr.sweep.config import base_config, read_config

        return table_of_cell(cell, read_config(base_config())).with_closed_form(closed_form)
    if target is None:
        raise UserError("target: name the column that the formula gives")
    _, *known = inspect.signature(_request).parameters
    unknown = next((name for name in more if name not in known), None)
    if unknown is not None:
        raise TypeError(f"unexpected argument {unknown!r}; known are {', '.join(known)}")
    return _table(data, _request(target, **more), closed_form)


def check(
    formula: str,
    data: Any = None,
    target: str | None = None,
    *,
    cell: str | None = None,
    closed_form: str | None = None,
    compare: bool = True,
    **columns: Any,
) -> Answer:
    """The verdict on a formula, as for one of an engine: on the data, on held-out rows, against a closed form.

    formula      as in Python, SymPy or PySR: "3*k/(k+2)", "(l+1)^2/4", "square(l)"
    cell         a data set of a sweep instead of a table, such as "minimal/conformal_weight/n100_f30"
    closed_form  a formula that it should be identical to
    compare      whether to run `fit` and compare with its formula
    columns      theory, state, labels, hold_out, ... as in `fit`
    """
    table = _rows(data, cell, target, closed_form, columns)
    result = check_table(str(formula), table, default_options() if compare else None)
    return _of_check(table, result, describe_check(result), result.as_dict())


def prove(
    equations: Any,
    data: Any = None,
    target: str | None = None,
    *,
    cell: str | None = None,
    closed_form: str | None = None,
    variables: Names = None,
    compare: bool = True,
    **columns: Any,
) -> Answer:
    """The simplest of another tool's equations that can be made exact and proved.

    equations   the path of a file (PySR's hall_of_fame.csv), a list of texts, a table with a column of equations, or a
                fitted PySRRegressor
    variables   the labels that x0, x1, ... stand for, in this order

    The answer's `details["equations"]` has the verdict on each.
    """
    table = _rows(data, cell, target, closed_form, columns)
    file, entries = _entries(equations)
    proof: Proof = prove_equations(entries, file, table, default_options() if compare else None, _names(variables))
    return _of_check(table, proof.best, describe_proof(proof), proof.as_dict())


def _entries(equations: Any) -> tuple[str, list[FileEquation]]:
    if isinstance(equations, str | Path):
        return str(equations), read_equations(equations)
    equations = getattr(equations, "equations_", equations)
    if isinstance(equations, Sequence) and all(isinstance(equation, str) for equation in equations):
        texts = list(equations)
    else:
        columns = columns_of(equations)
        column = next((name for known in EQUATION for name in columns if name.lower() == known), None)
        if column is None:
            raise UserError(f"the equations have no column called {EQUATION[0]}; there is {', '.join(columns)}")
        texts = [str(text) for text in columns[column]]
    if not texts:
        raise UserError("there is no equation; give at least one")
    return "equations", [FileEquation(number, text) for number, text in enumerate(texts)]


@dataclass(frozen=True, repr=False)
class Theories:
    """Theories and products of theories that have the requested levels.

    found     whether there is one that has exactly these
    theories  their names, the simplest first
    details   the JSON that the command prints
    """

    found: bool
    theories: tuple[str, ...]
    details: dict[str, Any]
    words: str

    def __repr__(self) -> str:
        return self.words


def identify(
    levels: Iterable[Any],
    c: Any = None,
    *,
    energies: bool = False,
    complete: bool = False,
    factors: int | None = None,
    max_c: Any = None,
) -> Theories:
    """Which theory, or product of theories, has these lowest weights (or energies).

    levels    numbers, fractions, or text such as "1/16"
    c         the central charge, if it is known
    complete  whether the levels are all that the theory has
    factors   the largest number of factors of a product (default 3 if c is known, else 2)
    max_c     the largest central charge of a factor
    """
    from cftsr.identify.command import as_dict, describe_identification
    from cftsr.identify.index import Bounds, build_index
    from cftsr.identify.near import near_misses
    from cftsr.identify.reading import read_number, read_numbers
    from cftsr.identify.search import identify as search
    from cftsr.identify.search import query_of

    if factors is not None and not 1 <= factors <= 3:
        raise UserError(f"factors is {factors}; products have 1, 2 or 3 factors")
    bounds = Bounds()
    if max_c is not None:
        bounds = replace(bounds, central_charge=read_number(str(max_c), "max_c").high)
    charge = None if c is None else read_number(str(c), "c")
    query = query_of(read_numbers([str(level) for level in levels]), charge, energies, complete)
    result: Identification = search(build_index(bounds), query, factors)
    near = near_misses(result)
    names = tuple(one.name for one in result.answers)
    return Theories(result.found, names, as_dict(result, near), describe_identification(result, near))


__all__ = ["NOT_LOOKED_AT", "Answer", "Theories", "check", "fit", "identify", "prove"]
