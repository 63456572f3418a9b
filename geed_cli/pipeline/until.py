"""Adding images until the intervals are narrow enough, in doubling looks that spend the error between them.

The looks are planned before the first image, and each has its own confidence (``statistics.enough``), so the interval
that the run ends with keeps its coverage although it was looked at before.
"""

import fnmatch

from geed_cli.errors import InputError
from geed_cli.measures.catalogue import select_measures
from geed_cli.measures.measure import RetrievalMeasure
from geed_cli.pipeline.draw import Draw
from geed_cli.pipeline.options import AuditOptions
from geed_cli.pipeline.session import Session
from geed_cli.result.samples import narrow_enough
from geed_cli.result.schema import Looks, Result
from geed_cli.statistics.enough import look_confidences, look_sizes


def grow(session: Session, draw: Draw, options: AuditOptions) -> tuple[Result, ...]:
    """Look at ``samples``, then twice as many images, and so on, until every watched interval is narrow enough.

    Every look holds the one before; control images, which are compared, are those of the first.

    Returns:
        The results at the look that ended the run, which records the plan and whether the width was reached.

    Raises:
        InputError: sizes that allow no look, a separate normaliser sample, or no watched measure.
        RunError: as for ``Session.extend``.
    """
    until = options.until
    assert until is not None, "the caller asks only where a width is wanted"
    check_until(options)
    sizes = look_sizes(options.data.samples, min(until.max_samples, draw.distinct(until.max_samples)))
    confidences = look_confidences(sizes, options.interval.confidence)
    results: tuple[Result, ...] = ()
    for number, (size, confidence) in enumerate(zip(sizes, confidences, strict=True), start=1):
        draw.grow(size)
        drawn = session.complete(draw)
        looks = Looks(sizes=sizes, used=number, confidence=confidence, width=until.width, metric=until.metric)
        results = session.results(drawn, confidence=confidence, looks=looks)
        interrupted = results[0].status == "partial"
        if interrupted or all(map(narrow_enough, results)):
            break
    return results


def check_until(options: AuditOptions) -> None:
    """Refuse what no growing run can be made of, before weights are loaded.

    Raises:
        InputError: naming the option.
    """
    until = options.until
    if until is None:
        return
    if options.controls.discover is not None:
        raise InputError(
            "--until-width together with --discover",
            expected="one of them: a hidden action is fitted on half of a known number of images",
            remedy="leave out --until-width and --max-samples, and say how many with --samples",
        )
    if options.data.norm_samples is not None:
        raise InputError(
            "--until-width together with --norm-samples",
            expected="a normaliser over the audited images, which grows with them",
            remedy="leave out --norm-samples",
        )
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
