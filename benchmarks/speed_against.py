"""One audit against the best bare loop over as many inputs: the line with the ratio, and the line with the split."""

from collections.abc import Iterator, Sequence

from benchmarks.speed_audit import Spent, audit_once, options_for
from benchmarks.speed_bare import BareLoop, Form
from benchmarks.speed_settings import Settings
from benchmarks.speed_turns import in_turns
from benchmarks.table import Line
from geed_cli.models.network import Network
from geed_cli.pipeline.options import AuditOptions

ORDERS = {"c4": 4, "d4": 8}
"""Elements of the groups that are timed; none of them resamples, so views are as many."""


def against_bare(
    network: Network, group: str, form: Form, settings: Settings, *, layers: tuple[str, ...] = ()
) -> tuple[float, str, Spent]:
    """The ratio to the bare loop, the rates of both in words, and one audit's split.

    Args:
        network: loaded.
        group: one of ``ORDERS``.
        form: of the bare loop.
        settings: images, repeats, device.
        layers: in place of the network's stages.
    """
    options = options_for(network, settings, layers=layers)
    inputs = settings.images * ORDERS[group]
    bare = BareLoop(network, settings)
    spent: list[Spent] = []

    def audited() -> float:
        spent.append(audit_once(network, [group], options))
        return spent[-1].total

    turns = in_turns({"audit": audited, "bare": lambda: bare.seconds(form, inputs)}, settings.repeats)
    rates = [inputs / turns.median(name) for name in ("audit", "bare")]
    words = f"{rates[0]:.1f} against {rates[1]:.1f} inputs/s ({form})"
    middle = sorted(spent, key=lambda one: one.total)[len(spent) // 2]
    return turns.ratio("audit", "bare"), words, middle


def warm_up(network: Network, groups: Sequence[str], options: AuditOptions) -> None:
    """One short audit that is not counted: the first use of each kernel is slower."""
    audit_once(network, groups, options)


def lines_for(what: str, found: tuple[float, str, Spent], limit: float) -> Iterator[Line]:
    """The ratio with its goal, and where the time of the audit went."""
    ratio, words, spent = found
    yield Line(what, words, ratio, limit)
    yield Line("… its time", spent.split)
