"""The random-weights twin: the same architecture untrained, audited on the same pixels in the same run.

What the twin has too, training did not bring: an untrained network may be quite invariant, by its architecture or
because it hardly reacts to its input.
"""

from geed_cli.result.schema import Entry, Result


def with_twin(result: Result, twin: Result) -> Result:
    """The result with the twin's values among its controls: ``twin``, and ``twin_sensitivity`` of the softmax.

    Args:
        result: of the network.
        twin: of its twin, on the same images, groups, layers and measures.
    """
    others = {(entry.metric, entry.group, entry.layer): entry for entry in twin.results}
    entries = tuple(
        entry.model_copy(
            update={"controls": entry.controls | _controls(others[entry.metric, entry.group, entry.layer])}
        )
        for entry in result.results
    )
    settings = result.settings.model_copy(update={"twin": twin.model.weights.detail})
    return result.model_copy(update={"results": entries, "settings": settings})


def _controls(entry: Entry) -> dict[str, float]:
    found = {} if entry.value is None else {"twin": entry.value}
    if "sensitivity" in entry.controls:
        found["twin_sensitivity"] = entry.controls["sensitivity"]
    return found
