"""Inputs in part: families that lack steps, steps with fewer models than others, values of fewer images."""

from collections.abc import Iterator

from geed_cli.phrases import some
from geed_cli.tracking.columns import labels_of
from geed_cli.tracking.record import Track


def inputs_in_part(track: Track) -> Iterator[str]:
    """What is missing on a track, and where."""
    yield from _steps(track)
    yield from _models(track)
    yield from _images(track)


def _steps(track: Track) -> Iterator[str]:
    """Steps that other runs have."""
    for label in labels_of(track):
        own = {record.step for record in track.records if record.label == label}
        missing = [str(step) for step in track.steps if step not in own]
        if missing:
            yield f"{label} has no {track.unit} {some(missing)}, which other runs have"


def _models(track: Track) -> Iterator[str]:
    """Steps of a population that have fewer models than another step of it."""
    for label in labels_of(track):
        models = {row.step: row.models for row in track.rows if row.label == label}
        most = max(models.values(), default=0)
        fewer: dict[int, list[str]] = {}
        for step, count in models.items():
            if count < most:
                fewer.setdefault(count, []).append(str(step))
        for count, steps in fewer.items():
            yield (
                f"at {track.unit} {some(steps)} {label} has {count} of {most} models, so that its values there are of "
                "other models than elsewhere"
            )


def _images(track: Track) -> Iterator[str]:
    """Values of whole networks that are not over all images."""
    found: dict[tuple[str, int, int], list[str]] = {}
    for record in track.records:
        for entry in record.result.results:
            if entry.layer is None and entry.value is not None and entry.per_image is not None:
                rows = entry.per_image.value
                there = sum(value is not None for value in rows)
                if there < len(rows):
                    steps = found.setdefault((entry.metric, there, len(rows)), [])
                    steps += [str(record.step)] * (str(record.step) not in steps)
    for (metric, there, count), steps in found.items():
        yield f"at {track.unit} {some(steps)} {metric} is of {there} of {count} images"
