"""Names, shapes, types and order: what may differ between a file and a network, and what may not."""

import pytest
import torch
from torch import Tensor

from geed_cli.checkpoints import rename_rules
from geed_cli.checkpoints.dtypes import convert_types
from geed_cli.checkpoints.match import match_state
from geed_cli.checkpoints.renaming import foreign_prefixes, network_names
from geed_cli.checkpoints.rules import KeyRules
from geed_cli.errors import InputError

EXPECTED = {
    "conv.weight": torch.zeros(4, 3, 3, 3),
    "bn.weight": torch.zeros(4),
    "bn.bias": torch.zeros(4),
    "bn.running_mean": torch.zeros(4),
    "bn.running_var": torch.zeros(4),
    "bn.num_batches_tracked": torch.tensor(0),
    "fc.weight": torch.zeros(10, 4),
    "fc.bias": torch.zeros(10),
}


def full(**changes: Tensor | None) -> dict[str, Tensor]:
    """The expected state filled with numbers; changes by name with __ for the dot, None takes one away."""
    state = {name: torch.full_like(value, i) for i, (name, value) in enumerate(EXPECTED.items())}
    for key, value in changes.items():
        name = key.replace("__", ".")
        if value is None:
            del state[name]
        else:
            state[name] = value
    return state


def refusal(found: dict[str, Tensor], rules: KeyRules, *, ordered: bool = True) -> InputError:
    """The error with which the match ends."""
    with pytest.raises(InputError) as caught:
        match_state(EXPECTED, found, rules, ordered=ordered)
    return caught.value


def test_equal_names_match_in_any_order() -> None:
    """By name, the file's order does not matter and nothing needs saying."""
    backwards = dict(reversed(full().items()))
    matched = match_state(EXPECTED, backwards, KeyRules(), ordered=False)
    assert set(matched.pairs) == set(EXPECTED)
    assert all(matched.pairs[name] is backwards[name] for name in EXPECTED)
    assert matched.notes == ()


def test_missing_tensors_are_refused_unless_listed() -> None:
    """An undeclared gap is an error with its names; a declared one is noted as random."""
    found = full(fc__weight=None, fc__bias=None)
    error = refusal(found, KeyRules())
    assert "2 tensors of the network not in the file: fc.weight, fc.bias" in error.found
    assert "missing: [fc.*]" in error.remedy
    matched = match_state(EXPECTED, found, KeyRules(missing=("fc.*",)), ordered=True)
    assert matched.notes == ("2 tensors not loaded: fc.weight, fc.bias",)


def test_unexpected_tensors_are_refused_unless_listed() -> None:
    """What the file has too many is named, too."""
    found = full(projector__0__weight=torch.ones(2))
    error = refusal(found, KeyRules())
    assert "1 tensor of the file not in the network: projector.0.weight" in error.found
    assert "unexpected: [projector.0.weight]" in error.remedy
    assert len(match_state(EXPECTED, found, KeyRules(unexpected=("projector.*",)), ordered=True).pairs) == 8


def test_a_renamed_tensor_gets_a_suggestion() -> None:
    """The nearest name in the file is offered."""
    found = full(fc__bias=None, fcc__bias=torch.ones(10))
    assert "'fcc.bias'" in refusal(found, KeyRules()).remedy


def test_a_prefix_on_every_name_is_recognised() -> None:
    """DataParallel's module. and its like are suggested, never stripped unasked."""
    found = {f"module.backbone.{name}": value for name, value in full().items()}
    error = refusal(found, KeyRules())
    assert error.remedy.endswith("strip_prefix: [module.backbone.]")
    stripped = network_names(found, KeyRules(strip_prefix=("module.backbone.",)))
    assert match_state(EXPECTED, stripped, KeyRules(), ordered=True).pairs["fc.bias"] is not None


def test_a_prefix_needs_half_of_the_names() -> None:
    """A single chance hit is no prefix."""
    wanted = ["a.w", "b.w", "c.w"]
    assert foreign_prefixes(wanted, ["x.a.w", "y.q"]) == ()
    assert foreign_prefixes(wanted, ["x.a.w", "x.b.w", "y.a.w"]) == ("x.",)


def test_two_networks_in_a_file_have_two_prefixes() -> None:
    """Neither is preferred: the refusal names both."""
    found = {f"{prefix}.{name}": value for prefix in ("ema.net", "net") for name, value in full().items()}
    remedy = refusal(found, KeyRules()).remedy
    assert "--strip-prefix ema.net. or --strip-prefix net." in remedy


