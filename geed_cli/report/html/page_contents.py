"""What a report page is made of; the page itself is made by ``report_page``, which takes longer to import."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from geed_cli.comparison.schema import Comparison
from geed_cli.gate.outcome import GateReport
from geed_cli.result.gallery import Gallery
from geed_cli.result.schema import Result
from geed_cli.sweeps.manifest import Sweep
from geed_cli.tracking.record import Track


@dataclass(frozen=True)
class PageContents:
    """What a page is made of.

    Attributes:
        results: by label, the reference first; may be empty where a comparison of populations or a gate's report stands
            for itself.
        comparison: of these results, in their order, or of populations.
        gate: a gate's report.
        track: checkpoints along training.
        sweep: models on data sets.
        gallery: pictures of the first result.
    """

    results: Mapping[str, Result] = field(default_factory=dict)
    comparison: Comparison | None = None
    gate: GateReport | None = None
    track: Track | None = None
    gallery: Gallery | None = None
    sweep: Sweep | None = None
