"""What needs no label of a field: one number for a theory, against the literature, and found by the engines."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction as F
from itertools import islice
from math import gcd
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cftsr.algebra.expressions import apply_operator, fold
from cftsr.algebra.formula import parse
from cftsr.data.generate import drawn_theories, generate, lowest_levels
from cftsr.data.tasks import TASKS
from cftsr.data.tasks.weights import weights
from cftsr.engines import get_engine
from cftsr.engines.base import Assignment, Progress, problem_of
from cftsr.errors import UserError
from cftsr.families import Family, family_names, get_family
from cftsr.fronts.verdict import judge_front

OPTIONS = yaml.safe_load((Path(__file__).parents[3] / "config.yaml").read_text(encoding="utf-8"))["engine_options"]
NEW = ("lowest_weight", "effective_central_charge", "gap", "primaries", "weight_sum")
MINIMAL, SU2 = get_family("minimal"), get_family("wzw_su2")
EVERY_FAMILY = [get_family(name) for name in family_names()]


def values(family: Family, theory: tuple[int, ...]) -> list[F | None]:
    return [TASKS[name].target(family, theory, ()) for name in NEW]


# ---- the literature


@pytest.mark.parametrize(
    ("family", "theory", "expected"),
    [
        # Kac tables of Di Francesco, Mathieu, Senechal (1997), chapters 7 and 8. c_eff of M(p,q), and 2/5 of Lee-Yang:
        # Itzykson, Saleur, Zuber (1986); Cardy, Phys. Rev. Lett. 54 (1985) 1354.
        pytest.param(MINIMAL, (3, 2), "0 0 none 1 0", id="trivial"),
        pytest.param(MINIMAL, (5, 2), "-1/5 2/5 1/5 2 -1/5", id="Lee-Yang"),
        pytest.param(MINIMAL, (7, 2), "-3/7 4/7 1/7 3 -5/7", id="M(7,2)"),
        pytest.param(MINIMAL, (5, 3), "-1/20 3/5 1/20 4 9/10", id="M(5,3)"),
        pytest.param(MINIMAL, (4, 3), "0 1/2 1/16 3 9/16", id="Ising"),
        pytest.param(MINIMAL, (5, 4), "0 7/10 3/80 6 107/40", id="tricritical Ising"),
        pytest.param(MINIMAL, (6, 5), "0 4/5 1/40 10 47/6", id="tetracritical Ising"),
        pytest.param(SU2, (1,), "0 1 1/4 2 1/4", id="su(2)_1"),
        pytest.param(SU2, (2,), "0 3/2 3/16 3 11/16", id="su(2)_2"),
    ],
)
def test_a_theory_is_that_of_the_literature(family, theory, expected):
    assert values(family, theory) == [None if text == "none" else F(text) for text in expected.split()]


@pytest.mark.parametrize("family", EVERY_FAMILY, ids=lambda family: family.name)
def test_the_four_numbers_are_those_of_the_sorted_weights(family):
    for theory in islice(family.theories(), 12):
        every = [family.conformal_weight(theory, state) for state in family.states(theory)]
        levels = sorted(set(every))
        summary = weights(family, theory)
        assert summary.primaries == len(every) == TASKS["primaries"].target(family, theory, ())
        assert summary.total == sum(every)
        assert summary.lowest == levels[0]
        assert summary.gap == (levels[1] - levels[0] if len(levels) > 1 else None)


@dataclass(frozen=True)
class Levels(Family):
    """Theories with the weights that a test wants: the k-th has levels[k]."""

    levels: tuple[tuple[F, ...], ...] = ()
    name = "levels"
    title = "levels"
    theory_labels = ("k",)
    state_labels = ("l",)
    closed_forms = {}
    source = "none"

    def theories(self):
        return ((k,) for k in range(len(self.levels)))

    def states(self, theory):
        return ((l,) for l in range(len(self.levels[theory[0]])))

    def central_charge(self, theory):
        return F(1)

    def conformal_weight(self, theory, state):
        return self.levels[theory[0]][state[0]]


def test_the_gap_is_above_the_ground_level_whatever_its_degeneracy():
    half, third = F(1, 2), F(1, 3)
    family = Levels(((half, third, half, third), (half, half), (third,), (F(-1), half, F(-1, 2))))
    assert [weights(family, theory).gap for theory in family.theories()] == [F(1, 6), None, None, half]


# ---- rows


def test_a_theory_without_a_gap_gives_no_row():
    first = list(islice(MINIMAL.theories(), 13))
    for seed in range(4):
        data, held_out = drawn_theories(MINIMAL, TASKS["gap"], 6, 10, seed, 3)
        charges, others = drawn_theories(MINIMAL, TASKS["central_charge"], 6, 10, seed, 3)
        for gaps, drawn in ((data, charges), (held_out, others)):
            assert gaps.labels == ("p", "q")
            assert gaps.x.tolist() == [row for row in drawn.x.tolist() if row != [3, 2]]
        assert sorted(map(tuple, data.x.tolist() + held_out.x.tolist())) == sorted(first[1:])
    data, held_out = lowest_levels(MINIMAL, TASKS["gap"], 4, F(1), next_theories=2)
    assert (len(data), len(held_out)) == (3, 2)


def test_no_row_at_all_is_refused():
    with pytest.raises(UserError, match=r"none of the 1 theories of minimal that were drawn has a gap; raise central_"):
        drawn_theories(MINIMAL, TASKS["gap"], 1, 1, 0)


# ---- the closed forms


def exact(formula: str, labels: tuple[str, ...], theory: tuple[int, ...]) -> F:
    point = dict(zip(labels, theory, strict=True))
    return fold(
        parse(formula, labels),
        lambda node: F(point[node.value] if node.kind == "variable" else node.value),
        apply_operator,
    )


FORMS = [
    (family, task)
    for family in (
        *EVERY_FAMILY,
        get_family("minimal", {"smallest_q": 3}),
        get_family("minimal", {"smallest_q": 3, "identify_fields": False}),
        get_family("w3_minimal", {"identify_fields": False}),
    )
    for task in NEW
    if TASKS[task].closed_form(family)
]


@pytest.mark.parametrize(("family", "task"), FORMS, ids=str)
def test_the_closed_forms_are_the_exact_values(family, task):
    form = TASKS[task].closed_form(family)
    for theory in islice(family.theories(), 40):
        assert exact(form, family.theory_labels, theory) == TASKS[task].target(family, theory, ())


def test_which_closed_forms_there_are():
    known = {(family.name, task) for family, task in FORMS}
    assert {task for name, task in known if name == "wzw_su2"} == set(NEW)
    assert TASKS["gap"].closed_form(MINIMAL) is None
    assert TASKS["gap"].closed_form(get_family("minimal", {"smallest_q": 3})) == "3/(4*p*q)"
    assert {task for task in NEW if TASKS[task].closed_form(MINIMAL)} == set(NEW) - {"gap"}


@given(st.tuples(st.integers(2, 60), st.integers(2, 60)).filter(lambda pair: pair[0] > pair[1] and gcd(*pair) == 1))
def test_the_gap_of_a_minimal_model_has_one_formula_from_q_3_on_and_another_for_q_2(theory):
    p, q = theory
    gap = weights(MINIMAL, theory).gap
    assert gap == (F(3, 4 * p * q) if q > 2 else F(1, p) if p > 3 else None)


# ---- the engines


def judged(engine: str, family: str, task: str, conventions: dict | None = None, options: dict | None = None):
    """The verdict and the last state of a fit at the shipped options, on the workflow's data set of 100 theories."""
    data, held_out = generate(family, conventions or {}, task, 100, 50, pool=300)
    problem = problem_of(data, "free")
    assignment = Assignment(problem, OPTIONS[engine] | (options or {}), log=lambda line: None)
    *_, progress = get_engine(engine)().chunks(assignment, Progress())
    closed_form = TASKS[task].closed_form(get_family(family, conventions))
    return judge_front(problem.front(list(progress.candidates)), data, held_out, closed_form, 20), progress


