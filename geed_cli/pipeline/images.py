"""From a folder to numbered tasks for an engine, keeping account of every image that was used or refused."""

import time
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass, replace

from geed_cli.algebra.conditions import context_size
from geed_cli.engine.batches import Task
from geed_cli.engine.plan import Plan, Shown
from geed_cli.errors import InputError
from geed_cli.images.picture import Decode
from geed_cli.images.refusal import RefusedFile
from geed_cli.images.selection import select
from geed_cli.images.source import ImageListing, ImageRecord, ImageSet, iter_pixels, list_images
from geed_cli.input_settings import InputSettings
from geed_cli.pipeline.options import DataOptions, OnBadImage


@dataclass(frozen=True)
class Drawn:
    """The images of a run before any is opened.

    Attributes:
        audited: those with deviations.
        normaliser: those that only give M; None where M is taken over the audited ones.
        probes: paths of the audited images on which controls are measured; part of those of every larger draw.
        fit: paths of the audited images on which hidden actions are fitted, before the others are scored.
        first: path of the audited image on which rounding is measured; the same for every larger draw.
    """

    audited: ImageSet
    normaliser: ImageSet | None
    probes: frozenset[str] = frozenset()
    fit: frozenset[str] = frozenset()
    first: str | None = None

    @property
    def count(self) -> int:
        """How many images will be decoded."""
        return len(self.audited.paths) + (len(self.normaliser.paths) if self.normaliser else 0)

    @property
    def order(self) -> tuple[str, ...]:
        """The audited paths as they are shown: those that are fitted first, each part in the folder's order."""
        return tuple(sorted(self.audited.paths, key=lambda path: path not in self.fit))

    def without(self, known: Set[str]) -> "Drawn":
        """The images that are not among those paths."""

        def rest(images: ImageSet) -> ImageSet:
            return replace(images, paths=tuple(path for path in images.paths if path not in known))

        normaliser = rest(self.normaliser) if self.normaliser else None
        return replace(self, audited=rest(self.audited), normaliser=normaliser)


def draw(
    options: DataOptions, probes: int = 0, *, halves: bool = False, listing: ImageListing | None = None
) -> Drawn:
    """Draw the audited images and, where asked for, as many others for the normaliser.

    Args:
        options: which images.
        probes: on how many of the audited images controls are measured.
        halves: whether a random half of the audited images is to be fitted on and the other scored.
        listing: of the folder, where several draws are to be of the same images; None lists it now.

    The normaliser's images are drawn after the audited ones from the same seeded order, so none is in both and
    the two samples are independent.

    Raises:
        InputError: the folder cannot be used or holds too few images for both.
    """
    listing = listing or list_images(options.folder, follow_links=options.follow_links)
    audited = listing.draw(options.samples, options.seed)
    chosen = frozenset(listing.draw(min(probes, options.samples), options.seed).paths if probes else ())
    half = select(audited.paths, max(len(audited.paths) // 2, 1), options.seed) if halves else ()
    first = listing.draw(1, options.seed).paths[0]
    if options.norm_samples is None:
        return Drawn(audited, None, chosen, frozenset(half), first)
    wanted = len(audited.paths) + options.norm_samples
    both = listing.draw(wanted, options.seed)
    if len(both.paths) < wanted or options.norm_samples < 2:
        raise InputError(
            f"{audited.root} holds {len(both.paths)} images for {len(audited.paths)} audited ones "
            f"and {options.norm_samples} more for the normaliser",
            expected="at least 2 normaliser images, none of them audited",
            remedy="fewer --samples, or leave out --norm-samples to use the audited images themselves",
        )
    others = tuple(sorted(set(both.paths) - set(audited.paths), key=both.paths.index))
    return Drawn(audited, replace(both, paths=others), chosen, frozenset(half), first)


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
