"""Numbers found by their names, and what a key that means none is told."""

import copy
import pickle

import pytest
from support.constructed import features, flips, layers, result, softmax
from support.constructed import group as group_named

from geed_cli.errors import InputError
from geed_cli.result.by_name import NoEntryError
from geed_cli.result.schema import Entry, Result

BOTH = result(
    features(0.2, 0.18, 0.22),
    softmax(),
    flips(0.25, 0.15, 0.4),
    *layers([0.6, 0.3]),
    features(0.5, 0.45, 0.55, of="c4"),
    *layers([0.7, 0.4], of="c4"),
    groups=[group_named("flip"), group_named("c4")],
)
ONE = result(features(0.2, 0.18, 0.22), *layers([0.6]))


def by_loop(made: Result, metric: str, group: str, layer: str | None) -> Entry:
    """The entry as a loop finds it."""
    (found,) = [
        entry for entry in made.results if (entry.metric, entry.group, entry.layer) == (metric, group, layer)
    ]
    return found


def test_every_entry_is_found_by_its_names() -> None:
    """With None for the layer of the whole network, and without it."""
    for entry in BOTH.results:
        names = (entry.metric, entry.group, entry.layer)
        assert BOTH[names] is by_loop(BOTH, *names)
        if entry.layer is None:
            assert BOTH[entry.metric, entry.group] is entry
    assert BOTH["latent.l2", "c4"].value == pytest.approx(0.5 * 0.75**0.5 / 2**0.5)


def test_a_name_may_be_left_out_where_only_one_entry_fits() -> None:
    """The group of a result with one group; the layer of one with one layer."""
    assert ONE["latent.l2"] is ONE["latent.l2", "flip"]
    assert ONE["channelwise.cosine", "stage1"] is ONE["channelwise.cosine", "flip", "stage1"]
    assert ONE["channelwise.cosine"] is ONE["channelwise.cosine", "flip", "stage1"]
    assert BOTH["softmax.kl"] is BOTH["softmax.kl", "flip"]  # of flip alone


def test_a_name_of_a_group_and_of_a_layer_is_the_groups() -> None:
    """So a key never changes its meaning with what a network calls its layers."""
    made = result(features(0.2), *layers([0.6, 0.3]), groups=[group_named("flip")])
    renamed = tuple(
        each.model_copy(update={"layer": "flip"}) if each.layer == "stage1" else each for each in made.results
    )
    made = made.model_copy(update={"results": renamed})
    with pytest.raises(NoEntryError, match="2 entries of this result fit"):
        made["channelwise.cosine", "flip"]
    assert made["channelwise.cosine", "flip", "flip"].value == renamed[1].value


WRONG = {
    "latent.l3": '"latent.l3" is none of its measures',
    ("latent.l2", "filp"): '"filp" is none of its groups or layers',
    ("channelwise.cosine", "c4", "stage7"): '"stage7" is none of its groups or layers',
    ("flip", "latent.l2"): '"flip" is none of its measures',
    ("softmax.kl", "c4"): "none with all of these names",
    ("latent.l2", "flip", "stage1"): "none with all of these names",
    ("latent.l2", "c4", None, "more"): '"more" is none of its groups or layers',
    "latent.l2": "2 entries of this result fit",
    ("channelwise.cosine", "c4"): "2 entries of this result fit",
    7: "7 is none of its measures",
    None: "no entry None",
    (): "no entry ()",
}


@pytest.mark.parametrize("key", WRONG, ids=str)
def test_a_miss_lists_what_there_is_and_its_way_out_runs(key: object) -> None:
    """Whichever part is wrong: the key that is proposed finds an entry."""
    with pytest.raises(NoEntryError) as refused:
        BOTH[key]  # type: ignore[index]
    error = refused.value
    assert isinstance(error, KeyError)
    assert isinstance(error, InputError)
    assert WRONG[key] in error.found
    assert str(error).startswith(error.found)  # and not in the quotes of a KeyError
    if "fit" not in error.found:
        for name in ("latent.l2", "softmax.kl", "channelwise.cosine", "flip", "c4", "stage1", "stage2"):
            assert name in error.expected
    assert isinstance(eval(error.remedy, {"result": BOTH}), Entry)


def test_the_nearest_names_come_first() -> None:
    """Of the kind that is misspelt; the others keep the order of the result, and many are counted."""
    with pytest.raises(NoEntryError) as refused:
        BOTH["softmax.lk", "c4"]
    assert refused.value.expected.startswith("measures softmax.kl, latent.l2,")
    assert refused.value.remedy == 'result["softmax.kl", "flip"]'
    many = result(*layers([0.5] * 30))
    with pytest.raises(NoEntryError) as refused:
        many["channelwise.cosine", "flip", "stge27"]
    assert "layers stage27," in refused.value.expected
    assert refused.value.expected.endswith("and 18 more")
    assert refused.value.remedy == 'result["channelwise.cosine", "flip", "stage27"]'


def test_names_of_strangers_are_told_harmlessly() -> None:
    """A control character in a layer's name reaches no terminal."""
    (entry,) = layers([0.5])
    made = result(entry.model_copy(update={"layer": "a\x1b[31mb"}))
    with pytest.raises(NoEntryError) as refused:
        made["channelwise.cosine", "flip", "\x1b[2J"]
    assert "\x1b" not in str(refused.value)
    assert "\x1b" not in repr(made.results[0])
    assert repr(made.results[0]).count("\n") == 0


def test_whether_there_is_one_can_be_asked() -> None:
    """As of a mapping; pydantic's own pairs are no members."""
    assert "latent.l2" in BOTH
    assert ("latent.l2", "flip") in BOTH
    assert ("latent.l2", "filp") not in BOTH
    assert ("status", "complete") not in BOTH
    assert 3 not in BOTH


def test_results_are_copied_and_pickled_as_before() -> None:
    """Equal, of the same class, and found in by the same keys."""
    for made in (
        copy.copy(BOTH),
        copy.deepcopy(BOTH),
        pickle.loads(pickle.dumps(BOTH)),
        BOTH.model_copy(),
        Result.model_validate_json(BOTH.model_dump_json(by_alias=True)),
    ):
        assert made == BOTH
        assert type(made) is Result
        assert made["latent.l2", "c4"] == BOTH["latent.l2", "c4"]
    assert BOTH != ONE


def test_entries_print_in_one_line() -> None:
    """The value and its limits to two digits of the half-width, or why there is none."""
    entry = features(0.2).model_copy(update={"value": 0.01234, "ci": (0.01101, 0.01399)})
    assert repr(entry) == "<Entry latent.l2 flip 0.0123 [0.0110, 0.0140]>"
    assert str(entry) == repr(entry)
    assert repr(entry.model_copy(update={"ci": None})) == "<Entry latent.l2 flip 0.0123>"
    assert repr(entry.model_copy(update={"ci": (0.01234, 0.01234)})) == "<Entry latent.l2 flip 0.0123>"
    tiny = entry.model_copy(update={"value": 1.2e-9, "ci": (1.1e-9, 1.3e-9)})
    assert repr(tiny) == "<Entry latent.l2 flip 1.2e-09 [1.1e-09, 1.3e-09]>"
    (layer,) = layers([0.5], of="c4")
    assert repr(layer) == "<Entry channelwise.cosine c4 stage1 -0.700 [-0.712, -0.688]>"
    undefined = entry.model_copy(update={"status": "undefined", "value": None, "ci": None})
    assert repr(undefined) == "<Entry latent.l2 flip undefined>"
    absent = undefined.model_copy(update={"status": "not_applicable"})
    assert repr(absent) == "<Entry latent.l2 flip not applicable>"
