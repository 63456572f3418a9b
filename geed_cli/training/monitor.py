"""``Monitor``: audits of a network while it is trained, which leave the training bit for bit as it is."""

import hashlib
import inspect
import logging
import operator
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, TypedDict, TypeVar, Unpack, get_args

from torch import nn

from geed_cli.api.audit import audit, with_words
from geed_cli.api.checkpoint_recipe import recipe_of as recipe_from
from geed_cli.api.checkpoint_recipe import require_one_set_of_images, require_same_controls
from geed_cli.api.parameters import Names
from geed_cli.api.python_words import called_in_python
from geed_cli.api.wrap import wrap
from geed_cli.choices import check_choice
from geed_cli.errors import GeedError, InputError, described, meant
from geed_cli.groups.named import Groups, groups_named
from geed_cli.images.memory.prepared import prepared_images
from geed_cli.images.source import list_images
from geed_cli.measures.catalogue import audited_for
from geed_cli.models.network import Network, resolve_layers
from geed_cli.pipeline.options import AuditOptions, BatchSize, DeviceName
from geed_cli.result.file import check_writable
from geed_cli.result.schema import Result
from geed_cli.runtime.undisturbed import undisturbed
from geed_cli.tracking.record import FailedPart, Failure, Recipe, Record, Track, in_memory
from geed_cli.tracking.resume import require_same_recipe
from geed_cli.tracking.shared_file import SharedTrack
from geed_cli.training.writers import Write, scalars_of, writing_to
from geed_cli.verdict.python_names import OF_AUDIT

OnError = Literal["record", "raise"]
T = TypeVar("T")
PASSED_ON = ("ready", "device", "batch_size", "twin", "cache")
"""Parameters of ``audit`` that are no part of its options."""
IN_PYTHON = {**OF_AUDIT, "--json": "out=…", "--fresh": "Path(out).unlink()"}
"""What options that refusals name are called here."""
logger = logging.getLogger("geed_cli.training")


class AuditWords(TypedDict, total=False):
    """Parameters of ``audit`` that a monitor passes on."""

    samples: int | None
    metrics: Names | None
    layers: Names | None
    sets: Names | None
    ready: bool | None
    device: DeviceName | None
    batch_size: BatchSize | None
    twin: Network | nn.Module
    cache: bool | str | Path
    options: AuditOptions


class Monitor:
    """Audits a network every so many steps of its training, keeps the track, and logs the values.

    A training with it ends in the same weights, bit for bit, as one without, on a CPU with fixed threads and on CUDA
    under deterministic algorithms: modes, hooks, buffers, gradients, random generators, threads and autocast are after
    an audit as before it. An audit that fails is recorded in ``failures``, in the track file and by ``logging``, and
    the training goes on.

    Args:
        net: the module that is trained, or a network of ``wrap``; what is audited are its weights at each step.
        images: as for ``audit``; all steps stand on the same pictures.
        groups: as for ``audit``.
        out: the track file, which ``geed track`` and ``geed.load`` read. It is written whole after every audit, and
            gone on from where it was made by the same recipe, with a step's new audit in place of its old one.
        every: audit at multiples of this step.
        log: where values go: a SummaryWriter of TensorBoard, ``wandb`` or one of its runs, ``mlflow``, or a function of
            name, value and step.
        on_error: ``raise`` lets a failed audit end the training.
        label: what the track calls this run; by default the network's architecture.
        words: parameters of ``audit``: ``samples``, ``metrics``, ``layers``, ``sets``, ``ready``, ``device``,
            ``batch_size``, ``twin``, ``cache`` (off unless it is asked for, since no step has the weights of another)
            and ``options``.

    Raises:
        InputError: what cannot be audited, an ``out`` that cannot be written, or a track of another recipe in it.
    """

    @called_in_python(IN_PYTHON)
    def __init__(
        self,
        net: nn.Module | Network,
        images: object = None,
        groups: Groups | None = None,
        out: str | Path = "run.json",
        *,
        every: int = 200,
        log: object = None,
        on_error: OnError = "record",
        label: str | None = None,
        **words: Unpack[AuditWords],
    ) -> None:
        check_choice("on_error", on_error, get_args(OnError))
        _refuse_unknown(words)
        if _whole(every) is None or every < 1:
            raise InputError(
                f"every={every!r}", expected="a whole number of steps from 1", remedy="every=200"
            )
        with undisturbed():
            self.network = _borrowed(net)
            options = _options(words)
            root = options.data.root if images is None else images
            place = options.data.place
            found, _ = prepared_images(root, self.network.input, ready=words.get("ready"), place=place)
            list_images(found, place)
            resolve_layers(
                self.network.module, options.layers, self.network.called, self.network.inspect_command
            )
        self.every, self.out, self.on_error = int(every), Path(out), on_error
        self.label = label or self.network.arch
        self._images, self._options = images, options
        self._groups = tuple(groups_named(groups if groups is not None else () if options.sets else "flip"))
        passed_on = {name: value for name, value in words.items() if name in PASSED_ON}
        self._words: dict[str, Any] = {"cache": False, "options": options, **passed_on}
        self._write: Write | None = None if log is None else writing_to(log)
        self._recipe = _recipe(self.network, [group.name for group in self._groups], options)
        check_writable(self.out)
        self._file = SharedTrack(self.out, self._require_same, fresh=False)
        self._file.read()
        self._failures: list[Failure] = []
        self._unsaved: list[Failure] = []
        self._last: int | None = None

    @property
    def failures(self) -> tuple[Failure, ...]:
        """What could not be done so far."""
        return tuple(self._failures)

    @property
    def track(self) -> Track | None:
        """What the track file holds; None where there is none yet."""
        return self._file.read()

    @property
    def logs(self) -> bool:
        """Whether values go to a writer."""
        return self._write is not None

    def log_to(self, log: object) -> None:
        """Let values go to this writer; see ``log``."""
        self._write = writing_to(log)

    def __call__(self, step: int) -> Result | None:
        """Audit at a multiple of ``every``, once where a step is named several times in a row.

        Returns:
            The result; None where nothing was to be done, or the audit failed.

        Raises:
            InputError: a step that is no whole number from 0; with ``on_error="raise"`` also what the audit raises.
        """
        step = _step(step)
        return None if step % self.every or step == self._last else self.now(step)

    def now(self, step: int) -> Result | None:
        """Audit at this step, whichever it is; all else as for a call."""
        step = self._last = _step(step)
        with undisturbed():
            result = self._tried(step, "audit", self._audit)
            if result is None:
                self._tried(step, "save", self._keep_failures)
                return None
            self._tried(step, "save", lambda: self._keep(result, step))
            if self._write is not None:
                write = self._write
                self._tried(step, "log", lambda: write(scalars_of(result), step))
        return result

    def _audit(self) -> Result:
        return audit(self.network, self._images, self._groups, progress=False, **self._words)

    def _keep(self, result: Result, step: int) -> None:
        """Add the result to the file, with the failures that it does not have yet."""
        record = Record(
            label=self.label,
            step=step,
            step_from="the caller",
            file=in_memory(step),
            source="checkpoint",
            result=result,
        )
        self._file.add([record], self._recipe, complete=True, failures=self._unsaved)
        self._unsaved = []

    def _keep_failures(self) -> None:
        """Add the failures to a file that has a result already; without one they wait for it."""
        if self._unsaved and self._file.read() is not None:
            self._file.add([], self._recipe, complete=True, failures=self._unsaved)
            self._unsaved = []

    def _tried(self, step: int, what: FailedPart, do: Callable[[], T]) -> T | None:
        """What a part of an audit returns; None where it fails, which is recorded."""
        try:
            return do()
        except Exception as error:  # networks, data sets, disks and writers raise anything
            if self.on_error == "raise":
                raise
            failure = Failure(label=self.label, step=step, what=what, error=_said(error))
        self._failures.append(failure)
        self._unsaved.append(failure)
        logger.warning("geed: %s", failure)
        return None

    def _require_same(self, track: Track) -> None:
        """Refuse a file that another recipe made."""
        require_same_recipe(track, self._recipe, self.out)
        require_same_controls(track, self._options, self.out, twin=bool(self._words.get("twin")))

    def __repr__(self) -> str:
        """The network, the file and how often."""
        failed = f", {len(self._failures)} failed" if self._failures else ""
        return f"<Monitor {self.label}: {self.out}, every {self.every} steps{failed}>"


