"""Pictures by their index: of one array of all, or of a sequence whose items hold a picture each."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, Protocol, final

from PIL import Image

from geed_cli.errors import MOST_CHARACTERS, InputError
from geed_cli.images.decode import read_picture, upright_rgb
from geed_cli.images.memory.array_picture import is_array, kind_of, picture_of, size_of
from geed_cli.images.memory.eight_bits import require_type
from geed_cli.images.memory.item_labels import label_in, label_text
from geed_cli.images.memory.layout import layout_of_many, layout_of_one
from geed_cli.images.picture import ImageRefused, Size

KEYS = ("image", "pixel_values", "img", "images", "jpg", "jpeg", "png", "webp")
"""Where a data set's dictionaries have the picture; the first that is there is taken."""
PICTURE = "a Pillow image, an array or tensor, a path, or a tuple or dictionary that holds one of these"


class Items(Protocol):
    """Pictures that have an index each."""

    @property
    def what(self) -> str:
        """How results call them all, such as "a tensor of 40 pictures, 64 × 64"."""

    @property
    def indices(self) -> Sequence[int]:
        """The index of every picture, in order, each once."""

    @property
    def one_thread(self) -> bool:
        """Whether code that nobody knows gives them, which may not be safe in several threads."""

    def picture(self, index: int) -> tuple[Image.Image, bool]:
        """A picture in RGB, and whether its values were rounded to 8 bits.

        Raises:
            ImageRefused: this one cannot be used.
            InputError: pictures that come so cannot be used at all.
        """

    def label(self, index: int) -> str:
        """The label beside a picture, as text; empty where there is none.

        Raises:
            ImageRefused: it cannot be had.
        """

    def size(self) -> Size | None:
        """Width and height that all pictures have, as far as is known beforehand, if they are arrays or tensors."""


@final
@dataclass(frozen=True, eq=False)
class OfArray:
    """The pictures of one array or tensor, of which single ones are copied when they are read.

    Attributes:
        array: of all pictures.
        labels: what came beside it in a batch, one for each.
    """

    array: Any
    labels: Any = None

    def __post_init__(self) -> None:
        kind = f"{'an' if kind_of(self.array) == 'array' else 'a'} {kind_of(self.array)}"
        layout_of_many(self.array.shape, kind)
        require_type(str(self.array.dtype), kind)

    @property
    def what(self) -> str:
        """The kind of array, and how many pictures of which size it has."""
        width, height = self.size()
        kind, count = kind_of(self.array), len(self.array)
        article, plural = "an" if kind == "array" else "a", "s" * (count != 1)
        return f"{article} {kind} of {count} picture{plural}, {height} × {width}"

    @property
    def indices(self) -> Sequence[int]:
        """Along the first axis."""
        return range(len(self.array))

    @property
    def one_thread(self) -> bool:
        """Arrays may be read in any thread."""
        return False

    def size(self) -> Size:
        """All have the same."""
        return size_of(self.array.shape, layout_of_many(self.array.shape, ""))

    def label(self, index: int) -> str:
        """Of a batch with labels."""
        return "" if self.labels is None else label_text(self.labels[index])

    def picture(self, index: int) -> tuple[Image.Image, bool]:
        """One along the first axis."""
        layout = layout_of_many(self.array.shape, "")
        return picture_of(self.array[index], layout, f"picture {index} of {self.what}")


@final
@dataclass(frozen=True, eq=False)
class OfSequence:
    """The pictures in the items of a list or a data set.

    Attributes:
        what: how results call them.
        indices: of the items.
        fetch: gives the item of an index.
        one_thread: whether ``fetch`` is code that nobody knows.
    """

    what: str
    indices: Sequence[int]
    fetch: Callable[[int], object]
    one_thread: bool

    def size(self) -> Size | None:
        """Of the arrays of a list, if they are of one size; of a data set the first item's."""
        sizes = {self._size(index) for index in (self.indices[:1] if self.one_thread else self.indices)}
        return sizes.pop() if len(sizes) == 1 else None

    def picture(self, index: int) -> tuple[Image.Image, bool]:
        """The picture in an item."""
        where = self._where(index)
        found = picture_in(self._item(index), where)
        if isinstance(found, Image.Image):
            return upright_rgb(found).image, False
        if isinstance(found, Path):
            return read_picture(found)[0].image, False
        return picture_of(found, layout_of_one(found.shape, where), where)

    def label(self, index: int) -> str:
        """What an item holds behind its picture."""
        return label_in(self._item(index))

    def _size(self, index: int) -> Size | None:
        try:
            found = picture_in(self._item(index), self._where(index))
        except ImageRefused:  # reading it will say why
            return None
        return (
            size_of(found.shape, layout_of_one(found.shape, self._where(index))) if is_array(found) else None
        )

    def _where(self, index: int) -> str:
        return f"item {index} of {self.what}"

    def _item(self, index: int) -> object:
        """Whatever is there.

        Raises:
            ImageRefused: asking for it failed.
        """
        try:
            return self.fetch(index)
        except (InputError, MemoryError):
            raise
        except Exception as error:  # anything, since the code is the user's
            lines = str(error)[:MOST_CHARACTERS].splitlines() or [""]
            raise ImageRefused(f"asking for it raised {type(error).__name__}: {lines[0]}") from error


def picture_in(item: object, where: str) -> Any:  # noqa: ANN401 - arrays of any library
    """What an item shows: a Pillow image, a path, or an array of one picture without an axis for the batch.

    Args:
        item: one of these, or a tuple, list or dictionary in which one is; of several, the first.
        where: how messages call the item.

    Raises:
        InputError: there is no picture in it, or there are several views of one.
    """
    if isinstance(item, Image.Image):
        return item
    if is_array(item):
        require_type(str(item.dtype), where)
        return item[0] if len(item.shape) == 4 and item.shape[0] == 1 else item
    if isinstance(item, str | PathLike):
        return Path(item)
    if isinstance(item, Mapping):
        return picture_in(_value(item, where), where)
    if isinstance(item, tuple | list) and item:
        _refuse_views(item, where)
        return picture_in(next(filter(_is_picture, item), item[0]), where)
    raise InputError(
        f"{where} is of type {type(item).__name__}",
        expected=PICTURE,
        remedy="a data set that gives such items",
    )


def _value(item: Mapping[Any, object], where: str) -> object:
    key = next((key for key in KEYS if key in item), None)
    if key is None:
        there = ", ".join(map(repr, list(item)[:10])) or "nothing"
        raise InputError(
            f"{where} is a dictionary of {there}",
            expected=f"the picture under one of {', '.join(map(repr, KEYS))}",
            remedy="a list, or a data set, that gives the pictures themselves",
        )
    return item[key]


def _is_picture(thing: object) -> bool:
    return isinstance(thing, Image.Image) or (is_array(thing) and len(thing.shape) >= 2)


def _refuse_views(item: Sequence[object], where: str) -> None:
    """Refuse a list of equal-sized pictures, as augmentation by several crops gives: which one counts is not told."""
    if isinstance(item, list) and len(item) > 1:
        shapes = [_shape(thing) for thing in item[:2]]
        if shapes[0] is not None and shapes[0] == shapes[1]:
            raise InputError(
                f"{where} is a list of several pictures",
                expected="one picture an item; (picture, label) as a tuple",
                remedy="a data set without several crops or views of one picture",
            )


def _shape(thing: object) -> tuple[int, ...] | None:
    if isinstance(thing, Image.Image):
        return thing.size
    return tuple(thing.shape) if is_array(thing) and len(thing.shape) >= 3 else None
