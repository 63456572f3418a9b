"""What a run has to do for each image once the cache was asked: nothing, a part of its orbit, or all of it.

The null of a control image is measured against the one before it, so where one is missing the one before is shown too.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from geed_cli.engine.plan import Plan, Shown
from geed_cli.engine.row import Subject
from geed_cli.images.source import ImageRecord, can_be_used, hashes_of
from geed_cli.pipeline.draw import Drawn
from geed_cli.pipeline.options import AuditOptions
from geed_cli.pipeline.prepare import Prepared
from geed_cli.pipeline.reuse.addresses import RoundingAddress
from geed_cli.pipeline.reuse.row_cache import RowCache


@dataclass
class Lookup:
    """One image of which the cache was asked.

    Attributes:
        subject: the image, with the partner that it will have.
        shown: what it has to be shown; nothing where everything is known.
        rounding: whether the run's rounding has to be measured on it.
    """

    subject: Subject
    shown: set[Shown]
    rounding: bool = False


def look_up(drawn: Drawn, networks: Sequence[Prepared], options: AuditOptions) -> dict[str, Lookup]:
    """What the caches of all networks leave to do for each drawn image whose file could be hashed.

    Args:
        drawn: the images of this part of the run.
        networks: of the run.
        options: of the run.

    Returns:
        By path; an image that is absent has to be shown everything, as all are where nothing is kept.
    """
    caches = [one.cache for one in networks if one.cache is not None]
    if not caches:
        return {}
    plan = networks[0].planned.plan
    both = (drawn.audited, *([drawn.normaliser] if drawn.normaliser else []))
    hashes = {path: value for images in both for path, value in hashes_of(images).items()}
    partners = _partners(drawn, hashes, caches, networks[0], options)
    found: dict[str, Lookup] = {}
    before: Lookup | None = None
    for subject in _subjects(drawn, hashes, partners):
        missing = [address for cache in caches for address in cache.look_up(subject)]
        shown: set[Shown] = {each for address in missing for each in (address.shown, *address.kernel)}
        rounding = any(isinstance(address, RoundingAddress) for address in missing)
        lookup = found[subject.path] = Lookup(subject, shown, rounding)
        if before is not None:
            before.shown |= {view for address in missing if address.has_partner for view in address.kernel}
        if subject.path in partners:
            before = lookup
    if options.controls.discover is not None:  # a search needs the maps, whatever is known
        for lookup in found.values():
            lookup.shown = set(plan.shown_of(lookup.subject))
    return found


def in_order(plan: Plan, lookup: Lookup) -> tuple[Shown, ...]:
    """What an image is shown, views of e first and round trips last."""
    return tuple(each for each in plan.shown_of(lookup.subject) if each in lookup.shown)


def _subjects(drawn: Drawn, hashes: Mapping[str, str], partners: Set[str]) -> Iterator[Subject]:
    """The images in the order in which they will be shown, each control image with the one before it."""
    partner: ImageRecord | None = None
    for path in drawn.order:
        if path in hashes:
            record, control = ImageRecord(path, hashes[path]), path in drawn.control_images
            first = path == drawn.first
            yield Subject(record, control=control, first=first, partner=partner if control else None)
            partner = record if path in partners else partner
    for path in drawn.normaliser.paths if drawn.normaliser else ():
        if path in hashes:
            yield Subject(ImageRecord(path, hashes[path]), audited=False)


def _partners(
    drawn: Drawn,
    hashes: Mapping[str, str],
    caches: Sequence[RowCache],
    network: Prepared,
    options: AuditOptions,
) -> set[str]:
    """The control images that the next one's null is measured against: all but those that will be refused."""
    controls = {path for path in drawn.control_images if path in hashes}
    if options.data.on_bad_image == "error":  # a refused one ends the run
        return controls
    settings, decode = network.network.input, options.data.decode
    return {
        path
        for path in controls
        if any(cache.knows(Subject(ImageRecord(path, hashes[path]))) for cache in caches)
        or can_be_used(drawn.audited, path, settings, decode)
    }
