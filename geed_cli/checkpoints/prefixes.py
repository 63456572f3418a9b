"""Many names as the few prefixes that they have in common and that other names have not."""

from collections.abc import Iterable, Mapping
from glob import escape


def common_prefixes(names: Iterable[str], others: Iterable[str]) -> Mapping[str, int]:
    """The shortest dotted globs that cover ``names`` and none of ``others``, each with the number of names under it.

    A name that is alone under such a prefix, or has none, stands for itself: ``{"module.encoder_k.*": 160,
    "module.queue": 1}``.
    """
    taken = {prefix for other in others for prefix in _prefixes(other)}
    under: dict[str, list[str]] = {}
    for name in names:
        free = next((prefix for prefix in _prefixes(name) if prefix not in taken), None)
        under.setdefault(name if free is None else free, []).append(name)
    return {
        escape(covered[0]) if len(covered) == 1 else f"{escape(prefix)}.*": len(covered)
        for prefix, covered in sorted(under.items())
    }


def _prefixes(name: str) -> Iterable[str]:
    """What stands in front of each dot, the shortest first."""
    return (name[:place] for place, letter in enumerate(name) if letter == ".")


def counted_prefixes(globs: Mapping[str, int]) -> str:
    """As printed: "module.encoder_k.* (160), module.queue"."""
    return ", ".join(f"{glob} ({count})" if glob.endswith(".*") else glob for glob, count in globs.items())
