"""Every field of a row's key, changed alone, misses: nothing of an earlier run is taken, and the digits are fresh ones.

Which fields there are is heard from the keys that a run makes, so that a new field without a change here fails.
"""

import platform
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import torch
from support.networks import small_conv_net
from support.pictures import smooth_pictures
from support.results import numbers

from geed_cli.cache.keys import digest
from geed_cli.engine import compiled
from geed_cli.models.network import Network, Site
from geed_cli.models.output import Output
from geed_cli.models.spec import ModelPart, ModelSpec, WeightsPart
from geed_cli.pipeline import placement
from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.options import ActionOptions, AuditOptions, ControlOptions, DataOptions, RunOptions
from geed_cli.pipeline.reuse import row_cache, schedule
from geed_cli.pipeline.reuse.schedule import value_key
from geed_cli.result.schema import Result

GROUPS = ("c3",)
"""The least group that resamples: every control is measured, and nothing of it is exact."""


@dataclass(frozen=True)
class Run:
    """What is audited, and how."""

    network: Network
    options: AuditOptions

    def result(self) -> Result:
        return audit(self.network, GROUPS, self.options)


Change = Callable[[Run, pytest.MonkeyPatch], Run]


def run_in(folder: Path) -> Run:
    """A run with every control on the pictures and with the cache of a folder."""
    options = AuditOptions(
        data=DataOptions(folder / "pictures"),
        run=RunOptions("cpu", 4),
        controls=ControlOptions(2, True),
        cache=folder / "cache",
    )
    # rows are kept of networks of known libraries alone, which their weights tell apart
    return Run(replace(small_conv_net(), source="timm", spec=spec(1), layers=("block1",)), options)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with pictures and a cache that has the rows of a run on them."""
    folder = tmp_path_factory.mktemp("filled")
    smooth_pictures(folder / "pictures", 3, 16)
    run_in(folder).result()
    return folder


@pytest.fixture
def before(filled: Path, tmp_path: Path) -> Run:
    """That run in a folder of its own, whose rows are in the cache."""
    return run_in(Path(shutil.copytree(filled, tmp_path / "run")))


def spec(classes: int) -> ModelSpec:
    return ModelSpec(
        model=ModelPart(source="timm", name="small", arguments={"num_classes": classes}),
        weights=WeightsPart(origin="random"),
    )


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> dict[str, set[str]]:
    """The fields of all keys that are made, with the values that each has had."""
    fields: dict[str, set[str]] = {}

    def listening(made: dict[str, str]) -> bytes:
        for name, value in made.items():
            fields.setdefault(name, set()).add(value)
        return digest(made)

    def listening_for_values(shared: bytes, text: str) -> bytes:
        fields.setdefault("value", set()).add(text)
        return value_key(shared, text)

    monkeypatch.setattr(row_cache, "digest", listening)
    monkeypatch.setattr(row_cache, "value_key", listening_for_values)
    monkeypatch.setattr(schedule, "value_key", listening_for_values)
    return fields


def network(**changes: object) -> Change:
    return lambda run, _: replace(run, network=replace(run.network, **changes))


def run_options(**changes: object) -> Change:
    return lambda run, _: replace(run, options=replace(run.options, run=replace(run.options.run, **changes)))


def other_weights(run: Run, _: pytest.MonkeyPatch) -> Run:
    return replace(
        run,
        network=replace(run.network, weights=replace(run.network.weights, state_sha256="1" * 64)),
    )


def other_mean(run: Run, _: pytest.MonkeyPatch) -> Run:
    settings = replace(run.network.input, mean=(0.5, 0.5, 0.5))
    return replace(run, network=replace(run.network, input=settings))


def decoded_fast(run: Run, _: pytest.MonkeyPatch) -> Run:
    return replace(run, options=replace(run.options, data=replace(run.options.data, decode="fast")))


def compiled_without_code(run: Run, patch: pytest.MonkeyPatch) -> Run:
    patch.setattr(compiled.CompiledNetwork.__init__, "__defaults__", ("aot_eager",))
    return run_options(compile=True)(run, patch)


def other_processor(run: Run, patch: pytest.MonkeyPatch) -> Run:
    patch.setattr(platform, "processor", lambda: "another")
    return run


def one_thread_more(run: Run, patch: pytest.MonkeyPatch) -> Run:
    patch.setattr(placement, "usable_cores", lambda: 64)
    torch.set_num_threads(torch.get_num_threads() + 1)
    return run


def in_float64(run: Run, patch: pytest.MonkeyPatch) -> Run:
    """Alone: maps in float64 are summed by torch, which is another field."""
    by = row_cache.sums_by(torch.device("cpu"), torch.float32)
    patch.setattr(row_cache, "sums_by", lambda *_: by)
    return run_options(precision="fp64")(run, patch)


def constant(name: str, value: object) -> Change:
    def change(run: Run, patch: pytest.MonkeyPatch) -> Run:
        patch.setattr(row_cache, name, value)
        return run

    return change


def library(name: str) -> Change:
    def change(run: Run, patch: pytest.MonkeyPatch) -> Run:
        installed = row_cache.version
        patch.setattr(row_cache, "version", lambda each: "0" if each == name else installed(each))
        return run

    return change


OF_THE_NETWORK: dict[str, Change] = {
    "measure": constant("MEASURE_VERSION", -1),
    "rows": constant("ROWS_VERSION", -1),
    "geed": constant("__version__", "0"),
    "source": network(source="torchvision"),
    "arch": network(arch="another"),
    "arguments": network(spec=spec(2)),
    "weights": other_weights,
    "input": other_mean,
    "output": network(output=Output("sigmoid")),
    "decode": decoded_fast,
    "precision": in_float64,
    "compiled": compiled_without_code,
    "device": other_processor,
    "batch": run_options(batch_size=5),
    "threads": one_thread_more,
    "map_sums": constant("sums_by", lambda *_: "another"),
    **{name: library(name) for name in row_cache.LIBRARIES},
}
"""A change for each field of a network's key."""


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    """Torch's own number of threads is put back."""
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)


