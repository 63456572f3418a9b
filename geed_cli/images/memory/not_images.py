"""What is easily handed over in place of pictures, and what to hand over instead."""

from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, IterableDataset

Why = tuple[str, str]
"""What was found, and what to try."""


def no_images(thing: Any) -> Why | None:  # noqa: ANN401 - the user may hand over anything
    """Why something is no collection of pictures; None where it may be one."""
    for known, why in _MISTAKES:
        if isinstance(thing, known):
            return why(thing)
    kind = type(thing).__name__
    if isinstance(thing, list | tuple) and not thing:
        return f"an empty {kind}", "check what filled it"
    if isinstance(thing, IterableDataset | DataLoader) or hasattr(thing, "__getitem__"):
        return None
    if hasattr(thing, "dataset"):
        return f"a {kind}, which cannot be asked for one picture", "its data set, images.dataset"
    return f"something of type {kind} where pictures are expected", "a folder, or a list of pictures"


def _class(thing: type) -> Why:
    return f"the class {thing.__name__}", f"a data set of that class, such as {thing.__name__}(...)"


def _dictionary(thing: Mapping[Any, object]) -> Why:
    keys = ", ".join(map(repr, list(thing)[:10])) or "nothing"
    return f"a dictionary of {keys}", "the pictures in it, such as batch['pixel_values']"


_MISTAKES: tuple[tuple[type, Callable[[Any], Why]], ...] = (
    (type, _class),
    (Image.Image, lambda _: ("one Pillow image", "[image], a list of one")),
    (
        nn.Module,
        lambda thing: (
            f"a network ({type(thing).__name__}) where pictures are expected",
            "the network first, and then the pictures",
        ),
    ),
    (Mapping, _dictionary),
    (
        AbstractSet,
        lambda thing: (f"a {type(thing).__name__}, whose order is not defined", "sorted(images), or a list"),
    ),
    (
        Iterator,
        lambda thing: (f"a {type(thing).__name__}, which can be read once and not by index", "list(images)"),
    ),
)
