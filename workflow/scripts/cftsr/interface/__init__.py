"""The commands from Python: for tables in memory, and as a scikit-learn estimator."""
