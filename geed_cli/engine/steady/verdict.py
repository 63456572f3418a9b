"""Whether a movement is the network's own, or rounding that the network makes large.

A steady network with discrete steps, or a deep untrained one, can turn a last digit into anything. So a movement counts

* where three images move in float64 (in the run's own type, where the network does not run in float64), at other
  places among other neighbours and again at the same ones; or
* where the very same batch gave one thing and then another, though some row came out bit for bit the same, and
  changing pixels by their last digits moves nothing: no kernel rounds so, what changed was drawn or remembered; or
* where the first image moves in float64, and pixels' last digits move nothing.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Protocol

import torch
from torch import Tensor, nn

from geed_cli.engine.steady.culprit import culprit
from geed_cli.engine.steady.finding import Unsteady
from geed_cli.engine.steady.seen import Seen, first_moved, identical, moved_rows, same_by_place
from geed_cli.engine.steady.showing import Showing, company, full
from geed_cli.models.network import Site

ROUNDS = 6
"""So often three images are shown in three arrangements: what moves half of the time is missed in 1 of 2,000 cases."""
PERTURBED = 3
"""Copies of a picture with other last digits; most of them have to move for a network to be called sensitive."""


DRAWN = "it draws random numbers"
REMEMBERED = (
    "the same batch gave something else: it keeps state between calls, or draws random numbers of its own"
)
MIXED = "it depends on what else is in the batch"


class Observe(Protocol):
    """Shows a network pixels, showing after showing; in float64 if ``double``."""

    def __call__(self, showings: Sequence[Showing], *, double: bool) -> list[Seen]:
        """What each site holds of the rows that are looked at, for each showing."""


Record = Callable[[Seen, Seen], None]
"""Takes what the first image held at two showings."""


@dataclass
class Evidence:
    """What is held for a verdict.

    Attributes:
        image: path of the first image.
        rows: R, the rows of the first batch that show the first image, pixels in [0, 1].
        batch: the first batch, so that the very same can be run again.
        held: what R held there.
        further: a row of each of two other images, by path.
    """

    image: str
    rows: Tensor
    batch: Showing
    held: Seen
    further: dict[str, Tensor] = field(default_factory=dict)

    def take(self, image: str, row: Tensor) -> None:
        """Keep a row of another image, of two at most."""
        if image != self.image and len(self.further) < 2:
            self.further.setdefault(image, row.clone())

    @property
    def three(self) -> Tensor:
        """A row of each of three images; in a run of fewer the first with its colours inverted and exchanged."""
        e = self.rows[0]
        stand_ins = [1 - e, e.roll(1, 0)]
        return torch.stack([e, *[*self.further.values(), *stand_ins][:2]])


@dataclass(frozen=True)
class Case:
    """What led to a verdict: a network, its evidence, and a showing at which it moved or a sign was seen."""

    module: nn.Module
    evidence: Evidence
    showing: Showing
    seen: Seen
    signs: tuple[str, ...]


def verdict(case: Case, observe: Observe, batch_size: int, record: Record) -> Unsteady | None:
    """What was found; None where the network is steady as far as it was seen."""
    evidence = case.evidence
    repeats = full(evidence.rows, batch_size)
    whole_batch = evidence.batch.in_full()
    shown = [whole_batch, repeats, case.showing, whole_batch, repeats]
    again, whole, same, third, repeated = observe(shown, double=False)
    for seen in (again, whole, third, repeated):
        record(evidence.held, seen)
    alike = [
        (evidence.held, again),
        (again, third),
        (evidence.held, third),
        (case.seen, same),
        (whole, repeated),
    ]
    by_call = _first(alike)
    by_place = _first([(evidence.held, case.seen), (again, same), (evidence.held, whole), (again, whole)])
    found = by_call or by_place
    if found is None:
        return None
    drawn = by_call is not None and any(identical(*pair) for pair in alike)
    others = not torch.equal(whole_batch.pixels, repeats.pixels.cpu())
    kept = others and same_by_place((whole_batch.places, again), (repeats.places, whole))
    if not (
        _three_move(case, observe, batch_size)
        or ((drawn or _moves_exactly(case, observe)) and not _sensitive(case, observe))
    ):
        return None
    site, movement = _first([(evidence.held, case.seen)]) or found
    random = any("random generator" in sign for sign in case.signs)
    kind = DRAWN if random else REMEMBERED if by_call or kept else MIXED
    by_itself = random or by_call is not None
    return Unsteady(site, movement, kind, _culprit(case, observe, by_call=by_itself), case.signs)


def _first(pairs: Sequence[tuple[Seen, Seen]]) -> tuple[Site, float] | None:
    """The first site that moved in the first pair in which one did."""
    return next(filter(None, (first_moved(*pair) for pair in pairs)), None)


def _three_move(case: Case, observe: Observe, batch_size: int) -> bool:
    """Whether three images move where they are shown in three arrangements by turns, in float64 if that runs."""
    # what takes its scale from the largest number of a batch is a function of one image in batches of one
    shown = [*company(case.evidence.three, extremes=batch_size > 1)] * ROUNDS
    looks = _tried(observe, shown, double=True) or _tried(observe, shown, double=False)
    pairs = [*pairwise(looks), *zip(looks, looks[3:], strict=False)]
    return len({row for pair in pairs for row in moved_rows(*pair)}) == len(case.evidence.three)


def _moves_exactly(case: Case, observe: Observe) -> bool:
    """Whether the first image moves in float64, too, between the first batch and the showing."""
    looks = _tried(observe, [case.evidence.batch, case.showing, case.evidence.batch], double=True)
    return any(moved_rows(*pair) for pair in pairwise(looks))


def _tried(observe: Observe, shown: Sequence[Showing], *, double: bool) -> list[Seen]:
    """What was seen; nothing where the network does not run in that type, for so few rows, or has no room."""
    try:
        return observe(shown, double=double)
    except Exception:  # networks raise whatever they like
        return []


def _sensitive(case: Case, observe: Observe) -> bool:
    """Whether changing the first picture by its last digits moves it, so that rounding may."""
    e = case.evidence.rows[:1]
    signs = torch.randint(0, 2, (PERTURBED, *e.shape[1:]), generator=torch.Generator().manual_seed(0)).to(e)
    nearby = e * (1 + 2 * torch.finfo(e.dtype).eps * (2 * signs - 1))
    same = e.repeat(PERTURBED, 1, 1, 1)
    shown = [Showing(pixels, tuple(range(PERTURBED))) for pixels in (same, nearby, same)]
    looks = _tried(observe, shown, double=False)
    if not looks:
        return False
    plain, other, again = looks
    return 2 * len(moved_rows(plain, other)) > PERTURBED and not moved_rows(plain, again)


def _culprit(case: Case, observe: Observe, *, by_call: bool) -> str:
    """The module at fault, from two passes that went differently."""
    evidence = case.evidence

    def passes() -> Iterator[tuple[Showing, Showing]]:
        if by_call:
            yield from [(evidence.batch, evidence.batch)] * ROUNDS
        yield company(evidence.three, extremes=True)[:2]
        yield evidence.batch, case.showing

    for first, then in passes():
        try:
            found = culprit(case.module, (first, then), lambda showing: observe([showing], double=False))
        except Exception:  # a network for another batch size, or without room for it
            continue
        if found:
            return found
    return ""
