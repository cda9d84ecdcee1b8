"""Reading a configuration: YAML with its line numbers, merging and types as Snakemake's command line has them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from snakemake.cli import parse_config
from snakemake.utils import update_config

from cftsr.__main__ import main
from cftsr.data.user_file import SpectrumRequest
from cftsr.errors import UserError
from cftsr.sweep.config import (
    SHIPPED,
    assignments,
    base_config,
    changes,
    merged,
    read_config,
    spectrum_request,
    sweep_name,
    validate,
    with_types,
)

CONFIG = read_config(SHIPPED)


def written(folder: Path, text: str, name: str = "config.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_configuration_is_read_as_yaml_reads_it():
    assert yaml.safe_load(SHIPPED.read_text(encoding="utf-8")) == CONFIG


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "seeds: 0\nbudget: quick\nseeds: 1\n",
            r"\.yaml: key 'seeds' appears twice, in lines 1 and 3; remove one",
        ),
        ("held_out: &a {next_theories: *a}\n", r"config\.yaml: an anchor \(&\) stands for something that contains it"),
        ("a:\n  b: 1\n  c: 2\n  b: 3\n", r"key 'b' appears twice, in lines 2 and 4"),
        ("a: {b: 1, b: 1}\n", r"key 'b' appears twice, in lines 1 and 1"),
        ("families: [minimal\nbudget: quick\n", r"config\.yaml, line 2, column 7: invalid YAML"),
        ("a: 1\n\tb: 2\n", r"config\.yaml, line 2, column 1: invalid YAML"),
        ("- a\n- b\n", r"config\.yaml is no mapping of keys to values"),
        ("", "is no mapping"),
        ("? [a]\n: 1\n", r"config\.yaml, line 1, column 3: invalid YAML"),
        ("a: 1\n---\nb: 2\n", r"config\.yaml, line 2, column 1: invalid YAML"),
    ],
)
def test_a_damaged_file_is_named_with_its_line(tmp_path, text, message):
    with pytest.raises(UserError, match=message):
        read_config(written(tmp_path, text))


def test_the_same_key_in_two_mappings_and_merge_keys_are_no_duplicates(tmp_path):
    text = "a: &x {k: 1, l: 2}\nb: {<<: *x, k: 3}\n"
    assert read_config(written(tmp_path, text)) == {"a": {"k": 1, "l": 2}, "b": {"k": 3, "l": 2}}


def test_json_is_read_with_tabs_and_refused_with_a_key_twice(tmp_path):
    assert read_config(written(tmp_path, '{\n\t"seeds": [0]\n}', "c.json")) == {"seeds": [0]}
    with pytest.raises(UserError, match="key 'seeds' appears twice"):
        read_config(written(tmp_path, '{"seeds": [0], "seeds": [1]}', "c.json"))
    with pytest.raises(UserError, match=r"c\.json, line 1, column 11: invalid JSON"):
        read_config(written(tmp_path, '{"seeds": }', "c.json"))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(UserError, match=r"cannot read .*none\.yaml: No such file"):
        read_config(tmp_path / "none.yaml")


def test_a_folder_without_a_configuration_has_the_shipped_one(tmp_path):
    assert base_config(tmp_path) == SHIPPED
    own = written(tmp_path, "budget: quick\n")
    assert base_config(tmp_path) == own


SCALARS = st.one_of(st.integers(-9, 9), st.text("ab", max_size=2), st.none(), st.booleans())
TREES = st.recursive(
    SCALARS, lambda below: st.lists(below, max_size=2) | st.dictionaries(st.sampled_from("abc"), below), max_leaves=8
)
MAPPINGS = st.dictionaries(st.sampled_from("abc"), TREES)


@given(MAPPINGS, MAPPINGS)
def test_merging_is_snakemakes(config, change):
    expected = yaml.safe_load(yaml.safe_dump(config))
    update_config(expected, change)
    assert merged(config, change) == expected


@pytest.mark.parametrize(
    "pairs",
    [
        ["seeds=[0,1,2]", "budget=paper", "theories=20", "fractions=[0.5, 1]"],
        ["held_out={next_theories: 10}"],
        ["central_charge={pool: 200}", "central_charge={seed: 3}"],
        ["conventions={minimal: {smallest_q: 3, identify_fields: false}, rounding: floor}"],
        ["engine_options={operon: {restarts: 5, refine: false}}", "verification={seconds: 0.5}"],
        ["budgets={quick: {pysr: {iterations: {central_charge: 9, other: 8}}}}"],
        ["engine_options={operon: {bands: [whole, upper]}, pysr: {alpha: 1e-3}}"],
        ["cluster={max_mem_mb: 5}", "fit={chunk_minutes: 1.5}", "engines=rational", "families=[minimal]"],
    ],
)
def test_what_snakemakes_command_line_makes_of_a_value_and_what_ours_does_mean_the_same(pairs):
    """Snakemake leaves scalars in lists and mappings as text; their types are the schema's."""
    theirs = yaml.safe_load(yaml.safe_dump(CONFIG))
    update_config(theirs, parse_config(pairs))
    assert validate(theirs) == validate(merged(CONFIG, assignments(pairs)))


