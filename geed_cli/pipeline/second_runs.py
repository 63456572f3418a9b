"""Runs whose values stand beside those of the run itself: of the random-weights twin, and in float32.

The twin is the same architecture untrained, on the same pixels. What it has too, training did not bring: an untrained
network may be quite invariant, by its architecture or because it hardly reacts to its input.

``precision_shift`` is the mean over the first images of |v(x) − v₃₂(x)|, v an image's own mean deviation, in the
value's unit: the differences do not cancel, so that it is an upper estimate of how far the mean over all images moved.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from geed_cli.measures.catalogue import select_measures
from geed_cli.measures.latent import L2
from geed_cli.measures.measure import RetrievalMeasure
from geed_cli.models.network import Network
from geed_cli.pipeline.describe import with_unsteady
from geed_cli.pipeline.options import AuditOptions, ControlOptions
from geed_cli.result.schema import Entry, Result

FIRST_IMAGES = 4
SHIFT_CONTROL = "precision_shift"


def in_float32(options: AuditOptions, batch_size: int) -> AuditOptions:
    """The same audit in float32 on the first images of the draw, at that batch size and without controls.

    Without what looks for images among all others, of which the first few are another choice.
    """
    alone = [each for each in select_measures(options.metrics) if not isinstance(each, RetrievalMeasure)]
    return replace(
        options,
        metrics=tuple(each.name for each in alone) or (L2.name,),
        data=replace(
            options.data,
            samples=min(FIRST_IMAGES, options.data.samples),
            norm_samples=None,
            image_weights=None,
            on_bad_image="skip",
        ),
        run=replace(options.run, precision="fp32", batch_size=batch_size, on_nonfinite="skip", compile=False),
        until=None,
        controls=ControlOptions(probes=0),
    )


def with_shift(result: Result, exact: Result) -> Result:
    """The result with ``precision_shift`` among the controls of every entry that has values for these images.

    ``exact`` is in float32, of the same network, groups, measures and layers, on some of the images.
    """
    places = {image.path: place for place, image in enumerate(result.data.images)}
    shared = {
        places[image.path]: place for place, image in enumerate(exact.data.images) if image.path in places
    }
    others = {(entry.metric, entry.group, entry.layer): entry for entry in exact.results}
    entries = tuple(
        _with_controls(entry, _beside(entry, others[key], shared)) if key in others else entry
        for entry in result.results
        for key in [(entry.metric, entry.group, entry.layer)]
    )
    settings = result.settings.model_copy(update={"precision_probes": len(shared)})
    return result.model_copy(
        update={
            "results": with_unsteady(entries, exact.unsteady),
            "settings": settings,
            "unsteady": exact.unsteady,
        }
    )


def _with_controls(entry: Entry, controls: dict[str, float]) -> Entry:
    return entry.model_copy(update={"controls": entry.controls | controls}) if controls else entry


def _beside(entry: Entry, exact: Entry, shared: Mapping[int, int]) -> dict[str, float]:
    """The shift, and how far showings of the same rows moved in float32, where the network is unsteady."""
    moved = {name: exact.controls[name] for name in ("repeat",) if name in exact.controls}
    return _shift(entry, exact, shared) | moved


def _shift(entry: Entry, exact: Entry, shared: Mapping[int, int]) -> dict[str, float]:
    """The mean difference; nothing where no image has both values, or the value has no unit."""
    unit = 1.0 if entry.normaliser is None else abs(entry.normaliser)
    if entry.per_image is None or exact.per_image is None or unit == 0:
        return {}
    pairs = [(entry.per_image.value[own], exact.per_image.value[place]) for own, place in shared.items()]
    moved = [abs(v - v32) for v, v32 in pairs if v is not None and v32 is not None]
    return {SHIFT_CONTROL: sum(moved) / len(moved) / unit} if moved else {}


def with_twin(result: Result, twin: Result) -> Result:
    """The result with the twin's values beside it: ``twin``, ``twin_sensitivity`` of the softmax, and on the scale.

    The twin's result is on the same images, groups, layers and measures.
    """
    others = {(entry.metric, entry.group, entry.layer): entry for entry in twin.results}
    entries = tuple(
        _beside_twin(entry, others[entry.metric, entry.group, entry.layer]) for entry in result.results
    )
    settings = result.settings.model_copy(update={"twin": twin.model.weights.detail})
    return result.model_copy(update={"results": entries, "settings": settings})


def _beside_twin(entry: Entry, twin: Entry) -> Entry:
    """The entry with the twin's value and its place on the scale to another image, both with limits."""
    entry = _with_controls(entry, _controls_of_twin(twin)).model_copy(update={"twin_ci": twin.ci})
    if entry.to_another is None or twin.to_another is None:
        return entry
    way = entry.to_another.model_copy(update={"twin": twin.to_another.value, "twin_ci": twin.to_another.ci})
    return entry.model_copy(update={"to_another": way})


def _controls_of_twin(entry: Entry) -> dict[str, float]:
    controls = {} if entry.value is None else {"twin": entry.value}
    if "sensitivity" in entry.controls:
        controls["twin_sensitivity"] = entry.controls["sensitivity"]
    return controls


def flat(pairs: Sequence[tuple[Network, Network | None]]) -> tuple[Network, ...]:
    """The networks, then their twins."""
    return (*(network for network, _ in pairs), *(twin for _, twin in pairs if twin is not None))


def paired(results: Sequence[Result], count: int) -> list[Result]:
    """The results of so many networks, each beside its twin's where there are twins."""
    own, others = results[:count], results[count:]
    return [with_twin(*pair) for pair in zip(own, others, strict=True)] if others else list(own)
