"""Collects the feature vectors and logits of each image's orbit until the orbit is whole.

Vectors are small, so they are kept for everything shown of the images in flight, flattened, on the CPU in float64.
"""

from collections.abc import Callable, Sequence

from torch import Tensor

from geed_cli.engine.batches import Slot
from geed_cli.engine.outbox import Outbox
from geed_cli.engine.plan import Variant


class VectorCollector:
    """f(gx) for every variant of the images in flight, one vector each."""

    def __init__(self) -> None:
        self._orbits: dict[str, dict[Variant, Tensor]] = {}

    def consume(
        self,
        slots: Sequence[Slot | None],
        activation: Tensor,
        outbox: Outbox,
        broken: Callable[[set[str]], None],
    ) -> None:
        """Take a batch's activations, shape (B, …) or (B,), flattened to (B, k).

        Once the outbox is delivered, ``broken`` is called with the images whose vectors are not finite.
        """
        # a copy: an in-place ReLU may change the activation after its hook has returned
        vectors = activation.detach().reshape(len(activation), -1).clone()

        def take(numbers: Tensor) -> None:
            finite = numbers.isfinite().all(dim=1).tolist()
            for slot, vector in zip(slots, numbers.unbind(), strict=True):
                if slot is not None:
                    self._orbits.setdefault(slot.image, {})[slot.variant] = vector
            broken({slot.image for slot, good in zip(slots, finite, strict=True) if slot and not good})

        outbox.put(vectors, take)

    def pop(self, image: str) -> dict[Variant, Tensor]:
        """The whole orbit of an image, which is then forgotten."""
        return self._orbits.pop(image)
