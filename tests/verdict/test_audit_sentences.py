"""The whole text of every situation, words for logs, warnings of several groups, next steps."""

import pytest
from situations import SITUATIONS, Situation
from support.constructed import entry, features, flips, group, layers, result, softmax

from geed_cli.pipeline.options import DataOptions
from geed_cli.result.schema import GridPhase, Result
from geed_cli.verdict.advice import GOOD_NUMBER
from geed_cli.verdict.audit import next_step, say, warnings


@pytest.mark.parametrize("situation", SITUATIONS, ids=lambda each: each.name)
def test_every_situation_has_its_sentences(situation: Situation) -> None:
    """Verdict, reasons and warnings, to the letter."""
    said = say(situation.found, situation.found.groups[0].name)
    text = " ".join([said.verdict, *said.reasons, *(f"! {line}" for line in said.warnings)])
    assert text == situation.text


@pytest.mark.parametrize(
    ("found", "key"),
    [
        (result(features(0.1, 0.08, 0.13)), "nearly-or-mostly-invariant"),
        (result(features(0.35, 0.05, 0.7)), "undecided"),
        (result(features(0.25), count=3), "no-verdict"),
        (result(features(1e-6, 9e-7, 2e-6)), "invariant-up-to-rounding"),
    ],
)
def test_logs_get_one_word(found: Result, key: str) -> None:
    """The verdict's, joined by hyphens."""
    assert say(found, "flip").key == key


def test_a_speed_is_no_rate_of_changed_classes() -> None:
    """lie.output is read of the same probabilities as the flip rate, and is no part of copies."""
    speed = flips(0.003, 0.002, 0.004).model_copy(update={"metric": "lie.output"})
    assert not any("top class" in line for line in say(result(speed), "flip").reasons)
    assert any("top class" in line for line in say(result(flips(0.003, 0.002, 0.004)), "flip").reasons)


def test_a_group_that_was_not_audited_has_no_verdict() -> None:
    """It is no name of the result."""
    with pytest.raises(KeyError):
        say(result(features(0.1, 0.08, 0.13)), "c4")


def _grid(of: str, *names: str, kind: str = "off centre", size: int | None = 225) -> list[GridPhase]:
    parts = {"group": of, "kind": kind, "reason": "r", "offset": None, "clean_size": size}
    return [GridPhase.model_validate({**parts, "layer": name}) for name in names]


def test_warnings_are_said_once_with_the_groups_that_they_hold_for() -> None:
    """One text with other places is one sentence; one that holds for all groups names none."""
    groups = [group("flip"), group("c4"), group("c8")]
    parts = {"flip": (0.2, 0.4, 0.95, 0.95), "c4": (0.2, 0.95, 0.95, 0.95), "c8": (0.2, 0.95, 0.95, 0.95)}
    found = result(
        *(features(0.4, 0.37, 0.44, of=name) for name in parts),
        *(layer for name, each in parts.items() for layer in layers(each, of=name)),
        groups=groups,
        grid=[each for name in parts for each in _grid(name, "stage1", "stage2", "stage3", "stage4")],
    )
    assert warnings(found) == (
        "another image's maps would do about as well at stage3 and stage4 (flip), stage2 to stage4 (c4, c8)",
        "at 224 px the grid of every layer is off the picture's centre, which may explain part of what the layers "
        "show; --img-size 225 avoids it",
    )


def test_warnings_of_some_groups_name_them() -> None:
    """And grids that differ in kind or cure are sentences of their own."""
    found = result(
        features(0.4, 0.37, 0.44),
        features(0.4, 0.37, 0.44, of="c4", twin=0.2),
        *layers((0.5, 0.4, 0.3), of="c4"),
        groups=[group("flip"), group("c4")],
        grid=[*_grid("c4", "stage2"), *_grid("c4", "stage1", kind="axes", size=None)],
    )
    what = "which may explain part of what the layers show"
    assert warnings(found) == (
        "one draw of random weights has less, 33%, so nothing shows that training brought it (c4)",
        f"at 224 px the grid of stage2 is off the picture's centre, {what}; --img-size 225 avoids it (c4)",
        f"at 224 px rows and columns are sampled differently on the way to stage1, {what}; no larger size nearby "
        "avoids it (c4)",
    )


def test_what_concerns_the_whole_run_comes_first() -> None:
    """The gravest first: no function of one image, an early end, too few images, width, files."""
    looks = {"sizes": (20, 40), "used": 2, "confidence": 0.97, "width": 0.01, "metric": "latent.l2"}
    refused = [{"path": "a.png", "reason": "r"}, {"path": "b.png", "reason": "r"}]
    found = result(
        features(0.4, repeat=0.1), count=7, status="partial", data={"refused": refused}, settings={"looks": looks},
        unsteady={"site": "drop", "movement": 0.1, "sentence": "the same picture, shown again, moved drop by 10%"},
    )  # fmt: skip
    assert warnings(found) == (
        "no function of one image: the same picture, shown again, moved drop by 10%",
        "the run ended early: numbers are of the 7 images done by then",
        "7 images are too few for intervals, which need 20",
        "with 7 images intervals of latent.l2 are wider than the 0.01 asked for",
        "2 files of the folder were refused; -v lists them",
    )


