"""What a run that stops as soon as its policy is decided needs of the policy, the baseline and the number of images.

Each look is a gate of its own over the images so far, at its own part of α (``levels.pass_confidence``).
"""

from collections.abc import Mapping, Sequence

from geed_cli.errors import InputError
from geed_cli.gate.policy import Policy
from geed_cli.globs import is_or_fits
from geed_cli.phrases import counted
from geed_cli.result.fewer_images import why_fixed
from geed_cli.result.schema import Data, Result
from geed_cli.statistics.validity import MIN_IMAGES

STOP = "--stop-early"


def first_look(policy: Policy) -> int:
    """The images of the first look that may decide a policy: those that it requires, and enough for intervals."""
    return max(policy.require.min_images or 1, MIN_IMAGES)


def require_decidable(policy: Policy, baseline: Result | None, among: Sequence[str], most: int) -> None:
    """Refuse what no look can decide.

    Args:
        policy: of the run.
        baseline: that changes are measured from.
        among: the measures of the run that look for images among all others.
        most: images that the run may come to.

    Raises:
        InputError: rules about such measures or about changes from nothing, a baseline that cannot be had over some of
            its images, or images for one look alone.
    """
    for rule in policy.rules:
        if found := [name for name in among if is_or_fits(name, rule.metric)]:
            raise InputError(
                f"{STOP} with a rule about {' and '.join(found)}",
                expected="measures whose value is the same of more images: among more it is harder to find one",
                remedy=f"leave out {STOP}, or name other measures in the rule {rule.id}",
            )
    if policy.needs_baseline and baseline is None:
        raise InputError(
            f"{STOP} with rules about changes, and no --baseline",
            expected="the result that changes are measured from: without it no look decides them",
            remedy="--baseline last-release.json",
        )
    if baseline is not None and (why := why_fixed(baseline)) is not None:
        raise InputError(
            f"{STOP} with a baseline that cannot be had over fewer images: {why}",
            expected="the result of an audit over a number of images that was known before",
            remedy=f"audit the baseline without {STOP}, --until-width, --image-weights and --norm-samples",
        )
    require_room(first_look(policy), most)


def require_room(least: int, most: int) -> None:
    """Refuse a plan of one look, which stops nothing.

    Raises:
        InputError: naming the numbers of images.
    """
    if most < 2 * least:
        raise InputError(
            f"{STOP} over {counted(most, 'image')}, of which the first look takes {least}",
            expected="at least twice as many, so that there is something to be saved",
            remedy=f"--samples {2 * least} or more, a lower require.min_images in the policy, or leave out {STOP}",
        )


def require_pictures(baseline: Data, pictures: Mapping[str, str]) -> None:
    """Refuse a baseline that lacks images which the run may come to, but for files that it could not use.

    Args:
        baseline: what is said of its images.
        pictures: of the run, the path of each by its hash.

    Raises:
        InputError: naming one that it lacks.
    """
    known = {image.sha256 for image in baseline.images}
    unusable = {item.path for item in baseline.refused} | {item.path for item in baseline.duplicates}
    if lacking := [p for sha256, p in pictures.items() if sha256 not in known and p not in unusable]:
        raise InputError(
            f"{STOP}, and the baseline lacks {len(lacking)} of the {len(pictures)} images, such as {lacking[0]}",
            expected="a baseline over all images that the run may come to",
            remedy="audit both with the same --data, --samples and --draw-seed",
        )
