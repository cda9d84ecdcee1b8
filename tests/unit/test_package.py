"""The package as a whole."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

import cftsr

MODULES = [module.name for module in pkgutil.walk_packages(cftsr.__path__, "cftsr.") if module.name != "cftsr.__main__"]


@pytest.mark.parametrize("name", MODULES)
def test_every_module_can_be_imported(name):
    importlib.import_module(name)
