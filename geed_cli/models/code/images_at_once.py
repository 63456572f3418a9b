"""How many images a network takes at once: any number, unless its code has one written into it."""

import torch
from torch import Tensor, nn

from geed_cli.input_settings import InputSettings
from geed_cli.models.code.own_type import black

BATCHES_TRIED = (*range(2, 17), 32, 64, 128)
"""Batch sizes that are tried where a single image does not go through; 1 is tried first."""


def images_at_once(module: nn.Module, settings: InputSettings) -> int | None:
    """A batch size that the network takes, where it does not take any; None where it does, or where none is found.

    A network takes a batch where it puts out a row for each image. One that takes two images and a single one is held
    to take any number.
    """
    if _goes(module, 1, settings):
        return None if _goes(module, 2, settings) else 1
    return next((images for images in BATCHES_TRIED if _goes(module, images, settings)), None)


def _goes(module: nn.Module, images: int, settings: InputSettings) -> bool:
    try:
        with torch.no_grad():
            output = module(black(module, images, settings.channels, settings.size))
    except Exception:  # a network may fail in any way
        return False
    return isinstance(output, Tensor) and output.shape[:1] == (images,)
