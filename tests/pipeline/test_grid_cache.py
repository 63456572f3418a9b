"""Grid phases that an earlier run found: asked for once, kept where they may be, and made again where damaged."""

import sqlite3
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from support.cache import change
from torch import nn

from geed_cli import AuditOptions
from geed_cli.cache.store import RowStore
from geed_cli.cache.tables import FILE_NAME
from geed_cli.grids.obstacles import clean_sizes
from geed_cli.groups.named import groups_named
from geed_cli.models.load import load_model
from geed_cli.models.network import Network
from geed_cli.pipeline.planning import make_plan
from geed_cli.pipeline.reuse import grid_cache
from geed_cli.pipeline.reuse.grid_cache import cached_findings, found_once, sizes_found_once
from geed_cli.result.schema import GridPhase

KEY = bytes(range(32))
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


def ask(folder: Path, finder: Finder, key: bytes | None = KEY) -> tuple[str, ...]:
    """Have the phases found or taken; the notes about the file."""
    with RowStore(folder) as store:
        assert cached_findings(store, key, finder) == (PHASE,)
        return store.notes


def test_they_are_found_once(tmp_path: Path, finder: Finder) -> None:
    """The second time they come out of the file, equal to the last digit."""
    for _ in range(2):
        assert ask(tmp_path / "new", finder) == ()
    assert finder.count == 1
    ask(tmp_path / "new", finder, b"another")
    assert finder.count == 2


def test_nothing_is_kept_unasked(tmp_path: Path, finder: Finder) -> None:
    """No cache, or a network that its weights do not tell."""
    for _ in range(2):
        cached_findings(None, KEY, finder)
        ask(tmp_path, finder, None)
    assert finder.count == 4


@pytest.mark.parametrize(
    "damage",
    [
        "x''",
        "'text'",
        "1.5",
        "substr(value, 1, length(value) - 9)",
        "CAST(replace(CAST(value AS TEXT), '225', '226') AS BLOB)",
    ],
)
def test_damage_is_made_again(tmp_path: Path, finder: Finder, damage: str) -> None:
    """No text, one that is cut off or with one digit changed: it is not believed, and replaced."""
    ask(tmp_path, finder)
    change(tmp_path / FILE_NAME, f"UPDATE facts SET value = {damage}")
    for _ in range(2):
        ask(tmp_path, finder)
    assert finder.count == 2


@pytest.mark.parametrize("text", ["", "[" * 100_000, "{}", '[{"group": 1}]'])
def test_what_is_no_list_of_phases_is_made_again(tmp_path: Path, finder: Finder, text: str) -> None:
    """A checksum can be right for anything."""
    with RowStore(tmp_path) as store:
        store.keep_fact(KEY, text)
    for _ in range(2):
        ask(tmp_path, finder)
    assert finder.count == 1


def test_a_folder_that_cannot_be_written(tmp_path: Path, finder: Finder) -> None:
    """No error: what is kept is never needed."""
    (tmp_path / "cache").write_text("")
    assert len(ask(tmp_path / "cache", finder)) == 1


@cache
def network(size: int) -> Network:
    return load_model("torchvision:resnet18", weights="random", img_size=size)


@pytest.fixture
def nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a process that has audited nothing yet."""
    monkeypatch.setattr(grid_cache, "_remembered", {})
    monkeypatch.setattr(grid_cache, "_remembered_sizes", {})


@pytest.mark.usefixtures("nothing_remembered")
def test_a_process_remembers(finder: Finder) -> None:
    """Without a file, too, and no more than so many; not what has no key."""
    for _ in range(2):
        assert found_once(None, KEY, finder) == (PHASE,)
    assert finder.count == 1
    for number in range(grid_cache.MOST_REMEMBERED):
        found_once(None, b"%d" % number, finder)
    found_once(None, KEY, finder)
    assert finder.count == 2 + grid_cache.MOST_REMEMBERED
    for _ in range(2):
        found_once(None, None, finder)
    assert finder.count == 4 + grid_cache.MOST_REMEMBERED


@pytest.mark.usefixtures("nothing_remembered")
def test_another_size_or_group_is_another_entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """resnet18 under flips: broken at 64 pixels and clean at 65, whatever was asked before it, cached or not."""
    asked = [(64, "flip"), (65, "flip"), (64, "c4"), (64, "flip")]
    with RowStore(tmp_path) as store:
        made = [make_plan(network(size), [group], AuditOptions(), store).grid_phase for size, group in asked]
    monkeypatch.setattr(grid_cache, "_remembered", {})
    monkeypatch.setattr(grid_cache, "_remembered_sizes", {})
    fresh = [make_plan(network(size), [group], AuditOptions()).grid_phase for size, group in asked]
    assert made == fresh
    assert made[0] != made[1]
    connection = sqlite3.connect(tmp_path / FILE_NAME)
    assert connection.execute("SELECT COUNT(*) FROM facts").fetchone() == (3,)
    connection.close()


@pytest.mark.usefixtures("nothing_remembered")
def test_clean_sizes_are_tried_once_for_an_architecture(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other weights have the same ones; other arguments, sizes, layers, groups and modules are asked for themselves."""
    asked: list[object] = []

    def counted(*of: object) -> dict[str, int | None]:
        asked.append(of)
        return clean_sizes(*of)

    monkeypatch.setattr(grid_cache, "clean_sizes", counted)

    def small(seed: int, **options: int) -> Network:
        return load_model("timm:test_resnet", weights="random", seed=seed, **options)

    flip, c4 = groups_named(["flip", "c4"])
    first = small(0, img_size=32)
    found = sizes_found_once(first, ("layer1",), (flip,))
    assert found == clean_sizes(first, ("layer1",), (flip,))
    assert sizes_found_once(small(1, img_size=32), ("layer1",), (flip,)) == found
    assert len(asked) == 1
    for network_, layers, groups in (
        (first, ("layer2",), (flip,)),
        (first, ("layer1",), (c4,)),
        (small(0, img_size=33), ("layer1",), (flip,)),
        (replace(first, module=nn.Sequential(first.module)), ("0.layer1",), (flip,)),
    ):
        before = len(asked)
        assert sizes_found_once(network_, layers, groups) == clean_sizes(network_, layers, groups)
        assert len(asked) == before + 1
    for _ in range(2):
        sizes_found_once(replace(first, source="python"), ("layer1",), (flip,))
    assert len(asked) == 7
