"""The drawn images as numbered tasks for an engine, keeping account of every image that was used or refused."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from geed_cli.algebra.conditions import context_size
from geed_cli.engine.batches import Task
from geed_cli.engine.plan import Plan, Shown
from geed_cli.images.picture import Decode
from geed_cli.images.refusal import RefusedFile
from geed_cli.images.source import ImageRecord, ImageSet, iter_pixels
from geed_cli.input_settings import InputSettings
from geed_cli.pipeline.draw import Drawn
from geed_cli.pipeline.options import OnBadImage


class TaskStream:
    """Decodes the drawn images into tasks, numbered in order; afterwards knows what was used and refused.

    ``shown`` says what an image is shown where that is not everything. ``made_up`` is the part of each image's
    surroundings that had to be invented, where a boundary reads them. Once ``stop`` says so it hands out no further
    task, and the images begun are finished.
    """

    def __init__(
        self,
        drawn: Drawn,
        settings: InputSettings,
        plan: Plan,
        on_bad_image: OnBadImage,
        *,
        decode: Decode = "exact",
        shown: Mapping[str, tuple[Shown, ...]] | None = None,
        stop: Callable[[], bool],
    ) -> None:
        self._stop = stop
        self._drawn = drawn
        self._settings = settings
        self._plan = plan
        self._on_bad_image = on_bad_image
        self._decode = decode
        self._shown_of = shown or {}
        self.audited: list[ImageRecord] = []
        self.normaliser: list[ImageRecord] = []
        self.refused: list[RefusedFile] = []
        self.waited_s = 0.0
        self.made_up: dict[str, float] = {}

    def __iter__(self) -> Iterator[Task]:
        audited = replace(self._drawn.audited, paths=self._drawn.order)
        yield from self._tasks(audited, self.audited, audited=True)
        if self._drawn.normaliser is not None:
            yield from self._tasks(self._drawn.normaliser, self.normaliser, audited=False)

    def is_audited(self, number: int) -> bool:
        """Whether a task's image was audited, or only serves the normaliser."""
        return number < len(self.audited)

    def record_of(self, number: int) -> ImageRecord:
        """The identity of a task's image."""
        first = len(self.audited)
        return self.audited[number] if number < first else self.normaliser[number - first]

    def _shown(self, *, audited: bool, probe: bool) -> tuple[Shown, ...]:
        """What the network is shown of an image; a probe's round trips come last."""
        if not audited:
            return self._plan.identities
        return (*self._plan.views, *self._plan.round_trips) if probe else self._plan.views

    def _side(self) -> int | None:
        """Of the crop that is decoded: larger than the network's input where a boundary reads the surroundings."""
        return context_size(self._settings.size) if self._plan.reads_surroundings else None

    def _tasks(self, images: ImageSet, used: list[ImageRecord], *, audited: bool) -> Iterator[Task]:
        items = iter_pixels(
            images, self._settings, self._on_bad_image, side=self._side(), decode=self._decode
        )
        try:
            while not self._stop():
                before = time.perf_counter()
                item = next(items, None)
                self.waited_s += time.perf_counter() - before
                if item is None:
                    return
                if isinstance(item, RefusedFile):
                    self.refused.append(item)
                    continue
                used.append(item.record)
                self.made_up[item.record.path] = item.made_up
                number = len(self.audited) + len(self.normaliser) - 1
                path = item.record.path
                probe = audited and path in self._drawn.probes
                shown = self._shown_of.get(path) or self._shown(audited=audited, probe=probe)
                first = audited and path == self._drawn.first
                yield Task(number, item.pixels, shown, audited, probe, path in self._drawn.fit, first)
        finally:
            items.close()
