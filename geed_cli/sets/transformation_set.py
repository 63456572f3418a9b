"""Finite sets of transformations that need not be a group: scalings, blurs, JPEG, brightness.

The same sums as eq. (4) are taken over a set, with f̂ the mean over the whole set; the identity is always its first
member. Nothing is closed and nothing has an inverse, so a result must say "not a group".
"""

from collections import Counter
from dataclasses import dataclass

import torch

from geed_cli.errors import InputError
from geed_cli.groups.group import MAX_ORDER
from geed_cli.sets.flow import Flow
from geed_cli.sets.perturbation import IDENTITY_PERTURBATION, Perturbation


@dataclass(frozen=True)
class TransformationSet:
    """A set of perturbations, all different, identity first; what the engine asks of a group, it answers too."""

    name: str
    transforms: tuple[Perturbation, ...]

    def __post_init__(self) -> None:
        if not self.transforms or self.transforms[0] != IDENTITY_PERTURBATION:
            raise ValueError(f"set {self.name}: member 0 must be the identity")
        if len(set(self.transforms)) != len(self.transforms) or len(set(self.elements)) != self.order:
            raise ValueError(f"set {self.name}: members must differ")

    @property
    def order(self) -> int:
        """N, the number of members, the identity included."""
        return len(self.transforms)

    @property
    def elements(self) -> tuple[str, ...]:
        """The members' names, in their order."""
        return tuple(member.name for member in self.transforms)

    @property
    def is_flow(self) -> bool:
        """Whether the members beside e are the two ends of a flow, of which a derivative can be made."""
        return self.order == 3 and all(isinstance(member, Flow) for member in self.transforms[1:])

    @property
    def calls(self) -> tuple[str, ...]:
        """What each member does, in full: sets of one name are comparable only where these agree."""
        return tuple(member.call for member in self.transforms)

    @property
    def exact(self) -> bool:
        """False: no member but the identity is known to permute pixels."""
        return False

    def check(self, size: int, channels: int = 3) -> None:
        """Try every member on a picture of the network's input size S and channels, before any image is read.

        Raises:
            InputError: a member cannot take such a picture, or makes values that are no numbers of it.
        """
        gradient = torch.linspace(0, 1, channels * size * size).reshape(channels, size, size)
        for member in self.transforms:
            if not member.show(gradient).isfinite().all():
                raise InputError(
                    f"{member.name} makes values that are not numbers",
                    expected="a perturbation that maps a picture to a picture",
                    remedy=f"change or leave out {member.name}: {member.call}",
                )


def set_of(name: str, members: list[Perturbation]) -> TransformationSet:
    """The set of those members and the identity, which goes first.

    Raises:
        InputError: no members or too many, one that is the identity, or two that are the same or called the same.
    """
    expected = f"1 to {MAX_ORDER - 1} different members besides the identity, which every set has"
    remedy = "leave out members that are repeated or change nothing"
    if not 1 <= len(members) < MAX_ORDER:
        raise InputError(
            f"set {name!r} has {len(members)} members", expected=expected, remedy="geed explain set"
        )
    for member in members:
        if member.is_identity:
            raise InputError(
                f"{member.name} of set {name!r} is the identity", expected=expected, remedy=remedy
            )
    transforms = (IDENTITY_PERTURBATION, *members)
    for count in (Counter(members), Counter(member.name for member in transforms)):
        twice, times = count.most_common(1)[0]
        if times > 1:
            what = twice.name if isinstance(twice, Perturbation) else twice
            raise InputError(f"{what} is in set {name!r} {times} times", expected=expected, remedy=remedy)
    return TransformationSet(name, transforms)
