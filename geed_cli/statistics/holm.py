"""Holm's step-down correction for many comparisons read from one table.

Valid under any dependence between the comparisons and never weaker than Bonferroni's (Holm 1979). Comparisons
without a p-value are no claims and do not count.
"""

from collections.abc import Sequence


def holm(p_values: Sequence[float | None]) -> tuple[float | None, ...]:
    """Adjusted p-values, in the order given: significant at family-wise level α where ≤ α.

    The k-th smallest of m (k = 1…m) becomes max over j ≤ k of min(1, (m − j + 1) p_(j)). None stays None.
    """
    known = sorted((p, i) for i, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    running = 0.0
    for rank, (p, i) in enumerate(known):
        running = max(running, min(1.0, (len(known) - rank) * p))
        adjusted[i] = running
    return tuple(adjusted)
