"""Whether a result may be judged at all: whole, of enough images, with few enough refusals, with the groups asked for.

A requirement that is not met is an error, never a pass, whatever the rules say.
"""

from collections.abc import Iterator

from geed_cli.gate.outcome import REQUIRE, Outcome
from geed_cli.gate.policy_file import RequirePart
from geed_cli.result.schema import Result


def requirements(require: RequirePart, label: str, result: Result) -> Iterator[Outcome]:
    """One outcome for each requirement that the policy makes, and for completeness."""
    for name, demand, reason in _checks(require, result):
        yield Outcome(
            rule=f"{REQUIRE}.{name}",
            model=label,
            group=REQUIRE,
            level="error",
            demand=demand,
            verdict="error" if reason else "pass",
            reason=reason or None,
        )


def _checks(require: RequirePart, result: Result) -> Iterator[tuple[str, str, str]]:
    """Name, demand, and why it is not met; empty where it is."""
    partial = "" if result.status == "complete" else "the result is partial: its audit did not finish"
    yield "complete", "status complete", partial
    if result.unsteady is not None:
        yield "steady", "a function of one image", f"no function of one image: {result.unsteady.sentence}"
    # results of 0.1.0 have copies among their images
    count, least = len({image.sha256 for image in result.data.images}), require.min_images or 1
    few = f"{_were(count, 'image')} audited"
    yield "min_images", f"images ≥ {least}", few if count < least else ""
    if require.min_clusters is not None:
        yield "min_clusters", f"clusters ≥ {require.min_clusters}", _too_few(result, require.min_clusters)
    if require.max_refused is not None:
        refused, most = len(result.data.refused), require.max_refused
        many = f"{_were(refused, 'file')} refused"
        yield "max_refused", f"refused ≤ {most}", many if refused > most else ""
    if require.groups:
        audited = {group.name for group in result.groups}
        missing = [name for name in require.groups if name not in audited]
        reason = f"not audited: {', '.join(missing)}" if missing else ""
        yield "groups", f"groups {', '.join(require.groups)}", reason


def _too_few(result: Result, least: int) -> str:
    if result.data.clusters is None:
        return "its images are in no clusters: --cluster says which belong together"
    there = len(result.data.clusters.names)
    return f"its images are in {there} cluster{'s' * (there != 1)}" if there < least else ""


def _were(count: int, noun: str) -> str:
    return f"{count} {noun} was" if count == 1 else f"{count} {noun}s were"
