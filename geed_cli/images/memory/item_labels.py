"""The label that an item has beside its picture: a whole number or text, as loaders and data sets hand it out."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Subset

KEYS = ("label", "labels", "target", "targets", "cls", "class")
"""Where a data set's dictionaries have the label; the first that is there is taken."""


def label_in(item: object) -> str:
    """The label in a tuple, list or dictionary, as text; empty where there is none.

    Of a tuple it is the first thing behind the picture that is a whole number or text.
    """
    if isinstance(item, Mapping):
        return label_text(next((item[key] for key in KEYS if key in item), None))
    if isinstance(item, tuple | list):
        return next((text for thing in item[1:] if (text := label_text(thing))), "")
    return ""


def label_text(value: object) -> str:
    """A label as text; empty of anything but a whole number, text, or an array or list of one of these."""
    if isinstance(value, list | tuple) and len(value) == 1:
        value = value[0]
    if isinstance(value, str):
        return value
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu().numpy()
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.reshape(-1)[0]
    return str(int(value)) if isinstance(value, int | np.integer) else ""


def classes_of(data_set: Any) -> tuple[str, ...]:  # noqa: ANN401 - whatever the user has
    """What a data set calls its classes by number, as torchvision's do in ``classes``; empty where it does not say."""
    if isinstance(data_set, DataLoader | Subset):
        return classes_of(data_set.dataset)
    names = getattr(data_set, "classes", None)
    if isinstance(names, Sequence) and names and all(isinstance(name, str) for name in names):
        return tuple(names)
    return ()


def class_text(label: str, classes: Sequence[str]) -> str:
    """The name of a class that is given by its number, where the names are known."""
    if classes and label.isascii() and label.isdigit() and int(label) < len(classes):
        return classes[int(label)]
    return label
