"""A word that ``geed explain`` knows, as its table lists it."""

from dataclasses import dataclass

from geed_cli.explanation import Explanation


@dataclass(frozen=True)
class Word:
    """One word as it is printed, and what else it is called: in files, options, or other tables."""

    name: str
    explained: Explanation
    aliases: tuple[str, ...] = ()
