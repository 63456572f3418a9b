"""A session: networks that see the same pixels, and the rows made so far; images can be added in several looks.

Every batch goes to every network, so an image is decoded and transformed once. Results are made from all rows so
far in the order of the folder, so that growing a run gives what one run over all its images gives.
"""

import time
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager

from geed_cli.cache.store import RowStore
from geed_cli.engine.batches import Placement
from geed_cli.engine.observation import Observation
from geed_cli.engine.passes import out_of_memory
from geed_cli.engine.row import Broken, Noise, Row
from geed_cli.engine.workers import Finished, Worker, finished
from geed_cli.errors import InputError
from geed_cli.groups.named import Groups
from geed_cli.images.picture import RefusedFile
from geed_cli.images.same_picture import Holders
from geed_cli.images.source_labels import SourceLabels
from geed_cli.models.network import Network
from geed_cli.pipeline.describe import (
    describe_data,
    describe_environment,
    describe_group,
    describe_model,
    describe_settings,
    describe_unsteady,
    sign,
    with_unsteady,
)
from geed_cli.pipeline.discovered_actions import hidden_actions
from geed_cli.pipeline.draw import Draw, Drawn
from geed_cli.pipeline.entries.among_images import require_room
from geed_cli.pipeline.entries.row_table import HeldRows, KeptRows, Table
from geed_cli.pipeline.entries.tabulate import Rows, tabulate
from geed_cli.pipeline.entries.top_classes import class_names, top_classes
from geed_cli.pipeline.image_clusters import clustering_of
from geed_cli.pipeline.image_labels import labels_of, require_labelled
from geed_cli.pipeline.options import AuditOptions
from geed_cli.pipeline.placement import place_all, require_equal_geometry
from geed_cli.pipeline.prepare import Prepared, prepare
from geed_cli.pipeline.progress import Progress
from geed_cli.pipeline.reuse.lookup import Lookup, look_up
from geed_cli.pipeline.reuse.row_cache import told_apart
from geed_cli.pipeline.tasks import TaskStream
from geed_cli.pipeline.tiles import Tiling
from geed_cli.result.accuracy import accuracies
from geed_cli.result.by_class import with_classes
from geed_cli.result.samples import units_in, weighting_of
from geed_cli.result.schema import Data, Duplicate, Labels, Looks, Result, Timing


