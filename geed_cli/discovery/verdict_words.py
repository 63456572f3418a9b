"""What a search for a hidden action concludes of a layer, as it is said and saved; without torch, for who reads it."""

from collections.abc import Mapping
from typing import Literal

Kind = Literal["equivariant", "hidden", "invariant", "neither", "undecided"]

WORDS: Mapping[Kind, str] = {
    "equivariant": "equivariant as it is",
    "hidden": "equivariant under a hidden action",
    "invariant": "merely invariant",
    "neither": "neither equivariant nor invariant",
    "undecided": "undecided",
}
