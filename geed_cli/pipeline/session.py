"""A session: networks that see the same pixels, and the rows made so far; images can be added in several looks.

Every batch goes to every network, so an image is decoded and transformed once. Results are made from all rows so
far in the order of the folder, so that growing a run gives what one run over all its images gives.
"""

import time
from collections.abc import Sequence
from contextlib import closing

import torch

from geed_cli.cache.store import RowStore
from geed_cli.engine.lanes import Finished, Lane, finished
from geed_cli.engine.memory import out_of_memory
from geed_cli.engine.observation import Observation
from geed_cli.engine.row import Broken
from geed_cli.errors import RunError
from geed_cli.images.refusal import RefusedFile
from geed_cli.images.source import ImageRecord
from geed_cli.models.network import Network
from geed_cli.pipeline.describe import (
    describe_data,
    describe_environment,
    describe_group,
    describe_model,
    sign,
)
from geed_cli.pipeline.hidden import hidden_actions
from geed_cli.pipeline.images import Drawn, TaskStream
from geed_cli.pipeline.memory import Memory
from geed_cli.pipeline.options import AuditOptions
from geed_cli.pipeline.placement import place_all, require_equal_geometry
from geed_cli.pipeline.prepared import Prepared, prepare
from geed_cli.pipeline.progress import Progress
from geed_cli.pipeline.tabulate import Rows, tabulate
from geed_cli.result.schema import Data, Entry, GridPhase, HiddenAction, Looks, Result, Settings, Timing


