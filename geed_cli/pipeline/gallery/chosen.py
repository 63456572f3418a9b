"""Which pictures a gallery shows: by each one's own value, the extremes and what lies evenly between them."""

from dataclasses import dataclass

from geed_cli.errors import InputError
from geed_cli.result.gallery import Standing
from geed_cli.result.schema import Entry, Result


@dataclass(frozen=True)
class Choice:
    """A picture that is to be shown.

    Attributes:
        place: among ``data.images``.
        rank: 1 is the largest value; of equal values the first picture comes first.
        standing: what it stands for.
        value: its own, over M where the measure has one.
    """

    place: int
    rank: int
    standing: Standing
    value: float


def chosen_by(result: Result, group: str) -> Entry | None:
    """The entry whose pictures are ranked: the group's first that has rows, ``latent.l2`` where it was measured."""
    entries = [entry for entry in result.results if entry.group == group and entry.per_image is not None]
    return next((entry for entry in entries if _values(entry)), None)


def choose(entry: Entry, count: int) -> tuple[Choice, ...]:
    """So many pictures, the largest value first.

    The k-th of N has the rank 1 + round(k (m − 1)/(N − 1)), k = 0 … N − 1, of m pictures with a value; one alone is
    that with the largest. Of an odd N the one in the middle is the median picture.

    Raises:
        InputError: fewer than one picture.
    """
    if count < 1:
        raise InputError(
            f"a gallery of {count} pictures", expected="at least 1", remedy="leave it out for none"
        )
    values = _values(entry)
    ranked = sorted(values, key=lambda place: (-values[place], place))
    last = len(ranked) - 1
    ranks = [0] if count == 1 else [round(k * last / (count - 1)) for k in range(count)]
    return tuple(
        Choice(ranked[rank], rank + 1, _standing(rank, last, count), values[ranked[rank]])
        for rank in dict.fromkeys(ranks)
    )


def _standing(rank: int, last: int, count: int) -> Standing:
    if rank in (0, last):
        return "smallest" if rank == last > 0 else "largest"
    return "middle" if count % 2 and rank == round(last / 2) else ""


def _values(entry: Entry) -> dict[int, float]:
    """The value of each picture that has one, by its place."""
    assert entry.per_image is not None, "asked of entries with rows"
    unit = entry.normaliser if entry.normaliser is not None and entry.normaliser > 0 else 1.0
    return {place: v / unit for place, v in enumerate(entry.per_image.value) if v is not None}
