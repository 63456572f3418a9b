"""From a folder to the images of a run: audited, normaliser, control images, and those that are fitted on.

One seeded order of all files decides. Whoever comes first in it is taken, but for files whose bytes were taken
already: a picture counts once, however often it was copied. What turns out later to be unreadable, or to have the
pixels of another, is taken out again, and the next of the order stands in its place; all of it is recorded.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from itertools import filterfalse, islice

import numpy as np

from geed_cli.errors import InputError
from geed_cli.images.memory.prepared import prepared_images
from geed_cli.images.picture import RefusedFile
from geed_cli.images.selection import in_draw_order, require_samples, select
from geed_cli.images.source import ImageSet, hashes_of, list_images
from geed_cli.input_settings import InputSettings
from geed_cli.pipeline.image_clusters import clustering_of
from geed_cli.pipeline.image_weights import weights_asked
from geed_cli.pipeline.options import DataOptions
from geed_cli.pipeline.tiles import Tiling
from geed_cli.result.schema import Data, Duplicate


@dataclass(frozen=True)
class Drawn:
    """The images of a run before any is opened.

    Attributes:
        audited: those with deviations.
        normaliser: those that only give M; None where M is taken over the audited ones.
        control_images: paths of the audited images on which controls are measured; part of those of every larger draw.
        fit: paths of the audited images on which hidden actions are fitted, before the others are scored.
        first: path of the audited image on which rounding is measured; the same for every larger draw.
        hashes: SHA-256 of each file's bytes by its path; absent where it cannot be read.
        tiles: where in the order each image's tile begins, by its path; all are in one where there is none.
        refused: drawn files that turned out to be unreadable, so far.
        copies: drawn files that turned out to hold a picture that is there already.
        redrawn: how many of the images stand in the place of such files.
    """

    audited: ImageSet
    normaliser: ImageSet | None
    control_images: frozenset[str] = frozenset()
    fit: frozenset[str] = frozenset()
    first: str | None = None
    hashes: Mapping[str, str] = field(default_factory=dict)
    tiles: Mapping[str, int] = field(default_factory=dict)
    refused: tuple[RefusedFile, ...] = ()
    copies: tuple[Duplicate, ...] = ()
    redrawn: int = 0

    @property
    def count(self) -> int:
        """How many images will be decoded."""
        return len(self.audited.paths) + (len(self.normaliser.paths) if self.normaliser else 0)

    @property
    def paths(self) -> frozenset[str]:
        """All of these images."""
        return frozenset(self.audited.paths) | frozenset(self.normaliser.paths if self.normaliser else ())

    @property
    def order(self) -> tuple[str, ...]:
        """The audited paths as they are shown: tile by tile, and in a tile those that are fitted before the others."""
        return tuple(sorted(self.audited.paths, key=lambda path: (self.tile(path), path not in self.fit)))

    def tile(self, path: str) -> int:
        """Where an image's tile begins, by which tiles are told apart; the first at 0."""
        return self.tiles.get(path, 0)

    @property
    def by_tile(self) -> list[tuple[bool, tuple[str, ...]]]:
        """The images of each tile, in the order of the tiles, and whether they are audited."""
        found: dict[tuple[int, bool], list[str]] = {}
        for audited, images in ((True, self.audited), (False, self.normaliser)):
            for path in images.paths if images else ():
                found.setdefault((self.tile(path), audited), []).append(path)
        return [(audited, tuple(paths)) for (_, audited), paths in sorted(found.items())]

    def without(self, done: Set[str]) -> "Drawn":
        """The images that are not among those paths."""
        return self.where(lambda path, _: path not in done)

    def only(self, paths: Set[str]) -> "Drawn":
        """The images that are among those paths."""
        return self.where(lambda path, _: path in paths)

    def where(self, keep: Callable[[str, bool], bool]) -> "Drawn":
        """The images of which ``keep`` says so, asked of each path, and whether it is audited."""

        def some(images: ImageSet, *, audited: bool) -> ImageSet:
            return replace(images, paths=tuple(path for path in images.paths if keep(path, audited)))

        normaliser = some(self.normaliser, audited=False) if self.normaliser else None
        return replace(self, audited=some(self.audited, audited=True), normaliser=normaliser)


