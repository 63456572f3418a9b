"""What a run still has to show of each image, given the cache: nothing, a part of its orbit, or all of it.

The null of a control image is measured against the one before it, so where one is missing the one before is shown too.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace

from geed_cli.engine.plan import Plan, Variant
from geed_cli.engine.row import Subject
from geed_cli.images.source import ImageRecord, can_be_used, fingerprints_of
from geed_cli.pipeline.draw import Drawn
from geed_cli.pipeline.options import AuditOptions
from geed_cli.pipeline.prepare import Prepared


@dataclass
class Lookup:
    """One image that was looked up in the cache.

    Attributes:
        subject: the image, with the partner that it will have.
        variants: what it has to be shown; nothing where everything is cached.
        rounding: whether the run's rounding has to be measured on it.
    """

    subject: Subject
    variants: set[Variant]
    rounding: bool = False


def look_up(drawn: Drawn, networks: Sequence[Prepared], options: AuditOptions) -> dict[str, Lookup]:
    """What the caches of all networks leave to do, by path, for each drawn image whose file could be read.

    An image that is not in it has to be shown in full; without a cache no image is in it.
    """
    caches = [network.cache for network in networks if network.cache is not None]
    if not caches:
        return {}
    hashes = drawn.hashes
    partners = _partners(drawn, hashes, networks, options)
    lookups: dict[str, Lookup] = {}
    before: Lookup | None = None
    for subject in _subjects(drawn, hashes, partners):
        missing = [cache.look_up(subject) for cache in caches]
        variants: set[Variant] = set().union(*(each.variants for each in missing))
        rounding = any(each.rounding for each in missing)
        lookup = lookups[subject.path] = Lookup(subject, variants, rounding)
        if before is not None:
            before.variants.update(*(each.before for each in missing))
        if subject.path in partners:
            before = lookup
    if not options.run.reduced and not all(cache.knows_as_steady() for cache in caches):
        _show_something(lookups, networks[0].planned.plan)
    if options.controls.discover is not None:  # a search needs the maps, whatever is cached
        for lookup in lookups.values():
            lookup.variants = set(networks[0].planned.plan.variants_of(lookup.subject))
    _add_fingerprints(lookups, drawn, networks, options)
    return lookups


def _add_fingerprints(
    lookups: Mapping[str, Lookup], drawn: Drawn, networks: Sequence[Prepared], options: AuditOptions
) -> None:
    """Give images that will not be decoded the fingerprint that an earlier run kept, or else decode them for it."""
    ready = [lookup for lookup in lookups.values() if not lookup.variants]
    known: dict[str, str] = {}
    for cache in (network.cache for network in networks if network.cache is not None):
        known |= {
            lookup.subject.path: mark for lookup in ready if (mark := cache.fingerprint(lookup.subject))
        }
    left = tuple(lookup.subject.path for lookup in ready if lookup.subject.path not in known)
    settings, decode = networks[0].network.input, options.data.decode
    known |= fingerprints_of(replace(drawn.audited, paths=left), settings, decode)
    for lookup in ready:
        subject = lookup.subject
        record = subject.record._replace(fingerprint=known.get(subject.path, ""))
        lookup.subject = subject._replace(record=record)


def _show_something(lookups: Mapping[str, Lookup], plan: Plan) -> None:
    """Show the first image where everything is cached, since nobody knows whether the network is steady."""
    if lookups and not any(lookup.variants for lookup in lookups.values()):
        first = next(iter(lookups.values()))
        first.variants |= set(plan.variants_of(first.subject))


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
    drawn: Drawn, hashes: Mapping[str, str], networks: Sequence[Prepared], options: AuditOptions
) -> set[str]:
    """The control images that the next one's null is measured against: all but those that will be refused."""
    controls = {path for path in drawn.control_images if path in hashes}
    if options.data.on_bad_image == "error":  # a refused one ends the run
        return controls

    def cached(path: str) -> bool:
        subject = Subject(ImageRecord(path, hashes[path]))
        return any(network.cache is not None and network.cache.knows(subject) for network in networks)

    settings, decode = networks[0].network.input, options.data.decode
    return {path for path in controls if cached(path) or can_be_used(drawn.audited, path, settings, decode)}
