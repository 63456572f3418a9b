"""A model's own preprocessing, what the spec says of it, and how many channels the network takes.

A network of one channel is shown luminance, 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601, Pillow's mode L). Where nobody
says so, it is found out by running: a network that runs on one channel and not on three takes one.
"""

from dataclasses import dataclass, replace

import torch
from torch import nn

from geed_cli.errors import InputError
from geed_cli.input_settings import InputSettings
from geed_cli.models.code.own_type import black
from geed_cli.models.spec import InputPart

CROP_PCT_OF_CODE = 1.0
"""Of networks whose own code builds them: nothing is cut off that the spec does not say."""
LUMINANCE = (0.299, 0.587, 0.114)
"""Weights of red, green and blue, ITU-R BT.601."""


@dataclass(frozen=True)
class Preprocessing:
    """What a network is shown, and a sentence for each choice that nobody made."""

    settings: InputSettings
    notes: tuple[str, ...] = ()


def input_settings(
    own: InputSettings | None, wanted: InputPart, size: int | None, why: str = ""
) -> InputSettings:
    """The model's own preprocessing, overridden by what the spec says; a spec's ``crop_pct`` holds at any size.

    Args:
        own: the model's own, already at ``size``; None where the source knows none.
        wanted: the spec's section.
        size: the input size asked for; None for the model's own.
        why: why the source knows none, where it usually does.

    Raises:
        InputError: the source knows no preprocessing and the spec leaves out size, mean or std.
    """
    own = own or _from_spec_alone(wanted, size, why)
    crop = wanted.crop_pct
    return replace(
        own,
        resize=own.resize if crop is None else InputSettings.resize_for(own.size, crop),
        interpolation=wanted.interpolation or own.interpolation,
        mean=wanted.mean or own.mean,
        std=wanted.std or own.std,
        crop_mode=wanted.crop_mode or own.crop_mode,
    )


def _from_spec_alone(wanted: InputPart, size: int | None, why: str) -> InputSettings:
    complete = size is not None and wanted.mean is not None and wanted.std is not None
    if why and not complete:
        raise InputError(
            f"it is not known what this model is shown: {why}",
            expected="the usual steps (resize, crop, rescale, normalise), or a spec that states size, mean and std",
            remedy="a spec with input: {size: …, mean: [r, g, b], std: [r, g, b]} (geed explain spec)",
        )
    if size is None or wanted.mean is None or wanted.std is None:
        raise InputError(
            "the spec leaves out input.size, input.mean or input.std, and the model's code knows none",
            expected="input: {size: …, mean: [r, g, b], std: [r, g, b]}, or one number in each for one channel",
            remedy="add them to the spec; mean and std belong to pixel values in [0, 1]",
        )
    resize = InputSettings.resize_for(size, wanted.crop_pct or CROP_PCT_OF_CODE)
    return InputSettings(size, resize, "bilinear", wanted.mean, wanted.std)


def with_channels(module: nn.Module, settings: InputSettings, stated: int | None) -> Preprocessing:
    """The settings for as many channels as the network takes: one mean and one std for each.

    Args:
        module: the network, in evaluation mode.
        settings: whose mean and std may be for another number of channels.
        stated: the number that the spec states; None to find out.
    """
    if stated is None and one_channel_alone(module, settings.size):
        name = first_convolution(module)
        where = (
            f"the first convolution, {name}, takes one channel" if name else "the network takes one channel"
        )
        grey = _with_channels(settings, 1)
        return Preprocessing(
            grey.settings, (f"{where}: it is shown luminance (input.channels: 1)", *grey.notes)
        )
    return _with_channels(settings, stated or 3)


def _with_channels(settings: InputSettings, channels: int) -> Preprocessing:
    mean, std = (_for_channels(values, channels) for values in (settings.mean, settings.std))
    notes: tuple[str, ...] = ()
    uneven = [values for values in (settings.mean, settings.std) if channels == 1 and len(set(values)) > 1]
    if uneven:
        notes = (
            f"mean {mean[0]:g} and std {std[0]:g} are the luminance of the model's own for RGB; "
            "input.mean and input.std of a spec give others",
        )
    return Preprocessing(replace(settings, mean=mean, std=std), notes)


def _for_channels(values: tuple[float, ...], channels: int) -> tuple[float, ...]:
    """One value for each channel: repeated, or the luminance of three."""
    if len(values) == channels:
        return values
    if channels == 3:
        return (values[0],) * 3
    same = len(set(values)) == 1
    return (values[0] if same else round(sum(w * v for w, v in zip(LUMINANCE, values, strict=True)), 4),)


def first_convolution(module: nn.Module, channels: int = 1) -> str | None:
    """The first of the network's convolutions in its own order, if it takes that many channels."""
    found = next(((name, part) for name, part in module.named_modules() if isinstance(part, nn.Conv2d)), None)
    return found[0] if found is not None and found[1].in_channels == channels else None


def one_channel_alone(module: nn.Module, size: int) -> bool:
    """Whether a network runs on pictures of one channel and not on those of three."""
    if any(isinstance(part, nn.Conv2d) for part in module.modules()) and first_convolution(module) is None:
        return False  # told without running it
    return not runs(module, 3, size) and runs(module, 1, size)


def runs(module: nn.Module, channels: int, size: int) -> bool:
    """Whether a network takes a black picture of so many channels."""
    try:
        with torch.no_grad():
            module(black(module, 1, channels, size))
    except Exception:
        return False
    return True
