"""config.yaml: what is accepted, what is refused and how, and which cells follow."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import pytest
import yaml

from cftsr.data.tasks import TASKS
from cftsr.engines import get_engine
from cftsr.engines.base import Availability
from cftsr.errors import UserError
from cftsr.sweep.cells import percent
from cftsr.sweep.config import validate
from cftsr.sweep.plan import Sweep

CONFIG = yaml.safe_load((Path(__file__).parents[3] / "config.yaml").read_text(encoding="utf-8"))


def changed(**keys) -> dict:
    return deepcopy(CONFIG) | keys


def nested(path: str, value) -> dict:
    config = deepcopy(CONFIG)
    *parents, last = path.split(".")
    place = config
    for key in parents:
        place = place[key]
    place[last] = value
    return config


REFUSED = [
    (changed(families=["minimall"]), "families", "'minimall' does not exist (did you mean minimal?)", "wzw_su2"),
    (changed(tasks=["weights"]), "tasks", "'weights'", "conformal_weight"),
    (changed(engines=["rational", "eureqa"]), "engines", "'eureqa'", "operon"),
    (changed(settings=["integers"]), "settings", "'integers'", "did you mean integer?"),
    (changed(fractions=[0.1, 0]), "fractions is 0", "more than 0 and at most 1"),
    (changed(fractions=[1.1]), "fractions is 1.1", "at most 1"),
    (changed(fractions=["ten"]), "fractions", "'ten'", "a number"),
    (changed(fractions=[float("nan")]), "fractions", "nan", "a number"),
    (changed(theories=[0]), "theories is 0", "at least 1"),
    (changed(theories=[-5]), "theories is -5", "at least 1"),
    (changed(theories=[100.5]), "theories is 100.5", "a whole number"),
    (changed(theories=[True]), "theories is True", "a whole number"),
    (changed(theories=[]), "theories", "empty list"),
    (changed(families=[]), "families", "empty list"),
    (changed(theories=[100, 200, 100]), "theories", "100 appears twice"),
    (changed(families=["minimal", "minimal"]), "families", "'minimal' appears twice"),
    (changed(seeds=["a"]), "seeds is 'a'", "a whole number"),
    (changed(seeds=[1.5]), "seeds is 1.5", "a whole number"),
    (changed(seeds=[-1]), "seeds is -1", "at least 0"),
    (changed(budget="fast"), "budget", "'fast' does not exist", "quick"),
    (changed(budget=3), "budget is 3", "a name"),
    (changed(family=["minimal"]), "'family' does not exist", "did you mean families?"),
    ({key: value for key, value in CONFIG.items() if key != "seeds"}, "'seeds' is missing"),
    (nested("central_charge.pool", 50), "central_charge.theories", "100 theories cannot be drawn from a pool of 50"),
    (nested("conventions.rounding", "up"), "conventions.rounding is 'up'", "ceil, floor, nearest"),
    (nested("conventions.minimal", {"smalest_q": 3}), "conventions.minimal.smalest_q", "smallest_q"),
    (nested("conventions.minimal", {"smallest_q": 1}), "conventions.minimal.smallest_q is 1", "2"),
    (nested("conventions.minimal", {"smallest_q": "three"}), "conventions.minimal.smallest_q is 'three'", "int"),
    (nested("conventions.minimal", 7), "conventions.minimal is 7", "mapping"),
    (nested("engine_options.rational.max_unknowns", "many"), "max_unknowns is 'many'", "a whole number"),
    (nested("engine_options.operon.refine", 1), "engine_options.operon.refine is 1", "true or false"),
    (nested("engine_options.operon.unit_mutation", 1.5), "engine_options.operon.unit_mutation is 1.5", "at most 1.0"),
    (nested("engine_options.operon.bands", []), "engine_options.operon.bands is an empty list"),
    (nested("engine_options.operon.bands", ["whole", "upperx"]), "bands is 'upperx'", "did you mean upper?", "middle"),
    (nested("engine_options.pysr.precision", 48), "engine_options.pysr.precision is 48", "allowed are 32, 64"),
    (nested("engine_options.rational", 7), "engine_options.rational is 7", "a mapping"),
    (nested("budgets.quick", 7), "budgets.quick is 7", "a mapping"),
    (nested("engine_options.rational.max_unknown", 5), "'max_unknown' does not exist", "did you mean max_unknowns?"),
    (nested("budgets.quick", {"rationale": {}}), "budgets.quick", "'rationale'", "did you mean rational?"),
    (
        nested("engine_options.pysr.iterations", {"central_charge": 400, "conformal_weight": 600}),
        "engine_options.pysr.iterations: key 'other' is missing, the value for the tasks that are not named",
    ),
    (nested("engine_options.pysr.iterations", {"other": 9, "weigth_sum": 9}), "key 'weigth_sum'", "mean weight_sum?"),
    (nested("engine_options.pysr.iterations", {"other": 0}), "engine_options.pysr.iterations.other is 0", "at least 1"),
    (nested("held_out.next_theories", 0), "held_out.next_theories is 0", "at least 1"),
    (nested("verification.seconds", 0), "verification.seconds is 0", "more than 0"),
]


@pytest.mark.parametrize(("config", "fragments"), [(case[0], case[1:]) for case in REFUSED], ids=lambda case: "")
def test_a_mistake_gets_one_message_with_the_key_the_value_and_what_is_allowed(config, fragments):
    with pytest.raises(UserError) as caught:
        Sweep(config)
    message = str(caught.value)
    assert message.startswith("config")
    assert "\n" not in message
    for fragment in fragments:
        assert fragment in message


def test_the_shipped_configuration_is_the_papers_sweep():
    sweep = Sweep(changed(engines=["rational", "operon"]))
    rational = [cell for cell in sweep.cells if cell.engine == "rational"]
    operon = [cell for cell in sweep.cells if cell.engine == "operon"]
    assert len(rational) == 20
    assert {cell.setting for cell in rational} == {"any"}
    # 2 central charges; 9 data sets with 2 settings for su(2)_k, which has no square, and 3 for the minimal models
    assert len(operon) == 2 + 9 * 2 + 9 * 3
    assert len(set(sweep.cells)) == len(sweep.cells)


def test_lists_of_one_need_no_brackets():
    assert validate(changed(families="minimal", theories=10, engines="auto"))["families"] == ["minimal"]


def test_lists_of_numbers_from_the_command_line_arrive_as_text():
    validated = validate(changed(seeds=["0", "1"], theories=["10"], fractions=["0.5", "1"]))
    assert (validated["seeds"], validated["theories"], validated["fractions"]) == ([0, 1], [10], [0.5, 1])


def test_integer_flat_runs_for_su2_only_where_integer_does_not():
    sweep = Sweep(
        changed(families=["wzw_su2"], tasks=["conformal_weight"], settings=["integer_flat"], engines="operon")
    )
    assert {cell.setting for cell in sweep.cells} == {"integer_flat"}


def test_seeds_multiply_only_the_engines_that_use_them():
    sweep = Sweep(changed(seeds=[0, 1, 2], engines=["rational", "operon"]))
    assert {cell.seed for cell in sweep.cells if cell.engine == "rational"} == {0}
    assert {cell.seed for cell in sweep.cells if cell.engine == "operon"} == {0, 1, 2}


def test_an_option_by_task_has_a_value_for_every_task_and_for_those_that_are_not_ours(monkeypatch):
    monkeypatch.setattr(get_engine("pysr"), "availability", classmethod(lambda cls, named=False: Availability(True)))
    sweep = Sweep(
        nested("engine_options.pysr.iterations", {"gap": 7, "other": 8}) | {"budget": "paper", "engines": "pysr"}
    )
    assert sweep.options("pysr", "gap")["iterations"] == 7
    assert {sweep.options("pysr", task)["iterations"] for task in (*TASKS, "given") if task != "gap"} == {8}
    sweep = Sweep(nested("engine_options.pysr.iterations", 9) | {"budget": "paper", "engines": "pysr"})
    assert sweep.options("pysr", "given")["iterations"] == 9


def test_tasks_with_one_number_for_a_theory_are_drawn_as_the_central_charges_are():
    sweep = Sweep(changed(tasks=["central_charge", "gap", "weight_sum"], families=["minimal"], engines=["operon"]))
    assert [(cell.task, cell.dataset, cell.setting) for cell in sweep.cells] == [
        ("central_charge", "n100", "free"),
        ("gap", "n100", "free"),
        ("weight_sum", "n100", "free"),
    ]
    requests = [sweep.request("minimal", task, "n100") for task in ("central_charge", "gap")]
    assert requests[1] == requests[0] | {"task": "gap"}
    assert requests[1]["pool"] == 300


def test_auto_leaves_out_what_cannot_run_and_an_explicit_list_fails(monkeypatch):
    answer = Availability(False, "its package is not installed", "Install it with make.")
    monkeypatch.setattr(get_engine("operon"), "availability", classmethod(lambda cls, named=False: answer))
    sweep = Sweep(changed(engines="auto"))
    assert "operon" not in sweep.engines
    assert "operon does not run: its package is not installed. Install it with make." in sweep.describe()
    with pytest.raises(UserError, match="operon cannot run here: its package is not installed"):
        Sweep(changed(engines=["operon"]))


def test_a_budget_changes_only_the_options_it_names():
    config = nested("budgets.thorough", {"rational": {"max_unknowns": 500}})
    plain = Sweep(config | {"budget": "quick"}).options("rational", "conformal_weight")
    thorough = Sweep(config | {"budget": "thorough"}).options("rational", "conformal_weight")
    assert thorough == plain | {"max_unknowns": 500}


def test_fractions_give_readable_names():
    assert [percent(text) for text in ("0.1", "0.125", "1")] == ["10", "12.5", "100"]
