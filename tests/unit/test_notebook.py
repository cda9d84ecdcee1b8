"""The notebook in docs/: it runs, and its outputs are those that a run gives."""

from __future__ import annotations

import os
from pathlib import Path

import nbclient
import nbformat
import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "docs/from-a-table-to-a-formula.ipynb"


def outputs(notebook: nbformat.NotebookNode) -> list[str]:
    """The printed text of each cell, without the folder of the checkout, and what was shown as text."""
    found: list[str] = []
    for cell in notebook.cells:
        before = None
        for output in cell.get("outputs", ()):
            text = output.get("text") or output.get("data", {}).get("text/plain", "")
            # A chart's text has an address in memory.
            text = "chart" if "alt." in text else text.replace(f"{ROOT}/", "")
            printed = output.get("name")
            # What one cell prints comes in one piece or in several, as the kernel's timer has it.
            if printed and printed == before:
                found[-1] += text
            else:
                found.append(text)
            before = printed
    return found


@pytest.fixture(scope="module")
def executed(tmp_path_factory) -> nbformat.NotebookNode:
    folder = tmp_path_factory.mktemp("notebook")
    environment = {
        "PYTHONPATH": str(ROOT / "workflow/scripts"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "IPYTHONDIR": str(folder / "ipython"),
    }
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    before = dict(os.environ)
    os.environ.update(environment)
    try:
        return nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(folder)}}).execute()
    finally:
        os.environ.clear()
        os.environ.update(before)


def test_it_runs_from_a_table_to_a_proof_and_a_plot(executed):
    printed = "\n".join(outputs(executed))
    assert "identified: the data determine this formula, with rows to spare" in printed
    assert "proved, line 1" in printed
    shown = [output.data for cell in executed.cells for output in cell.get("outputs", ()) if "data" in output]
    assert any("image/svg+xml" in data for data in shown)
    assert any("text/latex" in data for data in shown)


def test_the_outputs_in_the_file_are_those_of_a_run(executed):
    assert outputs(nbformat.read(NOTEBOOK, as_version=4)) == outputs(executed), (
        f"run .venv/bin/jupyter-execute --inplace {NOTEBOOK.relative_to(ROOT)}"
    )


def test_no_path_of_a_machine_is_in_it():
    text = NOTEBOOK.read_text(encoding="utf-8")
    assert str(ROOT) not in text
    assert "/home/" not in text
