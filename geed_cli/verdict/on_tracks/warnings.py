"""Warnings of a track: what a result would say of itself, with the steps that it holds for, and what is missing."""

from collections.abc import Iterator, Sequence

from geed_cli.documents.document import printable
from geed_cli.phrases import some
from geed_cli.result.schema import Result
from geed_cli.tracking.record import Track
from geed_cli.verdict.on_tracks.missing import inputs_in_part
from geed_cli.verdict.on_tracks.reactions import like_another as layers_like_another
from geed_cli.verdict.on_tracks.reactions import same_features, unreacting
from geed_cli.verdict.reaction import insensitive


def track_warnings(track: Track) -> tuple[str, ...]:
    """What changes the reading of the whole track."""
    said = []
    unsteady = [record.step for record in track.records if record.result.unsteady is not None]
    if unsteady:
        said.append(
            f"{_at(track, unsteady)} the network is no function of one image, so values are about chance, too"
        )
    if track.status == "partial":
        said.append("checkpoints are still to be audited: the run ended early")
    failed = [failure for failure in track.failures if failure.what == "audit"]
    if failed:
        steps = some([str(step) for step in sorted({failure.step for failure in failed})])
        why = printable(failed[0].error.partition("\n")[0], 200)
        said.append(f"at {track.unit} {steps} no audit could be made: {why}")
    dull = [record.step for record in track.records if _is_dull(record.result)]
    if dull:
        matter = f"{_at(track, dull)} the output hardly reacts to any image"
        said.append(f"{matter}, so top class and softmax say nothing of invariance")
    return (*said, *_controls(track), *inputs_in_part(track))


def _controls(track: Track) -> Iterator[str]:
    """Where a control explains a value: of a network that is no function of one image none does."""
    if any(record.result.unsteady is not None for record in track.records):
        return
    if collapsed := same_features(track):
        yield f"{_at(track, collapsed)} every image has the same features, so latent measures have no value"
    yield from unreacting(track)
    for place, steps in layers_like_another(track).items():
        yield f"{_at(track, steps)} another image's maps would do about as well at {place}"


def _is_dull(result: Result) -> bool:
    """Whether the output hardly reacts to any image."""
    return any(insensitive(entry, result) for entry in result.results)


def _at(track: Track, steps: Sequence[int]) -> str:
    """``at every step``, ``at step 0, 10``."""
    everywhere = set(steps) == {record.step for record in track.records}
    return (
        f"at every {track.unit}"
        if everywhere
        else f"at {track.unit} {some([str(x) for x in sorted(set(steps))])}"
    )
