"""One line on what to do next: an option beside the command, or a keyword in Python where no command has the pictures.

Pictures in memory, and files named one by one (``data.source``), can be audited from Python alone: its words are used.
"""

from collections.abc import Iterator, Sequence

from geed_cli.choices import NAMED
from geed_cli.measures.catalogue import by_default, measure_named
from geed_cli.result.samples import holder_of, independent
from geed_cli.result.schema import Result, Weights
from geed_cli.statistics.enough import images_to_halve
from geed_cli.statistics.validity import MIN_IMAGES
from geed_cli.verdict.digits import forecast
from geed_cli.verdict.python_names import in_python
from geed_cli.verdict.reaction import insensitive
from geed_cli.verdict.said import Claim

STEADY = "put the network into a state without chance or memory, and audit it again"
"""Before that, more images or checkpoints say nothing."""
MORE_CLUSTERS = (
    f"audit images of at least {MIN_IMAGES} clusters; more of the same ones do not make an interval"
)
GOOD_NUMBER = 200
"""Images of an ordinary run: the default of ``--samples``."""
ENOUGH = f"audit at least {MIN_IMAGES} images, better {GOOD_NUMBER}"
"""What to do about fewer images than intervals need, of audits, comparisons and tracks alike."""


def next_of(result: Result, claims: Sequence[Claim]) -> str:
    """The step that adds most to what is known, as a line."""
    step = next(_steps(result, claims))
    return step if _on_command_line(result) else in_python(step)


def _steps(result: Result, claims: Sequence[Claim]) -> Iterator[str]:
    """What could be done, the most important first; there is always one."""
    yield from _until_it_counts(result)
    if any(insensitive(entry, result) for entry in result.results):
        yield "see whether weights and preprocessing are those that you mean: geed inspect MODEL"
    if not all(claim.decided for claim in claims):
        yield from _open(result, claims)
    size = next((phase.clean_size for phase in result.grid_phase if phase.clean_size is not None), None)
    if size is not None and not result.settings.phase_correct:
        yield f"see what the grid does to the layers: --img-size {size}, or --phase-correct"
    if result.settings.twin is None:
        yield "see what training brought: --twin"
    yield "keep it so: geed init --ci github writes a gate"


def _on_command_line(result: Result) -> bool:
    """Whether a command can audit these pictures, having a name for where they are."""
    return result.data.source in NAMED


def _until_it_counts(result: Result) -> Iterator[str]:
    """What a run lacks before its numbers mean something."""
    data = result.data
    if result.unsteady is not None:
        yield STEADY
    if result.status == "partial":
        yield "run the same command again; images that are done come from the cache"
    if result.model.weights.origin == "random":
        yield _trained(result.model.weights)
    if data.bundled_sample:
        yield "the sample is for a first look; audit your own images: -d DIR"
    if data.count < MIN_IMAGES:
        yield _more(result, GOOD_NUMBER, ENOUGH)
    if independent(data)[0] < MIN_IMAGES:
        yield MORE_CLUSTERS


def _trained(weights: Weights) -> str:
    """How weights are named, where they were random: in place of the option, or of what the spec says."""
    if weights.declared:
        return "audit trained weights: --checkpoint FILE, or weights: {origin: file, path: FILE} in the spec"
    if weights.declared is None:  # of an earlier version
        return "audit trained weights: without --weights random, or --checkpoint FILE"
    return "audit trained weights: without --weights random"


def _open(result: Result, claims: Sequence[Claim]) -> Iterator[str]:
    """What would decide what is open: resampling, rounding, or more images, where values do not move with these."""
    words = [claim.word for claim in claims if not claim.decided]
    if all("resampling" in word for word in words):
        yield _resampling(result)
    elif any("rounding" in word for word in words):
        yield "round less: --precision fp64"
    elif any(word == "undefined" for word in words):
        yield "audit images that differ, or a network that tells them apart"
    elif all(entry.value is None for entry in result.results):
        if set(result.settings.measures) != set(by_default()):
            yield "measure what has a value here: without --metric"
    elif any(e.value is not None and measure_named(e.metric).forecasts for e in result.results):
        more = images_to_halve(result.data.count)
        yield _more(result, more, f"about {forecast(more)} images would halve the intervals")


def _resampling(result: Result) -> str:
    """A smaller floor: what turns leave of the frame first, then a better filter, then exact groups."""
    if any(group.boundary in ("zero", "reflect") for group in result.groups):
        return "lose less in turning: --boundary disc"
    if any(group.interpolation == "bilinear" for group in result.groups):
        return "lose less in resampling: --interpolation bicubic"
    return "groups that move pixels exactly have no floor: -g flip,c4"


def _more(result: Result, count: int, why: str) -> str:
    """That, and the option where the folder, or what else it is, has so many images."""
    data = result.data
    there = data.count + data.not_drawn
    if there >= count:
        return f"{why}: --samples {count}"
    holder = holder_of(data) if _on_command_line(result) else data.root
    has = "have" if holder.endswith("shards") else "has"
    if data.not_drawn:
        return f"{why}; {holder} {has} {there}: --samples {there}"
    more = "-d DIR" if _on_command_line(result) else "hand over more pictures, with"
    return f"{why}; {holder} {has} no more: {more} --samples {count}"
