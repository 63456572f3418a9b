"""Model specs: the schema refuses what it does not know, and every bundled spec is valid."""

from pathlib import Path

import pytest

from geed_cli.checkpoints.rules import KeyRules
from geed_cli.documents.strict_yaml import parse_yaml
from geed_cli.documents.validation import validate
from geed_cli.errors import InputError
from geed_cli.models.spec import ModelSpec
from geed_cli.models.spec_files import read_spec, spec_directory, spec_paths

MODEL = "model: {source: timm, name: resnet18}\n"
BUNDLED = (
    "aimv2_large", "alexnet", "bit_r101", "clip_vitb16", "densenet121", "dino_resnet50", "dinov2_vits14",
    "dinov3_vits16", "efficientnet_lite0", "levit_192", "resnet50", "siglip2_vitb16", "simclr_resnet50",
)  # fmt: skip


def spec_of(text: str) -> ModelSpec:
    return validate(parse_yaml(MODEL + text, "s.yaml"), ModelSpec)


def refusal(text: str) -> InputError:
    with pytest.raises(InputError) as error:
        spec_of(text)
    assert error.value.exit_code == 2
    return error.value


def test_the_bundled_specs_are_those_of_the_paper_and_the_demo() -> None:
    """One for each network, all valid, each with its layers; the folder is the one in the checkout or wheel."""
    paths = spec_paths()
    assert tuple(paths) == BUNDLED
    assert all(path.parent == spec_directory() for path in paths.values())
    assert all(read_spec(path).layers for path in paths.values())


def test_a_users_spec_hides_a_bundled_one(tmp_path: Path) -> None:
    """--spec-dir comes before the bundled folder, and adds to it."""
    for name in ("resnet50.yaml", "mine.yml", "notes.txt"):
        (tmp_path / name).write_text(MODEL + "weights: {origin: random}")
    paths = spec_paths(tmp_path)
    assert paths["resnet50"].parent == tmp_path
    assert paths["alexnet"].parent == spec_directory()
    assert "mine" in paths
    assert "notes" not in paths
    with pytest.raises(InputError, match="is not a folder"):
        spec_paths(tmp_path / "none")


def test_code_of_ones_own_may_have_a_name() -> None:
    """Only that of source: python, since others have versions."""
    text = "model: {source: SOURCE, name: 'net:build', cache_key: v1}\nweights: {origin: random}\n"
    for name, unnamed in ((text, False), (text.replace(", cache_key: v1", ""), True)):
        spec = validate(parse_yaml(name.replace("SOURCE", "python"), "s.yaml"), ModelSpec)
        assert spec.model.is_unnamed_code is unnamed
    with pytest.raises(InputError, match="cache_key with source timm") as error:
        validate(parse_yaml(text.replace("SOURCE", "timm"), "s.yaml"), ModelSpec)
    assert "source: python" in error.value.expected


def test_rules_reach_the_checkpoint_reader() -> None:
    """The weights section is handed over field by field."""
    spec = spec_of(
        "weights: {origin: file, path: a.pt, key: model, strip_prefix: [m.], rename: {a: b},"
        " match: order, missing: [fc.*], unexpected: [p.*]}"
    )
    assert spec.weights.rules == KeyRules("model", ("m.",), (("a", "b"),), "order", ("fc.*",), ("p.*",))


def test_classifier_null_is_not_the_same_as_no_classifier_key() -> None:
    """Left out: the network's own. Null: there is none."""
    assert not spec_of("weights: {origin: random}").split.without_classifier
    assert spec_of("weights: {origin: random}\nsplit: {classifier: null}").split.without_classifier


@pytest.mark.parametrize(
    ("text", "found", "expected"),
    [
        ("wieghts: {origin: random}", "unknown key 'wieghts'", "did you mean weights?"),
        (
            "weights: {origin: random, strip_prefxi: [a]}",
            "unknown key 'weights.strip_prefxi'",
            "strip_prefix",
        ),
        ("weights: {origin: pretraned}", "'weights.origin' is 'pretraned'", "'pretrained', 'file'"),
        ("weights: {origin: file}", "'weights': origin file with no path", "path"),
        ("weights: {origin: package, path: a}", "'weights': origin package with path", "package and path"),
        (
            "weights: {origin: random, path: a}",
            "'weights': origin random with path",
            "neither path nor package",
        ),
        ("weights: {origin: file, path: a, rename: {'(': b}}", "'weights.rename': '(' is not a regular", ""),
        ("weights: {origin: file, path: a, missing: fc.*}", "'weights.missing' is 'fc.*'", "a list"),
        (
            "weights: {origin: random}\nactions: {b: regular}",
            "'actions.b': not an action",
            "spatial, trivial, or one of regular",
        ),
        ("weights: {origin: random}\ninput: {size: 224.5}", "'input.size' is 224.5", "integer"),
        ("weights: {origin: random}\ninput: {size: 0}", "'input.size' is 0", "greater than or equal to 1"),
        (
            "weights: {origin: random}\ninput: {crop_pct: 1.5}",
            "'input.crop_pct' is 1.5",
            "less than or equal",
        ),
        ("weights: {origin: random}\ninput: {mean: [0, 0]}", "'input.mean': 2 values", "1 for all"),
        ("weights: {origin: random}\ninput: {std: [1, 0, 1]}", "'input.std.1' is 0", "greater than 0"),
        ("weights: {origin: random}\ninput: {std: [1, 1e999, 1]}", "'input.std.1' is inf", "finite"),
        ("weights: {origin: random}\nlayers: layer1", "'layers' is 'layer1'", "a list"),
    ],
)
def test_refusals(text: str, found: str, expected: str) -> None:
    """Unknown keys, wrong types and contradictions, each with what would have been right."""
    error = refusal(text)
    assert found in error.found
    assert expected in error.expected
