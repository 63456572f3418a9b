"""What becomes of networks that are no function of one image, beyond a refusal; what is shown again of sound ones."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from support.cache import counted_puts
from support.command import Geed, printed
from support.networks import network_of
from support.pictures import smooth_pictures
from support.steady_networks import odd
from support.unsteady_networks import spoilt
from support.zoo import SIZE, Refused, Specimen
from torch import Tensor, nn

from benchmarks.steadiness import shown_once
from geed_cli.cache.contents import networks_in
from geed_cli.cache.database import Database
from geed_cli.engine.steady.finding import Unsteady
from geed_cli.errors import InputError
from geed_cli.models.load import load_model
from geed_cli.models.network import Network, Site
from geed_cli.pipeline.audit import audit, audit_together
from geed_cli.pipeline.options import AuditOptions, ControlOptions, DataOptions, RunOptions
from geed_cli.pipeline.reuse import row_cache
from geed_cli.result.schema import Result

PICTURES = (4, SIZE)
REPORT = ("--on-unsteady", "report")


@pytest.fixture(autouse=True)
def _seeded() -> None:
    torch.manual_seed(0)


def network(kind: str, **arguments: float | str) -> Network:
    """One of the zoo's, sound or not."""
    torch.manual_seed(0)
    module = (spoilt if kind in {"FunctionalDropout", "BatchMean", "Noise"} else odd)(kind, **arguments)
    return network_of(module, features=Site("fc", "input"), layers=("stem",), size=SIZE)


def options_of(folder: Path, **run: object) -> AuditOptions:
    """Without controls, in batches of four."""
    return AuditOptions(
        data=DataOptions(folder),
        run=RunOptions(**{"device": "cpu", "batch_size": 4, **run}),
        controls=ControlOptions(probes=0),
    )


@contextmanager
def batches_of(module: nn.Module) -> Iterator[list[Tensor]]:
    """Every batch that a network is given."""
    given: list[Tensor] = []
    handle = module.register_forward_pre_hook(lambda _module, inputs: given.append(inputs[0].clone()))
    try:
        yield given
    finally:
        handle.remove()


def of_pictures(given: list[Tensor]) -> list[Tensor]:
    """Those of the run: traces are not in inference mode, and rounding is in float64."""
    return [each for each in given if each.is_inference() and each.dtype == torch.float32]


def test_the_first_image_stands_in_the_second_batch_and_in_the_last(folder: Path) -> None:
    """Four pictures under flip in batches of four: one row alone; then both again beside others, where none was."""
    sound = network("Small")
    with batches_of(sound.module) as given:
        audit(sound, ["flip"], options_of(folder))
    alone, first, second, last = of_pictures(given)
    e, mirrored, *others = first
    assert torch.equal(alone, e[None])
    assert torch.equal(second[[1, 3]], torch.stack([e, mirrored]))
    assert torch.equal(last[[2, 0]], torch.stack([e, mirrored]))
    # the others are shown once each: a picture and its mirror image, in order
    rest = torch.stack([*others, second[0], second[2], last[1], last[3]])
    assert torch.equal(rest[::2].flip(-1), rest[1::2])
    assert len(rest.flatten(1).unique(dim=0)) == 6


@pytest.mark.parametrize(
    ("pictures", "batch", "rows"),
    [
        # in the padding of the only batch
        (4, 16, [1, 16]),
        # a full batch alone: two rows move on, into a second one
        (4, 8, [1, 8, 8]),
        # a second batch out of which nothing can move without a fourth: small ones of their own, and small pictures
        (12, 8, [1, 8, 8, 1, 8, 8, 2]),
        # three rows move on, as far as the padding of the last batch
        (7, 6, [1, 6, 6, 6]),
        # an odd batch size: two rows, which are even
        (8, 3, [2, 3, 3, 3, 3, 3, 3]),
        (4, 1, [2, 1, 1, 1, 1, 1, 1, 1, 1, 2]),
    ],
)
def test_what_is_shown_again_makes_a_run_hardly_longer(
    tmp_path: Path, pictures: int, batch: int, rows: list[int]
) -> None:
    sound = network("Small")
    with batches_of(sound.module) as given:
        audit(sound, ["flip"], options_of(smooth_pictures(tmp_path, pictures, SIZE), batch_size=batch))
    assert [len(each) for each in of_pictures(given)] == rows


