"""One of each kind of thing that Python shows: a result, a comparison, a gate's report, a track and a plan."""

from functools import lru_cache

from geed_cli.cli.run.pages import comparison_of
from geed_cli.forecast.widths import plan_width
from geed_cli.gate.gate import gate
from geed_cli.result.presented import Presented
from geed_cli.result.schema import Result
from geed_cli.tracking.track import track_of
from support.gate import policy, spread
from support.gate import result as with_rows
from support.pages import small
from support.results import record_at

POLICY = """
version: 2
require: {min_images: 20}
rules:
  - {id: features, metric: latent.l2, group: flip, max: 0.5}
  - {id: top class, metric: prediction.flip_rate, group: flip, max: 0.4}
"""


def rows(shift: float = 0.0) -> Result:
    """A result whose features and layers have rows."""
    return with_rows(
        {
            ("latent.l2", "flip", None): spread(0.2 + shift, 0.05, 40),
            ("prediction.flip_rate", "flip", None): (spread(0.3, 0.4, 40) > 0.5).astype(float),
            ("channelwise.cosine", "flip", "layer1"): spread(-0.8 + shift, 0.05, 40, seed=1),
        }
    )


@lru_cache
def made() -> dict[str, Presented]:
    """One of each kind."""
    comparison = comparison_of({"ours": rows(), "theirs": rows(0.1)})
    assert comparison is not None
    return {
        "result": small(),
        "comparison": comparison,
        "report": gate({"net": rows()}, policy(POLICY)),
        "track": track_of([record_at(100), record_at(200, seed=1)], None),
        "plan": plan_width(rows(), ("latent.l2",), 0.01),
    }


KINDS = ("result", "comparison", "report", "track", "plan")