class Draw:
    """A draw of images that can be added to and corrected, until it holds as many distinct ones as were asked for.

    The normaliser's images are drawn after the audited ones from the same order, so none is in both and the two
    samples are independent.

    Args:
        options: which images.
        control_images: on how many of the audited images controls are measured.
        tiling: how the order is cut; None where all images are one tile.
        halves: whether a random half of the audited images is to be fitted on and the other scored.
        listing: of the folder, where several draws are to be of the same images; None lists it now.
        hashes: of files that need not be read for it, by path.

    Raises:
        InputError: the folder cannot be used or holds too few images for both.
    """

    def __init__(
        self,
        options: DataOptions,
        control_images: int = 0,
        *,
        tiling: Tiling | None = None,
        halves: bool = False,
        listing: ImageSet | None = None,
        hashes: Mapping[str, str] | None = None,
    ) -> None:
        self._listing = listing or list_images(options.root, options.place)
        require_enough(options, self._listing)
        self._order = in_draw_order(self._listing.paths, options.seed)
        self._rank = {path: rank for rank, path in enumerate(self._order)}
        self._tiling = tiling
        self._seen = 0
        self._hashes: dict[str, str] = dict(hashes or {})
        self._holder: dict[str, str] = {}
        self._refused: dict[str, RefusedFile] = {}
        self._copies: dict[str, Duplicate] = {}
        self._wanted, self._norm_wanted = options.samples, options.norm_samples
        self._audited = self._next(options.samples)
        self._controls = frozenset(self._in_first_tile(self._audited[:control_images]))
        self._first = self._audited[0]
        self._fit = frozenset(self._half(options.seed) if halves else ())
        self._normaliser = self._next(options.norm_samples or 0)
        self._require_normaliser()
        self._weights = weights_asked(options, self._listing)
        self._require_weights()

    @property
    def drawn(self) -> Drawn:
        """The draw as it stands."""
        listing = self._listing
        asked = self._wanted + (self._norm_wanted or 0)
        others = replace(listing, paths=self._in_order(self._normaliser))
        return Drawn(
            replace(listing, paths=self._in_order(self._audited)),
            None if self._norm_wanted is None else others,
            self._controls,
            self._fit,
            self._first,
            self._hashes,
            dict(self._tiles((self._wanted, asked))),
            tuple(self._refused[path] for path in self._in_order(self._refused)),
            tuple(self._copies[path] for path in self._in_order(self._copies)),
            self._redrawn(asked),
        )

    def _redrawn(self, asked: int) -> int:
        """How many of the images stand in the place of others, behind the first so many of the order."""
        if self._seen <= asked:
            return 0
        return sum(self._rank[path] >= asked for path in (*self._audited, *self._normaliser))

    def _half(self, seed: int) -> Sequence[str]:
        return select(self._in_order(self._audited), max(len(self._audited) // 2, 1), seed)

    def _tiles(self, cuts: Sequence[int]) -> Iterator[tuple[str, int]]:
        """Every image, and where its tile begins."""
        if self._tiling is not None:
            for audited, paths in ((True, self._audited), (False, self._normaliser)):
                ranks = np.fromiter(map(self._rank.__getitem__, paths), np.intp, len(paths))
                yield from zip(paths, self._tiling.starts(ranks, cuts, audited=audited).tolist(), strict=True)

    def _in_first_tile(self, paths: Iterable[str]) -> Iterator[str]:
        """Those of the paths that are shown in one tile with the first of the order."""
        most = len(self._order) if self._tiling is None else self._tiling.first
        return (path for path in paths if self._rank[path] < most)

    def distinct(self, count: int) -> dict[str, str]:
        """The images that the draw can grow to, at most ``count``, as far as the files' bytes tell.

        Returns:
            the path of each by its hash, or by its path where it cannot be read.
        """
        found: dict[str, str] = {}
        for start in range(0, len(self._order), count):
            block = self._order[start : start + count]
            self._read(block)
            for path in block:
                found.setdefault(self._hashes.get(path, path), path)
            if len(found) >= count:
                break
        return dict(islice(found.items(), count))

    def rank(self, path: str) -> int:
        """The place of a file in the order of the draw, from 0."""
        return self._rank[path]

    def grow(self, samples: int) -> None:
        """Draw further images, until ``samples`` are audited."""
        self._wanted = samples
        self._fill()

    def correct(self, refused: Iterable[RefusedFile], copies: Iterable[Duplicate]) -> None:
        """Take out files that turned out not to be images of their own, and draw others in their place."""
        self._refused |= {item.path: item for item in refused}
        self._copies |= {copy.path: copy for copy in copies}
        gone = self._refused.keys() | self._copies.keys()
        self._audited = [path for path in self._audited if path not in gone]
        self._normaliser = [path for path in self._normaliser if path not in gone]
        self._copies = {path: copy for path, copy in self._copies.items() if not self._refuse_copy(copy)}
        self._controls, self._fit = self._controls - gone, self._fit - gone
        self._fill()

    def _fill(self) -> None:
        further = self._next(self._wanted - len(self._audited))
        self._audited += further
        if self._first not in self._audited and further:
            self._first = further[0]
        self._normaliser += self._next((self._norm_wanted or 0) - len(self._normaliser))
        self._require_weights()

    def _next(self, count: int) -> list[str]:
        """The next images of the order that are no copies of earlier ones, as many as there are up to ``count``."""
        taken: list[str] = []
        while len(taken) < count and self._seen < len(self._order):
            block = self._order[self._seen : self._seen + count - len(taken)]
            self._seen += len(block)
            self._read(block)
            for path in block:
                sha256 = self._hashes.get(path)
                # what cannot be read has none, and decoding says why
                holder = self._holder.setdefault(sha256, path) if sha256 else path
                if holder == path:
                    taken.append(path)
                else:
                    self._leave_out(path, holder)
        return taken

    def _read(self, paths: Iterable[str]) -> None:
        new = tuple(filterfalse(self._hashes.__contains__, paths))
        self._hashes |= hashes_of(replace(self._listing, paths=new))

    def _leave_out(self, path: str, holder: str) -> None:
        """Leave out a file that has the bytes of an earlier one."""
        copy = Duplicate(path=path, of=holder, same=self._listing.reader.identity)
        if not self._refuse_copy(copy):
            self._copies[path] = copy

    def _refuse_copy(self, copy: Duplicate) -> bool:
        """Refuse a copy of a refused file for that file's reason, and say whether it was one."""
        original = self._refused.get(copy.of)
        if original is not None:
            self._refused[copy.path] = RefusedFile(copy.path, original.reason)
        return original is not None

    def _in_order(self, paths: Iterable[str]) -> tuple[str, ...]:
        """Those paths in the order of the folder."""
        chosen = frozenset(paths)
        return tuple(path for path in self._listing.paths if path in chosen)

    def _require_weights(self) -> None:
        """Refuse pictures that have no weight before any is shown to the network."""
        if self._weights is not None:
            self._weights.of(self._in_order(self._audited))

    def _require_normaliser(self) -> None:
        wanted = self._norm_wanted
        if wanted is not None and len(self._normaliser) < wanted:
            there = len(self._audited) + len(self._normaliser)
            raise _too_few(self._listing.root, f"{there} different images", len(self._audited), wanted)


def holds_same_draw(options: DataOptions, earlier: Data) -> bool:
    """Whether an audit with these options would take the images of an earlier one, which are still as they were."""
    listing = list_images(options.root, options.place)
    order = in_draw_order(listing.paths, options.seed)
    used = {image.path: image.sha256 for image in (*earlier.images, *earlier.normaliser_images)}
    named = {item.path for item in earlier.refused} | {item.path for item in earlier.duplicates}
    left_out = named & set(order)
    reached = len(used) + len(left_out)
    whole = (len(earlier.images), len(earlier.normaliser_images)) == (
        options.samples,
        options.norm_samples or 0,
    )
    return (
        set(order[:reached]) == used.keys() | left_out
        and (whole or reached == len(order))
        and len(set(used.values())) == len(used)
        and hashes_of(replace(listing, paths=tuple(used))) == used
    )


def draw(options: DataOptions, control_images: int = 0, *, halves: bool = False) -> Drawn:
    """The images of a run, as far as their bytes tell; arguments and errors as for ``Draw``."""
    return Draw(options, control_images, halves=halves).drawn


def listed(options: DataOptions) -> DataOptions:
    """The options with their pictures listed, so that a source is looked through once for all that ask it.

    Raises:
        InputError: nothing is there, or it holds no images.
        RunError: it is elsewhere, and could not be read.
    """
    return replace(options, root=list_images(options.root, options.place))


def shown_to(options: DataOptions, settings: InputSettings) -> DataOptions:
    """The options with their pictures as a network of those settings is shown them.

    Raises:
        InputError: they cannot be.
    """
    root, _ = prepared_images(options.root, settings, place=options.place)
    return replace(options, root=root)


def require_enough(options: DataOptions, listing: ImageSet | None = None) -> None:
    """Refuse a folder that cannot be used or holds too few files, before any is opened.

    Raises:
        InputError: naming what is missing.
    """
    listing = listing or list_images(options.root, options.place)
    require_samples(options.samples)
    clustering = clustering_of(options, listing)
    if clustering is not None:
        clustering.check(listing.paths)
    wanted, there = options.norm_samples, len(listing.paths)
    audited = min(options.samples, there)
    if wanted is not None and (there < audited + wanted or wanted < 2):
        raise _too_few(listing.root, f"{there} images", audited, wanted)


def _too_few(root: str, there: str, audited: int, wanted: int) -> InputError:
    return InputError(
        f"{root} holds {there} for {audited} audited ones and {wanted} more for the normaliser",
        expected="at least 2 normaliser images, none of them audited; copies of a picture count once",
        remedy="fewer --samples, or leave out --norm-samples to use the audited images themselves",
    )
