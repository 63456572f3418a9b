"""The preprocessing of a network: the model's own, where the spec or the user does not say otherwise."""

from dataclasses import replace

from geed_cli.errors import InputError
from geed_cli.input_settings import InputSettings
from geed_cli.models.spec import InputPart

DEFAULT_CROP_PCT = 0.875


def input_settings(own: InputSettings | None, wanted: InputPart, size: int | None) -> InputSettings:
    """Combine the model's own preprocessing with what the spec says.

    Args:
        own: the model's own, already at ``size``; None where the source knows none.
        wanted: the spec's section.
        size: the input size asked for; None for the model's own.

    Returns:
        complete settings. A spec's ``crop_pct`` holds at any size.

    Raises:
        InputError: the source knows no preprocessing and the spec leaves out size, mean or std.
    """
    own = own or _from_spec_alone(wanted, size)
    crop = wanted.crop_pct
    return replace(
        own,
        resize=own.resize if crop is None else InputSettings.resize_for(own.size, crop),
        interpolation=wanted.interpolation or own.interpolation,
        mean=wanted.mean or own.mean,
        std=wanted.std or own.std,
        crop_mode=wanted.crop_mode or own.crop_mode,
    )


def _from_spec_alone(wanted: InputPart, size: int | None) -> InputSettings:
    if size is None or wanted.mean is None or wanted.std is None:
        raise InputError(
            "the spec leaves out input.size, input.mean or input.std, and the model's code knows none",
            expected="input: {size: …, mean: [r, g, b], std: [r, g, b]}",
            remedy="add them to the spec; mean and std belong to pixel values in [0, 1]",
        )
    resize = InputSettings.resize_for(size, wanted.crop_pct or DEFAULT_CROP_PCT)
    return InputSettings(size, resize, "bilinear", wanted.mean, wanted.std)