def _refuse_unknown(words: Mapping[str, object]) -> None:
    """Refuse words that are no parameters, which would do nothing."""
    own = [name for name in inspect.signature(Monitor).parameters if name != "words"]
    known = [*own, *AuditWords.__annotations__]
    unknown = next((name for name in words if name not in known), None)
    if unknown is not None:
        raise InputError(
            f"Monitor() has no argument '{unknown}'",
            expected=f"{meant(unknown, known)}one of {', '.join(known)}",
            remedy="options=geed.AuditOptions(…) for what else an audit can be told",
        )


def _borrowed(net: nn.Module | Network) -> Network:
    """The network that is trained, which is the user's."""
    if not isinstance(net, Network):
        return wrap(net)
    if net.borrowed:
        return net
    raise InputError(
        f"{net.called} was loaded for audits alone",
        expected="the module that is trained, or a network of wrap",
        remedy="Monitor(geed.wrap(net.module), …)",
    )


def _options(words: AuditWords) -> AuditOptions:
    """The options with what was said by keyword, as ``audit`` understands it."""
    options = with_words(
        words.get("options", AuditOptions()),
        samples=words.get("samples"),
        metrics=words.get("metrics"),
        layers=words.get("layers"),
        sets=words.get("sets"),
    )
    require_one_set_of_images(options)
    return replace(options, metrics=audited_for(options.metrics))


def _recipe(network: Network, groups: list[str], options: AuditOptions) -> Recipe:
    """What the track remembers: the network's class and what ``wrap`` was told of it, but no weights."""
    told = (
        network.spec,
        network.input,
        network.adapter,
        network.features,
        network.layers,
        network.output.key,
    )
    spec = hashlib.sha256(repr(told).encode()).hexdigest()
    return recipe_from(f"module {network.arch}", groups, options, spec_sha256=spec)


def _step(step: object) -> int:
    number = _whole(step)
    if number is None or number < 0:
        raise InputError(
            f"{step!r} in the place of a step", expected="a whole number from 0", remedy="monitor(step)"
        )
    return number


def _whole(number: object) -> int | None:
    if isinstance(number, bool):
        return None
    try:
        return operator.index(number)  # type: ignore[arg-type]
    except TypeError:
        return None


def _said(error: Exception) -> str:
    """A refusal with all its lines and notes, or the kind and words of any other error."""
    if isinstance(error, GeedError):
        return "\n".join([str(error), *getattr(error, "__notes__", ())])
    return described(error)
