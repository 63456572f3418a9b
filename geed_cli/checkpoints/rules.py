"""What a spec declares about the names in a checkpoint file.

Names are those of ``state_dict()``; globs are shell patterns matched case-sensitively against whole names.
Nothing is stripped, renamed or left out that is not declared here, except what ``key: auto`` finds.
"""

from dataclasses import dataclass
from typing import Literal

Match = Literal["name", "order"]
# In order of preference. DINO's full checkpoints hold both networks of the distillation: the teacher is the
# one that its authors evaluate and publish. Averaged copies (EMA) come last.
USUAL_ENTRIES = (
    "state_dict", "model", "model_state_dict", "net", "module", "teacher", "student",
    "state_dict_ema", "model_ema", "ema",
)  # fmt: skip


@dataclass(frozen=True)
class KeyRules:
    """How the names in a file become the names of the network.

    Attributes:
        key: the entry that holds the weights, dotted where nested; ``auto`` looks for the usual ones.
        strip_prefix: prefixes removed from the names that begin with them, in this order, until none is left.
        rename: (regular expression, replacement) pairs, applied in this order to whole names after stripping.
        match: ``name`` pairs equal names, ``order`` pairs by position.
        missing: globs of network tensors that the file may lack; they keep their random initial values.
        unexpected: globs of file tensors that the network may lack; they are not used.
    """

    key: str = "auto"
    strip_prefix: tuple[str, ...] = ()
    rename: tuple[tuple[str, str], ...] = ()
    match: Match = "name"
    missing: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
