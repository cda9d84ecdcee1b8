"""Campaigns that take hours are run when they are asked for: make soak, or -m soak."""

from __future__ import annotations


def pytest_collection_modifyitems(config, items):
    if "soak" in config.option.markexpr:
        return
    long = [item for item in items if item.get_closest_marker("soak")]
    if long:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]
