"""From a folder to the images of a run: audited, normaliser, control images, and those that are fitted on."""

from collections.abc import Set
from dataclasses import dataclass, replace

from geed_cli.errors import InputError
from geed_cli.images.selection import select
from geed_cli.images.source import ImageSet, list_images
from geed_cli.pipeline.options import DataOptions


@dataclass(frozen=True)
class Drawn:
    """The images of a run before any is opened.

    Attributes:
        audited: those with deviations.
        normaliser: those that only give M; None where M is taken over the audited ones.
        control_images: paths of the audited images on which controls are measured; part of those of every larger draw.
        fit: paths of the audited images on which hidden actions are fitted, before the others are scored.
        first: path of the audited image on which rounding is measured; the same for every larger draw.
    """

    audited: ImageSet
    normaliser: ImageSet | None
    control_images: frozenset[str] = frozenset()
    fit: frozenset[str] = frozenset()
    first: str | None = None

    @property
    def count(self) -> int:
        """How many images will be decoded."""
        return len(self.audited.paths) + (len(self.normaliser.paths) if self.normaliser else 0)

    @property
    def order(self) -> tuple[str, ...]:
        """The audited paths as they are shown: those that are fitted first, each part in the folder's order."""
        return tuple(sorted(self.audited.paths, key=lambda path: path not in self.fit))

    def without(self, done: Set[str]) -> "Drawn":
        """The images that are not among those paths."""

        def rest(images: ImageSet) -> ImageSet:
            return replace(images, paths=tuple(path for path in images.paths if path not in done))

        normaliser = rest(self.normaliser) if self.normaliser else None
        return replace(self, audited=rest(self.audited), normaliser=normaliser)


def draw(
    options: DataOptions,
    control_images: int = 0,
    *,
    halves: bool = False,
    listing: ImageSet | None = None,
) -> Drawn:
    """Draw the audited images and, where asked for, others for the normaliser.

    Args:
        options: which images.
        control_images: on how many of the audited images controls are measured.
        halves: whether a random half of the audited images is to be fitted on and the other scored.
        listing: of the folder, where several draws are to be of the same images; None lists it now.

    The normaliser's images are drawn after the audited ones from the same seeded order, so none is in both and
    the two samples are independent.

    Raises:
        InputError: the folder cannot be used or holds too few images for both.
    """
    listing = listing or list_images(options.folder, follow_links=options.follow_links)
    audited = listing.draw(options.samples, options.seed)
    controls = min(control_images, options.samples)
    chosen = frozenset(listing.draw(controls, options.seed).paths if controls else ())
    half = select(audited.paths, max(len(audited.paths) // 2, 1), options.seed) if halves else ()
    first = listing.draw(1, options.seed).paths[0]
    if options.norm_samples is None:
        return Drawn(audited, None, chosen, frozenset(half), first)
    wanted = len(audited.paths) + options.norm_samples
    both = listing.draw(wanted, options.seed)
    if len(both.paths) < wanted or options.norm_samples < 2:
        raise InputError(
            f"{audited.root} holds {len(both.paths)} images for {len(audited.paths)} audited ones "
            f"and {options.norm_samples} more for the normaliser",
            expected="at least 2 normaliser images, none of them audited",
            remedy="fewer --samples, or leave out --norm-samples to use the audited images themselves",
        )
    others = tuple(sorted(set(both.paths) - set(audited.paths), key=both.paths.index))
    return Drawn(audited, replace(both, paths=others), chosen, frozenset(half), first)
