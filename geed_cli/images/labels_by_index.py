"""Labels that a data set has beside its pictures, read when they are asked for."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import final


@final
class LabelsByIndex(Mapping[str, str]):
    """The label of each picture by its name, which is its index with zeros in front.

    Args:
        names: of the pictures.
        label: gives the label of an index as text.
    """

    def __init__(self, names: Sequence[str], label: Callable[[int], str]) -> None:
        self._names, self._label = names, label

    def __getitem__(self, name: str) -> str:
        if not (name.isascii() and name.isdigit()):
            raise KeyError(name)
        return self._label(int(name))

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def index_names(count: int) -> tuple[str, ...]:
    """The names of pictures that have an index each, with as many digits as the last one has."""
    width = len(str(count - 1))
    return tuple(f"{index:0{width}d}" for index in range(count))


def is_index(name: str, count: int) -> bool:
    """Whether a name, which the result of a stranger may hold, is that of one of so many pictures."""
    return name.isascii() and name.isdigit() and len(name) <= len(str(count)) and int(name) < count
