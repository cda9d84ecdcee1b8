"""Files that come with the software. In a checkout they are links to where users read them; a wheel has copies."""

from __future__ import annotations

from pathlib import Path


def shipped(name: str) -> Path:
    """Where config.yaml, config.schema.yaml, configs, data or report is, links resolved."""
    return Path(__file__).with_name(name).resolve()
