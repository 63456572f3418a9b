"""One line on what to do next: an option beside the command, or a keyword in Python where no command has the pictures.

Pictures that are below no folder (``data.source``) can be audited from Python alone.
"""

from collections.abc import Iterator, Sequence

from geed_cli.result.samples import independent
from geed_cli.result.schema import Result, Weights
from geed_cli.statistics.enough import images_to_halve
from geed_cli.statistics.validity import MIN_IMAGES
from geed_cli.verdict.digits import forecast
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
    return next(_steps(result, claims))


def _steps(result: Result, claims: Sequence[Claim]) -> Iterator[str]:
    """What could be done, the most important first; there is always one."""
    yield from _until_it_counts(result)
    if any(insensitive(entry, result) for entry in result.results):
        look = ": geed inspect MODEL" if _on_command_line(result) else ""
        yield f"see whether weights and preprocessing are those that you mean{look}"
    if not all(claim.decided for claim in claims):
        yield _open(result, claims)
    size = next((phase.clean_size for phase in result.grid_phase if phase.clean_size is not None), None)
    if size is not None and not result.settings.phase_correct:
        larger = f"--img-size {size}" if _on_command_line(result) else f"{size} × {size} pixels"
        yield f"see what the grid does to the layers: {larger}, or {_option(result, 'phase-correct')}"
    if result.settings.twin is None:
        twin = "--twin" if _on_command_line(result) else "twin, a network of this kind with random weights"
        yield f"see what training brought: {twin}"
    if _on_command_line(result):
        yield "keep it so: geed init --ci github writes a gate"
    yield "keep it so: save the result, and hold later ones to it with geed check"


def _on_command_line(result: Result) -> bool:
    """Whether a command can audit these pictures: those of a folder."""
    return result.data.source == "folder"


def _option(result: Result, name: str, value: str | int | None = None) -> str:
    """An option of an audit, as a command has it or as a keyword."""
    if _on_command_line(result):
        return f"--{name}" if value is None else f"--{name} {value}"
    return f"{name.replace('-', '_')}={True if value is None else value!r}"


def _until_it_counts(result: Result) -> Iterator[str]:
    """What a run lacks before its numbers mean something."""
    data = result.data
    if result.unsteady is not None:
        yield STEADY
    if result.status == "partial":
        what = "run the same command" if _on_command_line(result) else "audit the same pictures"
        yield f"{what} again; images that are done come from the cache"
    if result.model.weights.origin == "random":
        yield _trained(result.model.weights) if _on_command_line(result) else "audit trained weights"
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


def _open(result: Result, claims: Sequence[Claim]) -> str:
    """What would decide what is open: resampling, rounding, or more images."""
    words = [claim.word for claim in claims if not claim.decided]
    if all("resampling" in word for word in words):
        return _resampling(result)
    if any("rounding" in word for word in words):
        return f"round less: {_option(result, 'precision', 'fp64')}"
    if any(word == "undefined" for word in words):
        return "audit images that differ, or a network that tells them apart"
    more = images_to_halve(result.data.count)
    return _more(result, more, f"about {forecast(more)} images would halve the intervals")


def _resampling(result: Result) -> str:
    """A smaller floor: what turns leave of the frame first, then a better filter, then exact groups."""
    if any(group.boundary in ("zero", "reflect") for group in result.groups):
        return f"lose less in turning: {_option(result, 'boundary', 'disc')}"
    if any(group.interpolation == "bilinear" for group in result.groups):
        return f"lose less in resampling: {_option(result, 'interpolation', 'bicubic')}"
    groups = "-g flip,c4" if _on_command_line(result) else 'groups=["flip", "c4"]'
    return f"groups that move pixels exactly have no floor: {groups}"


def _more(result: Result, count: int, why: str) -> str:
    """That, and the option where the folder, or what else it is, has so many images."""
    data = result.data
    there = data.count + data.not_drawn
    if there >= count:
        return f"{why}: {_option(result, 'samples', count)}"
    holder = "the folder" if _on_command_line(result) else data.root
    if data.not_drawn:
        return f"{why}; {holder} has {there}: {_option(result, 'samples', there)}"
    if not _on_command_line(result):
        return (
            f"{why}; {holder} has no more: hand over more pictures, with {_option(result, 'samples', count)}"
        )
    return f"{why}; the folder has no more: -d DIR --samples {count}"