FORTY = features(0.4, 0.37, 0.44)
OPEN = features(0.3, 0.2, 0.44)
OFF_CENTRE = _grid("flip", "stage1")
RESAMPLED = group("c8", exact=False, boundary="zero", interpolation="bilinear")


@pytest.mark.parametrize(
    ("found", "step"),
    [
        (result(FORTY, sample=True), "the sample is for a first look; audit your own images: -d DIR"),
        (
            result(features(0.4), count=3, data={"not_drawn": 500}),
            "audit at least 20 images, better 200: --samples 200",
        ),
        (
            result(features(0.4), count=3, data={"not_drawn": 50}),
            "audit at least 20 images, better 200; the folder has 53: --samples 53",
        ),
        (
            result(features(0.4), count=3),
            "audit at least 20 images, better 200; the folder has no more: -d DIR --samples 200",
        ),
        (
            result(features(0.4), count=3, data={"source": "wds"}),
            "audit at least 20 images, better 200; the shards have no more: -d DIR --samples 200",
        ),
        (
            result(features(0.4), count=3, data={"source": "wds", "not_drawn": 50}),
            "audit at least 20 images, better 200; the shards have 53: --samples 53",
        ),
        (
            result(OPEN, count=40, data={"not_drawn": 500}),
            "about 160 images would halve the intervals: --samples 160",
        ),
        (result(entry("retrieval.rank", 0.8, 0.7, 0.9)), "see what training brought: --twin"),
        (
            result(entry("retrieval.rank", 0.8, 0.7, 0.9), entry("latent.relative", 0.2, 0.1, 0.3), count=40),
            "about 160 images would halve the intervals; the folder has no more: -d DIR --samples 160",
        ),
        (
            result(entry("lie.output", None), settings={"measures": ("lie.output",)}),
            "measure what has a value here: without --metric",
        ),
        (
            result(features(0.3, 0.27, 0.33, of="c8", floor=0.2), groups=[RESAMPLED]),
            "lose less in turning: --boundary disc",
        ),
        (
            result(
                features(0.3, 0.27, 0.33, of="c8", floor=0.2),
                groups=[RESAMPLED.model_copy(update={"boundary": "disc"})],
            ),
            "lose less in resampling: --interpolation bicubic",
        ),
        (
            result(
                features(0.3, 0.27, 0.33, of="c8", floor=0.2),
                groups=[RESAMPLED.model_copy(update={"boundary": "disc", "interpolation": "bicubic"})],
            ),
            "groups that move pixels exactly have no floor: -g flip,c4",
        ),
        (result(features(0.01, 0.005, 0.02, rounding=0.01)), "round less: --precision fp64"),
        (
            result(entry("latent.l2", None, normaliser=0.0)),
            "audit images that differ, or a network that tells them apart",
        ),
        (
            result(OPEN, softmax(0.001, 0.01)),
            "see whether weights and preprocessing are those that you mean: geed inspect MODEL",
        ),
        (
            result(FORTY, grid=OFF_CENTRE),
            "see what the grid does to the layers: --img-size 225, or --phase-correct",
        ),
        (
            result(FORTY, grid=OFF_CENTRE, settings={"phase_correct": True}),
            "see what training brought: --twin",
        ),
        (result(FORTY), "see what training brought: --twin"),
        (result(FORTY, settings={"twin": "seed 0"}), "keep it so: geed init --ci github writes a gate"),
        (
            result(FORTY, status="partial"),
            "run the same command again; images that are done come from the cache",
        ),
        (
            result(FORTY, unsteady={"site": "drop", "movement": 0.1, "sentence": "it moved"}),
            "put the network into a state without chance or memory, and audit it again",
        ),
    ],
)
def test_next_steps(found: Result, step: str) -> None:
    """What adds most to what is known; images that the folder lacks are not promised."""
    assert next_step(found) == step


IN_MEMORY = {"source": "memory", "root": "the data set CIFAR10"}


