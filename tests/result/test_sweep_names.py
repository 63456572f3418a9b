"""Names of a sweep's files: safe everywhere, and one for each label."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geed_cli.errors import InputError
from geed_cli.sweeps.cell_names import cell_file, member_names, require_labels, safe_name
from geed_cli.sweeps.sweep_folder import inside


@settings(deadline=None, derandomize=True)
@given(st.text(min_size=1))
def test_any_label_makes_a_name_that_every_system_takes(label: str) -> None:
    name = safe_name(label)
    assert name.isascii()
    assert 0 < len(name) <= 90
    assert not set(name) & set('<>:"/\\|?*\0 ')
    assert name not in {".", ".."}
    assert not name.startswith((".", "-"))
    assert not name.endswith((".", " "))
    assert name.partition(".")[0].lower() not in {"con", "nul", "aux", "prn", "com1", "lpt9", "sweep"}


@pytest.mark.parametrize("label", ["cnn", "ResNet50", "r50.a1_in1k", "seed-3"])
def test_ordinary_labels_are_their_own_names(label: str) -> None:
    assert safe_name(label) == label


def test_labels_that_are_cleaned_alike_keep_files_of_their_own() -> None:
    assert len({safe_name(label) for label in ("a/b", "a:b", "a b", "a_b", "ä", "ö")}) == 6


def test_members_are_called_by_folder_and_file_and_no_two_alike() -> None:
    paths = [Path("x/run_1/last.pt"), Path("x/run_2/last.pt"), Path("y/run_2/last.pt"), Path("a.pt")]
    names = member_names(paths)
    assert names[0] == "run_1-last"
    assert names[3] == "a"
    assert len(set(names)) == 4
    assert cell_file("c8", "rot", names[0]) == "rot/c8/run_1-last.json"
    assert cell_file("c8", "rot") == "rot/c8.json"


def test_labels_that_differ_in_capitals_alone_are_refused() -> None:
    with pytest.raises(InputError, match="'A' and 'a'"):
        require_labels(["A", "b", "a"], "model")


@pytest.mark.parametrize("name", ["../x.json", "/etc/x.json", "a/../../x", "..\\x", "C:x"])
def test_a_manifest_cannot_name_files_elsewhere(name: str) -> None:
    with pytest.raises(InputError, match="not in its folder"):
        inside(Path("sweep"), name)
