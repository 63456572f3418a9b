"""Adding images until intervals are narrow enough or a policy is decided, in looks that share the error.

The looks are planned before the first image, and each has its own confidence (``statistics.enough``), so that the
interval that the run ends with keeps its coverage, and a verdict its error rates, although it was looked at before.
"""

import fnmatch
from collections.abc import Sequence
from dataclasses import replace

from geed_cli.errors import InputError
from geed_cli.gate.early import STOP, first_look, require_decidable, require_pictures, require_room
from geed_cli.gate.gate import gate
from geed_cli.gate.given import policy_from
from geed_cli.measures.catalogue import select_measures
from geed_cli.measures.measure import RetrievalMeasure
from geed_cli.pipeline.draw import Draw
from geed_cli.pipeline.options import AuditOptions, DataOptions, UntilDecided, UntilOptions
from geed_cli.pipeline.session import Session
from geed_cli.result.samples import narrow_enough
from geed_cli.result.schema import Looks, Result
from geed_cli.statistics.enough import look_confidences, look_sizes, spaced_sizes

WIDTH = "--until-width"


def grow(session: Session, draw: Draw, options: AuditOptions) -> tuple[Result, ...]:
    """Look at the first images, then at more, until every watched interval is narrow enough or the policy is decided.

    Every look holds the one before; control images, which are compared, are those of the first.

    Returns:
        The results at the look that ended the run, which records the plan.

    Raises:
        InputError: sizes that allow no look, a baseline of other images, or as for ``check_until``.
        RunError: as for ``Session.extend``.
    """
    until = options.until
    assert until is not None, "the caller asks only where a run is to grow"
    check_until(options)
    sizes = _sizes(until, draw, options)
    confidences = look_confidences(sizes, options.interval.confidence)
    width, metric = (until.width, until.metric) if isinstance(until, UntilOptions) else (None, None)
    results: tuple[Result, ...] = ()
    for number, (size, confidence) in enumerate(zip(sizes, confidences, strict=True), start=1):
        draw.grow(size)
        drawn = session.complete(draw)
        looks = Looks(sizes=sizes, used=number, confidence=confidence, width=width, metric=metric)
        results = session.results(drawn, confidence=confidence, looks=looks)
        if results[0].status == "partial" or _is_enough(until, results):
            break
    return results


def with_policy_read(options: AuditOptions) -> AuditOptions:
    """The options with the policy itself where its file is named, so that all looks are judged by one reading of it.

    Raises:
        InputError: as for ``policy_from``.
    """
    until = options.until
    if not isinstance(until, UntilDecided):
        return options
    return replace(options, until=replace(until, policy=policy_from(until.policy)))


def first_images(options: AuditOptions) -> DataOptions:
    """The images of the first look; of a run of one look all."""
    until = options.until
    if not isinstance(until, UntilDecided):
        return options.data
    return replace(options.data, samples=min(first_look(policy_from(until.policy)), options.data.samples))


def _sizes(until: UntilOptions | UntilDecided, draw: Draw, options: AuditOptions) -> tuple[int, ...]:
    """The planned looks.

    Raises:
        InputError: there are too few images for them, or a baseline does not have them.
    """
    if isinstance(until, UntilOptions):
        return look_sizes(options.data.samples, len(draw.distinct(until.max_samples)))
    pictures = draw.distinct(options.data.samples)
    least = first_look(policy_from(until.policy))
    require_room(least, len(pictures))
    if until.baseline is not None:
        require_pictures(until.baseline.data, pictures)
    return spaced_sizes(least, len(pictures))


def _is_enough(until: UntilOptions | UntilDecided, results: Sequence[Result]) -> bool:
    """Whether all intervals are narrow enough; of a policy, whether it is decided of the first network."""
    if isinstance(until, UntilOptions):
        return all(map(narrow_enough, results))
    return gate({"": results[0]}, policy_from(until.policy), until.baseline).decided


def check_until(options: AuditOptions) -> None:
    """Refuse what no growing run can be made of, before weights are loaded.

    Raises:
        InputError: naming the option.
    """
    until = options.until
    if until is None:
        return
    name, further = (STOP, "") if isinstance(until, UntilDecided) else (WIDTH, " and --max-samples")
    if options.controls.discover is not None:
        raise InputError(
            f"{name} together with --discover",
            expected="one of them: a hidden action is fitted on half of a known number of images",
            remedy=f"leave out {name}{further}, and say how many with --samples",
        )
    if options.data.norm_samples is not None:
        raise InputError(
            f"{name} together with --norm-samples",
            expected="a normaliser over the audited images, which grows with them",
            remedy="leave out --norm-samples",
        )
    if isinstance(until, UntilDecided):
        among = [each.name for each in select_measures(options.metrics) if isinstance(each, RetrievalMeasure)]
        require_decidable(policy_from(until.policy), until.baseline, among, options.data.samples)
    else:
        _check_watched(until, options)


def _check_watched(until: UntilOptions, options: AuditOptions) -> None:
    """Refuse measures that the run has not, or whose value is another of more images."""
    measures = select_measures(options.metrics)
    metrics = [measure.name for measure in measures]
    lasting = [measure.name for measure in measures if not isinstance(measure, RetrievalMeasure)]
    if not fnmatch.filter(metrics, until.metric):
        raise InputError(
            f"no measure of this run matches {until.metric!r}",
            expected=f"one of {', '.join(metrics)}",
            remedy=f"--width-of {lasting[0]}" if lasting else "--width-of latent.l2 --metric latent.l2",
        )
    watched = [measure for measure in measures if fnmatch.fnmatchcase(measure.name, until.metric)]
    if among := [measure.name for measure in watched if isinstance(measure, RetrievalMeasure)]:
        raise InputError(
            f"--width-of {until.metric} watches {' and '.join(among)}",
            expected="measures whose value is the same of more images: among more it is harder to find one",
            remedy="--width-of latent.l2 --metric latent.l2",
        )
