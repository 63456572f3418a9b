"""Grid phases that an earlier run found: asked for once, kept where they may be, and made again where damaged."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from geed_cli import AuditOptions
from geed_cli.cache.folder import GRID_PHASES
from geed_cli.models.load import load_model
from geed_cli.models.network import Network
from geed_cli.pipeline.plan import make_plan
from geed_cli.pipeline.reuse.grid_cache import remembered
from geed_cli.result.schema import GridPhase

KEY = "ab" * 32
PHASE = GridPhase(group="flip", layer="conv", reason="half a pixel", offset=(0.5, 0.1), clean_size=225)


class Finder:
    """Makes grid phases, and counts how often."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> tuple[GridPhase, ...]:
        self.count += 1
        return (PHASE,)


@pytest.fixture
def finder() -> Finder:
    """A new one."""
    return Finder()


def test_they_are_found_once(tmp_path: Path, finder: Finder) -> None:
    """The second time they come out of the file, equal to the last digit."""
    for _ in range(2):
        assert remembered(tmp_path / "new", KEY, finder) == (PHASE,)
    assert finder.count == 1
    remembered(tmp_path / "new", "cd" * 32, finder)
    assert finder.count == 2


@pytest.mark.parametrize(("folder", "key"), [(None, KEY), ("cache", None)])
def test_nothing_is_kept_unasked(tmp_path: Path, finder: Finder, folder: str | None, key: str | None) -> None:
    """No cache, or a network that its weights do not tell."""
    for _ in range(2):
        remembered(tmp_path / folder if folder else None, key, finder)
    assert finder.count == 2
    assert list(tmp_path.iterdir()) == []


def other_value(text: str) -> str:
    return text.replace("225", "226")


@pytest.mark.parametrize("damage", [lambda _: "", lambda _: "[]", lambda text: text[:-9], other_value])
def test_damage_is_made_again(tmp_path: Path, finder: Finder, damage: Callable[[str], str]) -> None:
    """A file that is none, cut off, or with one digit changed: what is in it is not believed."""
    remembered(tmp_path, KEY, finder)
    file = tmp_path / GRID_PHASES
    file.write_text(damage(file.read_text()))
    assert remembered(tmp_path, KEY, finder) == (PHASE,)
    assert finder.count == 2
    assert KEY in json.loads(file.read_text())["kept"]


@pytest.mark.parametrize(
    "entry", [[[[[1]]]], {}, {"phases": 3, "sum": ""}, {"phases": "", "sum": "", "more": ""}, "text"]
)
def test_what_is_no_entry_is_never_written_back(tmp_path: Path, finder: Finder, entry: object) -> None:
    """Under another key or its own: the content may be anything, nested too deep to be written at all."""
    remembered(tmp_path, KEY, finder)
    file = tmp_path / GRID_PHASES
    content = json.loads(file.read_text())
    file.write_text(json.dumps({**content, "kept": {"other": entry, KEY: entry}}))
    assert remembered(tmp_path, KEY, finder) == (PHASE,)
    assert json.loads(file.read_text()) == content


def test_a_folder_that_cannot_be_written(tmp_path: Path, finder: Finder) -> None:
    """No error: the memory is never needed."""
    (tmp_path / "cache").write_text("")
    assert remembered(tmp_path / "cache", KEY, finder) == (PHASE,)


def network(size: int) -> Network:
    return load_model("torchvision:resnet18", weights="random", img_size=size)


def test_another_size_or_group_is_another_entry(tmp_path: Path) -> None:
    """resnet18 under flips: broken at 64 pixels and clean at 65, whatever was asked before it, cached or not."""
    asked = [(64, "flip"), (65, "flip"), (64, "c4"), (64, "flip")]
    made = [
        make_plan(network(size), [group], AuditOptions(cache=tmp_path)).grid_phase for size, group in asked
    ]
    fresh = [make_plan(network(size), [group], AuditOptions()).grid_phase for size, group in asked]
    assert made == fresh
    assert made[0] != made[1]
    assert len(json.loads((tmp_path / GRID_PHASES).read_text())["kept"]) == 3
