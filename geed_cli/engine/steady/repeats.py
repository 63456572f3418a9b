"""How far measures move between two showings of the same rows: the control ``repeat``, raw."""

import math
from collections.abc import Mapping

from geed_cli.engine.plan import Plan
from geed_cli.engine.rounding import Between
from geed_cli.engine.row import Rounding
from geed_cli.engine.steady.seen import Seen
from geed_cli.measures.measure import VectorSite
from geed_cli.models.network import Site


class Repeats:
    """m(f(gx), f'(gx)) of every measure and layer, f and f' two showings of the same view; the mean over showings.

    Args:
        plan: what is measured.
        vectors: where features and logits are read.
        kept: whether showings are kept for this at all.
    """

    def __init__(self, plan: Plan, vectors: Mapping[VectorSite, Site], *, kept: bool) -> None:
        self._plan, self._vectors, self._kept = plan, vectors, kept
        self._showings: list[tuple[Seen, Seen]] = []

    def __call__(self, before: Seen, after: Seen) -> None:
        """Take two showings."""
        if self._kept:
            self._showings.append((before, after))

    def means(self) -> Rounding:
        """The mean of each over all rows and showings that have a number."""
        numbers: dict[tuple[str, str | None], list[float]] = {}
        for before, after in self._showings:
            for row in sorted({number for rows in before.values() for number in rows.numbers}):
                own, other = (
                    {site: rows.row(row) for site, rows in seen.items() if row in rows.numbers}
                    for seen in (before, after)
                )
                both = Between(self._plan, self._vectors, own)
                for site, values in other.items():
                    both.take(site, values)
                for key, value in both.numbers.items():
                    numbers.setdefault(key, []).extend([value] if math.isfinite(value) else [])
        return {key: sum(values) / len(values) for key, values in numbers.items() if values}
