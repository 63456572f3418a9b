"""What a run has to do for each image once the cache was asked: nothing, a part of its orbit, or all of it.

The null of a probe is measured against the probe before it, so where one is missing the one before is shown as well.
"""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field

from geed_cli.engine.plan import Plan, Shown
from geed_cli.pipeline.images import Drawn
from geed_cli.pipeline.row_cache import Known, RowCache, Subject


@dataclass
class Todo:
    """One image.

    Attributes:
        subject: what its rows depend on.
        known: from the cache, for each network.
        shown: what it is to be shown; nothing where all is known.
    """

    subject: Subject
    known: Sequence[Known]
    shown: set[Shown] = field(default_factory=set)


def recall(
    drawn: Drawn, hashes: Mapping[str, str], caches: Sequence[RowCache], partners: Set[str]
) -> dict[str, Todo]:
    """What each drawn image still has to be shown, for images whose file could be hashed.

    Args:
        drawn: the images of this part of the run.
        hashes: of the files.
        caches: of the networks.
        partners: paths of the probes that can be decoded, so that the next one's null is measured against them.

    Returns:
        By path; an image that is absent has to be shown everything.
    """
    found: dict[str, Todo] = {}
    before: Todo | None = None
    for path, subject in _subjects(drawn, hashes, partners):
        known = [cache.recall(subject) for cache in caches]
        todo = found[path] = Todo(subject, known)
        for cache, values in zip(caches, known, strict=True):
            shown, null = cache.missing(subject, values)
            todo.shown |= shown
            if null and before is not None:
                before.shown |= cache.kernels()
        if path in partners:
            before = todo
    return found


def _subjects(drawn: Drawn, hashes: Mapping[str, str], partners: Set[str]) -> Iterator[tuple[str, Subject]]:
    """The images in the order in which they will be shown, each probe with the one before it."""
    partner: str | None = None
    for path in drawn.order:
        if path in hashes:
            probe = path in drawn.probes
            yield path, Subject(hashes[path], True, probe, partner if probe else None)
            partner = hashes[path] if path in partners else partner
    for path in drawn.normaliser.paths if drawn.normaliser else ():
        if path in hashes:
            yield path, Subject(hashes[path], audited=False)


def in_order(plan: Plan, subject: Subject, shown: set[Shown]) -> tuple[Shown, ...]:
    """What an image is shown, views of e first and round trips last."""
    return tuple(each for each in everything(plan, subject) if each in shown)


def everything(plan: Plan, subject: Subject) -> tuple[Shown, ...]:
    """All views and round trips that an image is shown under if nothing of it is cached."""
    if not subject.audited:
        return plan.identities
    return (*plan.views, *plan.round_trips) if subject.probe else plan.views
