"""The drawn images as tasks for the workers, in the order in which they are shown, and what was refused of them."""

import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import replace

from geed_cli.engine.batches import Task
from geed_cli.engine.plan import Plan, Variant
from geed_cli.engine.row import Subject
from geed_cli.images.picture import RefusedFile
from geed_cli.images.same_picture import Holders
from geed_cli.images.source import ImageRecord, ImageSet, LoadedImage, iter_pixels, unusable
from geed_cli.input_settings import InputSettings
from geed_cli.pipeline.draw import Drawn
from geed_cli.pipeline.options import DataOptions
from geed_cli.pipeline.reuse.lookup import Lookup
from geed_cli.result.schema import Duplicate


class TaskStream:
    """Decodes the drawn images into tasks, until ``stop`` says that the run is to end.

    An image that is not among the lookups is shown in full.

    Attributes:
        refused: the images that could not be used, so far.
        copies: where hidden actions are looked for: images with the pixels of one that was shown before, so far. A
            search sums over what it is shown, so that they cannot be taken out afterwards.
        waited_s: seconds spent waiting for decoding.
    """

    def __init__(
        self,
        drawn: Drawn,
        settings: InputSettings,
        plan: Plan,
        options: DataOptions,
        lookups: Mapping[str, Lookup],
        stop: Callable[[], bool],
        holders: Holders,
    ) -> None:
        self._drawn = drawn
        self._settings = settings
        self._plan = plan
        self._options = options
        self._lookups = lookups
        self._stop = stop
        self._partner: ImageRecord | None = None
        self._holders = holders
        self.refused: list[RefusedFile] = []
        self.copies: list[Duplicate] = []
        self.waited_s = 0.0

    @property
    def expected_rows(self) -> int:
        """How many rows the audited images of the first tile come to, where all of them can be used."""
        drawn = self._drawn
        subjects = (
            Subject(ImageRecord(path, ""), control=path in drawn.control_images)
            for path in drawn.audited.paths
            if drawn.tile(path) == 0
        )
        return sum(len(self._variants(subject)) for subject in subjects)

    def __iter__(self) -> Generator[Task, None, None]:
        """Every image that can be used.

        Raises:
            InputError: some cannot, and this ends the run; all of them are named, since all are decoded first.
        """
        yield from self._tasks(replace(self._drawn.audited, paths=self._drawn.order), audited=True)
        if self._drawn.normaliser is not None:
            others = sorted(self._drawn.normaliser.paths, key=self._drawn.tile)
            yield from self._tasks(replace(self._drawn.normaliser, paths=tuple(others)), audited=False)
        if self._fails and not self._stop():
            audited, refused = self._drawn.audited, sorted(self._all_refused(), key=lambda item: item.path)
            raise unusable(audited.root, refused, audited.reader.source)

    def _all_refused(self) -> Iterator[RefusedFile]:
        """What could not be used, and the files with the same bytes, which were not decoded for that."""
        yield from self.refused
        reasons = {item.path: item.reason for item in self.refused}
        for copy in self._drawn.copies:
            if copy.of in reasons:
                yield RefusedFile(copy.path, reasons[copy.of])

    @property
    def _fails(self) -> bool:
        """Whether the run will end in an error, so that nothing more is worth computing."""
        return bool(self.refused) and self._options.on_bad_image == "error"

    def _tasks(self, images: ImageSet, *, audited: bool) -> Iterator[Task]:
        items = iter_pixels(images, self._settings, side=self._plan.surroundings, decode=self._options.decode)
        try:
            while not self._stop():
                before = time.perf_counter()
                item = next(items, None)
                self.waited_s += time.perf_counter() - before
                if item is None:
                    return
                if isinstance(item, RefusedFile):
                    self.refused.append(item)
                elif not self._fails and not self._is_copy(item.record, images):
                    yield self._task(item, audited=audited)
        finally:
            items.close()

    def _is_copy(self, record: ImageRecord, images: ImageSet) -> bool:
        if self._plan.discover is None:
            return False
        holder = self._holders.holder(record.path, record.fingerprint, images.reader)
        if holder != record.path:
            self.copies.append(Duplicate(path=record.path, of=holder, same="pixels"))
        return holder != record.path

    def _task(self, item: LoadedImage, *, audited: bool) -> Task:
        drawn, path = self._drawn, item.record.path
        lookup = self._lookups.get(path)
        control = audited and path in drawn.control_images
        subject = Subject(
            item.record,
            audited,
            control,
            fit=path in drawn.fit,
            first=audited and path == drawn.first and (lookup is None or lookup.rounding),
            partner=self._partner if control else None,
            padded=item.padded_fraction if self._plan.surroundings is not None else None,
        )
        if control:
            self._partner = item.record
        return Task(subject, item.pixels, self._variants(subject), drawn.tile(path))

    def _variants(self, subject: Subject) -> tuple[Variant, ...]:
        """What is shown of an image, of which some may be cached."""
        variants, lookup = self._plan.variants_of(subject), self._lookups.get(subject.path)
        return variants if lookup is None else tuple(each for each in variants if each in lookup.variants)
