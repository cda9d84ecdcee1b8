"""A certificate of the exact engine: what its search proved, what ended it, and the same in words.

Engines make it as a dataclass; in files it is JSON (`Certificate.as_dict`), without what does not apply.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from cftsr.vocabulary import APPROXIMATE, FITS, IDENTIFIED, NO, NONE, YES

# What ended a search without a formula, and what would raise the limit.
DEGREE, UNKNOWNS, ROWS, UNCERTAINTY, WRONG_ROWS = "degree", "unknowns", "rows", "uncertainty", "wrong rows"
REMEDIES = {
    DEGREE: "--max-degree raises it (engine_options.rational.max_degree in config.yaml)",
    UNKNOWNS: "--max-unknowns raises it (engine_options.rational.max_unknowns in config.yaml)",
    ROWS: "more rows allow more coefficients",
    UNCERTAINTY: "more digits, or a larger stated uncertainty, would decide",
    WRONG_ROWS: "engine_options.rational.wrong_rows in config.yaml raises it",
}

# Rows that agree beyond one for each unknown, held-out ones among them, before held-out rows stand in for a refit.
EVIDENT_ROWS, EVIDENT_HELD_OUT = 3, 2
# Values of a label beyond those that its degrees need.
SPARE_VALUES = 2
LONGEST = 240  # characters of another formula; a longer one is in the JSON
SHOWN = 6  # rows that disagree are printed up to this number


@dataclass(frozen=True)
class WrongRow:
    """A row that a formula does not pass through: its labels, the file's value and the formula's, as text."""

    labels: dict[str, int | str]
    given: str
    formula: str


@dataclass(frozen=True)
class Refit:
    """A fit without some of the rows. `same_formula` is None where too few rows, or digits, were left to find it."""

    without: str
    rows: int
    rows_left_out: int
    same_formula: bool | None


@dataclass(frozen=True)
class Constant:
    """A coefficient that is no fraction.

    value, error   its value and how far it may be off
    shown          with its uncertainty, as 13.60569312(1)
    known_as       a known constant that it may be, such as pi^2/6; "" where none is near
    chance         that one of those tried lies so near by accident
    """

    value: float
    error: float
    shown: str
    known_as: str = ""
    chance: float | None = None


@dataclass(frozen=True)
class Part:
    """One of several formulas, each for a part of the rows.

    condition   which rows, in words: "n even"
    residues    (labels, modulus, residue), of the sum of these labels as whole numbers, that hold for the part; or None
    sector      the values of finite labels, or None
    """

    condition: str
    formula: str
    certificate: Certificate
    residues: tuple[tuple[tuple[str, ...], int, int], ...] | None = None
    sector: dict[str, int | str] | None = None


@dataclass(frozen=True)
class Slice:
    """A joint value of the finite labels, and what the rows that have it prove by themselves."""

    labels: dict[str, int | str]
    certificate: Certificate


@dataclass(frozen=True)
class Certificate:
    """Whether the data determine the formula that passes through them, and how that is known.

    outcome          "identified", "fits" or "none"
    reasons          why it is not identified
    untested         what the data are too few to test; rows held out may
    limit            what ended a search that found nothing: "degree", "unknowns", "rows", "uncertainty", "wrong rows"
    rows, distinct_values   of the data: how many, and how many values each label takes
    degrees, unknowns, rows_needed, rows_used   of the ansatz that has the formula
    dimension        of its solution space, without P = Q = 0 on every row
    relations        (of P, of Q): dimension of the polynomials of that degree that vanish on every row
    values_needed    values of each label to test the formula in it
    agreement        "within uncertainty", of targets that are not exact
    approximate      whether rows are off by more than their uncertainty, though near the formula
    chance           that the coefficients are simple by accident
    chi_squared      per degree of freedom, where standard deviations are stated
    noise            largest relative distance of a target from the formula
    constants        coefficients that are no fractions
    parts            several formulas, where one for all rows was not found
    """

    outcome: str
    reasons: tuple[str, ...] = ()
    untested: tuple[str, ...] = ()
    limit: str | None = None
    rows: int = 0
    distinct_values: dict[str, int] | None = None
    degrees: tuple[int, int] | None = None
    unknowns: int | None = None
    rows_needed: int | None = None
    rows_used: int | None = None
    dimension: int | None = None
    relations: tuple[int, int] | None = None
    values_needed: dict[str, int] | None = None
    refits: tuple[Refit, ...] = ()
    slices: tuple[Slice, ...] = ()
    competing_formula: str | None = None
    competing_degrees: tuple[int, int] | None = None
    competing_formula_differs: bool | None = None
    deciding_labels: dict[str, int | str] | None = None
    deciding_values: tuple[str, ...] | None = None
    wrong_rows: tuple[WrongRow, ...] = ()
    wrong_rows_total: int | None = None
    remarks: tuple[str, ...] = ()
    agreement: str | None = None
    approximate: bool | None = None
    chance: float | None = None
    chi_squared: float | None = None
    noise: float | None = None
    constants: tuple[Constant, ...] = ()
    parts: tuple[Part, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """JSON values; what does not apply is left out."""
        values = asdict(self)
        values["slices"] = tuple({"labels": part.labels} | part.certificate.as_dict() for part in self.slices)
        return {"outcome": values.pop("outcome"), "reasons": list(values.pop("reasons"))} | {
            name: _plain(value) for name, value in values.items() if value is not None and value != ()
        }


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, dict):
        # A part's reasons are a list, as the whole's are, even where there are none.
        used = {key: entry for key, entry in value.items() if key == "reasons" or (entry is not None and entry != ())}
        return {key: _plain(entry) for key, entry in used.items()}
    return value


def identified(
    certificate: dict[str, Any], on_data: str, on_held_out: str, held_out: int, values: dict[str, int]
) -> bool:
    """Whether the data determine the formula, with what was held out.

    Held-out rows that agree exactly are evidence: they stand in for a refit that too few rows forbid.

    on_data, on_held_out   the verdicts on these rows
    held_out               how many rows were held out
    values                 how many values each label takes, data and held-out rows together
    """
    if certificate["outcome"] == IDENTIFIED:
        return True
    if certificate["outcome"] != FITS or certificate["reasons"] or not certificate.get("untested"):
        return False
    if on_data == NO and not certificate.get("wrong_rows"):
        return False
    return on_held_out in (YES, APPROXIMATE) and not lacking(certificate, held_out, values)


def lacking(certificate: dict[str, Any], held_out: int, values: dict[str, int]) -> list[str]:
    """What else is needed before held-out rows that agree settle what the data left untested, in words."""
    right = certificate["rows"] - (certificate.get("wrong_rows_total") or 0) + held_out
    # Agreement within an uncertainty is weaker evidence.
    unseen = max(EVIDENT_HELD_OUT, certificate["unknowns"] // 4) if certificate.get("agreement") else EVIDENT_HELD_OUT
    enough = certificate["unknowns"] + EVIDENT_ROWS
    needed = []
    if held_out < unseen:
        needed.append(f"{unseen} held-out rows ({held_out} there)")
    if right < enough:
        needed.append(f"{enough} rows in all ({right} there)")
    for label, count in (certificate.get("values_needed") or {}).items():
        if values[label] < count:
            needed.append(f"{count} values of {label} ({values[label]} there)")
    return needed


# ---- in words


def describe_certificate(certificate: dict[str, Any], tested: bool = False) -> list[str]:
    """Sentences, most important first: why not identified, what else fits, and what the data were enough for.

    tested   whether held-out rows settled what the data left untested
    """
    lines = list(certificate.get("reasons") or [])
    if not tested:
        lines += certificate.get("untested") or []
    if certificate.get("competing_formula"):
        rows = "the same rows" if certificate.get("wrong_rows") else "every row too"
        other = certificate["competing_formula"]
        line = f"this fits {rows}: {other}" if len(other) <= LONGEST else f"another function, a long one, fits {rows}"
        if certificate.get("deciding_labels"):
            point = in_words(certificate["deciding_labels"])
            values = " or ".join(certificate.get("deciding_values") or [])
            line += f"; they differ at {point}" + (f" ({values})" if values else "") + ": measure there to decide"
        lines.append(line)
    for constant in certificate.get("constants") or []:
        line = f"coefficient {constant['shown']}"
        if constant.get("known_as"):
            line += f": perhaps {constant['known_as']} (a chance of {constant['chance']:.1g} that it is an accident)"
        lines.append(line)
    if not certificate.get("approximate"):
        lines += wrong_rows_in_words(certificate.get("wrong_rows") or [], certificate.get("wrong_rows_total") or 0)
    lines += certificate.get("remarks") or []
    if "unknowns" in certificate:
        above, below = certificate["degrees"]
        space = f"; solution space of dimension {certificate['dimension']}" if "dimension" in certificate else ""
        lines.append(
            f"degrees {above} over {below}: {certificate['unknowns']} unknowns, {certificate['rows_needed']} rows "
            f"needed, {certificate['rows']} there{space}"
        )
        needed = certificate.get("values_needed", {})
        taken = [
            f"{label} {count}" + (f" ({needed[label]} needed)" if label in needed else "")
            for label, count in certificate["distinct_values"].items()
        ]
        lines.append(f"values taken: {', '.join(taken)}")
    words = {True: "the same formula", False: "not the same formula", None: "too little is left to find it again"}
    for refit in certificate.get("refits") or []:
        lines.append(f"without {refit['without']} ({refit['rows_left_out']} rows): {words[refit.get('same_formula')]}")
    return lines


def wrong_rows_in_words(rows: list[dict[str, Any]], total: int) -> list[str]:
    lines = [
        f"row {in_words(row['labels'])}: the file says {row['given']}, the formula {row['formula']}"
        for row in rows[:SHOWN]
    ]
    return [*lines, f"... {total} such rows in all"] if total > len(lines) > 0 else lines


def in_words(labels: dict[str, Any]) -> str:
    return ", ".join(f"{label}={value}" for label, value in labels.items())


def no_formula(reason: str, limit: str | None, rows: int, distinct: dict[str, int]) -> Certificate:
    return Certificate(NONE, (reason,), limit=limit, rows=rows, distinct_values=distinct)
