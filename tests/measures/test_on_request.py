"""Measures that are computed on request alone: by whole audits, and what every command makes of them."""

import io
import math
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from rich.console import Console
from support.audits import counting
from support.command import printed
from support.equivariant_networks import declaring
from support.gate import policy
from support.networks import MEAN, STD, network_of, small_conv_net
from support.pictures import pixels_of
from support.results import entry_of, numbers
from torch import nn

import geed_cli as geed
from geed_cli.choices import View
from geed_cli.errors import InputError
from geed_cli.gate.gate import gate
from geed_cli.measures.catalogue import BY_NAME, on_request
from geed_cli.models.network import Network, Site
from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.options import AuditOptions, ControlOptions, DataOptions, RunOptions, UntilOptions
from geed_cli.report.html.page_contents import PageContents
from geed_cli.report.html.report_page import report_page
from geed_cli.report.track_page import print_track
from geed_cli.result.schema import Result
from geed_cli.tracking.columns import columns_of
from geed_cli.tracking.record import Record
from geed_cli.tracking.track import track_of

DEFAULT = (
    "latent.l2",
    "latent.cosine",
    "softmax.kl",
    "channelwise.cosine",
    "channelwise.correlation",
    "prediction.flip_rate",
)
PICTURES = (20, 16)
CPU64 = RunOptions("cpu", 8, "fp64")


def audited(
    folder: Path,
    metrics: Sequence[str] = (),
    network: Network | None = None,
    cache: Path | None = None,
    sets: tuple[str, ...] = (),
) -> Result:
    options = AuditOptions(
        data=DataOptions(folder), run=CPU64, metrics=tuple(metrics), cache=cache, sets=sets
    )
    return audit(network or small_conv_net(), ["flip", "c4"], options)


def other_weights(seed: int) -> Network:
    """Known by their hash, so that rows are cached."""
    network = small_conv_net(seed)
    weights = replace(network.weights, state_sha256=f"{seed:064}")
    return replace(network, weights=weights, source="timm")


@pytest.fixture(scope="module")
def usual(folder: Path) -> Result:
    return audited(folder)


@pytest.fixture(scope="module")
def whole(folder: Path) -> Result:
    return audited(folder, ["*"])


def test_an_audit_has_them_only_where_they_are_asked_for(usual: Result, whole: Result) -> None:
    """By name or by a glob; the other numbers are the same, digit for digit."""
    assert on_request()
    assert usual.settings.measures == DEFAULT
    assert set(whole.settings.measures) == set(BY_NAME)
    others = tuple(entry for entry in whole.results if not BY_NAME[entry.metric].on_request)
    assert others == usual.results


