"""The policy file: what it may say, and that every slip is refused with its line."""

from pathlib import Path

import pytest
from support.gate import policy

from geed_cli.errors import InputError
from geed_cli.gate.policy import Limit, read_policy

EXAMPLE = """\
version: 1
require: {min_images: 200, max_refused: 0, groups: [flip]}
rules:
  - {id: flip-latent, metric: latent.l2, group: flip, max: 0.15, level: error}
  - {id: flip-layers, metric: channelwise.cosine, group: flip, layer: "layer*", max: -0.8, level: warn}
  - {metric: prediction.flip_rate, min: 0.01}
baseline:
  rules:
    - {metric: "latent.*", group: "*", max_increase: 5%, level: error}
    - {metric: softmax.kl, group: flip, max_increase: 0.01, level: warn}
"""


def test_a_whole_policy(tmp_path: Path) -> None:
    """Ids default to the place in the file, the group to any, the level to error."""
    file = tmp_path / "policy.yaml"
    file.write_text(EXAMPLE)
    read = read_policy(file)
    assert [rule.id for rule in read.rules] == [
        "flip-latent",
        "flip-layers",
        "rules[2]",
        "baseline.rules[0]",
        "baseline.rules[1]",
    ]
    assert [rule.limit for rule in read.rules] == [
        Limit("max", 0.15),
        Limit("max", -0.8),
        Limit("min", 0.01),
        Limit("percent", 0.05),
        Limit("increase", 0.01),
    ]
    assert (read.rules[2].group, read.rules[2].level, read.rules[2].layer) == ("*", "error", None)
    assert (read.require.min_images, read.require.max_refused, read.require.groups) == (200, 0, ("flip",))
    assert read.needs_baseline


def test_a_guarantee_is_nominal_unless_asked_for() -> None:
    """At the top of the file, for all of its rules."""
    rules = "rules: [{metric: softmax.kl, max: 0.1}]"
    assert policy(f"version: 1\n{rules}").guarantee == "nominal"
    assert policy(f"version: 1\nguarantee: exact\n{rules}").guarantee == "exact"


@pytest.mark.parametrize(("text", "share"), [("5%", 0.05), ("0.5 %", 0.005), ("120%", 1.2), (".5%", 0.005)])
def test_percentages(text: str, share: float) -> None:
    """A percent sign makes a fraction of the baseline's value."""
    (rule,) = policy(f"version: 1\nbaseline: {{rules: [{{metric: latent.l2, max_increase: {text}}}]}}").rules
    assert rule.limit == Limit("percent", pytest.approx(share))


RULE = "version: 1\nrules:\n  - {metric: latent.l2, max: 1}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1]", "a list"),
        (RULE.replace("version: 1", "version: 3"), "policy.yaml:1: 'version' is 3"),
        (RULE.replace("version: 1\n", ""), "the key 'version' is missing"),
        (RULE + "guarantee: certain", "policy.yaml:4: 'guarantee' is 'certain'"),
        (RULE + "requires: {min_images: 2}", "policy.yaml:4: unknown key 'requires'"),
        (RULE + "require: {min_image: 2}", "did you mean min_images"),
        (RULE + "require: {min_images: 0}", "policy.yaml:4"),
        (RULE + "require: {min_images: '200'}", "policy.yaml:4: 'require.min_images' is '200'"),
        (RULE + "require: {max_refused: -1}", "policy.yaml:4"),
        (RULE.replace("metric", "metrik"), "policy.yaml:3: unknown key 'rules.0.metrik'"),
        (RULE.replace("max: 1", "max: one"), "'rules.0.max' is 'one'"),
        (RULE.replace("max: 1", "max: .inf"), "'rules.0.max' is '.inf'"),
        (RULE.replace("max: 1", "max: 1e999"), "policy.yaml:3: 'rules.0.max' is inf"),
        (RULE.replace(", max: 1", ""), "'rules.0': no limit"),
        (RULE.replace("max: 1", "max: 1, min: 0"), "both max and min"),
        (RULE.replace("max: 1", "max: 1, level: fatal"), "'rules.0.level' is 'fatal'"),
        (RULE + "  - {metric: a, max: 1, id: x}\n  - {metric: b, max: 1, id: x}", "two rules have the id 'x'"),
        ("version: 1", "a policy without rules"),
        ("version: 1\nrules: []", "a policy without rules"),
        (RULE + "  - &a {metric: b, max: 1}", "an anchor"),
        (RULE + "rules: []", "again; it is already on line 2"),
    ],
)  # fmt: skip
def test_refusals(text: str, message: str) -> None:
    """Unknown keys, wrong types, rules without a limit: exit 2 with file and line."""
    with pytest.raises(InputError) as refusal:
        policy(text)
    assert message in str(refusal.value)


@pytest.mark.parametrize(
    "increase", ["-0.1", "-5%", "5", "five%", "true", "[1]", ".nan", "5%%", "1e999", "٥%"]
)
def test_increases_that_are_none(increase: str) -> None:
    """Only a number from 0 on or a plain percentage; "5" without a sign is a number and is fine."""
    text = f"version: 1\nbaseline:\n  rules:\n    - {{metric: latent.l2, max_increase: {increase}}}"
    if increase == "5":
        assert policy(text).rules[0].limit == Limit("increase", 5.0)
        return
    with pytest.raises(InputError, match=r"policy\.yaml:4.*is no increase"):
        policy(text)


def test_version_2_has_other_words_for_percent_and_images() -> None:
    """A percentage is of the distance from perfect, and 50 images are required where nothing is said."""
    text = "baseline: {rules: [{metric: latent.l2, max_increase: 5%}]}"
    old, new = (policy(f"version: {version}\n{text}") for version in (1, 2))
    assert [each.rules[0].limit for each in (old, new)] == [Limit("percent", 0.05), Limit("share", 0.05)]
    assert [str(each.rules[0].limit) for each in (old, new)] == ["increase ≤ 5%"] * 2
    assert [each.require.min_images for each in (old, new)] == [1, 50]
    assert [each.default_images for each in (old, new)] == [True, True]
    said = policy(f"version: 2\nrequire: {{min_images: 7}}\n{text}")
    assert (said.require.min_images, said.default_images) == (7, False)
