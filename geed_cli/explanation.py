"""What ``geed explain`` says of a name; the object that computes the number, or means the word, holds it."""

from dataclasses import dataclass

PAPER = "Kvinge et al., NeurIPS 2022"
"""The paper whose measures these are, as sources cite it."""


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """The parts of one explanation, each a sentence or a few; empty where there is nothing to say.

    Attributes:
        what: what it is, one sentence without its name.
        formula: how it is computed, with the number of the paper's equation where it has one.
        range: the values that it can take.
        reading: how to read it.
        example: one with numbers, which the tests compute again.
        source: where it comes from; this program where nothing else is named.
        see: other names to explain.
    """

    what: str
    formula: str = ""
    range: str = ""
    reading: str = ""
    example: str = ""
    source: str = "geed"
    see: tuple[str, ...] = ()
