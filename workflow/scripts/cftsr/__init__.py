"""Rediscover the formulas of rational conformal field theories, and prove them.

The package never imports Snakemake: the scripts next to it hand it plain values, and tests and notebooks
use it the same way. `fit`, `check`, `prove`, `identify` and `RationalRegressor` are for users; see docs/python.md.
"""

import importlib

__version__ = "0.1.0"

# Imported when first used, and by name: neither the start of the command nor the digests of fits depend on them.
_API = dict.fromkeys(("fit", "check", "prove", "Answer"), "cftsr.interface.api")
_API["RationalRegressor"] = "cftsr.interface.regressor"


def __getattr__(name):
    if name == "identify":  # a package that can be called
        return importlib.import_module("cftsr.identify")
    if name in _API:
        return getattr(importlib.import_module(_API[name]), name)
    raise AttributeError(f"module 'cftsr' has no attribute {name!r}")


def __dir__():
    return sorted([*globals(), *_API, "identify"])
