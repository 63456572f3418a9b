"""Reads pictures that no file holds. Nothing is kept of them but the hash of what was read first."""

import threading
from collections.abc import Sequence
from typing import ClassVar, final

from geed_cli.choices import Decode, Identity, ImageSource
from geed_cli.errors import InputError
from geed_cli.images.memory.items import Items
from geed_cli.images.picture import ImageRefused, Picture
from geed_cli.images.same_picture import pixels_sha256


@final
class MemoryReader:
    """The reader of pictures by their index, whose names are their indices.

    Args:
        items: gives the pictures; asked by one thread at a time.
    """

    source: ClassVar[ImageSource] = "memory"
    identity: ClassVar[Identity] = "pixels"

    def __init__(self, items: Items) -> None:
        self.items = items
        self._first: dict[str, str] = {}
        self._rounded: set[str] = set()
        self._asking = threading.Lock()

    @property
    def one_thread(self) -> bool:
        """Whether the items come from code that nobody knows."""
        return self.items.one_thread

    def sha256(self, name: str) -> str:
        """Of the picture's size and RGB pixels."""
        return self.picture(name)[1]

    def picture(self, name: str, decode: Decode = "exact") -> tuple[Picture, str]:  # noqa: ARG002 - nothing is decoded
        """The picture of an index, and the hash of its size and pixels.

        Raises:
            ImageRefused: it cannot be used.
            InputError: none that come so can, or it is another picture than it was before.
        """
        with self._asking:
            image, rounded = self.items.picture(int(name))
        sha256 = pixels_sha256(image)
        if self._first.setdefault(name, sha256) != sha256:
            raise InputError(
                f"item {int(name)} of {self.items.what} is another picture each time it is asked for",
                expected="the same pixels each time, so that a value is of one known picture",
                remedy="leave out random augmentation (RandomResizedCrop, RandomHorizontalFlip, ColorJitter and the "
                "like): the transform of validation",
            )
        if rounded:
            self._rounded.add(name)
        return Picture(image), sha256

    def label(self, index: int) -> str:
        """The label beside a picture, as text; empty where there is none.

        Raises:
            InputError: it cannot be had.
        """
        try:
            with self._asking:
                return self.items.label(index)
        except ImageRefused as refusal:
            raise InputError(
                f"item {index} of {self.items.what} has no label, since {refusal.reason}",
                expected="a label for every audited picture",
                remedy="leave out --labels, or repair the item",
            ) from refusal

    def notes(self, names: Sequence[str]) -> tuple[str, ...]:
        """Of floats that 8 bits do not hold."""
        rounded = sum(name in self._rounded for name in names)
        if not rounded:
            return ()
        return (
            f"{rounded} of {len(names)} pictures had floats between the 256 levels of 8 bits, and were rounded",
        )
