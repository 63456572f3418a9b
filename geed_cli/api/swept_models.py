"""Which networks and data a sweep's words name: ``LABEL=PATTERN[:SPEC]``, ``LABEL=SOURCE``, and their files' hashes."""

import glob
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from geed_cli.api.checkpoint_recipe import spec_file
from geed_cli.checkpoints.file_hash import file_sha256
from geed_cli.documents.document import unicode_text
from geed_cli.errors import InputError, RunError
from geed_cli.phrases import shell_joined
from geed_cli.sweeps.cell_names import member_names, require_labels
from geed_cli.sweeps.manifest import Member, SweptData, SweptModel
from geed_cli.tracking.inputs import CHECKPOINT, natural

LOCAL = "local-dir:"
SAMPLE = "sample"
"""The label of the bundled sample."""


@dataclass(frozen=True)
class Named:
    """A network as it was named.

    Attributes:
        checkpoint: the file of its weights, where that was named.
        reference: the spec or name of the network; None where the checkpoint's is said by ``--arch``.
    """

    checkpoint: Path | None
    reference: str | None


def named_in(text: str) -> Named:
    """A member's text, taken apart."""
    found = CHECKPOINT.fullmatch(text)
    if found is None or text.startswith(LOCAL):
        return Named(None, text)
    return Named(Path(found["files"]), found["spec"])


def models_in(
    words: Iterable[tuple[str | None, str]], spec_dir: Path | None = None
) -> tuple[SweptModel, ...]:
    """Every label with its networks; words of one label are one population.

    Args:
        words: a label, or None where there is none, and ``PATTERN[:SPEC]`` or the name of a model.
        spec_dir: the user's folder of specs.

    Raises:
        InputError: a pattern without a match or a label, a file that is not there, or labels that share a file's name.
        RunError: a file that cannot be read.
    """
    texts: dict[str, list[str]] = {}
    for label, text in words:
        found = _expanded(text)
        if label is None and glob.has_magic(text) and found != [text]:
            raise InputError(
                f"{text} without a label",
                expected="a label for the models that a pattern names",
                remedy=shell_joined([f"LABEL={text}"]),
            )
        own = texts.setdefault(unicode_text(_label_of(text) if label is None else label), [])
        own += [each for each in found if each not in own]
    require_labels(list(texts), "model")
    return tuple(
        SweptModel(label=label, members=_members(label, own, spec_dir)) for label, own in texts.items()
    )


def data_in(words: Iterable[tuple[str | None, str]]) -> tuple[SweptData, ...]:
    """Every data set with its label: where none was given, the name of the folder or file; none at all is the sample.

    Raises:
        InputError: two of one label.
    """
    made = [
        SweptData(
            label=unicode_text(label or Path(source).name or Path(source).resolve().name), source=source
        )
        for label, source in words
    ] or [SweptData(label=SAMPLE, source=None)]
    require_labels([each.label for each in made], "data")
    return tuple(made)


def _label_of(text: str) -> str:
    named = named_in(text)
    return named.checkpoint.stem if named.checkpoint is not None else str(named.reference)


def _expanded(text: str) -> list[str]:
    """A member's text for every file that the pattern matches, in natural order; the text itself without a pattern."""
    found = CHECKPOINT.fullmatch(text)
    pattern, spec = (found["files"], found["spec"]) if found is not None else (text, None)
    if not glob.has_magic(pattern) or Path(pattern).exists():
        return [text]
    files = sorted((Path(name) for name in glob.glob(pattern, recursive=True)), key=natural)
    if not files:
        raise InputError(
            f"no file matches {pattern}",
            expected="a glob that matches checkpoints or specs",
            remedy="check the pattern, and quote it, so that geed expands it",
        )
    return [f"{file}:{spec}" if spec is not None else str(file) for file in files]


def _members(label: str, texts: Sequence[str], spec_dir: Path | None) -> tuple[Member, ...]:
    names = [label]
    if len(texts) > 1:
        names = member_names([_path_of(text) for text in texts])
    return tuple(
        Member(
            name=name,
            text=text,
            sha256=_hashes(text, spec_dir),
            unnamed_code=_is_unnamed_code(text, spec_dir),
        )
        for name, text in zip(names, texts, strict=True)
    )


def _path_of(text: str) -> Path:
    named = named_in(text)
    return named.checkpoint if named.checkpoint is not None else Path(str(named.reference))


def _hashes(text: str, spec_dir: Path | None) -> dict[str, str]:
    """Of every file that the network is made of; a name of a library has none."""
    from geed_cli.models.spec_files import SPEC_SUFFIXES, read_spec, weights_path  # noqa: PLC0415 - yaml

    named, files = named_in(text), []
    if named.checkpoint is not None:
        files.append(named.checkpoint)
    reference = named.reference
    if reference is not None and reference.startswith(LOCAL):
        folder = Path(reference.removeprefix(LOCAL))
        files += sorted(path for path in folder.rglob("*") if path.is_file())
    elif reference is not None and (spec := spec_file(reference, spec_dir)) is not None:
        files.append(spec)
        if spec.suffix in SPEC_SUFFIXES:
            weights = read_spec(spec).weights
            if named.checkpoint is None and weights.origin in {"file", "package"}:
                files.append(weights_path(weights, spec.parent))
    return {path.as_posix(): _sha256(path) for path in files}


def _is_unnamed_code(text: str, spec_dir: Path | None) -> bool:
    from geed_cli.models.spec_files import SPEC_SUFFIXES, read_spec  # noqa: PLC0415 - yaml

    reference = named_in(text).reference
    spec = None if reference is None else spec_file(reference, spec_dir)
    return spec is not None and spec.suffix in SPEC_SUFFIXES and read_spec(spec).model.is_unnamed_code


def _sha256(path: Path) -> str:
    if not path.is_file():
        raise InputError(f"there is no file {path}", expected="an existing file", remedy="check the path")
    try:
        return file_sha256(path)
    except OSError as error:
        raise RunError(
            f"{path} cannot be read: {error.strerror or error}",
            expected="a readable file",
            remedy="check the path and its permissions",
        ) from error


def text_hash(text: str) -> str:
    """The text, with the hash of the file's bytes where it names one."""
    path = Path(text)
    try:
        return f"{text} {hashlib.sha256(path.read_bytes()).hexdigest()}" if path.is_file() else text
    except OSError:  # a text may be longer than any path
        return text
