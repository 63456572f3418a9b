"""The digest: what moves it, what does not, and that a file has for ever the one that it has."""

import math
from pathlib import Path

import pytest
from support.results import small_result

from geed_cli.result.file import read_result, write_result
from geed_cli.result.schema import Result

SAVED = Path(__file__).parent.parent / "saved" / "result.json"
ITS_DIGEST = "e657e03d6d048f9c8c8d24640a808d73ab7d18d29dd5cecdf3a858ed865239f6"
"""Of a file that an earlier version wrote, as this version first computed it."""


def changed(result: Result, part: str, **values: object) -> Result:
    """The result with other values in one of its parts."""
    return result.model_copy(update={part: getattr(result, part).model_copy(update=values)})


def test_a_file_keeps_its_digest(tmp_path: Path) -> None:
    """It is the same of what was made and of what is read again, and of an early file in every version."""
    result = small_result()
    write_result(result, tmp_path / "result.json")
    assert read_result(tmp_path / "result.json").digest == result.digest
    assert read_result(SAVED).digest == ITS_DIGEST


@pytest.mark.parametrize(
    ("part", "values"),
    [
        ("settings", {"batch_size": 3, "device": "cuda:0, cuda:1", "threads": 64}),
        ("environment", {"torch": "1.0", "platform": "another", "device": "cuda (another)"}),
        ("timing", {"total_s": 1e9, "cached": 7}),
    ],
)
def test_how_a_result_was_made_is_not_in_it(part: str, values: dict[str, object]) -> None:
    """Machine, speed, batch size, devices and threads are left out, and so is the command line that names them."""
    result = small_result()
    other = changed(result, part, **values).model_copy(update={"command": ("geed", "audit")})
    assert other.digest == result.digest


def test_everything_else_is_in_it() -> None:
    """A value that is larger by its last bit, another picture, another seed, a partial run: each has its own digest."""
    result = small_result()
    entry = next(entry for entry in result.results if entry.value)
    moved = entry.model_copy(update={"value": math.nextafter(entry.value or 0.0, 1.0)})
    others = [
        result.model_copy(update={"results": tuple(moved if e is entry else e for e in result.results)}),
        result.model_copy(update={"status": "partial"}),
        changed(result, "settings", seed=1),
        changed(result, "settings", precision="fp32"),
        changed(result, "data", images=result.data.images[::-1]),
        changed(result, "model", arch="another"),
    ]
    assert len({each.digest for each in [result, *others]}) == 1 + len(others)