@pytest.mark.parametrize("batch", [3, 4, 16])
def test_no_digit_depends_on_what_is_shown_again(folder: Path, batch: int) -> None:
    """Also of layers: rows that move on are run in batches of the same shape."""
    options = options_of(folder, batch_size=batch)
    with shown_once():
        expected = audit(network("Small"), ["flip"], options)
    assert audit(network("Small"), ["flip"], options).results == expected.results


@pytest.mark.parametrize("kind", ["AtPlaces", "KeptByShape"])
def test_what_happens_in_late_batches_is_seen_where_nothing_can_move_on(tmp_path: Path, kind: str) -> None:
    """Twelve pictures fill three batches of eight: the last of eight places, and a result that is kept."""
    spoilt_one = network_of(
        spoilt(kind, **({"places": "eighth"} if kind == "AtPlaces" else {})),
        features=Site("fc", "input"),
        size=SIZE,
    )
    says = (
        "depends on the place in the batch; it comes from the network's own code"
        if kind == "AtPlaces"
        else ""
    )
    with pytest.raises(InputError, match=f"is no function of one image: .*{says}"):
        audit(spoilt_one, ["flip"], options_of(smooth_pictures(tmp_path, 12, SIZE), batch_size=8))


def test_a_network_for_one_size_of_picture_is_audited_where_nothing_can_move_on(tmp_path: Path) -> None:
    """It takes no small ones; and what it keeps as attributes is put back where one does."""

    class OneSize(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(3 * SIZE * SIZE, 5)

        def forward(self, x: Tensor) -> Tensor:
            y: Tensor = self.fc(x.flatten(1))
            return y

    flat = network_of(OneSize(), features=Site("fc", "input"), size=SIZE)
    assert (
        audit(flat, ["flip"], options_of(smooth_pictures(tmp_path, 8, SIZE), batch_size=8)).unsteady is None
    )


def test_what_the_cache_knows_as_steady_is_not_shown_again(folder: Path, tmp_path: Path) -> None:
    """More images of a network that is known: only these. One of whose rows no verdict is known: one image again."""
    known = load_model("timm:test_resnet", weights="random", img_size=32)
    options = replace(options_of(folder, batch_size=8), cache=tmp_path)

    def batches(samples: int) -> list[int]:
        drawn = replace(options, data=replace(options.data, samples=samples))
        with batches_of(known.module) as given:
            audit(known, ["flip"], drawn)
        return [len(each) for each in of_pictures(given)]

    assert batches(3) == [1, 8]
    assert batches(3) == []
    assert batches(4) == [8]


@pytest.mark.heavy
def test_a_refused_network_leaves_nothing_in_the_cache(folder: Path, tmp_path: Path) -> None:
    """Dropout in a timm network: every run finds it, also the second."""
    known = load_model("timm:test_resnet", weights="random", img_size=32)
    known.module.layer1.register_forward_hook(
        lambda _module, _inputs, output: torch.dropout(output, 0.3, True)
    )
    options = replace(options_of(folder, batch_size=8), cache=tmp_path)
    for _ in range(2):
        with pytest.raises(InputError, match="is no function of one image"):
            audit(known, ["flip"], options)


def test_what_was_written_of_a_network_that_moves_late_is_taken_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows of images that were finished before lie in the cache by then, beside those of another network."""
    monkeypatch.setattr(row_cache, "WRITE_EVERY_S", -1.0)
    written = counted_puts(monkeypatch)
    sound, late = (load_model("timm:test_resnet", weights="random", img_size=32, seed=n) for n in range(2))
    options = replace(options_of(smooth_pictures(tmp_path / "many", 16, 32), batch_size=8), cache=tmp_path)
    audit(sound, ["flip"], options)
    times = iter(range(10**6))
    late.module.layer1.register_forward_hook(
        lambda _module, _inputs, output: output + 0.1 * (next(times) > 4)
    )
    written.clear()
    with pytest.raises(InputError, match="is no function of one image"):
        audit(late, ["flip"], options)
    assert sum(written) > 0
    with Database(tmp_path) as database:
        assert sorted(use.rows for use in networks_in(database)) == [0, 16 * (1 + 2 * 2)]


def dropped(folder: Path, **run: object) -> Result:
    """An audit of functional dropout that is told to go on."""
    return audit(network("FunctionalDropout"), ["flip"], options_of(folder, on_unsteady="report", **run))


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_report_says_beside_every_value_how_far_it_moves(folder: Path, precision: str) -> None:
    """``repeat`` is of the size that a loop over two passes finds; the table names what means nothing."""
    result = dropped(folder, precision=precision)
    table = " ".join(printed(result).split())
    assert result.unsteady is not None
    assert "no function of one image: the same picture, shown again, moved the input of 'fc'" in table
    assert "so that values are about chance or neighbours, too" in table
    measured = [entry for entry in result.results if entry.status == "ok"]
    assert all(
        "repeat" in entry.controls and "no function of one image" in entry.notes[-1] for entry in measured
    )
    values = {(entry.metric, entry.layer): entry.controls["repeat"] for entry in measured}
    # the stem comes before the dropout, and does not move: −1, but for the last digits of a cosine
    assert values["channelwise.cosine", "stem"] == pytest.approx(-1, abs=1e-6)
    assert values["latent.l2", None] == pytest.approx(by_hand(folder, result), rel=0.5)
    assert "at the floating-point floor" not in table


def by_hand(folder: Path, result: Result) -> float:
    """‖f(x) − f'(x)‖ of two passes of the first picture and its mirror image, the mean of fifty, over M."""
    from support.pictures import pixels_of

    module = network("FunctionalDropout").module
    pixels = torch.from_numpy(pixels_of(folder)[0]).float()
    mean, std = (torch.tensor(each)[:, None, None] for each in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    x = torch.stack([pixels, pixels.flip(-1)]).sub(mean).div(std)
    with torch.no_grad():
        moved = [(module.features(x) - module.features(x)).norm(dim=1).mean().item() for _ in range(50)]
    (entry,) = [entry for entry in result.results if entry.metric == "latent.l2"]
    assert entry.normaliser is not None
    return sum(moved) / len(moved) / entry.normaliser


@pytest.mark.parametrize(
    "options", [(), ("--batch-size", "auto"), ("-g", "flip", "-g", "c4", "--discover", "permutation")]
)
def test_rounding_is_measured_on_an_image_that_nothing_has_changed(
    options: tuple[str, ...], geed: Geed, tmp_path: Path
) -> None:
    """A network that changes its input in place gets a copy each time: its rounding is that of its twin that does not.

    A few 10⁻⁷ of M, as of any float32 network of two layers; on the changed image it would be of order 1.
    """
    pictures = smooth_pictures(tmp_path / "pictures", 8, SIZE)
    target = tmp_path / "result.json"
    found = []
    for kind in ("InPlace", "OutOfPlace"):
        spec = Specimen(kind, odd, Refused(""), arguments={"kind": kind}).write_spec(tmp_path)
        fixed = ("--allow-code", "-d", pictures, "--json", target, "--layer", "stem", "--no-cache")
        done = geed("audit", spec, *fixed, *options)
        assert done.exit_code == 0, done.stderr
        entries = json.loads(target.read_text())["results"]
        found.append([entry["value"] for entry in entries])
        (latent,) = {
            e["controls"]["rounding"] for e in entries if (e["metric"], e["group"]) == ("latent.l2", "flip")
        }
        assert 0 < latent < 1e-5
    # the same operations in the same order; another batch size, which auto may find, rounds in another one
    assert found[0] == (pytest.approx(found[1], rel=1e-5) if "auto" in options else found[1])


def test_a_sound_network_has_no_repeat(folder: Path) -> None:
    result = audit(network("Small"), ["flip"], options_of(folder, on_unsteady="report"))
    assert result.unsteady is None
    assert not any("repeat" in entry.controls for entry in result.results)


@pytest.mark.parametrize("kind", ["FunctionalDropout", "BatchMean"])
def test_every_devices_copy_is_checked(folder: Path, kind: str) -> None:
    with pytest.raises(InputError, match="is no function of one image"):
        audit(
            network(kind), ["flip"], options_of(folder, device="auto", devices=("cpu", "cpu"), batch_size=2)
        )


def test_one_copy_that_is_spoilt_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second worker's alone draws; whichever tiles it gets, the first image of them is shown to it again."""
    from geed_cli.pipeline import placement

    copied = placement._copy

    def spoil(sound: Network) -> Network:
        copy = copied(sound)
        copy.module.fc.register_forward_pre_hook(lambda _module, inputs: (inputs[0] + 0.1 * torch.rand(8),))
        return copy

    monkeypatch.setattr(placement, "_copy", spoil)
    with pytest.raises(InputError, match="is no function of one image"):
        audit(
            network("Small"),
            ["flip"],
            options_of(
                smooth_pictures(tmp_path, 24, SIZE), device="auto", devices=("cpu", "cpu"), batch_size=2
            ),
        )


class Particular(nn.Module):
    """A network of the zoo that runs, once it is audited, for so many rows alone."""

    def __init__(self, kind: str, rows: int, error: Exception) -> None:
        super().__init__()
        self.inside = network(kind).module
        self.rows, self.error = rows, error

    def forward(self, x: Tensor) -> Tensor:
        if torch.is_inference_mode_enabled() and len(x) != self.rows and x.dtype == torch.float32:
            raise self.error
        y: Tensor = self.inside(x)
        return y


@pytest.mark.parametrize(
    ("rows", "error"), [(4, RuntimeError("shape")), (1, torch.OutOfMemoryError("no room"))]
)
@pytest.mark.parametrize(("kind", "steady"), [("Small", True), ("FunctionalDropout", False)])
def test_a_network_for_one_batch_size_is_shown_its_own(
    folder: Path, rows: int, error: Exception, kind: str, steady: bool
) -> None:
    """Whole batches where it does not run in smaller ones; one row where there is no room for a neighbour."""
    particular = network_of(Particular(kind, rows, error), features=Site("inside.fc", "input"), size=SIZE)
    options = options_of(folder, batch_size=rows)
    if steady:
        assert audit(particular, ["flip"], options).unsteady is None
    else:
        with pytest.raises(InputError, match="is no function of one image"):
            audit(particular, ["flip"], options)


def test_models_that_are_compared_are_checked(geed: Geed, tmp_path: Path) -> None:
    """And the way out that is printed works there, too."""
    specs = [
        Specimen(kind, factory, Refused(""), arguments={"kind": kind}).write_spec(tmp_path)
        for kind, factory in (("Small", odd), ("FunctionalDropout", spoilt))
    ]
    pictures = smooth_pictures(tmp_path / "pictures", 4, SIZE)
    command = ("compare", *specs, "--allow-code", "-d", pictures)
    refused = geed(*command)
    assert refused.exit_code == 2
    assert "spoilt is no function of one image" in " ".join(refused.stderr.split())
    shown = geed(*command, *REPORT)
    assert shown.exit_code == 0, shown.stderr
    assert "is no function of one image" in " ".join(shown.stdout.split())


def test_networks_that_are_audited_together_are_checked_each(folder: Path) -> None:
    pair = [network("Small"), network("FunctionalDropout")]
    with pytest.raises(InputError, match="FunctionalDropout is no function of one image"):
        audit_together(pair, ["flip"], options_of(folder))


def saved(geed: Geed, tmp_path: Path, kind: str) -> Path:
    """The result of an audit that went on."""
    specimen = Specimen(kind, spoilt, Refused(""), arguments={"kind": kind})
    target = tmp_path / f"{kind}.json"
    pictures = smooth_pictures(tmp_path / "pictures", 22, SIZE)
    done = geed(
        "audit", specimen.write_spec(tmp_path), "--allow-code", "-d", pictures, "--json", target, *REPORT
    )
    assert done.exit_code == 0, done.stderr
    return target


def test_no_gate_passes_an_unsteady_network(geed: Geed, tmp_path: Path) -> None:
    """However far its limits are, also where it is the baseline, and where the policy has requirements alone."""
    target = saved(geed, tmp_path, "FunctionalDropout")
    policy = tmp_path / "policy.yaml"
    policy.write_text("version: 1\nrules:\n  - {metric: latent.l2, group: flip, max: 1000}\n")
    done = geed("check", target, "--policy", policy)
    assert done.exit_code == 2, done.stdout
    assert "no function of one image" in " ".join(done.stdout.split())
    assert "a function of one image: no function of one image" in " ".join(done.stdout.split())
    policy.write_text("version: 1\nrequire: {groups: [flip]}\nrules: []\n")
    assert geed("check", target, "--policy", policy).exit_code == 2
    other = tmp_path / "other.json"
    other.write_text(target.read_text())
    shown = geed("compare", target, other)
    assert shown.exit_code == 0, shown.stderr
    assert "so that values are about chance or neighbours, too" in " ".join(shown.stdout.split())


TRACKED = """
import torch
from torch import nn
from torch.nn import functional


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem, self.fc = nn.Conv2d(3, 8, 3, stride=2), nn.Linear(8, 10)
        self.register_buffer("rate", torch.zeros(()))

    def forward(self, x):
        return self.fc(functional.dropout(functional.relu(self.stem(x)).mean((2, 3)), self.rate.item()))
"""


def test_a_track_fails_an_unsteady_checkpoint_and_goes_on(geed: Geed, tmp_path: Path) -> None:
    """The second of three drops features: the others are on the track, which is partial, and the exit code is 2."""
    (tmp_path / "tracked_net.py").write_text(TRACKED)
    spec = tmp_path / "net.yaml"
    spec.write_text(
        json.dumps(
            {
                "model": {"source": "python", "name": "tracked_net:Net", "cache_key": "first"},
                "weights": {"origin": "file", "path": "step_1.safetensors"},
                "input": {"size": SIZE, "crop_pct": 1.0, "mean": [0.5] * 3, "std": [0.25] * 3},
            }
        )
    )
    for step, rate in ((1, 0.0), (2, 0.4), (3, 0.0)):
        state = {"stem.weight": torch.randn(8, 3, 3, 3), "stem.bias": torch.zeros(8)}
        state |= {"fc.weight": torch.randn(10, 8), "fc.bias": torch.zeros(10), "rate": torch.tensor(rate)}
        save_file(state, tmp_path / f"step_{step}.safetensors")
    pictures = smooth_pictures(tmp_path / "pictures", 4, SIZE)
    target = tmp_path / "track.json"
    fixed = ("--model", spec, "--allow-code", "-d", pictures, "--json", target)
    done = geed("track", *sorted(tmp_path.glob("step_*.safetensors")), *fixed)
    message = " ".join(done.stderr.split())
    assert done.exit_code == 2
    assert "1 checkpoint could not be audited, being no function of one image" in message
    assert "step_2.safetensors" in message
    assert "latent.l2" in done.stdout
    track = json.loads(target.read_text())
    assert (track["status"], [record["step"] for record in track["records"]]) == ("partial", [1, 3])
    # the way out that is printed: the same command with the option
    done = geed("track", *sorted(tmp_path.glob("step_*.safetensors")), *fixed, *REPORT)
    assert done.exit_code == 0, done.stderr
    assert "the network is no function of one image" in " ".join(done.stdout.split())


def test_the_way_out_of_an_audit_works_as_printed(geed: Geed, tmp_path: Path) -> None:
    specimen = Specimen("dropout", spoilt, Refused(""), arguments={"kind": "FunctionalDropout"})
    pictures = smooth_pictures(tmp_path / "pictures", 4, SIZE)
    command = ("audit", specimen.write_spec(tmp_path), "--allow-code", "-d", pictures)
    refused = geed(*command)
    assert refused.exit_code == 2
    assert "try:      --on-unsteady report," in refused.stderr
    assert geed(*command, *REPORT).exit_code == 0


@pytest.mark.parametrize(("movement", "written"), [(1.0, "100%"), (0.1234, "12%"), (2.5e-6, "0.00025%")])
def test_the_movement_is_written_in_two_digits(movement: float, written: str) -> None:
    """Never as a power of ten where it is large."""
    finding = Unsteady(Site("fc", "input"), movement, "it draws random numbers", "", ())
    assert finding.sentence == (
        f"the same picture, shown again, moved the input of 'fc' by {written} (it draws random numbers)"
    )
