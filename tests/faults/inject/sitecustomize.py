"""Makes an engine misbehave. Python imports this by itself in every process that has this folder on PYTHONPATH.

CFTSR_FAULTS is a JSON object: the seed of a cell -> what operon does in its second chunk there. Production code knows
nothing of it.
"""

import importlib.abc
import importlib.util
import json
import os
import sys

TARGET = "cftsr.engines.operon.engine"
FAULTS = json.loads(os.environ.get("CFTSR_FAULTS", "{}"))


def _raises(engine, progress):
    raise RuntimeError("the search library fell over")


def _hangs(engine, progress):
    import ctypes

    ctypes.PyDLL(None).sleep(600)  # in C, and with Python's lock held: no thread or handler of Python gets a turn


def _loops(engine, progress):
    while True:
        pass


def _crashes(engine, progress):
    import signal

    os.kill(os.getpid(), signal.SIGSEGV)


def _leaves(engine, progress):
    sys.exit(0)


def _memory(engine, progress):
    raise MemoryError


def _only(*texts):
    def fault(engine, progress):
        from dataclasses import replace

        from cftsr.fronts.front import Candidate

        found = tuple(Candidate(text) for text in texts)
        return replace(progress, chunk=progress.chunk + 1, candidates=found, stop_reason="exhausted")

    return fault


def _again(engine, progress):
    return progress


KINDS = {
    "raises": _raises,
    "hangs": _hangs,
    "loops": _loops,
    "crashes": _crashes,
    "leaves": _leaves,
    "memory": _memory,
    "nan": _only("nan", "k*nan"),
    "inf": _only("inf*k", "1e999", "k/(l-l)"),
    "empty": _only(),
    "unparsable": _only("k", "exp(k)"),
    "code": _only("k", "__import__('os').system('touch cftsr_was_here')"),
    "no progress": _again,
}


def patch(module):
    advance = module.Operon.advance

    def faulty(self, assignment, progress):
        kind = FAULTS.get(str(assignment.seed))
        if kind and progress.chunk == 1:
            return KINDS[kind](self, progress)
        return advance(self, assignment, progress)

    module.Operon.advance = faulty


class Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name != TARGET:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        run = spec.loader.exec_module

        def exec_module(module):
            run(module)
            patch(module)

        spec.loader.exec_module = exec_module
        return spec


if FAULTS:
    sys.meta_path.insert(0, Finder())