def test_text_is_read_by_the_type_of_its_key():
    config = with_types(
        merged(
            CONFIG,
            {
                "held_out": {"next_theories": "10"},
                "verification": {"seconds": "0.5"},
                "conventions": {"minimal": {"smallest_q": "3", "identify_fields": "false"}},
                "engine_options": {
                    "operon": {"restarts": "5", "refine": "False", "objectives": ["r2"]},
                    "pysr": {"iterations": {"other": "8"}, "alpha": "1e-3"},
                },
            },
        )
    )
    assert config["held_out"]["next_theories"] == 10
    assert config["verification"]["seconds"] == 0.5
    assert config["conventions"]["minimal"] == {"smallest_q": 3, "identify_fields": False}
    operon = config["engine_options"]["operon"]
    assert (operon["restarts"], operon["refine"], operon["objectives"]) == (5, False, ["r2"])
    assert config["engine_options"]["pysr"]["iterations"] == {"central_charge": 400, "other": 8}
    assert config["engine_options"]["pysr"]["alpha"] == 0.001


def test_a_name_made_of_digits_stays_text():
    mine = {"name": "mine", "file": "data/m.csv", "target": "7"}
    assert with_types({"spectra": [mine]})["spectra"] == [mine]


def test_lists_of_one_within_an_own_spectrum_need_no_brackets():
    mine = {"name": "mine", "file": "data/m.csv", "target": "h", "theory_labels": "k", "state_labels": "l"}
    brackets = mine | {"theory_labels": ["k"], "state_labels": ["l"]}
    for spectra in (mine, [mine], [brackets]):
        assert validate(CONFIG | {"spectra": spectra})["spectra"] == [brackets]


def test_theory_labels_default_to_all_columns_as_in_fit():
    mine = {"name": "mine", "file": "data/m.csv", "target": "h"}
    assert spectrum_request(mine) == SpectrumRequest(name="mine", file="data/m.csv", target="h")
    with pytest.raises(UserError, match="state_labels without theory_labels"):
        spectrum_request(mine | {"state_labels": ["l"]})


def test_changes_are_those_against_the_file(tmp_path):
    path = written(tmp_path, "seeds: 0\nbudget: quick\n")
    assert changes({"seeds": [0], "budget": "paper"}, path) == {"budget": "paper"}


@pytest.mark.parametrize(
    ("files", "name"),
    [
        ([], "default"),
        (["configs/paper.yaml"], "paper"),
        (["a.yaml", "/x/all families.yaml"], "all_families"),
        (["..yaml"], "default"),
    ],
)
def test_a_sweep_without_a_name_has_that_of_its_configuration(files, name):
    assert sweep_name(files) == name
    assert re.fullmatch(r"\w+", name)


def test_a_dotted_key_is_answered_with_the_nested_one():
    config = read_config(SHIPPED) | {"held_out.next_theories": 3}
    with pytest.raises(UserError, match=r"nested keys are written held_out: \{next_theories: VALUE\}"):
        validate(config)


def test_a_shipped_file_is_there_in_every_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = "data/examples/lee_yang_series.csv"
    assert Path(spectrum_request({"name": "a", "file": name, "target": "h"}).file) == SHIPPED.parent / name
    Path(name).parent.mkdir(parents=True)
    Path(name).write_text("n,h\n")
    assert spectrum_request({"name": "a", "file": name, "target": "h"}).file == name
    assert spectrum_request({"name": "a", "file": "data/mine.csv", "target": "h"}).file == "data/mine.csv"


def test_configuration_files_are_named_behind_one_option(capsys):
    assert main(["status", "--configfile", "a.yaml", "--configfile", "b.yaml"]) == 2
    assert "--configfile appears twice; name all files behind one" in capsys.readouterr().err
