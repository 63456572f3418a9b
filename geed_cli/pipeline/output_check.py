"""Whether what a run sees of a network's output is what it was declared, or taken, to be.

Every row is looked at, also one from the cache. A row that cannot be what the output is said to be ends the run at
once; rows that could all be probabilities, where scores were expected, end it before there is a result.
"""

from dataclasses import replace

import torch
from torch import Tensor

from geed_cli.choices import OutputKind
from geed_cli.engine.map_layout import EXCHANGED, Layout
from geed_cli.errors import InputError
from geed_cli.grids.exchanged_axes import exchanged_layers
from geed_cli.models.network import OUTPUT, Network
from geed_cli.models.output import (
    ALL_DISTRIBUTIONS,
    ALL_IN_UNIT,
    NOT_DISTRIBUTIONS,
    Output,
    are_distributions,
    contradiction,
    in_unit,
)
from geed_cli.rows.tile_record import Outputs

ENOUGH = 2
"""Rows that have to agree before they say anything."""


def require_upright(network: Network) -> None:
    """Refuse scores per pixel whose height and width are exchanged: they do not move with the picture.

    Raises:
        InputError: they are.
    """
    layout = Layout(channels_last=network.output.channels_last)
    if network.output.kind == "dense" and exchanged_layers(network, {OUTPUT.module: layout}):
        raise InputError(
            f"the network's output {EXCHANGED}",
            expected="scores of classes per pixel as these lie in the picture",
            remedy="split: {output: none} in the spec",
        )


class OutputCheck:
    """Looks at the outputs of one network.

    Args:
        output: what they are said to be.
        precision: of the run, which decides how well probabilities sum to 1.

    Attributes:
        seen: what was seen so far.
    """

    def __init__(self, output: Output, precision: torch.dtype) -> None:
        self._output = output
        self._precisions = precision, output.precision
        self.seen = Outputs()

    def see(self, image: str, z: Tensor) -> None:
        """Look at one output of an image, flattened.

        Raises:
            InputError: it is no probabilities, and they were declared or inferred.
        """
        output, before = self._output, self.seen
        if not (output.probable or before.all_distributions or before.all_in_unit):
            self.seen = replace(before, rows=before.rows + 1)  # there is nothing more to learn
            return
        rows = (output.by_pixel(z) if output.kind == "dense" else z)[None]
        distribution, unit = are_distributions(rows, 1, *self._precisions), in_unit(rows)
        if output.probable and not (unit if output.kind == "sigmoid" else distribution):
            # others were, when the network was loaded, so that it is no logits either
            raise contradiction(output.kind, NOT_DISTRIBUTIONS, "none", where=f" for {image}")
        self.seen = Outputs.together((self.seen, Outputs(1, distribution, unit)))

    def taken(self) -> Outputs:
        """What was seen since this was asked last; nothing of it is held afterwards."""
        seen, self.seen = self.seen, Outputs()
        return seen

    def conclude(self) -> None:
        """Refuse scores all of which could be probabilities.

        Raises:
            InputError: a softmax or a sigmoid would have been taken twice.
        """
        output = self._output
        if output.probable or output.kind == "none" or self.seen.rows < ENOUGH:
            return
        if self.seen.all_distributions:
            better: OutputKind = "none" if output.kind == "dense" else "probabilities"
            raise contradiction(output.kind, ALL_DISTRIBUTIONS, better)
        if self.seen.all_in_unit and not output.affine:
            raise contradiction(output.kind, ALL_IN_UNIT, "none")
