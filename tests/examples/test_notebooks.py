"""The notebooks in examples/ run from their first cell to their last, and show what they are stored with."""

from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat", reason="needs the extra integrations")
nbclient = pytest.importorskip("nbclient", reason="needs the extra integrations")

FOLDER = Path(__file__).parents[2] / "examples"
NOTEBOOKS = sorted(path.name for path in FOLDER.glob("*.ipynb"))


def shown(notebook: nbformat.NotebookNode) -> list[list[str]]:
    """The kinds of output of each cell: text on a stream, or a picture, a table or text of a value.

    Each kind once: whether lines come in one piece or in several is a matter of time.
    """
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    kinds = [
        [output.get("name", "") or " ".join(sorted(output.data)) for output in cell.outputs] for cell in cells
    ]
    return [list(dict.fromkeys(each)) for each in kinds]


def test_there_are_three() -> None:
    """Each is in the list of examples/README.md."""
    listed = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert len(NOTEBOOKS) == 3
    assert all(f"]({name})" in listed for name in NOTEBOOKS)


@pytest.mark.heavy
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_runs(name: str, tmp_path: Path) -> None:
    """In a folder of its own, with one thread, on random weights where the hub cannot be reached."""
    notebook = nbformat.read(FOLDER / name, as_version=4)
    stored = shown(notebook)
    client = nbclient.NotebookClient(notebook, timeout=900, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()
    assert shown(notebook) == stored


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_what_is_stored_speaks_of_no_machine(name: str) -> None:
    """No errors, no warnings of libraries, no absolute paths."""
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert not [
        word for word in ("Traceback", "Warning", "/home/", "/tmp/", "/root/", "C:\\\\") if word in text
    ]
    assert "stderr" not in {each for cell in shown(nbformat.read(FOLDER / name, 4)) for each in cell}
