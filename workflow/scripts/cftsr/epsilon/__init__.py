"""The O(N) Wilson-Fisher point in 4 - epsilon dimensions: exact coefficients, order by order, as data."""