class Session:
    """Audits several networks over the same images.

    Args:
        networks: with equal input geometry (size, resize, crop, interpolation); mean and std may differ.
        groups: names of groups.
        options: everything else.
        progress: called at every image.
        store: of rows that are known from other runs; used where all networks can be told apart by their weights.

    Raises:
        InputError: a group, layer or metric that cannot be used, or networks whose preprocessing differs.
        RunError: the device is not there.
    """

    def __init__(
        self,
        networks: Sequence[Network],
        groups: str | Sequence[str],
        options: AuditOptions,
        progress: Progress,
        store: RowStore | None = None,
    ) -> None:
        self._started = time.perf_counter()
        require_equal_geometry(networks)
        self._options = options
        self._progress = progress
        placements = place_all(options.run)
        self._prepared = [prepare(one, groups, options, placements, progress.step) for one in networks]
        self._size = networks[0].input.size
        engines = zip(*(one.engines for one in self._prepared), strict=True)
        self._lanes = [Lane(where, each, self._size) for where, each in zip(placements, engines, strict=True)]
        self._placement = placements[0]
        self._records: dict[str, ImageRecord] = {}
        self._refused: dict[str, RefusedFile] = {}
        self._made_up: dict[str, float] = {}
        self._waited_s = 0.0
        self._memory = Memory.of([one.subject for one in self._prepared], store, options, self._placement)

    def extend(self, drawn: Drawn) -> None:
        """Measure the drawn images that have not been measured yet, until the run is asked to stop.

        Raises:
            RunError: an image could not be read, memory ran out, or numbers are not finite.
        """
        new = drawn.without(self._records.keys() | self._refused.keys())
        self._progress.step("looking up cached values")
        self._memory.recall(new)
        self._restore()
        left = new.without(self._records.keys())
        stream, done = self._stream(left), 0
        self._progress.images(0, left.count)
        arriving = closing(finished(self._lanes, stream))
        # lanes end before the memory is written
        writing = self._memory.writing(stream.made_up)
        with out_of_memory(self._placement), writing, arriving as batches:
            for images in batches:
                for outcomes in images:
                    number = outcomes[0].image
                    self._take(stream.record_of(number), outcomes, audited=stream.is_audited(number))
                done += len(images)
                self._progress.images(done + len(stream.refused), left.count)
        self._refused |= {item.path: item for item in stream.refused}
        self._waited_s += stream.waited_s
        self._made_up |= self._memory.made_up(stream.made_up)

    def _restore(self) -> None:
        """The rows of images of which everything is known."""
        for record, audited, observations in self._memory.restored():
            self._records[record.path] = record
            for one, seen in zip(self._prepared, observations, strict=True):
                one.rows[record.path] = one.row_of(seen, audited=audited)

    def _stream(self, drawn: Drawn) -> TaskStream:
        first = self._prepared[0]
        return TaskStream(
            drawn,
            first.network.input,
            first.planned.plan,
            self._options.data.on_bad_image,
            decode=self._options.data.decode,
            shown=self._memory.shown,
            stop=self._progress.stopping,
        )

    def _take(self, record: ImageRecord, outcomes: Finished, *, audited: bool) -> None:
        """Keep an image's rows; an image that broke any of the networks is left out of all, or ends the run."""
        for one, outcome in zip(self._prepared, outcomes, strict=True):
            if isinstance(outcome, Broken):
                where = f"the output of {one.network.id} at {outcome.module or 'its end'} is not finite"
                if self._options.run.on_nonfinite == "error":
                    raise _not_finite(record.path, where)
                self._refused[record.path] = RefusedFile(record.path, where)
                self._memory.refuse(record.path)
                return
        self._records[record.path] = record
        for number, (one, outcome) in enumerate(zip(self._prepared, outcomes, strict=True)):
            assert isinstance(outcome, Observation), "broken outcomes have returned above"
            one.rows[record.path] = one.row_of(
                self._memory.complete(number, record, outcome), audited=audited
            )

    def results(
        self, drawn: Drawn, *, confidence: float | None = None, looks: Looks | None = None
    ) -> tuple[Result, ...]:
        """The results over the drawn images, all measured before.

        Args:
            drawn: the images, audited and normaliser.
            confidence: of the intervals, where it is not the options'.
            looks: recorded, where the images came in several looks.

        Raises:
            RunError: none of the images could be used.
        """
        audited = [self._records[path] for path in drawn.audited.paths if path in self._records]
        paths = drawn.normaliser.paths if drawn.normaliser else ()
        normaliser = [self._records[path] for path in paths if path in self._records]
        if not audited:
            if self._progress.stopping():
                raise KeyboardInterrupt
            raise RunError(
                f"none of the {drawn.count} images could be used",
                expected="at least one readable image",
                remedy="--on-bad-image error names the first of them with its reason",
            )
        if drawn.normaliser is not None and len(normaliser) < 2:
            raise _no_normaliser(len(normaliser), interrupted=self._progress.stopping())
        # by path: images are finished in any order where several devices share them
        refused = [self._refused[path] for path in sorted(self._refused)]
        data = describe_data(drawn, audited, normaliser, refused, self._options.data)
        data = data.model_copy(update={"made_up": self._mean_made_up(data)})
        return tuple(self._result(one, data, confidence, looks) for one in self._prepared)

    def _mean_made_up(self, data: Data) -> float | None:
        """The mean part of the surroundings that pictures do not reach; None where no boundary reads them."""
        if not self._prepared[0].planned.plan.reads_surroundings:
            return None
        return sum(self._made_up[image.path] for image in data.images) / data.count

    def _result(self, one: Prepared, data: Data, confidence: float | None, looks: Looks | None) -> Result:
        before = time.perf_counter()
        audited = tuple(one.rows[image.path] for image in data.images)
        separate = self._options.data.norm_samples is not None
        normaliser = tuple(one.rows[image.path] for image in data.normaliser_images) if separate else None
        entries = tabulate(
            Rows(audited, normaliser),
            one.planned,
            self._options.interval,
            one.layers,
            one.engine.rounding,
            confidence=confidence or self._options.interval.confidence,
        )
        statistics_s = time.perf_counter() - before
        hidden = tuple(hidden_actions(one.engine.searches, audited))
        phases = one.planned.grid_phase  # found now, unless it is known
        timing = self._timing(one, statistics_s)
        return self._assemble(one, data, entries, hidden, phases, timing, looks)

    def _assemble(
        self,
        one: Prepared,
        data: Data,
        entries: tuple[Entry, ...],
        hidden: tuple[HiddenAction, ...],
        phases: tuple[GridPhase, ...],
        timing: Timing,
        looks: Looks | None,
    ) -> Result:
        model = describe_model(one.network)
        groups = tuple(describe_group(plan, self._size) for plan in one.planned.plan.groups)
        return Result(
            status="partial" if self._progress.stopping() else "complete",
            signature=sign(model, data, groups, self._options),
            model=model,
            data=data,
            groups=groups,
            settings=self._settings(one, looks),
            results=entries,
            grid_phase=phases,
            hidden_actions=hidden,
            environment=describe_environment(self._placement.device),
            timing=timing,
        )

    def _timing(self, one: Prepared, statistics_s: float) -> Timing:
        return Timing(
            decode_s=self._waited_s,
            forward_s=one.total_s - one.measure_s,
            measure_s=one.measure_s,
            statistics_s=statistics_s,
            total_s=time.perf_counter() - self._started,
            cached=self._memory.count,
            images_per_s=(len(one.rows) - self._memory.count) / max(one.total_s + self._waited_s, 1e-9),
        )

    def _settings(self, one: Prepared, looks: Looks | None) -> Settings:
        options = self._options
        return Settings(
            samples=options.data.samples,
            norm_samples=options.data.norm_samples,
            confidence=options.interval.confidence,
            resamples=options.interval.resamples,
            ci=options.interval.method,
            simultaneous=options.interval.simultaneous,
            looks=looks,
            seed=options.interval.seed,
            decode=options.data.decode,
            precision=options.run.precision,
            compiled=options.run.compile,
            batch_size=self._placement.batch_size,
            device=", ".join(str(lane.placement.device) for lane in self._lanes),
            threads=torch.get_num_threads(),
            measures=tuple(measure.name for measure in one.planned.plan.measures),
            layers=one.layers,
            probes=options.controls.probes,
            phase_correct=options.controls.phase_correct,
            discover=options.controls.discover,
        )


def _no_normaliser(count: int, *, interrupted: bool) -> BaseException:
    """M asked for over other images is never taken over the audited ones instead."""
    if interrupted:
        return KeyboardInterrupt()
    return RunError(
        f"{count} of the normaliser's images could be used",
        expected="at least 2 for the normaliser M",
        remedy="more --norm-samples, or leave it out to use the audited images",
    )


def _not_finite(path: str, where: str) -> RunError:
    return RunError(
        f"{where} for {path}",
        expected="finite numbers; weights or preprocessing may be wrong",
        remedy="geed inspect MODEL, --precision fp64 if values overflow, or --on-nonfinite skip to count such images",
    )
