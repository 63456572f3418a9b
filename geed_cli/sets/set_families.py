"""The families of transformation sets that have a name: ``blur:1,2,4`` is a family and its values. Needs no torch."""

from collections.abc import Callable
from dataclasses import dataclass

from geed_cli.documents.document import Value
from geed_cli.sets.arguments import Argument, Kind, angle, number, one_of, whole


@dataclass(frozen=True)
class SetFamily:
    """One line of a list of sets: a function of the allowlist with one value that varies.

    Attributes:
        varies: what stands behind the colon.
        values: an example of that.
        kind: what each value may be.
        parameters: the function's parameters at a value; None where one value is the whole set: a flow's generator, or
            how many windows there are.
        members: the names of the members beside e, where one value is the whole set.
    """

    name: str
    varies: str
    values: str
    description: str
    kind: Kind
    function: str
    parameters: Callable[[float], dict[str, Value]] | None
    members: Callable[[Argument], list[str]] | None = None

    @property
    def pattern(self) -> str:
        """How a set of the family is written: ``blur:<sigma>,...``."""
        return f"{self.name}:<{self.varies}>{',...' * (self.parameters is not None)}"

    @property
    def example(self) -> str:
        """A set of the family."""
        return f"{self.name}:{self.values}"


_FACTOR = number(0, 1000)


GENERATORS = ("rotation", "shift-x", "shift-y", "scale", "shear")
"""Of flows: one-parameter groups of the plane, in radians, half sides, and as e^t and t."""

STEP = 1 / 1024
"""t of the two ends of a flow: 0.11 pixels of 224 at the middle of an edge. Derivatives of float32 are then told to
about 10⁻⁴, and what a difference adds to them is t²/6 of the third derivative."""


def _factor(name: str, description: str) -> SetFamily:
    return SetFamily(
        name,
        "factor",
        "0.5,0.8,1.2",
        description,
        _FACTOR,
        f"adjust_{name}",
        lambda value: {f"{name}_factor": value},
    )


def _blur(sigma: float) -> dict[str, Value]:
    """The kernel reaches to four sigma, where the bell is below 0.04% of its height."""
    return {"kernel_size": 2 * max(round(4 * sigma), 1) + 1, "sigma": sigma}


def _scale(factor: float) -> dict[str, Value]:
    still: dict[str, Value] = {"angle": 0, "translate": [0, 0], "shear": [0, 0]}
    return {**still, "scale": factor, "interpolation": "bilinear"}


def window_offsets(n: Argument, *, diagonal: bool = False) -> list[tuple[int, int]]:
    """How far down and right of the middle n windows lie, each way or on the diagonal, row by row; not (0, 0)."""
    assert isinstance(n, int), "a whole number"
    steps = range(-(n // 2), n - n // 2)
    places = [(k, k) for k in steps] if diagonal else [(down, right) for down in steps for right in steps]
    return [place for place in places if place != (0, 0)]


def window_name(down: int, right: int) -> str:
    """``y-1x+2``: rows and columns further down and right than the middle."""
    return f"y{down:+d}x{right:+d}"


SET_FAMILIES = (
    SetFamily(
        "scale",
        "factor",
        "0.8,0.9,1.1",
        "enlarge or shrink about the centre, bilinear, black outside",
        number(0, 100, above=True),
        "affine",
        _scale,
    ),
    SetFamily(
        "rotate",
        "degrees",
        "5,10,15",
        "rotate counter-clockwise about the centre, bilinear, black outside",
        angle(),
        "rotate",
        lambda degrees: {"angle": degrees, "interpolation": "bilinear"},
    ),
    SetFamily(
        "blur",
        "sigma",
        "1,2,4",
        "Gaussian blur, sigma in pixels",
        number(0, 100, above=True),
        "gaussian_blur",
        _blur,
    ),
    SetFamily(
        "jpeg",
        "quality",
        "90,50,20",
        "JPEG at a quality from 1 to 100",
        whole(1, 100),
        "jpeg",
        lambda quality: {"quality": quality},
    ),
    _factor("brightness", "multiply the pixels"),
    _factor("contrast", "spread the pixels about the mean grey"),
    _factor("saturation", "spread the channels about the grey of each pixel"),
    SetFamily(
        "gamma",
        "exponent",
        "0.5,2",
        "raise the pixels to a power",
        number(0, 100, above=True),
        "adjust_gamma",
        lambda exponent: {"gamma": exponent},
    ),
    SetFamily(
        "lie",
        "generator",
        "rotation",
        "the ends +t and -t of a small rotation, shift-x, shift-y, scale or shear, t = 1/1024, smooth, edges mirrored",
        one_of(*GENERATORS),
        "flow",
        None,
        lambda _: ["+t", "-t"],
    ),
    SetFamily(
        "cropshift",
        "n",
        "8",
        "the n × n windows of the network's size about the middle one, a pixel apart, of a larger crop",
        whole(2, 32),
        "windows",
        None,
        lambda n: [window_name(*each) for each in window_offsets(n)],
    ),
    SetFamily(
        "cropdiagonal",
        "n",
        "33",
        "the n windows of the network's size on the diagonal through the middle one, a pixel apart, of a larger crop",
        whole(2, 257),
        "diagonal",
        None,
        lambda n: [window_name(*each) for each in window_offsets(n, diagonal=True)],
    ),
)
"""In the order of lists. A new family is a line here."""
