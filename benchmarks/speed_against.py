"""One audit against the best bare loop over as many inputs: lines with the ratio, and the line with the split."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from benchmarks.speed_audit import Spent, audit_once, options_for
from benchmarks.speed_bare import Bare, BareLoop, bare_loop
from benchmarks.speed_settings import Settings
from benchmarks.speed_turns import in_turns
from benchmarks.table import Line
from geed_cli.models.load import load_model
from geed_cli.models.network import Network
from geed_cli.pipeline.options import AuditOptions

ORDERS = {"c4": 4, "d4": 8}
"""Elements of the groups that are timed; none of them resamples, so views are as many."""


@dataclass(frozen=True)
class Sides:
    """What is timed in turns.

    Attributes:
        network: that is audited; its weights are random, since speed does not depend on them.
        plain: its bare loop.
        kept: the same with freed memory kept, as in an audit.
        settings: images, repeats, device.
    """

    network: Network
    plain: BareLoop
    kept: BareLoop
    settings: Settings


@contextmanager
def sides(model: str, settings: Settings) -> Iterator[Sides]:
    """The network here and its two bare loops, a process each."""
    with (
        bare_loop(Bare(model, settings)) as plain,
        bare_loop(Bare(model, settings, kept=True)) as kept,
    ):
        yield Sides(load_model(model, weights="random"), plain, kept, settings)


def against_bare(
    what: str, group: str, limit: float, sides: Sides, *, layers: tuple[str, ...] = ()
) -> Iterator[Line]:
    """The ratio to the bare loop with its goal, that to the loop with kept memory, and where the audit's time went.

    Args:
        what: is measured, in words.
        group: one of ``ORDERS``.
        limit: the goal.
        sides: that take turns.
        layers: in place of the network's stages.
    """
    options = options_for(sides.network, sides.settings, layers=layers)
    inputs = sides.settings.images * ORDERS[group]
    spent: list[Spent] = []

    def audited() -> float:
        spent.append(audit_once(sides.network, [group], options))
        return spent[-1].total

    loops = {"plain": sides.plain, "kept": sides.kept}
    timed = {"audit": audited} | {
        name: lambda loop=loop: loop.seconds(inputs) for name, loop in loops.items()
    }
    turns = in_turns(timed, sides.settings.repeats)
    rates = {name: inputs / turns.median(name) for name in timed}

    def words(name: str) -> str:
        return f"{rates['audit']:.1f} against {rates[name]:.1f} inputs/s ({loops[name].form})"

    yield Line(what, words("plain"), turns.ratio("audit", "plain"), limit)
    yield Line("… against a loop that keeps freed memory, too", words("kept"), turns.ratio("audit", "kept"))
    yield Line("… its time", sorted(spent, key=lambda one: one.total)[len(spent) // 2].split)


def warm_up(network: Network, groups: Sequence[str], options: AuditOptions) -> None:
    """One short audit that is not counted: the first use of each kernel is slower."""
    audit_once(network, groups, options)
