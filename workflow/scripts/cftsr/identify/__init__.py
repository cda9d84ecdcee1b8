"""Which theory is this? From the lowest weights (or energies) of a theory, with or without c, to all theories and
products of two or three theories that have exactly these.

Nothing is trained or fitted: an index holds the lowest weights of every theory up to a bound, and the search in it is
exact. The package can be called: `cftsr.identify([0, "1/16"])`.
"""

import importlib
import sys
import types


class _Callable(types.ModuleType):
    def __call__(self, *arguments, **options):
        return importlib.import_module("cftsr.interface.api").identify(*arguments, **options)


sys.modules[__name__].__class__ = _Callable
