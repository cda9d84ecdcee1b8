"""Spectra without labels of fields: the names that hidden quantum numbers get, and the closed forms in them.

The data of such a task are theory labels and the distinct energies of each theory. Which hidden quantum numbers a level
has is found later (`cftsr.hidden`), and only then are they labels that a formula can be in.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

# The hidden labels: one integer or two, and the sector where levels have several shifts. `lambda` is a keyword.
LAMBDA, MU, SECTOR = "lambda_", "mu", "sector"

# The key, in the metadata of a data set, of the result of the search for hidden quantum numbers: JSON.
FINDING = "hidden"
WITHOUT_LABELS = "the theories have no labels"  # in a result that is complete without formulas in the labels

# E in the hidden labels; they judge fits and never make one. The hidden integers are normalised as the search does it:
# whole, non-negative, with the smallest D. That of a minimal or superconformal model is |p r - q s|, or half of it
# in the NS sector (sector 0): Kac's formula. For WZW models E = |lambda + rho|^2/(2 (k + h)) - dim g/24 by the strange
# formula of Freudenthal and de Vries; W_3: Fateev, Zamolodchikov, Nucl. Phys. B 280 (1987) 644; parafermions:
# Zamolodchikov, Fateev, Sov. Phys. JETP 62 (1985) 215; N=2: lambda and mu are l + 1 - m and l + 1 + m, and sector 0 is
# Ramond. Other families have no normalisation of their own.
CLOSED_FORMS = {
    "minimal": "square(lambda_)/(4*p*q)-1/24",
    "wzw_su2": "square(lambda_)/(4*(k+2))-1/8",
    "u1_boson": "square(lambda_)/(4*k)-1/24",
    "n1_superconformal": "square(lambda_)*(1+3*sector)/(8*p*q)-sector/16",
    "wzw_su3": "(square(lambda_)+lambda_*mu+square(mu))/(3*(k+3))-1/3",
    "wzw_sp4": "(square(lambda_)+square(mu))/(4*(k+3))-5/12",
    "wzw_g2": "(square(lambda_)+lambda_*mu+square(mu))/(3*(k+4))-7/12",
    "w3_minimal": "(square(lambda_)+lambda_*mu+square(mu))/(3*p*q)-1/12",
    "parafermions": "square(lambda_)/(4*(k+2))-square(mu)/(4*k)-1/12",
    "wzw_so_vector": "(square(lambda_)-square(n-2)-k*n*(n-1)/6)/(8*(n+k-2))",
    "n2_superconformal": "lambda_*mu/(4*(k+2))-sector/8",
}


def finding_of(metadata: Mapping[str, str]) -> dict[str, Any] | None:
    """The hidden quantum numbers of a data set, from its metadata; None where the data have their labels."""
    text = metadata.get(FINDING)
    return json.loads(text) if text else None
