"""Whether a result may be judged at all: whole, of enough images, with few enough refusals, with the groups asked for.

A requirement that is not met is an error, never a pass, whatever the rules say.
"""

from collections.abc import Iterator

from geed_cli.gate.outcome import REQUIRE, Outcome
from geed_cli.gate.policy_file import RequirePart
from geed_cli.result.schema import Result


def requirements(require: RequirePart, label: str, result: Result) -> Iterator[Outcome]:
    """One outcome for each requirement that the policy makes, and for completeness."""
    status = None if result.status == "complete" else "the result is partial: its audit did not finish"
    yield _outcome(label, "complete", "status complete", status)
    count, least = result.data.count, require.min_images
    few = None if count >= least else f"{count} images were audited"
    yield _outcome(label, "min_images", f"images ≥ {least}", few)
    if require.max_refused is not None:
        refused, most = len(result.data.refused), require.max_refused
        many = None if refused <= most else f"{refused} files were refused"
        yield _outcome(label, "max_refused", f"refused ≤ {most}", many)
    if require.groups:
        audited = [group.name for group in result.groups]
        missing = [name for name in require.groups if name not in audited]
        reason = f"not audited: {', '.join(missing)}" if missing else None
        yield _outcome(label, "groups", f"groups {', '.join(require.groups)}", reason)


def _outcome(label: str, name: str, demand: str, reason: str | None) -> Outcome:
    return Outcome(
        rule=f"{REQUIRE}.{name}",
        model=label,
        group=REQUIRE,
        level="error",
        demand=demand,
        verdict="pass" if reason is None else "error",
        reason=reason,
    )
