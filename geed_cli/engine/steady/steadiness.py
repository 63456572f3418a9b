"""The check of one network on one device: the first image alone, then again in later batches (``again.py``).

Where those have no room for it, it is shown in small batches after the second and at the end. A movement, or a sign of
one, leads to a verdict (``verdict.py``), which costs further showings.
"""

from collections.abc import Sequence

from torch import Tensor, nn

from geed_cli.engine.batches import Batch, Places
from geed_cli.engine.steady.by_place import decided_by_place
from geed_cli.engine.steady.finding import Unsteady
from geed_cli.engine.steady.seen import Seen, first_moved
from geed_cli.engine.steady.showing import Showing, alone, last, second
from geed_cli.engine.steady.verdict import Case, Evidence, Observe, Record, verdict
from geed_cli.engine.steady.watch import Watch
from geed_cli.errors import is_out_of_memory
from geed_cli.models.code.as_it_was import as_it_was


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
        self._batches = 0
        self._evidence: Evidence | None = None
        self._alone: tuple[Showing, Seen] | None = None
        self._seen_alone = False
        self._ended_with_it = False
        self.finding: Unsteady | None = None
        self.done = False

    @property
    def held(self) -> Seen:
        """What the rows of the first image held in their first batch; nothing before that."""
        return {} if self._evidence is None else self._evidence.held

    def before(self, batch: Batch) -> Sequence[Places]:
        """Called before a batch is run: at which places it is to be looked at."""
        self._batches += 1
        again = [batch.again] if any(number is not None for number in batch.again) else []
        self._ended_with_it = bool(again)
        if self._evidence is not None:
            return again if self.finding is None else []
        self._watch = Watch(self._module)
        self._alone = self._shown_alone(batch)
        self._seen_alone = self._alone is not None
        return [batch.measured, *again]

    def look(self) -> None:
        """Note what has changed since the last look; to be called before anything else changes the network."""
        if self._watch is not None:
            self._signs = tuple(dict.fromkeys([*self._signs, *self._watch.changes()]))

    def look_from_here(self) -> None:
        """Begin anew, after something else may have changed it."""
        self._watch = Watch(self._module)

    def after(self, batch: Batch, seen: Sequence[Seen]) -> None:
        """Called after a batch was run, with what was held at the places that ``before`` named."""
        if self.finding is not None:
            return
        if self._evidence is None:
            held, *seen = seen
            first = [place for place, row in enumerate(batch.measured) if row is not None]
            slot = batch.slots[first[0]]
            assert slot is not None, "what is measured has a slot"
            # on the CPU: it may be large, and is needed again in doubt alone
            whole = Showing(batch.pixels.cpu(), batch.measured)
            self._evidence = Evidence(slot.image, batch.pixels[first], whole, held)
            if self._alone is not None:
                self._judge(self._evidence, *self._alone)
                self._alone = None  # it holds a row of every site
        for slot, row in zip(batch.slots, batch.pixels, strict=True):
            if slot is not None:
                self._evidence.take(slot.image, row)
        for again in seen:
            self._judge(self._evidence, Showing(batch.pixels.cpu(), batch.again), again)
        if not seen and self._batches == 2 and self._batch_size > 1:
            rows = self._evidence.rows
            self._show(self._evidence, second(rows))
            self._compare_places(rows[:1])

    def finish(self) -> None:
        """Called where the run has no further batch."""
        if self._evidence is None or self.finding is not None:
            return
        if not self._ended_with_it or (self._batches == 1 and not self._seen_alone):
            self._show(self._evidence, last(self._evidence.rows))
        self.done = self.finding is None

    def _shown_alone(self, batch: Batch) -> tuple[Showing, Seen] | None:
        """The first row before everything else; nothing where the network does not run in so small a batch."""
        if not self._short:
            return None
        row = batch.pixels[batch.measured.index(0)][None]
        others = [p for p, slot in enumerate(batch.slots) if slot is not None and batch.measured[p] is None]
        showing = alone(row, batch.pixels[others[-1:]] if others else 1 - row, self._batch_size)
        try:
            return showing, self._observe([showing], double=False)[0]
        except Exception:  # networks for one batch size raise whatever they like
            return None

    def _compare_places(self, row: Tensor) -> None:
        """Show a row, made small, at all places of a batch at once."""
        if self.finding is None and self._short:
            self.look()
            with as_it_was(self._module):
                self.finding = decided_by_place(
                    self._module,
                    row,
                    self._batch_size,
                    lambda showing, double: self._observe([showing], double=double)[0],
                )
            self.look_from_here()

    def _show(self, evidence: Evidence, showing: Showing) -> None:
        """Show the first image in a batch of its own."""
        if self.finding is None:
            self._judge(evidence, *self._observed(showing))

    def _judge(self, evidence: Evidence, showing: Showing, seen: Seen) -> None:
        """Look closer where the first image moved, or where there is a new sign."""
        if self.finding is not None:
            return
        self.look()
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