class Session:
    """Audits several networks over the same images.

    Args:
        networks: with equal input geometry (size, resize, crop, interpolation); mean and std may differ.
        groups: by name, or themselves.
        options: everything else.
        progress: called at every image.
        store: the cache; its rows are used where all networks can be told apart by their weights.

    Attributes:
        prepared: the networks, with their rows.
        unreadable: images that could not be used, by path.
        broken: images for which a network put out numbers that are not finite, by path.

    Raises:
        InputError: a group, layer or metric that cannot be used, or networks whose preprocessing differs.
        RunError: the device is not there.
    """

    def __init__(
        self,
        networks: Sequence[Network],
        groups: Groups,
        options: AuditOptions,
        progress: Progress,
        store: RowStore | None = None,
    ) -> None:
        self._started = time.perf_counter()
        require_equal_geometry(networks)
        self._options = options
        self._progress = progress
        placements = place_all(options.run)
        rows = store if told_apart(networks) else None
        self.prepared = [
            prepare(network, groups, options, placements, rows, progress.step) for network in networks
        ]
        for left_out in dict.fromkeys(each.planned.left_out for each in self.prepared):
            if left_out is not None:
                progress.note(left_out)
        if (labels := options.data.labels) is not None:
            for each in self.prepared:
                require_labelled(labels, each.network, each.planned.plan.measures)
        self._size = networks[0].input.size
        engines = zip(*(prepared.engines for prepared in self.prepared), strict=True)
        self._workers = [
            Worker(where, each, self._size) for where, each in zip(placements, engines, strict=True)
        ]
        self.unreadable: dict[str, RefusedFile] = {}
        self._copied: dict[str, Duplicate] = {}
        self._holders = Holders()
        self.broken: dict[str, RefusedFile] = {}
        self._waited_s = 0.0
        self._cached = 0

    @property
    def tiling(self) -> Tiling:
        """How an order of images is cut into what is shown together."""
        plan, batch_size = self.prepared[0].planned.plan, self.placement.batch_size
        return Tiling.of(batch_size, len(plan.views), len(plan.identities), self._options.controls.probes)

    @property
    def placements(self) -> Sequence[Placement]:
        """The devices, all of one kind."""
        return [worker.placement for worker in self._workers]

    @property
    def placement(self) -> Placement:
        """The first of them."""
        return self.placements[0]

    @property
    def _rows(self) -> dict[str, Row]:
        """The first network's rows by path; the others have rows of the same images."""
        return self.prepared[0].rows

    def complete(self, draw: Draw) -> Drawn:
        """Measure the drawn images and, in place of those that turn out unreadable or to be copies, further ones.

        Returns:
            the draw as it then stands.

        Raises:
            InputError: images cannot be used, have no label that fits, or give numbers that are not finite, and this
                ends the run.
            RunError: memory ran out.
        """
        while True:
            drawn = draw.drawn
            self.require(drawn)
            for _ in self.measured(drawn):
                pass
            paths = drawn.paths
            unreadable = [item for path, item in self.unreadable.items() if path in paths]
            copies = list(self._copies(draw, drawn))
            if not unreadable and not copies:
                return drawn
            draw.correct(unreadable, copies)

    def require(self, drawn: Drawn) -> None:
        """Refuse images that are too few or too many for a measure, or have no label that fits, before any is decoded.

        Raises:
            InputError: naming them.
        """
        for prepared in self.prepared:
            require_room(prepared.planned.plan, len(drawn.audited.paths))
            self._labels(prepared, drawn.audited.paths, drawn.audited.labels)

    def _labels(self, prepared: Prepared, paths: Sequence[str], own: SourceLabels) -> Labels | None:
        """The labels of those images, as classes of one of the networks; None where none were given.

        ``own`` are those that the source of the images has.
        """
        asked = self._options.data.labels
        return None if asked is None else labels_of(asked, paths, prepared.network, own)

    def _copies(self, draw: Draw, drawn: Drawn) -> Iterator[Duplicate]:
        """The images whose pixels are those of one that was drawn, or in a search shown, before them."""
        paths = drawn.paths
        yield from (copy for path, copy in self._copied.items() if path in paths)
        holders = self._holders.again()
        for path in sorted(self._rows.keys() & paths, key=draw.rank):
            mark = self._rows[path].subject.record.fingerprint
            holder = holders.holder(path, mark, drawn.audited.reader)
            if holder != path:
                yield Duplicate(path=path, of=holder, same="pixels")

    def measured(self, drawn: Drawn) -> Generator[None, None, None]:
        """Measure the drawn images that have not been measured yet, until the run is asked to stop.

        Yields:
            after every batch, when it is known of further images what became of them.
        """
        new = drawn.without(self._rows.keys() | self.unreadable.keys() | self.broken.keys())
        if not new.count:
            return
        self._progress.step("looking up cached values")
        lookups = look_up(new, self.prepared, self._options)
        self._restore(lookups)
        left = new.without(self._rows.keys())
        first, done, told = self.prepared[0], 0, 0
        settings, plan = first.network.input, first.planned.plan
        stop = self._progress.stopping
        stream = TaskStream(left, settings, plan, self._options.data, lookups, stop, self._holders)
        self._progress.images(0, left.count)
        decoding = closing(iter(stream))
        # workers end before decoding does, and before what they found is written
        with (
            out_of_memory(self._workers[0].placement),
            self._writing(),
            decoding as tasks,
            closing(finished(self._workers, tasks, stream.expected_rows)) as batches,
        ):
            for images in batches:
                for outcomes in images:
                    self._take(outcomes)
                done += len(images)
                told = self._leave_out(stream.refused, told)
                self._progress.images(done + len(stream.refused) + len(stream.copies), left.count)
                yield
        for note in filter(None, [engine.note for each in self.prepared for engine in each.engines]):
            self._progress.note(note)
        self._leave_out(stream.refused, told)
        self._copied |= {copy.path: copy for copy in stream.copies}
        self._waited_s += stream.waited_s

    def _leave_out(self, refused: Sequence[RefusedFile], told: int) -> int:
        """Take files as unreadable, but for the first ``told``; how many these are together."""
        new = refused[told:]
        self.unreadable |= {item.path: item for item in new}
        return told + len(new)

    def _restore(self, lookups: dict[str, Lookup]) -> None:
        """The rows of images of which everything is cached."""
        cached = [lookup.subject for lookup in lookups.values() if not lookup.variants]
        for subject in cached:
            for prepared in self.prepared:
                prepared.keep(Observation(subject))
        self._cached += len(cached)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Write what is new at the end, however the run ends."""
        try:
            yield
        finally:
            for prepared in self.prepared:
                prepared.close()

    def _take(self, outcomes: Finished) -> None:
        """Keep an image's rows; an image that broke any of the networks is left out of all, or ends the run."""
        path = outcomes[0].subject.path
        for prepared, outcome in zip(self.prepared, outcomes, strict=True):
            if isinstance(outcome, Broken):
                where = f"the output of {prepared.network.id} at {outcome.module or 'its end'} is not finite"
                if self._options.run.on_nonfinite == "error":
                    raise _not_finite(path, where)
                self.broken[path] = RefusedFile(path, where)
                return
        for prepared, outcome in zip(self.prepared, outcomes, strict=True):
            assert isinstance(outcome, Observation), "broken outcomes have returned above"
            partner = outcome.subject.partner
            if partner is not None and partner.path in self.broken:  # the null was measured against another
                outcome.subject = outcome.subject._replace(partner=None)
            elif partner is not None and partner.fingerprint == outcome.subject.record.fingerprint:
                outcome.subject = outcome.subject._replace(partner=None)
                for numbers in outcome.layers:  # a copy of the image is no other image
                    numbers.leave_out("null")
            prepared.keep(outcome)

    def results(
        self,
        drawn: Drawn,
        kept: KeptRows | None = None,
        *,
        confidence: float | None = None,
        looks: Looks | None = None,
    ) -> tuple[Result, ...]:
        """The results over the drawn images, all measured before.

        Args:
            drawn: the images, audited and normaliser.
            kept: their rows; None where they are this session's own.
            confidence: of the intervals, where it is not the options'.
            looks: recorded, where the images came in several looks.

        Raises:
            InputError: none of the images could be used; outputs that are not what they were declared, or taken, to be.
        """
        rows = kept or HeldRows([prepared.rows for prepared in self.prepared])
        audited = rows.subjects(drawn.audited.paths, audited=True)
        normaliser = rows.subjects(drawn.normaliser.paths if drawn.normaliser else (), audited=False)
        if not audited:
            if self._progress.stopping():
                raise KeyboardInterrupt
            raise InputError(
                f"none of the {drawn.count + len(drawn.refused)} images could be used",
                expected="at least one readable image",
                remedy="--on-bad-image error, which names them with their reasons",
            )
        if drawn.normaliser is not None and len(normaliser) < 2:
            raise _no_normaliser(len(normaliser), interrupted=self._progress.stopping())
        # by path: images are finished in any order where several devices share them
        broken = [self.broken[path] for path in sorted(self.broken)]
        clustering = clustering_of(self._options.data, drawn.audited)
        data = describe_data(drawn, audited, normaliser, broken, self._options.data, clustering)
        paths, own = tuple(image.path for image in data.images), drawn.audited.labels
        labelled = [
            data.model_copy(update={"labels": self._labels(prepared, paths, own)})
            for prepared in self.prepared
        ]
        others = None if drawn.normaliser is None else normaliser
        return tuple(
            self._result(
                prepared,
                each,
                rows.table(number, audited),
                None if others is None else rows.table(number, others),
                Noise(rows.rounding(number), prepared.repeat),
                confidence=confidence or self._options.interval.confidence,
                looks=looks,
            )
            for number, (prepared, each) in enumerate(zip(self.prepared, labelled, strict=True))
        )

    def _result(
        self,
        prepared: Prepared,
        data: Data,
        audited: Table,
        normaliser: Table | None,
        noise: Noise,
        *,
        confidence: float,
        looks: Looks | None,
    ) -> Result:
        options, plan = self._options, prepared.planned.plan
        prepared.check.conclude()
        before = time.perf_counter()
        entries = tabulate(
            Rows(audited, normaliser, weighting_of(data), units_in(data)),
            prepared.planned,
            prepared.families,
            options.interval,
            prepared.layers,
            noise,
            confidence=confidence,
        )
        tops = top_classes(plan.groups, audited)
        accuracy = accuracies(data, tops, options.interval, confidence)
        unsteady = describe_unsteady(prepared.unsteady)
        statistics_s = time.perf_counter() - before
        model = describe_model(prepared.network)
        groups = tuple(describe_group(group, self._size) for group in plan.groups)
        made = Result(
            status="partial" if self._progress.stopping() else "complete",
            signature=sign(model, data, groups, options),
            model=model,
            data=data,
            groups=groups,
            settings=describe_settings(options, self.placements, plan, prepared.layers, looks),
            results=with_unsteady(entries, unsteady),
            hidden_actions=tuple(hidden_actions(prepared.engine.searches, audited)),
            top_classes=tops,
            class_names=class_names(prepared.network, tops, data.labels.of if data.labels else ()),
            accuracy=accuracy,
            grid_phase=prepared.planned.grid_phase,  # found now, unless it is known
            environment=describe_environment(self.placement),
            unsteady=unsteady,
            timing=self._timing(prepared, statistics_s),
        )
        return with_classes(made) if options.data.by == "class" else made

    def _timing(self, prepared: Prepared, statistics_s: float) -> Timing:
        return Timing(
            decode_s=self._waited_s,
            forward_s=prepared.total_s - prepared.measure_s,
            measure_s=prepared.measure_s,
            statistics_s=statistics_s,
            total_s=time.perf_counter() - self._started,
            cached=self._cached,
            images_per_s=(len(prepared.rows) - self._cached) / max(prepared.total_s + self._waited_s, 1e-9),
        )


def _no_normaliser(count: int, *, interrupted: bool) -> BaseException:
    """M asked for over other images is never taken over the audited ones instead."""
    if interrupted:
        return KeyboardInterrupt()
    return InputError(
        f"{count} of the normaliser's images could be used",
        expected="at least 2 for the normaliser M",
        remedy="more --norm-samples, or leave out --norm-samples to use the audited images",
    )


def _not_finite(path: str, where: str) -> InputError:
    return InputError(
        f"{where} for {path}",
        expected="finite numbers; weights or preprocessing may be wrong",
        remedy="--precision fp64 if values overflow; geed audit and geed compare also take --on-nonfinite skip, which "
        "leaves such images out and counts them",
    )
