"""The verdict on one claim, and how many images would decide it.

pass: the claim's own interval is within the limit. fail: its joint interval is beyond the limit. Otherwise
undecided: at n images the nearer of the two would reach the limit if the estimate stayed where it is.
"""

from geed_cli.policy.claim import Claim
from geed_cli.policy.outcome import Verdict
from geed_cli.statistics.difference import Difference
from geed_cli.statistics.enough import images_to_decide
from geed_cli.statistics.methods import Limits


def decide(claim: Claim, joint: Limits | None, limit: float, *, upper: bool) -> Verdict:
    """The verdict.

    Args:
        claim: what is known.
        joint: its interval at the joint confidence; None where withheld.
        limit: in the unit of ``claim.tested``; reaching it is allowed.
        upper: whether the limit is from above.
    """
    if claim.ci is not None and _within(claim.ci, limit, upper=upper):
        return "pass"
    if joint is not None and _beyond(joint, limit, upper=upper):
        return "fail"
    return "undecided"


def images_needed(claim: Claim, joint: Limits | None, limit: float, *, upper: bool) -> int | None:
    """Forecast for an undecided claim: of a pass while the estimate is within the limit, else of a fail."""
    if claim.ci is None or joint is None:
        return None
    # the end that has to come inside for a pass, and the end that has to go beyond for a fail
    low, high = (joint[0], claim.ci[1]) if upper else (claim.ci[0], joint[1])
    return images_to_decide(Difference(claim.tested - limit, low - limit, high - limit, None), claim.images)


def _within(limits: Limits, limit: float, *, upper: bool) -> bool:
    return limits[1] <= limit if upper else limits[0] >= limit


def _beyond(limits: Limits, limit: float, *, upper: bool) -> bool:
    return limits[0] > limit if upper else limits[1] < limit