def test_an_unchanged_run_is_known(before: Run) -> None:
    """Without a change everything is known: the changes below are what misses."""
    assert before.result().timing.cached == 3


def test_every_field_has_a_change(before: Run, heard: dict[str, set[str]]) -> None:
    """The keys of a run have the fields that are changed here, and no others.

    That a network is steady is a fact kept under the network's key and its own name.
    """
    wide = replace(before.options, action=ActionOptions("context"))
    replace(before, options=wide).result()
    assert heard.keys() - {"fact"} == OF_THE_NETWORK.keys() | OF_A_VALUE.keys()


@pytest.mark.parametrize(
    "field",
    [pytest.param(field, marks=[pytest.mark.heavy] * (field == "compiled")) for field in OF_THE_NETWORK],
)
def test_a_field_of_the_network_misses(
    before: Run, heard: dict[str, set[str]], monkeypatch: pytest.MonkeyPatch, field: str
) -> None:
    """That field is the only one that changes, no image is known, and every digit is that of a run without a cache."""
    before.result()
    known = {name: set(values) for name, values in heard.items()}
    after = OF_THE_NETWORK[field](before, monkeypatch)
    result = after.result()
    grown = {name for name in OF_THE_NETWORK if heard[name] != known[name]}
    assert grown == {field}
    assert result.timing.cached == 0
    without = replace(after, options=replace(after.options, cache=None))
    assert numbers(result) == numbers(without.result())


def other_picture(run: Run, _: pytest.MonkeyPatch) -> Run:
    """One of three: it is new, and so is the null of the probe after it."""
    assert isinstance(run.options.data.root, Path)
    first = min(run.options.data.root.iterdir())
    smooth_pictures(first.parent, 1, 16, seed=9)
    return run


def other_probe_before(run: Run, _: pytest.MonkeyPatch) -> Run:
    """The same pictures, each under the name of the one before it: a probe's null has another partner."""
    assert isinstance(run.options.data.root, Path)
    paths = sorted(run.options.data.root.iterdir())
    held = [path.read_bytes() for path in paths]
    for path, content in zip(paths, [*held[1:], held[0]], strict=True):
        path.write_bytes(content)
    return run


def other_boundary(run: Run, _: pytest.MonkeyPatch) -> Run:
    return replace(run, options=replace(run.options, action=ActionOptions("zero")))


def with_surroundings(run: Run, _: pytest.MonkeyPatch) -> Run:
    return replace(run, options=replace(run.options, action=ActionOptions("context")))


def other_features(run: Run, _: pytest.MonkeyPatch) -> Run:
    """The embedding of another module has as many numbers as the one before."""
    return replace(run, network=replace(run.network, features=Site("pool", "output")))


OF_A_VALUE: dict[str, tuple[Change, ...]] = {
    "network": (),  # each of the fields above
    "image": (other_picture,),
    "partner": (other_probe_before,),
    "value": (other_boundary, other_features, with_surroundings),
}
"""Changes for each field of a value's key. Other values of the same images stay known."""


@pytest.mark.parametrize(
    ("field", "change"), [(field, change) for field, changes in OF_A_VALUE.items() for change in changes]
)
def test_a_field_of_a_value_misses(
    before: Run, heard: dict[str, set[str]], monkeypatch: pytest.MonkeyPatch, field: str, change: Change
) -> None:
    """The digits are those of a run without a cache, though other rows of these images are known."""
    before.result()
    known = {name: set(values) for name, values in heard.items()}
    after = change(before, monkeypatch)
    result = after.result()
    assert heard["network"] == known["network"]
    assert heard[field] > known[field]
    assert result.timing.cached < 3
    without = replace(after, options=replace(after.options, cache=None))
    assert numbers(result) == numbers(without.result())
