"""Hidden actions: how a layer transforms when nobody said how G acts on its channels. docs/discovery.md explains.

``discover`` streams images through ``fitter`` (``permutation``, ``linear`` with ``regression``) and ``scores``;
``defect`` asks whether the found maps compose as G does, ``explained`` how much they explain, ``verdict`` says it.
"""

from geed_cli.discovery.channel_map import ChannelMap, Linear, Permutation
from geed_cli.discovery.conclusion import Kind, Verdict, verdict
from geed_cli.discovery.discover import Act, Discovery, held_bytes
from geed_cli.discovery.discovered import Discovered

__all__ = [
    "Act",
    "ChannelMap",
    "Discovered",
    "Discovery",
    "Kind",
    "Linear",
    "Permutation",
    "Verdict",
    "held_bytes",
    "verdict",
]
