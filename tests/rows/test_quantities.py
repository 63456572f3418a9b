"""Quantities picked out of many records at once are those of each record, image by image."""

from pathlib import Path

import numpy as np
import pytest
from support.records import MACHINE, RECIPE

from geed_cli.errors import InputError
from geed_cli.rows import quantities as module
from geed_cli.rows.column import Column, Columns, Key
from geed_cli.rows.quantities import Quantities
from geed_cli.rows.row_file import RowFile, read_row_file
from geed_cli.rows.tile_record import Outputs, Record, Shown

WHOLE: Key = ("deviation", "m", "c4", None)
SOME: Key = ("control null", "m", "c4", None)
WIDE: Key = ("embedding", "e")
CHANCE = np.random.default_rng(0)


def record(names: tuple[str, ...], kind: str = "<f4", held: tuple[int, ...] | None = (1,)) -> Record:
    """Three quantities of some images, of which the second is of some of them alone."""
    columns: dict[Key, Column] = {
        WHOLE: Column(CHANCE.normal(size=(len(names), 4)).astype(kind)),
        SOME: Column(CHANCE.normal(size=(len(names) if held is None else len(held), 4)), held),
        WIDE: Column(CHANCE.normal(size=(len(names), 3)).astype("<f4")),
    }
    return Record(True, tuple(Shown(name, "", "") for name in names), (), (Outputs(),), (columns,))


RECORDS = [
    record(("a", "bbb", "c"), held=(0, 2)),
    record(("d", "e")),
    record(("ff", "g", "h"), "<f8", held=(0, 2)),
    record(("i", "j"), held=None),
    record(("long name of a picture", "k", "l"), held=(0, 2)),
]
ORDER = CHANCE.permutation([(r, p) for r, each in enumerate(RECORDS) for p in range(len(each.images))])


def stored(folder: Path) -> list[Columns]:
    """The columns of the records out of two files."""
    found: dict[int, Columns] = {}
    for half in (0, 1):
        with RowFile(folder, "1-of-1", RECIPE, MACHINE) as file:
            for each in RECORDS[half::2]:
                file.append(each.to_bytes())
        places = range(half, len(RECORDS), 2)
        found |= dict(
            zip(places, (each.networks[0] for each in read_row_file(file.path).records), strict=True)
        )
    return [found[place] for place in range(len(RECORDS))]


@pytest.mark.parametrize("in_files", [True, False])
@pytest.mark.parametrize(("ahead", "chunk"), [(module.AHEAD, module.CHUNK), (0, 1), (300, 2)])
def test_numbers_are_those_of_each_image(
    tmp_path: Path, in_files: bool, ahead: int, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In any order of the images, by Column.at; layouts, types and files differ, and how much is picked out ahead."""
    monkeypatch.setattr(module, "AHEAD", ahead)
    monkeypatch.setattr(module, "CHUNK", chunk)
    columns = stored(tmp_path) if in_files else [each.networks[0] for each in RECORDS]
    found = Quantities([columns[r] for r, _ in ORDER], [p for _, p in ORDER])
    assert len(found) == 13

    def alone(key: Key) -> list[np.ndarray | None]:
        return [RECORDS[r].networks[0][key].at(p) for r, p in ORDER]

    for key in (WHOLE, WIDE):
        assert found.has(key)
        assert np.array_equal(found.whole(key), np.stack(alone(key)))  # type: ignore[arg-type]
        for some in (slice(2, 7), slice(0, 1), slice(12, 40), slice(5, 5)):
            assert np.array_equal(found.at(key, some), found.whole(key)[some])
    expected = {place: each for place, each in enumerate(alone(SOME)) if each is not None}
    assert not found.has(SOME)
    images, values = found.some(SOME) or (None, None)
    assert images is not None
    assert images.tolist() == list(expected)
    assert np.array_equal(values, np.stack(list(expected.values())))
    assert found.some(("none",)) is None


def test_records_of_something_else_are_refused() -> None:
    """Quantities that some images lack, or of several widths, are no rows of one audit."""
    columns = [each.networks[0] for each in RECORDS[:2]]
    with pytest.raises(InputError, match="no number for some of 1 images under control null m c4"):
        Quantities([columns[0]], [1]).whole(SOME)
    wide = {WHOLE: Column(np.zeros((1, 5)))}
    with pytest.raises(InputError, match="4 and 5 numbers for an image under deviation m c4"):
        Quantities([columns[0], wide], [0, 0]).whole(WHOLE)
    with pytest.raises(InputError, match="4 and 5 numbers"):
        Quantities([columns[0], {SOME: wide[WHOLE]}], [0, 0]).some(SOME)
