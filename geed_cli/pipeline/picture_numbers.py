"""Numbers in the cache that are a picture's but no part of its row: rounding, and how much around it is made up.

Both are measured once in a run, by a network's first picture or while a picture is decoded, and are written at once.
"""

import math
from collections.abc import Mapping, Set
from dataclasses import dataclass

import numpy as np

from geed_cli.cache.digest import digest
from geed_cli.cache.store import RowStore
from geed_cli.engine.plan import Plan
from geed_cli.engine.rounding import Rounding
from geed_cli.measures.measure import VectorSite


@dataclass(frozen=True)
class PictureNumbers:
    """What the store knows of pictures for one network in one run.

    Attributes:
        store: the cache file.
        network_key: of everything but the picture that can change a number.
        plan: what is measured.
        sites: of the vectors that are read.
    """

    store: RowStore
    network_key: bytes
    plan: Plan
    sites: Set[VectorSite]

    def rounding(self, sha256: str) -> Rounding | None:
        """The rounding measured on that picture; None where any of it is not known."""
        keys = {each: self._key(sha256, self._name(each)) for each in self._rounded()}
        known = self.store.get_many(list(keys.values()))
        if len(known) < len(keys):
            return None
        found = {each: float(known[key]) for each, key in keys.items()}
        return {each: value for each, value in found.items() if not math.isnan(value)}

    def keep_rounding(self, sha256: str, found: Rounding) -> None:
        """Keep the rounding; NaN where the run has none."""
        values = {self._name(each): found.get(each, math.nan) for each in self._rounded()}
        self._put({self._key(sha256, name): value for name, value in values.items()})

    def made_up(self, sha256: str, side: int) -> float | None:
        """The part of the picture's surroundings that is made up; None where it is not known."""
        key = self._key(sha256, f"made up {side}")
        known = self.store.get_many([key])
        return float(known[key]) if known else None

    def keep_made_up(self, parts: Mapping[str, float], side: int) -> None:
        """Keep that part of several pictures, by their hashes."""
        self._put({self._key(sha256, f"made up {side}"): value for sha256, value in parts.items()})

    def _put(self, values: Mapping[bytes, float]) -> None:
        arrays = {key: np.array(value, dtype=np.float64) for key, value in values.items()}
        self.store.put_many(self.network_key, arrays)

    def _rounded(self) -> list[tuple[str, str | None]]:
        vectors = [(measure.name, None) for measure in self.plan.of_vectors if measure.site in self.sites]
        layers = [(measure.name, layer) for measure in self.plan.of_layers for layer in self.plan.layers]
        return [*vectors, *layers]

    def _name(self, each: tuple[str, str | None]) -> str:
        metric, layer = each
        where = "" if layer is None else layer_text(self.plan, layer)
        return f"rounding {metric} {where} {self.plan.identities[0]!r}"

    def _key(self, sha256: str, name: str) -> bytes:
        return digest({"network": self.network_key.hex(), "image": sha256, "number": name})


def layer_text(plan: Plan, layer: str) -> str:
    """A layer, and how its output is read: another grid of the same tokens makes other maps."""
    read = plan.layers[layer]
    return f"layer {layer} {read.shape} {read.layout!r}"
