"""Pictures as a function of the user's makes them of those that are there, before anything else is done to them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import ClassVar, final

from PIL import Image

from geed_cli.choices import Decode, Identity, ImageSource
from geed_cli.errors import InputError
from geed_cli.images.memory.items import OfSequence
from geed_cli.images.memory.memory_reader import MemoryReader
from geed_cli.images.picture import Picture
from geed_cli.images.source import ImageSet

Function = Callable[[Image.Image], object]
"""From a picture in RGB to the square that the network is shown, in 8 bits or in [0, 1], not normalised."""


def preprocessed(images: ImageSet, function: Function, side: int) -> ImageSet:
    """The same images under the same names, whose pictures are what the function makes of them.

    Args:
        images: a folder's, or any other.
        function: applied to each picture; asked by one thread at a time.
        side: S, which the network is shown.
    """
    called = getattr(function, "__name__", type(function).__name__)
    return replace(
        images, root=f"{images.root} through {called}", reader=Preprocessed(images, function, side), side=None
    )


@final
class Preprocessed:
    """The reader of pictures that a function makes; they are told apart by their pixels.

    Args:
        images: what the function is given, by the same names.
        function: makes a picture of a picture.
        side: of the squares that it has to make.
    """

    source: ClassVar[ImageSource] = "memory"
    identity: ClassVar[Identity] = "pixels"
    one_thread: ClassVar[bool] = True

    def __init__(self, images: ImageSet, function: Function, side: int) -> None:
        self._places = {name: str(place) for place, name in enumerate(images.paths)}
        self._side = side

        def made(place: int) -> object:
            return function(images.reader.picture(images.paths[place])[0].image)

        items = OfSequence("what preprocess makes", range(len(images.paths)), made, one_thread=True)
        self._made = MemoryReader(items)

    def sha256(self, name: str) -> str:
        """Of the size and RGB pixels of what the function makes."""
        return self.picture(name)[1]

    def picture(self, name: str, decode: Decode = "exact") -> tuple[Picture, str]:  # noqa: ARG002 - nothing is decoded
        """What the function makes, and its ``sha256``.

        Raises:
            ImageRefused: the picture cannot be used, or the function fails.
            InputError: it makes no square of the network's size, or another picture each time.
        """
        picture, sha256 = self._made.picture(self._places[name])
        if picture.size != (self._side, self._side):
            width, height = picture.size
            raise InputError(
                f"preprocess makes a picture {height} × {width} (height × width) of {name!r}",
                expected=f"{self._side} × {self._side}, which the network is shown",
                remedy=f"let it resize and crop to {self._side} × {self._side}, or say another size to wrap",
            )
        return picture, sha256

    def notes(self, names: Sequence[str]) -> tuple[str, ...]:
        """Of floats that 8 bits do not hold."""
        return self._made.notes([self._places[name] for name in names])
