"""Rediscover the formulas of rational conformal field theories, and prove what was found.

The package never imports Snakemake: the scripts beside it hand it plain values, and tests and notebooks
use it the same way.
"""

__version__ = "0.1.0"
