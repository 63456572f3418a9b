"""The draw by itself: which files are taken, whatever turns out about them later."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geed_cli.errors import InputError
from geed_cli.images.picture import RefusedFile
from geed_cli.images.selection import in_draw_order
from geed_cli.pipeline.draw import Draw, Drawn, require_enough
from geed_cli.pipeline.options import DataOptions
from geed_cli.result.schema import Duplicate

BROKEN = "broken"
"""The picture of files that turn out to be unreadable."""
Files = Sequence[tuple[str, int]]
"""Of each file the picture, and in which encoding; equal pairs have equal bytes."""


def folder_of(files: Files, root: Path) -> dict[str, str]:
    """Writes the files; the picture in each by its name."""
    for number, (picture, encoding) in enumerate(files):
        (root / f"{number:02}.png").write_bytes(f"{picture} {encoding}".encode())
    return {f"{number:02}.png": picture for number, (picture, _) in enumerate(files)}


def settled(draw: Draw, pictures: dict[str, str]) -> Drawn:
    """The draw after as many corrections as a run would make that decodes the files."""
    while True:
        drawn = draw.drawn
        refused = [RefusedFile(path, BROKEN) for path in drawn.paths if pictures[path] == BROKEN]
        first: dict[str, str] = {}
        copies = [
            Duplicate(path=path, of=first[pictures[path]], same="pixels")
            for path in sorted(drawn.paths, key=draw.rank)
            if pictures[path] != BROKEN and first.setdefault(pictures[path], path) != path
        ]
        if not refused and not copies:
            return drawn
        draw.correct(refused, copies)


PICTURES = st.tuples(st.sampled_from(["a", "b", "c", "d", "e", "f", BROKEN]), st.integers(0, 2))


@given(st.lists(PICTURES, min_size=1, max_size=14), st.integers(1, 8), st.integers(0, 5))
def test_the_first_different_pictures_of_the_order_are_taken(files: Files, samples: int, seed: int) -> None:
    """By a walk through the order that knows all pictures beforehand; every file is accounted for."""
    with tempfile.TemporaryDirectory() as name:
        pictures = folder_of(files, Path(name))
        drawn = settled(Draw(DataOptions(name, samples, seed=seed)), pictures)
    order = in_draw_order(sorted(pictures), seed)
    expected: dict[str, str] = {}
    for path in order:
        if pictures[path] != BROKEN and len(expected) < samples:
            expected.setdefault(pictures[path], path)
    assert set(drawn.audited.paths) == set(expected.values())
    assert list(drawn.audited.paths) == sorted(drawn.audited.paths)
    refused, copies = {item.path for item in drawn.refused}, {item.path for item in drawn.copies}
    assert {pictures[path] for path in refused} <= {BROKEN}
    assert not any(pictures[path] == BROKEN for path in copies)
    assert all(pictures[copy.path] == pictures[copy.of] for copy in drawn.copies)
    used = len(expected) + len(refused) + len(copies)
    assert len(set(expected.values()) | refused | copies) == used
    # what was looked at is the beginning of the order
    assert set(order[:used]) == set(expected.values()) | refused | copies
    assert drawn.redrawn == sum(order.index(path) >= samples for path in drawn.audited.paths)


@settings(max_examples=30)
@given(st.lists(PICTURES, min_size=8, max_size=16), st.integers(0, 3))
def test_growing_takes_what_one_draw_takes(files: Files, seed: int) -> None:
    """Two, then five, against five at once, where files turn out unreadable or copies in between."""
    with tempfile.TemporaryDirectory() as name:
        pictures = folder_of(files, Path(name))
        growing = Draw(DataOptions(name, 2, seed=seed))
        small = settled(growing, pictures)
        growing.grow(5)
        grown = settled(growing, pictures)
        once = settled(Draw(DataOptions(name, 5, seed=seed)), pictures)
    assert grown.audited == once.audited
    assert set(small.audited.paths) <= set(grown.audited.paths)


@settings(max_examples=30)
@given(
    st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 1)), min_size=6, max_size=16),
    st.integers(0, 3),
)
def test_the_normaliser_shares_no_picture(files: Files, seed: int) -> None:
    """Neither with the audited images nor with itself, and both are as many as asked for if the folder has them."""
    with tempfile.TemporaryDirectory() as name:
        pictures = folder_of(files, Path(name))
        if len(set(files)) < 5:
            with pytest.raises(InputError, match="different images for"):
                Draw(DataOptions(name, 2, 3, seed))
            return
        drawn = settled(Draw(DataOptions(name, 2, 3, seed)), pictures)
    assert drawn.normaliser is not None
    held = [pictures[path] for path in (*drawn.audited.paths, *drawn.normaliser.paths)]
    assert len(set(held)) == len(held)
    assert len(held) == min(5, len(set(pictures.values())))


def test_too_few_files_are_refused_before_any_is_read(tmp_path: Path) -> None:
    """By their number alone; copies are counted once when they are read."""
    folder_of([("a", 0), ("b", 0), ("b", 0)], tmp_path)
    with pytest.raises(InputError, match="holds 3 images for 2 audited ones and 2 more"):
        require_enough(DataOptions(tmp_path, 2, 2))
    with pytest.raises(InputError, match="0 samples"):
        require_enough(DataOptions(tmp_path, 0))
    require_enough(DataOptions(tmp_path, 1, 2))
    with pytest.raises(InputError, match="holds 2 different images for 1 audited ones and 2 more"):
        Draw(DataOptions(tmp_path, 1, 2))


def test_a_draw_knows_how_far_it_can_grow(tmp_path: Path) -> None:
    """Different bytes, at most as many as are asked for; nothing of it is taken yet."""
    folder_of([("a", 0), ("b", 0), ("b", 0), ("b", 1), ("c", 0), ("a", 0)], tmp_path)
    draw = Draw(DataOptions(tmp_path, 1))
    assert [len(draw.distinct(count)) for count in (1, 3, 4, 9)] == [1, 3, 4, 4]
    assert len(draw.drawn.audited.paths) == 1


def test_what_was_lost_first_is_replaced(tmp_path: Path) -> None:
    """The image that rounding is measured on: the next that is drawn, where the first cannot be read."""
    pictures = folder_of([("a", 0), ("b", 0), ("c", 0), ("d", 0)], tmp_path)
    order = in_draw_order(sorted(pictures), 0)
    draw = Draw(DataOptions(tmp_path, 2), 2)
    assert draw.drawn.first == order[0]
    draw.correct([RefusedFile(order[0], BROKEN)], [])
    assert draw.drawn.first == order[2]
    assert draw.drawn.control_images == {order[1]}