def test_batch_counters_may_be_absent() -> None:
    """Old files lack num_batches_tracked, conversions turn it into a float: both load, and it is said."""
    for found in (full(bn__num_batches_tracked=None), full(bn__num_batches_tracked=torch.tensor(3.0))):
        matched = match_state(EXPECTED, found, KeyRules(), ordered=True)
        assert "bn.num_batches_tracked" not in matched.pairs
        assert matched.notes == ("1 batch counter not loaded; evaluation does not read them",)
    assert "running_var" in refusal(full(bn__running_var=None), KeyRules()).found


def test_a_head_for_other_classes_is_called_that() -> None:
    """A classifier whose first axis alone differs is named with both counts."""
    found = full(fc__weight=torch.ones(1000, 4), fc__bias=torch.ones(1000))
    error = refusal(found, KeyRules())
    assert "the classifier 'fc' has 1000 classes in the file and 10 in the network" in error.found
    assert "a head that does not match" in error.found
    assert "'arguments: {num_classes: 1000}'" in error.remedy
    rules = KeyRules(missing=("fc.*",), unexpected=("fc.*",))
    matched = match_state(EXPECTED, found, rules, ordered=True)
    assert "fc.weight" not in matched.pairs
    assert matched.notes == ("2 tensors not loaded: fc.weight, fc.bias",)


def test_another_architecture_is_not_called_a_head() -> None:
    """Other shapes give the first name and both sizes."""
    error = refusal(full(conv__weight=torch.ones(4, 3, 7, 7)), KeyRules())
    assert "conv.weight: 4×3×7×7 in the file, 4×3×3×3 in the network" in error.found
    assert "classifier" not in error.found


def test_globs_that_leave_nothing_are_refused() -> None:
    """A network of random weights that nobody asked for is the worst outcome."""
    error = refusal({"other": torch.ones(1)}, KeyRules(missing=("*",), unexpected=("*",)))
    assert "no tensor of the file is used" in error.found


def test_order_pairs_by_position() -> None:
    """Names may differ wholly where counts and shapes agree, and this is said."""
    found = {f"t{i}": value for i, value in enumerate(full().values())}
    matched = match_state(EXPECTED, found, KeyRules(match="order"), ordered=True)
    assert all(matched.pairs[name] is found[f"t{i}"] for i, name in enumerate(EXPECTED))
    assert matched.notes == ("8 tensors paired by order, not by name",)


def test_order_does_without_counters() -> None:
    """A file without counters pairs with the rest of the network."""
    values = full(bn__num_batches_tracked=None).values()
    matched = match_state(
        EXPECTED, {f"t{i}": value for i, value in enumerate(values)}, KeyRules(match="order"), ordered=True
    )
    assert len(matched.pairs) == 7
    assert torch.equal(matched.pairs["fc.bias"], full()["fc.bias"])


def test_order_refuses_one_other_shape() -> None:
    """Equal counts are not enough."""
    values = [*full().values()]
    values[0] = torch.ones(4, 3, 5, 5)
    error = refusal({f"t{i}": value for i, value in enumerate(values)}, KeyRules(match="order"))
    assert "conv.weight: 4×3×5×5 in the file, 4×3×3×3" in error.found


def test_order_refuses_other_counts_and_roles() -> None:
    """One tensor less, or a bias opposite a weight of the same shape, is no order."""
    assert "7 tensors and the network 8" in refusal(full(fc__bias=None), KeyRules(match="order")).found
    state = full()
    names = list(state)
    names[1], names[2] = names[2], names[1]
    swapped = {name: state[name] for name in names}
    assert (
        "bn.bias (4,) of the file would become bn.weight" in refusal(swapped, KeyRules(match="order")).found
    )


def test_order_refuses_files_without_order() -> None:
    """A safetensors file sorts its tensors by type and name."""
    assert "safetensors" in refusal(full(), KeyRules(match="order"), ordered=False).found


def test_order_leaves_out_what_is_listed() -> None:
    """A projector in the file and a head in the network stay out of the count."""
    found = full(fc__weight=None, fc__bias=None, projector__weight=torch.ones(3))
    rules = KeyRules(match="order", missing=("fc.*",), unexpected=("projector.*",))
    matched = match_state(EXPECTED, found, rules, ordered=True)
    assert len(matched.pairs) == 6
    assert "2 tensors not loaded: fc.weight, fc.bias" in matched.notes


