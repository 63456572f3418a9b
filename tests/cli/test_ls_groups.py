"""``geed ls groups`` for products and files, and the Cayley table of ``-v`` read back from what is printed."""

from pathlib import Path

import numpy as np
import pytest
from support.command import Geed

from geed_cli.groups.families import FAMILIES
from geed_cli.groups.named import group_named


def printed_table(text: str) -> tuple[list[str], list[list[str]]]:
    """Row labels and entries of the table, its blocks of columns joined."""
    rows: dict[str, list[str]] = {}
    for line in text.split("then g (row)")[1].splitlines():
        label, bar, entries = line.partition("│")
        if bar and label.strip():
            rows.setdefault(label.strip(), []).extend(entries.split())
    return list(rows), list(rows.values())


def test_every_family_is_listed(geed: Geed) -> None:
    """With its pattern and its range, and what a product and a file are."""
    shown = geed("ls", "groups").stdout
    for family in FAMILIES.values():
        assert f"{family.pattern}: " in shown
    assert "A*B" in shown
    assert "FILE.yaml" in shown
    assert max(map(len, shown.splitlines())) <= 100


def test_a_product_is_a_name_and_a_star_a_glob(geed: Geed) -> None:
    """``flip*xshift7`` is one group; ``flip*`` is flip and flips."""
    one = geed("ls", "groups", "Flip*xshift3").stdout
    assert "flip*xshift3   6" in one
    assert "if 3 divides the side" in one
    both = geed("ls", "groups", "flip*").stdout.split("\n\n")[0].splitlines()[2:]
    assert [line.split()[0] for line in both] == ["flip", "flips"]


@pytest.mark.parametrize("name", ["d4", "c1", "rgb", "flip*xshift4"])
def test_small_tables_are_names(geed: Geed, name: str) -> None:
    """Entry (g, h) is the name of gh."""
    names = group_named(name).elements
    labels, rows = printed_table(geed("ls", "groups", "-v", name).stdout)
    assert labels == list(names)
    assert rows == [[names[k] for k in row] for row in group_named(name).table]


@pytest.mark.parametrize("name", ["shift7", "d32", "hue5*rgb"])
def test_large_tables_are_numbers_in_blocks_of_columns(geed: Geed, name: str) -> None:
    """The whole table at 100 columns, nothing cut."""
    group = group_named(name)
    shown = geed("ls", "groups", "-v", name).stdout
    labels, rows = printed_table(shown)
    assert labels == [str(g) for g in range(group.order)]
    assert np.array_equal(np.array(rows, dtype=int), group.table)
    assert max(map(len, shown.splitlines())) <= 100


def test_orders_inverses_and_commutativity(geed: Geed) -> None:
    """D3: two turns of order 3 that undo one another."""
    shown = geed("ls", "groups", "-v", "d3").stdout
    assert "d3: order 6, resampled, not commutative" in shown
    lines = [line.split() for line in shown.splitlines()]
    assert ["1", "r120", "3", "r240"] in lines
    assert ["3", "m", "2", "m"] in lines
    assert (
        "shift2: order 4, exact if 2 divides the side, commutative"
        in geed("ls", "groups", "-v", "shift2").stdout
    )
    assert "hue4: order 4, exact, commutative" in geed("ls", "groups", "-v", "hue4").stdout


def test_a_file_is_shown_as_a_group_is(geed: Geed, tmp_path: Path) -> None:
    """By its own name, and refused where it is wrong."""
    path = tmp_path / "g.yaml"
    path.write_text("name: pinwheel\ngenerators:\n  - {turn: 90, colour: gbr}\n")
    assert "pinwheel: order 12, exact, commutative" in geed("ls", "groups", "-v", path).stdout
    assert "pinwheel   12" in geed("ls", "groups", path).stdout
    path.write_text("name: pinwheel\ngenerators:\n  - {trun: 90}\n")
    refused = geed("ls", "groups", path)
    assert refused.exit_code == 2
    assert "trun" in refused.stderr


@pytest.mark.parametrize("arguments", [["-v"], ["-v", "nonsense"], ["c4*xshift7"]])
def test_refusals(geed: Geed, arguments: list[str]) -> None:
    """Exit 2 with what to try."""
    done = geed("ls", "groups", *arguments)
    assert done.exit_code == 2
    assert "try:" in done.stderr
