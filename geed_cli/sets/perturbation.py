"""One member of a transformation set that is no group: a change to the picture with fixed parameters.

Deterministic, and applied where a group's element is: to the square picture with values in [0, 1], before
normalisation. There is no known action on hidden maps, and no inverse.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from PIL import Image
from torch import Tensor

from geed_cli.documents.document import Value
from geed_cli.errors import InputError
from geed_cli.runtime.libraries import torchvision
from geed_cli.sets.arguments import Argument
from geed_cli.sets.functionals import OF_COLOURS, Arguments, arguments_of, is_neutral

InterpolationMode = torchvision.transforms.InterpolationMode
TV = torchvision.transforms.v2.functional
"""The second version of what is customarily called TF."""


@dataclass(frozen=True)
class Perturbation:
    """A function of the allowlist with its canonical arguments; the identity has none.

    Perturbations that do the same are equal, whatever tables call them.
    """

    name: str = field(compare=False)
    function: str | None = None
    arguments: Arguments = ()

    @property
    def is_identity(self) -> bool:
        """Whether this is e, or a call that is known to change nothing."""
        return self.function is None or is_neutral(self.function, self.arguments)

    @property
    def exact(self) -> bool:
        """Whether it permutes pixels for certain: only the identity does."""
        return self.is_identity

    @property
    def swaps_axes(self) -> bool:
        """False: a perturbation is never moved to a hidden map."""
        return False

    @property
    def moves_colour(self) -> bool:
        """Whether no action on hidden maps is known, as for a group on colours: true of all but the identity."""
        return not self.is_identity

    @property
    def needs_colour(self) -> bool:
        """Whether it is not defined on luminance, or changes nothing there."""
        return self.function in OF_COLOURS

    @property
    def offset(self) -> tuple[int, int]:
        """How many pixels down and to the right of the middle the picture is taken; (0, 0) but for windows."""
        return 0, 0

    @property
    def call(self) -> str:
        """What is done, in full: the function and its canonical arguments; ``identity`` for e."""
        if self.function is None:
            return "identity"
        if not self.arguments:
            return self.function
        return f"{self.function}({', '.join(f'{name}={_text(value)}' for name, value in self.arguments)})"

    def show(self, pixels: Tensor) -> Tensor:
        """The altered picture, clamped to [0, 1], of the shape, type and device of ``pixels`` (C, S, S) in [0, 1].

        ``jpeg`` and ``equalize`` go through 8 bits. 16-bit types are computed in float32.

        Raises:
            InputError: the function cannot take a picture of this size, such as a blur wider than it.
        """
        if self.function is None:
            return pixels
        working = pixels.to(torch.promote_types(pixels.dtype, torch.float32))
        try:
            altered = _apply(self.function, self.arguments, working)
        except torch.OutOfMemoryError:  # no fault of the perturbation
            raise
        except (RuntimeError, TypeError, ValueError) as error:
            raise self._unfit(pixels, str(error).partition("\n")[0]) from error
        if altered.shape != pixels.shape:
            raise self._unfit(pixels, f"it makes shape {tuple(altered.shape)}")
        return altered.clamp(0, 1).to(pixels.dtype)

    def _unfit(self, pixels: Tensor, reason: str) -> InputError:
        height, width = pixels.shape[-2:]
        return InputError(
            f"{self.name} cannot be applied to {height} × {width} pixels: {reason}",
            expected="a perturbation that a picture of the network's input size can take",
            remedy=f"change or leave out {self.name}: {self.call}",
        )


IDENTITY_PERTURBATION = Perturbation("e")


def perturbation(name: str, function: str, given: dict[str, Value]) -> Perturbation:
    """A perturbation from plain values; an ``InputError`` where the function or a parameter is refused."""
    return Perturbation(name, function, arguments_of(function, given))


def _apply(function: str, arguments: Arguments, pixels: Tensor) -> Tensor:
    """The function on pixels; a blur runs in two steps, and a JPEG is Pillow's."""
    values = dict(arguments)
    if function == "jpeg":
        return _jpeg(pixels, values["quality"])
    if function == "gaussian_blur":
        # along x, then along y: the same bell at 2k instead of k² products a pixel
        kernel = values["kernel_size"]
        assert isinstance(kernel, tuple)
        across = _call(function, pixels, {**values, "kernel_size": (kernel[0], 1)})
        return _call(function, across, {**values, "kernel_size": (1, kernel[1])})
    if function == "rgb_to_grayscale":
        values["num_output_channels"] = 3
    return _call(function, pixels, values)


def _call(function: str, pixels: Tensor, values: Mapping[str, Argument]) -> Tensor:
    """Call torchvision's function; its name is one of the allowlist: ``arguments_of`` looked it up."""
    altered: Tensor = getattr(TV, function)(pixels, **{k: _argument(k, value) for k, value in values.items()})
    return altered


def _jpeg(pixels: Tensor, quality: Argument) -> Tensor:
    """Through a JPEG file of Pillow's, 4:2:0, on the CPU whatever the device; torchvision gives its codec up."""
    levels = pixels.cpu().mul(255).round().clamp(0, 255).to(torch.uint8)
    file = io.BytesIO()
    TV.to_pil_image(levels).save(file, "JPEG", quality=quality, subsampling="4:2:0")
    with Image.open(file, formats=("JPEG",)) as picture:
        opened: Tensor = TV.pil_to_tensor(picture.convert("RGB" if len(pixels) > 1 else "L"))
    return opened.to(pixels).div(255)


def _argument(name: str, value: Argument) -> object:
    """The value as torchvision wants it: modes as such, lists for tuples."""
    if name == "interpolation":
        return InterpolationMode(value)
    return [_argument("", item) for item in value] if isinstance(value, tuple) else value


def _text(value: Argument) -> str:
    if isinstance(value, tuple):
        return f"[{', '.join(map(_text, value))}]"
    return value if isinstance(value, str) else format(value, ".12g")
