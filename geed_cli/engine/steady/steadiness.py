"""The check of one network on one device: the first image again after the second batch and at the end.

A movement, or a sign of one, leads to a verdict (``verdict.py``), which costs further showings.
"""

from itertools import count

from torch import nn

from geed_cli.engine.batches import Batch
from geed_cli.engine.out_of_memory import is_out_of_memory
from geed_cli.engine.steady.finding import Unsteady
from geed_cli.engine.steady.seen import Seen, first_moved
from geed_cli.engine.steady.showing import Showing, last, second
from geed_cli.engine.steady.verdict import Case, Evidence, Observe, Record, verdict
from geed_cli.engine.steady.watch import Watch


class SteadinessCheck:
    """What is held of the first image, and what was found.

    Args:
        module: the network, on its device.
        observe: shows it pixels and says what its sites held.
        batch_size: B.
        record: called with every two showings of the first image.
        short: whether batches of fewer than B rows are run.

    Attributes:
        finding: set once the network was found to be unsteady.
        done: whether the first image was shown again after everything else.
    """

    def __init__(
        self, module: nn.Module, observe: Observe, batch_size: int, record: Record, *, short: bool = True
    ) -> None:
        self._module, self._observe, self._record = module, observe, record
        self._batch_size, self._short = batch_size, short
        self._watch: Watch | None = None
        self._signs: tuple[str, ...] = ()
        self._judged: set[str] = set()
        self._shown_second = False
        self._batches = 0
        self._evidence: Evidence | None = None
        self.finding: Unsteady | None = None
        self.done = False

    def before(self, batch: Batch) -> tuple[int | None, ...] | None:
        """Called before a batch is run; of the first, which row of R each of its places shows."""
        self._batches += 1
        if self._evidence is not None:
            return None
        self._watch = Watch(self._module)
        return _shown_rows(batch)

    def look(self) -> None:
        """Note what has changed since the last look; to be called before anything else changes the network."""
        if self._watch is not None:
            self._signs = tuple(dict.fromkeys([*self._signs, *self._watch.changes()]))

    def look_from_here(self) -> None:
        """Begin anew, after something else may have changed it."""
        self._watch = Watch(self._module)

    def after(self, batch: Batch, held: Seen | None) -> None:
        """Called after a batch was run; of the first with what R held."""
        if held is not None:
            places, image = _shown_rows(batch), batch.slots[0].image
            rows = batch.pixels[[place for place, row in enumerate(places) if row is not None]]
            others = any(slot.image != image for slot in batch.slots)
            # on the CPU: it may be large, and is needed again in doubt alone
            self._evidence = Evidence(image, rows, others, Showing(batch.pixels.cpu(), places), held)
        if self._evidence is not None:
            for slot, row in zip(batch.slots, batch.pixels, strict=False):
                self._evidence.take(slot.image, row)
            if self._batches == 2:
                self._show_second(self._evidence)

    def finish(self) -> None:
        """Called where the run has no further batch."""
        if self._evidence is None or self.finding is not None:
            return
        if not self._shown_second:
            self._show_second(self._evidence)
        if self.finding is None:
            self._show(self._evidence, last(self._evidence.rows))
        self.done = self.finding is None

    def _show_second(self, evidence: Evidence) -> None:
        self._shown_second = True
        self._show(evidence, second(evidence.rows, beside_others=evidence.beside_others))

    def _show(self, evidence: Evidence, showing: Showing) -> None:
        """Show the first image again; judge where it moved, or where there is a new sign."""
        self.look()
        showing, seen = self._observed(showing)
        self._record(evidence.held, seen)
        moved = first_moved(evidence.held, seen)
        if moved is not None or set(self._signs) - self._judged:
            self._judged = set(self._signs)
            case = Case(self._module, evidence, showing, seen, self._signs)
            self.finding = verdict(case, self._observe, self._batch_size, self._record)
            self.look_from_here()

    def _observed(self, showing: Showing) -> tuple[Showing, Seen]:
        """What the sites held, in a whole batch where the network does not run in a smaller one."""
        if self._short:
            try:
                return showing, self._observe([showing], double=False)[0]
            except Exception as error:  # networks for one batch size raise whatever they like
                if is_out_of_memory(error) and len(showing.places) <= self._batch_size:
                    raise
                showing = showing.first(self._batch_size)
        whole = showing.padded(self._batch_size)
        return whole, self._observe([whole], double=False)[0]


def _shown_rows(batch: Batch) -> tuple[int | None, ...]:
    """For each place of the first batch which row of R it shows; None for other images and padding."""
    numbers = count()
    shown = [next(numbers) if slot.image == batch.slots[0].image else None for slot in batch.slots]
    return (*shown, *[None] * (len(batch.pixels) - len(shown)))