@pytest.mark.parametrize("task", NEW)
@pytest.mark.parametrize(
    ("family", "conventions"), [("wzw_su2", {}), ("minimal", {"smallest_q": 3}), ("minimal", {"smallest_q": 2})]
)
def test_the_exact_engine_identifies_every_quantity_that_has_a_formula(family, conventions, task):
    pytest.importorskip("flint")
    verdict, progress = judged("rational", family, task, conventions)
    certificate = progress.extra["certificate"]
    if TASKS[task].closed_form(get_family(family, conventions)):
        assert certificate["outcome"] == "identified"
        assert verdict["recovered"] == "yes"
        assert verdict["equations"][verdict["selected"]]["identical_to_closed_form"] == "yes"
    else:  # the gap of the minimal models with those of q = 2: two formulas, hence none
        assert (family, task) == ("minimal", "gap")
        assert certificate["outcome"] == "none"
        assert verdict["recovered"] == "no"


@pytest.mark.parametrize("setting", ["free", "integer"])
def test_operon_takes_a_target_that_never_varies(setting):
    pytest.importorskip("pyoperon")
    data, held_out = generate("wzw_su2", {}, "lowest_weight", 20, 5, pool=40)
    problem = problem_of(data, setting)
    assignment = Assignment(problem, OPTIONS["operon"], log=lambda line: None)
    states = list(get_engine("operon")().chunks(assignment, Progress()))
    assert (len(states), states[-1].stop_reason) == (1, "exact")
    verdict = judge_front(problem.front(list(states[-1].candidates)), data, held_out, "0", 20)
    assert verdict["recovered"] == "yes"
