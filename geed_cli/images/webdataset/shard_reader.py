"""Reads pictures out of shards; each sample has one, which is called by its shard and its path there."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, NamedTuple, final

from geed_cli.choices import ImageSource
from geed_cli.documents.document import path_text, printable
from geed_cli.errors import InputError
from geed_cli.images.archives.archive_reader import INDEX_AHEAD, bytes_of
from geed_cli.images.archives.entries import Member
from geed_cli.images.archives.tar_archive import tar_entries
from geed_cli.images.candidates import Listing, name_bytes, printable_name
from geed_cli.images.picture import ImageRefused, RefusedFile
from geed_cli.images.prefetch import prefetch
from geed_cli.images.reader import Encoded
from geed_cli.images.remote.remote_file import RemoteFile
from geed_cli.images.stored_file import StoredFile
from geed_cli.images.webdataset.sample_labels import SampleLabels, label_key_of
from geed_cli.images.webdataset.shard_samples import Sample, samples_in

PICTURES = ("jpg", "png", "webp", "jpeg", "bmp", "tif", "tiff")
"""Endings of pictures, of several in a sample the first: timm's three in its order, then the others that are read."""
INDEXING_THREADS = 8
"""Shards whose headers are read at a time, which elsewhere is a matter of waiting."""
KEPT = 1024
"""Indices of shards elsewhere that are kept in memory, so that one run reads each once."""


@dataclass(frozen=True)
class Shard:
    """One shard.

    Attributes:
        file: where it is.
        label: what names of its pictures begin with.
        length: how many samples an index says that it has; None where none says so.
    """

    file: StoredFile
    label: str
    length: int | None = None


class Kept(NamedTuple):
    """A file of a sample: the shard, and where in it."""

    shard: Shard
    member: Member

    def read(self) -> bytes:
        """Its bytes."""
        return bytes_of(self.member, self.shard.file)


@final
class Shards(Encoded):
    """The reader of the pictures of shards, which are identified by their bytes.

    Args:
        name: what messages call all of them.
        shards: in order.
        endings: of pictures, of several in a sample the first; None for ``PICTURES``.
        label_key: the ending of files with labels, or the field of the samples' .json; None to find it.
        split: of which these are the shards.

    Raises:
        InputError: a shard is damaged, has another number of samples than an index says, or none has a picture.
        RunError: a shard that is elsewhere cannot be read.
    """

    source: ClassVar[ImageSource] = "wds"

    def __init__(
        self,
        name: str,
        shards: Sequence[Shard],
        endings: Sequence[str] | None = None,
        label_key: str | None = None,
        split: str | None = None,
    ) -> None:
        self._pictures: dict[str, Kept] = {}
        self.samples = 0
        samples: dict[str, Mapping[str, Kept]] = {}
        refused: list[RefusedFile] = []
        states = []
        found: set[str] = set()
        for shard, own, left_out in _indexed(shards):
            states.append(f"{shard.label}\0{_state(shard)}\0{len(own)}")
            refused += [RefusedFile(f"{shard.label}/{item.path}", item.reason) for item in left_out]
            self.samples += len(own)
            for sample in own:
                ending = next((each for each in endings or PICTURES if each in sample.files), None)
                if ending is None:
                    reason = (
                        f"a sample without a picture: it has {', '.join(map(printable_name, sample.files))}"
                    )
                    refused.append(RefusedFile(f"{shard.label}/{sample.key}", reason))
                    found |= sample.files.keys()
                    continue
                path, member = sample.files[ending]
                called = f"{shard.label}/{path}"
                self._pictures[called] = Kept(shard, member)
                samples[called] = {each: Kept(shard, kept) for each, (_, kept) in sample.files.items()}
        if not self._pictures:
            raise _no_pictures(name, found, endings or PICTURES)
        key = label_key_of(samples.values(), label_key, name)
        digest = hashlib.sha256("\n".join(states).encode("utf-8", "surrogateescape")).hexdigest()
        self.listing = Listing(
            tuple(sorted(self._pictures, key=name_bytes)),
            tuple(sorted(refused, key=lambda item: name_bytes(item.path))),
            columns={} if key is None else {"label": SampleLabels(samples, key)},
            revision=f"{len(states)} shards, {digest[:16]}",
            split=split,
            fields=tuple(sorted({each for kept in samples.values() for each in kept}.difference(PICTURES))),
        )

    def encoded(self, name: str) -> bytes:
        """The bytes of the sample's picture."""
        if name not in self._pictures:
            raise ImageRefused("it is not in the shards")
        return self._pictures[name].read()


def _indexed(
    shards: Sequence[Shard],
) -> Iterator[tuple[Shard, tuple[Sample, ...], tuple[RefusedFile, ...]]]:
    """Every shard with its samples and what belongs to none, as many as its index says."""
    indices = prefetch(_index, shards, workers=INDEXING_THREADS, depth=2 * INDEXING_THREADS)
    for shard, (samples, refused) in zip(shards, indices, strict=True):
        if shard.length not in (None, len(samples)):
            raise InputError(
                f"{path_text(shard.file.name)} has {len(samples)} samples, and its index says {shard.length}",
                expected="all samples of the shard, as they were written",
                remedy="fetch or write the shard again; or correct the index",
            )
        yield shard, samples, refused


def _index(shard: Shard) -> tuple[tuple[Sample, ...], tuple[RefusedFile, ...]]:
    return _kept(shard.file) if isinstance(shard.file, RemoteFile) else _read(shard.file)


@lru_cache(maxsize=KEPT)
def _kept(file: RemoteFile) -> tuple[tuple[Sample, ...], tuple[RefusedFile, ...]]:
    return _read(file)


def _read(file: StoredFile) -> tuple[tuple[Sample, ...], tuple[RefusedFile, ...]]:
    return samples_in(tar_entries(file.name, file.open(INDEX_AHEAD)), file.name)


def _state(shard: Shard) -> str:
    """What the shard's state is told by, for a hash: of files here their size."""
    if shard.file.revision is not None:
        return shard.file.revision
    with shard.file.open() as opened:
        return f"{opened.seek(0, 2)} bytes"


def _no_pictures(name: str, found: set[str], endings: Sequence[str]) -> InputError:
    there = ", ".join(map(printable, sorted(found)[:20])) or "no sample at all"
    return InputError(
        f"no pictures in the samples of {path_text(name)}: they have {there}",
        expected=f"samples with a file that ends in {', '.join(map(printable, endings))}",
        remedy="--image-key ENDING, of one of these" if found else "name other shards",
    )
