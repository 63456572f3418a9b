"""Lists of layers and measures in sentences: neighbours as a stretch, the first few of many."""

from collections.abc import Sequence

from geed_cli.measures.latent import L2
from geed_cli.measures.prediction import FLIP_RATE
from geed_cli.measures.softmax import KL
from geed_cli.phrases import some
from geed_cli.result.schema import Entry

PLAIN = {L2.name: "features", KL.name: "softmax", FLIP_RATE.name: "top class"}
"""What sentences call the measures of a whole network, in the order in which they speak of them."""


def stretches(names: Sequence[str], order: Sequence[str]) -> str:
    """Layers of a network, neighbours as a stretch: ``blocks.0 to blocks.3, blocks.6``."""
    runs: list[list[str]] = []
    for name in names:
        if runs and order.index(name) == order.index(runs[-1][-1]) + 1:
            runs[-1].append(name)
        else:
            runs.append([name])
    return some(
        [
            run[0] if len(run) == 1 else f"{run[0]} {'and' if len(run) == 2 else 'to'} {run[-1]}"
            for run in runs
        ]
    )


def places(entries: Sequence[Entry], order: Sequence[str]) -> str:
    """Measures by name, layers as stretches: ``softmax.kl, blocks.0 to blocks.2``."""
    whole = list(dict.fromkeys(entry.metric for entry in entries if entry.layer is None))
    layers = [entry.layer for entry in entries if entry.layer is not None]
    once = sorted(dict.fromkeys(layers), key=order.index)
    return ", ".join([*whole, *([stretches(once, order)] if once else [])])


def listed(names: Sequence[str]) -> str:
    """All of them: ``features, softmax and top class``."""
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def sentence(text: str) -> str:
    """With a capital, and a full stop at the end."""
    return text[:1].upper() + text[1:].removesuffix(".") + "."