@pytest.mark.heavy
def test_nothing_is_computed_of_them_unasked(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not one deviation, and not one forward pass more with them than without."""
    network, passes = small_conv_net(), []
    for metrics in ([], ["*"]):
        with counting(network) as counted:
            audited(folder, metrics, network)
        passes.append(len(counted))
    assert passes[0] == passes[1] > 0

    def never(*_: object) -> object:
        raise AssertionError("computed unasked")

    for name in on_request():
        measure = BY_NAME[name]
        fields = ("relate", "slope", "rows", "among", "deviation")
        kept = next(field for field in fields if getattr(measure, field, None) is not None)
        monkeypatch.setitem(BY_NAME, name, replace(measure, **{kept: never}))
    monkeypatch.setattr("geed_cli.engine.layerwise.comparisons.squared_lengths", never)
    audited(folder, sets=("lie:rotation",))
    for asked in on_request():
        with pytest.raises(AssertionError, match="computed unasked"):
            audited(folder, [asked], sets=("lie:rotation",))


@pytest.mark.heavy
def test_their_rows_come_from_the_cache(folder: Path, tmp_path: Path) -> None:
    """Beside those of an audit that did not ask for them."""
    known = other_weights(1)
    audited(folder, [], known, tmp_path)
    asked = audited(folder, ["*"], known, tmp_path)
    assert asked.timing.cached < 20
    again = audited(folder, ["*"], known, tmp_path)
    assert again.timing.cached == 20
    assert numbers(again) == numbers(asked)


@pytest.mark.heavy
def test_they_are_compared_where_all_have_them(usual: Result, whole: Result, folder: Path) -> None:
    """A side that never asked for them leaves no line without a value, and no further claim to correct for."""
    other = audited(folder, ["*"], other_weights(1))
    lacking = geed.compare({"a": whole, "b": usual})
    assert {line.metric for line in lacking.lines} == set(DEFAULT) - {"channelwise.correlation"}
    assert lacking.lines == geed.compare({"a": usual, "b": usual}).lines
    both = {line.metric for line in geed.compare({"a": whole, "b": other}).lines}
    assert both == set(BY_NAME) - {"channelwise.correlation"}
    (line,) = geed.compare({"a": whole, "b": usual}, metrics="latent.relative").lines[:1]
    assert line.sides[1].notes == ("b has no such entry",)


def test_a_plan_for_a_margin_leaves_them_to_results_that_have_them(usual: Result, whole: Result) -> None:
    """As a comparison does."""
    for baseline, there in ((usual, False), (whole, True)):
        made = geed.plan(whole, margins="5%", baseline=baseline)
        assert any(line.metric == "latent.relative" for line in made.lines) == there


def test_a_rule_on_what_was_not_asked_for_says_how_to_ask(usual: Result, whole: Result) -> None:
    """The gate judges those of a result that has them."""
    rules = policy("version: 1\nrules: [{metric: latent.relative, group: flip, max: 5}]")
    assert gate({"net": whole}, rules).verdict == "pass"
    report = gate({"net": usual}, rules)
    assert report.verdict == "error"
    said = "latent.relative is computed on request alone; audit with --metric latent.relative"
    assert said in (report.outcomes[-1].reason or "")


def test_a_track_shows_them_where_they_are_asked_for(whole: Result) -> None:
    """They are no usual columns."""
    record = Record(label="a", step=1, step_from="", file="1.json", source="result", result=whole)
    made = track_of([record], None)
    assert "latent.relative" not in {column.metric for column in columns_of(made)}
    columns = columns_of(made, ["latent.relative"])
    stream = io.StringIO()
    print_track(made, columns, Console(file=stream, width=100), View())
    assert "latent.relative" in stream.getvalue()


def test_the_page_has_their_rows(usual: Result, whole: Result) -> None:
    """The terminal's and the report page's, and neither of a result without them."""
    for result, there in ((usual, False), (whole, True)):
        assert ("latent.relative" in printed(result)) == there
        cards = re.sub(
            r"<script.*?</script>", "", report_page(PageContents({"net": result})), flags=re.DOTALL
        )
        assert ("latent.relative" in cards) == there


def test_they_can_be_watched_and_searched_beside(folder: Path) -> None:
    """--until-width of them; a width of what is not measured is refused; --discover measures them as well."""
    options = AuditOptions(
        data=DataOptions(folder, samples=20), run=CPU64, until=UntilOptions(9.0, 20, "latent.relative")
    )
    with pytest.raises(InputError, match=r"no measure of this run matches 'latent\.relative'"):
        audit(small_conv_net(), ["flip"], options)
    made = audit(small_conv_net(), ["flip"], replace(options, metrics=("latent.*",)))
    assert made.settings.looks is not None
    found = audit(
        small_conv_net(),
        ["flip"],
        AuditOptions(
            data=DataOptions(folder),
            run=CPU64,
            metrics=("channelwise.cosine", "latent.relative"),
            controls=ControlOptions(discover="permutation"),
        ),
    )
    assert found.hidden_actions
    assert entry_of(found, "latent.relative", "flip").value


class Halves(nn.Module):
    """The mean of the first channel over the left and over the right half, which a mirror swaps."""

    def __init__(self) -> None:
        super().__init__()
        self.out = nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        halves = x[:, 0].unflatten(-1, (2, -1))
        return self.out(halves.mean(dim=(1, 3)))


def halves_of(folder: Path) -> np.ndarray:
    """(images, 2), by hand."""
    inputs = [(pixels[0] - MEAN[0]) / STD[0] for pixels in pixels_of(folder)]
    return np.array([[x[:, :8].mean(), x[:, 8:].mean()] for x in inputs])


SKEW = np.array([[1.0, 1.0], [0.0, -1.0]])
"""It is its own inverse, and keeps no lengths."""


@pytest.mark.parametrize(
    ("action", "matrix"),
    [
        (None, np.eye(2)),
        ({"permutation": {"group": "flip", "generators": {"m": [1, 0]}}}, np.eye(2)[::-1]),
        ({"matrices": {"group": "flip", "generators": {"m": SKEW.tolist()}}}, SKEW),
    ],
)
def test_the_relative_error_of_a_network_that_swaps_two_numbers(
    folder: Path, action: dict[str, object] | None, matrix: np.ndarray
) -> None:
    """(l, r) becomes (r, l): √2 |l − r| / √(l² + r²) apart, 0 by the swap, ‖(r, l) − A(l, r)‖ / ‖(l, r)‖ by any A."""
    network = network_of(Halves(), features=Site("out", "output"), logits=False)
    actions = None if action is None else {"features": action}
    result = audit(
        declaring(network, actions),
        ["flip"],
        AuditOptions(data=DataOptions(folder), run=CPU64, metrics=("latent.relative",)),
    )
    entry = entry_of(result, "latent.relative", "flip")
    rows = [
        math.dist((right, left), matrix @ (left, right)) / math.hypot(left, right)
        for left, right in halves_of(folder)
    ]
    if action is None:
        closed = [
            math.sqrt(2) * abs(left - right) / math.hypot(left, right) for left, right in halves_of(folder)
        ]
        assert rows == pytest.approx(closed, rel=1e-12)
    assert entry.per_image is not None
    assert list(entry.per_image.value) == pytest.approx(
        rows, rel=1e-9, abs=1e-9
    )  # float64, one mean of 128 pixels
    assert entry.value == pytest.approx(np.mean(rows), rel=1e-9, abs=1e-9)
    assert list(entry.per_element) == ["m"]


def test_features_that_are_zero_have_no_row(tmp_path: Path) -> None:
    """One grey picture of ImageNet's mean brightness and one bright left half: (0, 0) has no length to divide by."""

    class Beside(Halves):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return super().forward(x - x[:, :, :1, -1:])

    for name, left in (("a", 128), ("b", 200), ("c", 255)):
        pixels = np.full((16, 16, 3), 128, np.uint8)
        pixels[:, :8] = left
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    network = network_of(Beside(), features=Site("out", "output"), logits=False)
    for precision in ("fp64", "fp32"):
        result = audit(
            network,
            ["flip"],
            AuditOptions(
                data=DataOptions(tmp_path), run=RunOptions("cpu", 8, precision), metrics=("latent.relative",)
            ),
        )
        entry = entry_of(result, "latent.relative", "flip")
        assert entry.per_image is not None
        # the pixel at the right is taken from all, so that (d, 0) becomes (−d, 0)
        assert entry.per_image.value == (None, 2.0, 2.0)
        assert entry.value == 2.0
        assert "1 image without a finite value left out" in entry.notes
        assert "latent.relative" in printed(result)
