"""Raw and M of the latent measures: what they are, who has them, and their intervals."""

import math

import numpy as np
import pytest
import torch
from scipy import stats
from support.networks import small_conv_net
from support.results import entry_of, record_at, small_result

import geed_cli as geed
from geed_cli.errors import InputError
from geed_cli.measures.catalogue import (
    BY_NAME,
    PARTS,
    audited_for,
    measure_named,
    named_parts,
    select_measures,
)
from geed_cli.result.raw_and_m import with_parts
from geed_cli.tracking.track import track_of

ALL = ("latent.l2.raw", "latent.l2.M", "latent.cosine.raw", "latent.cosine.M")


def test_the_parts_of_normalised_measures() -> None:
    """Two of each; of raw -1 is perfect, M is no measure of invariance; a glob never means them."""
    assert tuple(PARTS) == ALL
    assert not PARTS.keys() & BY_NAME.keys()
    assert measure_named("latent.cosine.raw").perfect == -1.0
    assert measure_named("latent.l2.raw").perfect == 0.0
    assert not any(measure_named(name).normalised for name in ALL)
    assert [measure_named(name).of_invariance for name in ALL] == [True, False, True, False]
    assert named_parts(["latent.*", "latent.l2.M"]) == ("latent.l2.M",)
    assert audited_for(["latent.l2.raw", "softmax.kl", "latent.l2.M"]) == ("latent.l2", "softmax.kl")
    with pytest.raises(InputError):
        audited_for(["latent.l2.row"])
    assert "latent.l2.raw" not in {measure.name for measure in select_measures(["*"])}


@pytest.mark.parametrize("metric", ["latent.l2", "latent.cosine"])
def test_raw_and_m_are_those_of_the_entry(metric: str) -> None:
    """Of the same rows; raw / M is the value."""
    result = with_parts(small_result(), ALL)
    whole = entry_of(result, metric, "c4")
    raw, m = (entry_of(result, f"{metric}{part}", "c4") for part in (".raw", ".M"))
    assert raw.value == pytest.approx(whole.raw)
    assert m.value == pytest.approx(whole.normaliser)
    assert raw.value is not None
    assert m.value is not None
    assert raw.value / m.value == pytest.approx(whole.value)
    assert raw.ci is not None
    assert raw.ci[0] < raw.value < raw.ci[1]


def test_m_varies_as_its_jackknife_says() -> None:
    """M over all pairs but those of one image, image by image, in a loop: the spread of the pseudo-values."""
    result = with_parts(small_result(), ("latent.l2.M",))
    part, whole = entry_of(result, "latent.l2.M", "flip"), entry_of(result, "latent.l2", "flip")
    assert part.per_image is not None
    assert whole.per_image is not None
    r = np.array(whole.per_image.normaliser)
    n = len(r)
    without = [(r.sum() - 2 * r[i]) / (n - 2) for i in range(n)]
    error = math.sqrt((n - 1) / n * sum((each - np.mean(without)) ** 2 for each in without))
    rows = np.array(part.per_image.value)
    assert rows.std(ddof=1) / math.sqrt(n) == pytest.approx(error)
    assert rows.mean() == pytest.approx(r.mean())
    assert part.ci is not None
    assert part.ci[1] - part.ci[0] == pytest.approx(2 * float(stats.t.ppf(0.975, n - 1)) * error, rel=0.4)


def test_nothing_is_added_unless_it_is_named() -> None:
    """The result itself, and its entries in their order."""
    assert with_parts(small_result(), ("latent.*",)) is small_result()
    names = [entry.metric for entry in with_parts(small_result(), ("latent.cosine.raw",)).results]
    assert names[names.index("latent.cosine") + 1] == "latent.cosine.raw"


def test_a_track_of_parts() -> None:
    """Rows for the named part alone, and records as they were."""
    records = [record_at(1, 0), record_at(2, 1)]
    track = track_of(records, None, parts=("latent.cosine.raw",))
    rows = [row for row in track.rows if row.metric == "latent.cosine.raw" and row.group == "flip"]
    assert [row.value for row in rows] == [
        pytest.approx(entry_of(small_result(seed), "latent.cosine", "flip").raw) for seed in (0, 1)
    ]
    assert all(row.ci is not None for row in rows)
    assert list(track.records) == records
    assert "latent.l2.raw" not in {row.metric for row in track.rows}


def test_m_over_images_of_its_own_is_compared_without_an_interval() -> None:
    """Its images are not those that are paired: both values stand, no difference is made, and the note says why."""
    generator = torch.Generator().manual_seed(0)
    pictures = torch.randint(0, 256, (12, 8, 8, 3), generator=generator, dtype=torch.uint8)
    options = geed.AuditOptions(data=geed.DataOptions(norm_samples=6))
    results = {
        name: geed.audit(
            small_conv_net(seed, size=8), pictures, samples=6, ready=True, cache=False, options=options
        )
        for name, seed in (("a", 1), ("b", 2))
    }
    line = geed.compare(results, metrics=["latent.l2.M"])["latent.l2.M", "flip"]
    entries = [result["latent.l2", "flip"] for result in results.values()]
    assert [side.value for side in line.sides] == [pytest.approx(entry.normaliser) for entry in entries]
    assert [side.ci for side in line.sides] == [None, None]
    (delta,) = line.deltas
    assert delta.verdict == "incomparable"
    assert delta.notes == ("interval withheld: M is over a normaliser sample of its own",)