@pytest.mark.parametrize(
    ("found", "step"),
    [
        (
            result(features(0.4), count=3, data=IN_MEMORY | {"not_drawn": 500}),
            "audit at least 20 images, better 200: samples=200",
        ),
        (
            result(features(0.4), count=3, data=IN_MEMORY | {"not_drawn": 50}),
            "audit at least 20 images, better 200; the data set CIFAR10 has 53: samples=53",
        ),
        (
            result(features(0.4), count=3, data=IN_MEMORY),
            "audit at least 20 images, better 200; the data set CIFAR10 has no more: hand over more pictures, with "
            "samples=200",
        ),
        (
            result(features(0.3, 0.27, 0.33, of="c8", floor=0.2), groups=[RESAMPLED], data=IN_MEMORY),
            'lose less in turning: options=AuditOptions(action=ActionOptions(boundary="disc"))',
        ),
        (
            result(
                features(0.3, 0.27, 0.33, of="c8", floor=0.2),
                groups=[RESAMPLED.model_copy(update={"boundary": "disc"})],
                data=IN_MEMORY,
            ),
            'lose less in resampling: options=AuditOptions(action=ActionOptions(interpolation="bicubic"))',
        ),
        (
            result(
                features(0.3, 0.27, 0.33, of="c8", floor=0.2),
                groups=[RESAMPLED.model_copy(update={"boundary": "disc", "interpolation": "bicubic"})],
                data=IN_MEMORY,
            ),
            'groups that move pixels exactly have no floor: groups=["flip", "c4"]',
        ),
        (result(features(0.01, 0.005, 0.02, rounding=0.01), data=IN_MEMORY), 'round less: precision="fp64"'),
        (
            result(OPEN, softmax(0.001, 0.01), data=IN_MEMORY),
            "see whether weights and preprocessing are those that you mean: result.model",
        ),
        (
            result(FORTY, grid=OFF_CENTRE, data=IN_MEMORY),
            "see what the grid does to the layers: load_model(…, img_size=225) or wrap(…, size=225), or "
            "options=AuditOptions(controls=ControlOptions(phase_correct=True))",
        ),
        (
            result(FORTY, data=IN_MEMORY),
            "see what training brought: twin=True, or twin=geed.wrap(other) for a wrapped module",
        ),
        (
            result(FORTY, settings={"twin": "seed 0"}, data=IN_MEMORY),
            "keep it so: geed.check(LATER, POLICY) is a gate",
        ),
        (
            result(FORTY, status="partial", data=IN_MEMORY),
            "audit the same pictures again; images that are done come from the cache",
        ),
    ],
)
def test_next_steps_of_pictures_that_no_command_can_read(found: Result, step: str) -> None:
    """Keywords of Python in place of options, and no command that would need the pictures."""
    assert next_step(found) == step


@pytest.mark.parametrize(
    ("declared", "step"),
    [
        (False, "audit trained weights: without --weights random"),
        (
            True,
            "audit trained weights: --checkpoint FILE, or weights: {origin: file, path: FILE} in the spec",
        ),
        (None, "audit trained weights: without --weights random, or --checkpoint FILE"),
    ],
)
@pytest.mark.parametrize("found", [result(FORTY), result(OPEN, softmax(0.001, 0.01), grid=OFF_CENTRE)])
def test_random_weights_are_replaced_where_they_were_asked_for(
    found: Result, declared: bool | None, step: str
) -> None:
    """The option is left out; a spec that says so says something else, or is given a file. More images come later."""
    weights = found.model.weights.model_copy(update={"origin": "random", "declared": declared})
    model = found.model.model_copy(update={"weights": weights})
    random = found.model_copy(update={"model": model})
    assert next_step(random) == step
    few = random.model_copy(update={"data": result(FORTY, count=3).data})
    assert next_step(few) == step


def test_the_good_number_is_that_of_an_ordinary_run() -> None:
    """What is recommended is what happens without the option."""
    assert DataOptions().samples == GOOD_NUMBER


def test_little_and_no_layer_off_are_said_of_whole_intervals() -> None:
    """Below 5% of ln 2, and below 1%, by the value and not by the upper limit: neither is said."""
    of_softmax = result(features(0.4, 0.37, 0.44), flips(0.25, 0.14, 0.41), softmax(0.033))
    assert "little" not in " ".join(say(of_softmax, "flip").reasons)
    nearer = result(features(0.4, 0.37, 0.44), flips(0.25, 0.14, 0.41), softmax(0.031))
    assert "The softmax moves little" in " ".join(say(nearer, "flip").reasons)
    for half, said in ((0.02, False), (0.002, True)):
        found = result(features(0.4, 0.37, 0.44), *layers((0.005, 0.006), half))
        assert ("No layer is 1%" in " ".join(say(found, "flip").reasons)) == said


def test_rounding_is_said_of_the_limit_that_decides() -> None:
    """Small rounding has to cover all of the interval, large rounding needs to reach into it."""
    small = result(
        features(1.5e-5, 1e-6, 1e-3)
    )  # the value is 0.75e-5, ten roundings 1e-5, the upper limit 5e-4
    assert say(small, "flip").word == "nearly invariant"
    large = result(
        features(0.5, 0.3, 0.6, rounding=0.02)
    )  # the value is 0.25, ten roundings 0.2, the lower limit 0.15
    assert say(large, "flip").word == "not told apart from rounding"
