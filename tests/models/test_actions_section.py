"""The section ``actions`` of a spec: what it takes, and what it refuses in which words."""

import pytest

from geed_cli.documents.strict_yaml import parse_yaml
from geed_cli.documents.validation import validate
from geed_cli.errors import InputError
from geed_cli.models.spec import ModelSpec
from geed_cli.models.spec_actions import Action


def actions_of(text: str) -> dict[str, Action]:
    lines = f"model: {{source: timm, name: resnet18}}\nweights: {{origin: random}}\nactions: {text}"
    return validate(parse_yaml(lines, "s.yaml"), ModelSpec).actions


def test_words_are_short_for_whether_pixels_move() -> None:
    """Channels stay under both; pixels move under ``spatial``."""
    assert actions_of("{a: spatial, b: trivial}") == actions_of("{a: {spatial: true}, b: {spatial: false}}")


def test_every_kind_is_read() -> None:
    """Each kind with its parts; pixels move unless it is said that they do not."""
    found = actions_of(
        "{a: {regular: c8, order: group-major}, b: {permutation: {group: c2, generators: {r180: [1, 0]}}},"
        " c: {matrices: {group: flip, generators: {m: [[0, 1], [1, 0]]}}, spatial: false},"
        " d: {sum: [{channels: 3, action: trivial}, {channels: 8, action: {regular: c8}}]},"
        " e: {through: {group: c8, onto: c4, generators: {r45: r90}}, action: {regular: c4}}}"
    )
    assert found["a"].regular == "c8"
    assert found["a"].order == "group-major"
    assert found["b"].permutation is not None
    assert found["b"].permutation.generators == {"r180": [1, 0]}
    assert found["c"].matrices is not None
    assert found["c"].matrices.generators == {"m": [[0, 1], [1, 0]]}
    assert [part.channels for part in found["d"].sum or ()] == [3, 8]
    assert found["e"].action == Action(regular="c4")
    assert {name: action.spatial for name, action in found.items()} == {
        "a": True,
        "b": True,
        "c": False,
        "d": True,
        "e": True,
    }


@pytest.mark.parametrize(
    ("text", "found", "expected"),
    [
        ("{a: spatail}", "'actions.a': not an action", "spatial, trivial, or one of regular"),
        ("{a: {}}", "'actions.a': not an action", "one of regular"),
        ("{a: 3}", "'actions.a': not an action", "one of regular"),
        ("{a: {regulr: c4}}", "'actions.a': unknown key 'regulr'", "did you mean regular"),
        ("{a: {regular: }}", "'actions.a': the key 'regular' is empty", "a value"),
        ("{a: {regular: 4}}", "'actions.a.regular' is 4", "string"),
        ("{a: {regular: c4, order: rows}}", "'actions.a.order' is 'rows'", "'group-major'"),
        ("{a: {order: field-major}}", "'actions.a': order without regular", "beside regular"),
        (
            "{a: {regular: c4, sum: [{channels: 1, action: trivial}]}}",
            "'actions.a': regular and sum in one action",
            "one of them",
        ),
        ("{a: {permutation: {group: c4}}}", "'actions.a.permutation.generators' is missing", ""),
        (
            "{a: {permutation: {group: c4, elements: {}}}}",
            "'actions.a.permutation': unknown key 'elements'",
            "generators",
        ),
        (
            "{a: {permutation: {group: c4, generators: {r90: [1.5]}}}}",
            "'actions.a.permutation.generators.r90.0' is 1.5",
            "integer",
        ),
        (
            "{a: {matrices: {group: flip, generators: {m: [[1e999]]}}}}",
            "'actions.a.matrices.generators.m.0.0' is inf",
            "finite",
        ),
        ("{a: {sum: [{channels: 0, action: trivial}]}}", "'actions.a.sum.0.channels' is 0", "greater"),
        ("{a: {sum: [{chanels: 1, action: trivial}]}}", "unknown key 'chanels'", "did you mean channels"),
        (
            "{a: {sum: [{channels: 1, action: trivial}], spatial: false}}",
            "'actions.a': spatial beside sum or through",
            "inside their actions",
        ),
        (
            "{a: {through: {group: c8, onto: c4, generators: {r45: r90}}}}",
            "'actions.a': through and action go together",
            "both or neither",
        ),
        ("{a: {action: trivial}}", "'actions.a': through and action go together", "both or neither"),
        (
            "{logits: {sum: [{channels: 1, action: {matrices: {group: flip, generators: {m: [[1]]}}}}]}}",
            "'actions': matrices on the logits do not act on probabilities",
            "a permutation of classes",
        ),
        ("spatial", "'actions' is 'spatial'", "a mapping"),
    ],
)
def test_refusals(text: str, found: str, expected: str) -> None:
    """Misspelt, contradictory, empty or unusable declarations, each with what would have been right."""
    with pytest.raises(InputError) as error:
        actions_of(text)
    assert found in error.value.found
    assert expected in error.value.expected


def test_matrices_may_act_on_features() -> None:
    """Only probabilities cannot be mixed; f1(x) can."""
    assert actions_of("{features: {matrices: {group: flip, generators: {m: [[-1]]}}}}")[
        "features"
    ].has_matrices
