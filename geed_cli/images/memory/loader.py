"""A DataLoader as the pictures of its data set: the draw is made here, so its batches and its order do not matter."""

from collections.abc import Callable, Sequence
from typing import Any

from torch.utils.data import (
    BatchSampler,
    DataLoader,
    IterableDataset,
    RandomSampler,
    SequentialSampler,
    Subset,
    SubsetRandomSampler,
)

from geed_cli.errors import MOST_CHARACTERS, InputError


def called(data_set: object) -> str:
    """How results call a data set: by its class."""
    if isinstance(data_set, Subset):
        return f"a subset of {called(data_set.dataset)}"
    return f"the data set {type(data_set).__name__}"


def fetch_of(loader: "DataLoader[Any]") -> Callable[[int], object]:
    """What the loader makes of one item of its data set: a batch of one, or without batches the item."""
    data_set, batches = loader.dataset, loader.batch_sampler is not None

    def fetch(index: int) -> object:
        item = data_set[index]
        try:
            return loader.collate_fn([item] if batches else item)
        except Exception as error:  # the user's code
            lines = str(error)[:MOST_CHARACTERS].splitlines() or [""]
            raise InputError(
                f"the collate_fn of a DataLoader of {called(data_set)} raised {type(error).__name__} for item {index}: "
                f"{lines[0]}",
                expected="a batch of one item" if batches else "an item",
                remedy="loader.dataset, the data set itself, if its items are pictures",
            ) from error

    return fetch


def indices_of(loader: "DataLoader[Any]") -> Sequence[int]:
    """Which items of its data set a loader may give, each once.

    Raises:
        InputError: a data set without indices, or a sampler that makes some items count more than others, or may.
    """
    data_set, batches, sampler = loader.dataset, loader.batch_sampler, loader.sampler
    require_indices(data_set)
    known = (SequentialSampler, RandomSampler, SubsetRandomSampler)
    other = next(
        (
            each
            for each, kinds in ((batches, (BatchSampler, type(None))), (sampler, known))
            if type(each) not in kinds
        ),
        None,
    )
    if other is not None:
        raise InputError(
            f"a DataLoader with {type(other).__name__}, which may leave out items or show some more often",
            expected="items that count alike: no sampler, shuffle=True, or SubsetRandomSampler",
            remedy="loader.dataset for all items, or torch.utils.data.Subset(loader.dataset, indices) for some",
        )
    if isinstance(sampler, SubsetRandomSampler):
        return sorted({int(index) for index in sampler.indices})
    return range(len(data_set))  # type: ignore[arg-type]


def require_indices(data_set: object) -> None:
    """Refuse a data set that is read from one end to the other, so that nothing can be drawn from it.

    Raises:
        InputError: it is a stream, or does not tell how many items it has.
    """
    stream = isinstance(data_set, IterableDataset)
    if not stream:
        try:
            len(data_set)  # type: ignore[arg-type]
        except (TypeError, NotImplementedError):
            stream = True
    if stream:
        raise InputError(
            f"{called(data_set)}, which cannot be asked how many items it has, or for one of them",
            expected="a map-style data set, with len() and [index]: pictures are drawn by index",
            remedy="list(itertools.islice(data_set, 1000)), the first 1000 items, if they are in no order",
        )
