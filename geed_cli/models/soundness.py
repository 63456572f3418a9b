"""What must hold of a loaded network before anything is measured on it."""

import torch
from torch import Tensor, nn

from geed_cli.errors import InputError
from geed_cli.input_settings import InputSettings
from geed_cli.models.resolve import Split


def require_classifier(split: Split, absent: tuple[str, ...]) -> None:
    """Refuse a classifier whose weights are missing: every probability would be NaN.

    Args:
        split: of the network.
        absent: names of the tensors that were not in the file.

    Raises:
        InputError: one of them belongs to the classifier.
    """
    inside = [name for name in absent if split.classifier and f"{name}.".startswith(f"{split.classifier}.")]
    if inside:
        raise InputError(
            f"the classifier '{split.classifier}' has no weights: {', '.join(inside)} are missing from the file",
            expected="weights for the classifier, or a spec that says the network has none",
            remedy="split: {classifier: null} in the spec",
        )


def require_one_tensor(module: nn.Module, settings: InputSettings, model_id: str) -> None:
    """Put one black image through the network: it must run at this size and return one tensor.

    Args:
        module: the network, on the CPU.
        settings: its preprocessing, of which the size counts.
        model_id: what messages call the network.

    Raises:
        InputError: it fails, or returns something other than one tensor for the batch.
    """
    try:
        with torch.inference_mode():
            output = module(torch.zeros(1, 3, settings.size, settings.size))
    except Exception as error:  # a network may fail in any way on a size that it was not made for
        raise InputError(
            f"{model_id} does not run on {settings.size}×{settings.size} images: {error}",
            expected="a network for square RGB images of that size",
            remedy="leave out --img-size, or correct input.size in the spec",
        ) from error
    if not isinstance(output, Tensor) or output.shape[0] != 1:
        raise InputError(
            f"{model_id} returns {type(output).__name__}, not one tensor",
            expected="one tensor for a batch of images",
            remedy="wrap the network in a module that returns the output to be audited",
        )
