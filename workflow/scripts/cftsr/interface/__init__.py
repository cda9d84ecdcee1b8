"""The same from Python: for tables in memory, and as an estimator."""
