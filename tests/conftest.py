"""The order of tests, and which of them run: campaigns that take hours only when asked for (make soak, or -m soak)."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

UNIT = Path(__file__).parent / "unit"

# No test may fail because the machine is busy.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


def pytest_collection_modifyitems(config, items):
    # Tracing lines doubles the time of exact arithmetic in Python, and a campaign runs the same lines for each example.
    for item in items:
        if getattr(getattr(item, "obj", None), "is_hypothesis_test", False):
            item.add_marker(pytest.mark.no_cover)
    # The real workflow takes a minute a test: first, so that no worker is left alone with it at the end.
    items.sort(key=lambda item: item.path.is_relative_to(UNIT))
    if "soak" in config.option.markexpr:
        return
    long = [item for item in items if item.get_closest_marker("soak")]
    if long:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in long]
