"""What a group or a set does to a picture, as sentences call it: the act, its copies, a title.

A result knows a group by its name, kind and elements. What a group does is read off its elements' names, so that
products and groups of users' files have words too; sets have the words of their family. Whatever is not known is
"transforming", "transformed copies".
"""

import re
from dataclasses import dataclass

from geed_cli.groups.colour import PERMUTATIONS
from geed_cli.phrases import counted
from geed_cli.result.schema import Group
from geed_cli.verdict.names import listed


@dataclass(frozen=True)
class Action:
    """What is done to a picture.

    Attributes:
        act: of one transformed picture, ``mirroring``: the subject of a sentence.
        done: of copies, ``mirrored``.
        what: of a title, ``mirrors``.
    """

    act: str
    done: str
    what: str

    @property
    def copies(self) -> str:
        """``mirrored copies``."""
        return f"{self.done} copies"


TRANSFORMING = Action("transforming", "transformed", "transformations")
MIRROR = Action("mirroring", "mirrored", "mirrors")
TURN = Action("turning", "turned", "turns")
SHIFT = Action("shifting", "shifted", "cyclic shifts")
CHANNELS = Action("exchanging colour channels", "recoloured", "orders of the colour channels")
HUE = Action("turning the hue", "recoloured", "turns of the hue")
INVERT = Action("inverting", "inverted", "negatives")

SETS = {
    "scale": Action("rescaling", "rescaled", "enlargement and shrinking"),
    "rotate": Action("rotating", "rotated", "rotations"),
    "blur": Action("blurring", "blurred", "blur"),
    "jpeg": Action("compressing as JPEG", "compressed", "JPEG compression"),
    "brightness": Action("changing the brightness", "brighter and darker", "brightness"),
    "contrast": Action("changing the contrast", "more and less contrasted", "contrast"),
    "saturation": Action("changing the saturation", "more and less saturated", "saturation"),
    "gamma": Action("changing the gamma", "brighter and darker", "gamma"),
    "cropshift": Action("shifting the crop", "shifted", "shifts of the crop"),
    "cropdiagonal": Action("shifting the crop", "shifted", "diagonal shifts of the crop"),
    "lie": Action("moving by a tenth of a pixel", "hardly moved", "tiny movements"),
}
"""By the family's name, which stands before the colon of a set's name."""

_PARTS = (
    (TURN, re.compile(r"r[0-9.]+m?")),
    (MIRROR, re.compile(r"(r[0-9.]+)?m")),
    (SHIFT, re.compile(r"[xy][0-9]+/[0-9]+")),
    (CHANNELS, re.compile("|".join(PERMUTATIONS))),
    (HUE, re.compile(r"hue[0-9.]+")),
    (INVERT, re.compile("invert")),
)
"""Parts of elements' names, in the order in which sentences name them. A mirror may be written with a turn."""


def action_of(group: Group) -> Action:
    """What the group or set does."""
    if group.kind == "set":
        return SETS.get(group.name.partition(":")[0], TRANSFORMING)
    parts = [part for name in group.elements if name != "e" for part in name.split("*")]
    does = [action for action, pattern in _PARTS if any(pattern.fullmatch(part) for part in parts)]
    if _only_mirrors(group):
        does = [action for action in does if action is not TURN]
    if HUE in does and CHANNELS in does:  # turns of the hue by 120° are orders of the channels
        does.remove(CHANNELS)
    known = all(any(pattern.fullmatch(part) for _, pattern in _PARTS) for part in parts)
    if not does or not known:
        return TRANSFORMING
    return Action(*(listed([getattr(action, name) for action in does]) for name in ("act", "done", "what")))


def title_of(group: Group) -> str:
    """What the group does, for the head of its table: ``left-right mirror``, ``turns by 45° and mirrors``."""
    fixed = {("e", "m"): "left-right mirror", ("e", "r180m"): "up-down mirror"}
    if group.elements in fixed:
        return fixed[group.elements]
    if group.kind == "set":
        return f"{action_of(group).what}, {counted(group.order, 'member')}, no group"
    action = action_of(group)
    turns = re.fullmatch(r"[cd]([0-9]+)", group.name)
    if turns and int(turns[1]) > 1:
        return action.what.replace("turns", f"turns by {360 / int(turns[1]):.4g}°")
    return action.what if action is not TRANSFORMING else counted(group.order, "element")


def _only_mirrors(group: Group) -> bool:
    """Whether no element turns without mirroring, so that a mirror across another axis is no turn."""
    planar = [
        part for name in group.elements for part in name.split("*") if re.fullmatch(r"r[0-9.]+m?|m", part)
    ]
    return all(part.endswith("m") for part in planar)
