"""Sets of transformations that are no group, through whole audits: f̂ is the set's mean, by hand."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from reference.measures import Array, prediction_flips
from reference.orbits import Member, channelwise_row, cosine_row, kl_row, l2_row
from rich.console import Console
from support.audits import audited, observed_orbits
from support.networks import small_conv_net
from support.results import entry_of

from geed_cli.choices import View
from geed_cli.report.audit_page import print_result
from geed_cli.result.file import read_result, write_result
from geed_cli.result.schema import Result

EXACT = 1e-8
"""Both run in float64."""
SIZE = 16
SETS = ("brightness:0.5,1.5", "gamma:0.5,2", "jpeg:30")
PICTURES = (5, SIZE)


@pytest.fixture(scope="module")
def result(folder: Path) -> Result:
    return audited(small_conv_net(), [], folder, sets=SETS)


def through_jpeg(x: Array) -> Array:
    """Written as a JPEG of quality 30 and opened again."""
    file = io.BytesIO()
    levels = np.round(255 * x).astype(np.uint8).transpose(1, 2, 0)
    Image.fromarray(levels).save(file, "JPEG", quality=30, subsampling="4:2:0")
    return np.asarray(Image.open(file), dtype=np.float64).transpose(2, 0, 1) / 255


MEMBERS = {
    "brightness:0.5,1.5": [Member(), Member(lambda x: 0.5 * x), Member(lambda x: np.minimum(1.5 * x, 1))],
    "gamma:0.5,2": [Member(), Member(np.sqrt), Member(np.square)],
    "jpeg:30": [Member(), Member(through_jpeg)],
}


@pytest.mark.parametrize("name", SETS)
def test_every_measure_is_the_loops(folder: Path, result: Result, name: str) -> None:
    """Rows of all measures with f̂ the mean over all members, e among them; maps are compared where they are."""
    network, members = small_conv_net(), MEMBERS[name]
    orbits = observed_orbits(network, folder, members)
    everyone = list(range(len(members)))

    def of(key: str) -> list[list[Array]]:
        return [[seen[key] for seen in orbit] for orbit in orbits]

    rows = {
        "latent.l2": [l2_row(f, members, everyone) for f in of("features")],
        "latent.cosine": [cosine_row(f, members, everyone) for f in of("features")],
        "softmax.kl": [kl_row(z, members, everyone) for z in of("logits")],
    }
    for metric, expected in rows.items():
        entry = entry_of(result, metric, name)
        assert entry.raw == pytest.approx(np.mean(expected), abs=EXACT)
        assert list(entry.per_element.values()) == pytest.approx(list(np.mean(expected, axis=0)), abs=EXACT)
        assert list(entry.per_image.value) == pytest.approx(list(np.mean(expected, axis=1)), abs=EXACT)
    flips = [prediction_flips(z)[1:] for z in of("logits")]
    assert entry_of(result, "prediction.flip_rate", name).value == pytest.approx(np.mean(flips), abs=EXACT)
    for layer in network.layers:
        expected = [
            channelwise_row([seen["layers"][layer] for seen in orbit], members, everyone) for orbit in orbits
        ]
        entry = entry_of(result, "channelwise.cosine", name, layer)
        assert list(entry.per_element.values()) == pytest.approx(list(np.mean(expected, axis=0)), abs=EXACT)


def test_a_set_is_called_no_group_everywhere(result: Result, tmp_path: Path) -> None:
    """In the result and in the table; it has no floor, no Fourier components and no boundary; e is a member."""
    write_result(result, tmp_path / "r.json")
    assert read_result(tmp_path / "r.json") == result
    file = io.StringIO()
    print_result(result, Console(width=100, file=file), View(verbose=True))
    for name, group in zip(SETS, result.groups, strict=True):
        assert (group.name, group.kind, group.boundary, group.interpolation) == (name, "set", None, None)
        assert group.elements[0] == "e"
        assert group.calls[0] == "identity"
        assert len(group.calls) == group.order == len(MEMBERS[name])
        (line,) = [line for line in file.getvalue().splitlines() if line.startswith(f"{name} · ")]
        assert line.endswith("not a group: f̂ is the set's mean")
    for entry in result.results:
        assert "floor" not in entry.controls
        assert entry.fourier is None
        if entry.layer is not None and entry.status == "ok":
            assert any(note.startswith("not a group") for note in entry.notes)


def test_a_set_beside_groups_changes_nothing(folder: Path, result: Result) -> None:
    """Groups with other masks, resampled or not, beside it: the same numbers as alone, and the other way round."""
    together = audited(small_conv_net(), ["flip", "c8"], folder, sets=SETS, batch=7)
    groups = audited(small_conv_net(), ["flip", "c8"], folder)
    alone = {(e.metric, e.group, e.layer): e for e in (*result.results, *groups.results)}
    assert len(alone) == len(together.results)
    for entry in together.results:
        other = alone[entry.metric, entry.group, entry.layer]
        assert entry.value == pytest.approx(other.value, abs=1e-12)
        assert entry.controls == pytest.approx(other.controls, abs=1e-12)
        assert entry.notes == other.notes


def test_the_bound_holds(result: Result) -> None:
    """softmax.kl is at most ln n, whatever the members do."""
    for group in result.groups:
        assert 0 <= entry_of(result, "softmax.kl", group.name).value <= np.log(group.order)


def test_a_set_file_is_its_line(folder: Path, tmp_path: Path, result: Result) -> None:
    """The same two members written in YAML give the same numbers under the file's name."""
    path = tmp_path / "dim.yaml"
    path.write_text(
        "name: dim\nmembers:\n"
        "  - {transform: adjust_brightness, brightness_factor: 0.5, name: brightness0.5}\n"
        "  - {transform: adjust_brightness, brightness_factor: 1.5, name: brightness1.5}\n"
    )
    found = audited(small_conv_net(), [], folder, sets=[str(path)])
    for entry in found.results:
        twin = entry_of(result, entry.metric, "brightness:0.5,1.5", entry.layer)
        assert (entry.status, entry.notes) == (twin.status, twin.notes)
        # batches of other members are cut at other places
        assert entry.value == pytest.approx(twin.value, abs=1e-12)
        assert entry.per_element == pytest.approx(twin.per_element, abs=1e-12)
