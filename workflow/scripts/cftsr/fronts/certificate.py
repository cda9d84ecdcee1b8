"""A certificate of the exact engine in words."""

from __future__ import annotations

from typing import Any


def describe_certificate(certificate: dict[str, Any]) -> list[str]:
    """Sentences, most important first: why not identified, what else fits, and what the data were enough for.

    certificate   what `engines.rational.certify` returned
    """
    lines = list(certificate.get("reasons") or [])
    if certificate.get("competing_formula"):
        line = f"this fits every row too: {certificate['competing_formula']}"
        if certificate.get("deciding_labels"):
            point = ", ".join(f"{label}={value}" for label, value in certificate["deciding_labels"].items())
            values = " or ".join(certificate.get("deciding_values") or [])
            line += f"; they differ at {point}" + (f" ({values})" if values else "") + ": measure there to decide"
        lines.append(line)
    total = certificate.get("wrong_rows_total") or 0
    for row in certificate.get("wrong_rows") or []:
        point = ", ".join(f"{label}={value}" for label, value in row["labels"].items())
        lines.append(f"row {point}: the file says {row['given']}, the formula {row['formula']}")
    if total > len(certificate.get("wrong_rows") or []):
        lines.append(f"... {total} such rows in all")
    lines += certificate.get("remarks") or []
    if "unknowns" in certificate:
        dimension = certificate["dimension"]
        above, below = certificate["degrees"]
        lines.append(
            f"degrees {above} over {below}: {certificate['unknowns']} unknowns, {certificate['rows_needed']} rows "
            f"needed, {certificate['rows']} there; solution space of dimension {dimension}"
        )
        needed = certificate.get("values_needed", {})
        values = [
            f"{label} {count}" + (f" ({needed[label]} needed)" if label in needed else "")
            for label, count in certificate["distinct_values"].items()
        ]
        lines.append(f"values taken: {', '.join(values)}")
    for refit in certificate.get("refits") or []:
        found = "the same formula" if refit["same_formula"] else "not the same formula"
        lines.append(f"without {refit['without']} ({refit['rows_left_out']} rows): {found}")
    return lines