def test_prefixes_come_off_in_order_and_repeatedly() -> None:
    """Declared prefixes go from the front of names as long as one is there, and from nowhere else."""
    rules = KeyRules(strip_prefix=("module.", "backbone.", "unused."))
    found = {
        "module.backbone.a": torch.ones(1),
        "backbone.module.b": torch.ones(1),
        "x.module.c": torch.ones(1),
    }
    assert list(network_names(found, rules)) == ["a", "b", "x.module.c"]
    assert list(network_names(found, KeyRules())) == list(found)


def test_renaming_is_re_sub_after_stripping() -> None:
    """Patterns apply in order, with groups."""
    rules = KeyRules(strip_prefix=("net.",), rename=((r"^block(\d)\.", r"layer\1."), (r"layer1", "first")))
    found = {"net.block1.w": torch.ones(1), "net.block2.w": torch.ones(1)}
    assert list(network_names(found, rules)) == ["first.w", "layer2.w"]


@pytest.mark.parametrize("rule", [("(", ""), ("w", r"\1")])
def test_bad_patterns_are_refused(rule: tuple[str, str]) -> None:
    """An open bracket and a group that is not there."""
    with pytest.raises(InputError, match="rename rule"):
        network_names({"w": torch.ones(1)}, KeyRules(rename=(rule,)))


def slow_rule(seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names through a pattern whose time doubles with every letter."""
    monkeypatch.setattr(rename_rules, "RENAME_SECONDS", seconds)
    rules = KeyRules(rename=((r"(a|aa|aaa)+(a|aa)+(a|a)*$", ""),))
    network_names({"w": torch.ones(1), "a" * 90 + "b": torch.ones(1)}, rules)


def test_a_rule_that_would_take_for_ever_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under ``re`` this name alone takes years."""
    with pytest.raises(
        InputError, match=r"takes too long: all names have 0\.05 s, which ended at a+\.\.\."
    ) as refusal:
        slow_rule(0.05, monkeypatch)
    assert "(a+)+" in refusal.value.remedy


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        ((("((a{1000}){1000}){1000}", ""),), "multiply to more than 10000"),
        ((("a" * 1001, ""),), "longer than 1000 characters"),
        ((("(" * 450 + ")" * 450, ""),), "nested too deeply"),
        (((r".+", r"\g<0>\g<0>"),) * 11, "makes a name of more than 1000 characters"),
    ],
)
def test_rules_that_are_too_large_are_refused(rules: tuple[tuple[str, str], ...], why: str) -> None:
    """Before they cost memory."""
    with pytest.raises(InputError, match=why):
        network_names({"w": torch.ones(1)}, KeyRules(rename=rules))


def test_names_that_fall_together_are_refused() -> None:
    """Two tensors under one name: the later would silently win."""
    found = {"module.w": torch.ones(1), "w": torch.zeros(1)}
    with pytest.raises(InputError, match=r"module\.w and w of the file both become w"):
        network_names(found, KeyRules(strip_prefix=("module.",)))


def test_floats_convert_and_are_noted() -> None:
    """Half, bfloat and double become the network's float32."""
    for dtype, name in ((torch.float16, "float16"), (torch.bfloat16, "bfloat16"), (torch.float64, "float64")):
        state, notes = convert_types({"w": torch.zeros(3)}, {"w": torch.full((3,), 0.5, dtype=dtype)})
        assert state["w"].dtype == torch.float32
        assert torch.equal(state["w"], torch.full((3,), 0.5))
        assert notes == (f"1 tensor converted from {name} to float32",)


@pytest.mark.parametrize("dtype", [torch.int64, torch.uint8, torch.bool, torch.float8_e4m3fn])
def test_codes_do_not_become_floats(dtype: torch.dtype) -> None:
    """load_state_dict would cast these without a word."""
    with pytest.raises(InputError, match=r"tensor w is \w+ in the file and float32 in the network"):
        convert_types({"w": torch.zeros(3)}, {"w": torch.ones(3).to(dtype)})


def test_floats_do_not_become_integers() -> None:
    """An index buffer takes integers of its own type only."""
    with pytest.raises(InputError, match="float32 in the file and int64"):
        convert_types({"index": torch.zeros(3, dtype=torch.int64)}, {"index": torch.ones(3)})


@pytest.mark.parametrize("value", [torch.nan, torch.inf, 1e300])
def test_numbers_must_be_finite_in_the_network(value: float) -> None:
    """NaN, infinity, and a double that overflows float32 are refused by the tensor's name."""
    bad = torch.zeros(3, dtype=torch.float64)
    bad[1] = value
    with pytest.raises(InputError, match="tensor w has values that are not finite in float32"):
        convert_types({"w": torch.zeros(3)}, {"w": bad})
