"""Sets by name, call and file: what is read, in which order, and what is refused with which advice."""

import inspect
from pathlib import Path

import pytest
from torchvision.transforms.v2 import functional as TV  # noqa: N812

from geed_cli.errors import InputError
from geed_cli.sets.functionals import FUNCTIONALS
from geed_cli.sets.known_sets import set_named
from geed_cli.sets.perturbation import IDENTITY_PERTURBATION, Perturbation
from geed_cli.sets.set_families import SET_FAMILIES
from geed_cli.sets.transformation_set import MAX_ORDER, TransformationSet
from geed_cli.verdict.transformations import SETS


@pytest.mark.parametrize(
    ("text", "name", "elements"),
    [
        ("blur:1,2,4", "blur:1,2,4", ("e", "blur1", "blur2", "blur4")),
        (" JPEG: 90, 20,50", "jpeg:90,20,50", ("e", "jpeg90", "jpeg20", "jpeg50")),
        ("scale:0.80,1.1", "scale:0.8,1.1", ("e", "scale0.8", "scale1.1")),
        ("rotate:-5,190", "rotate:-5,190", ("e", "rotate-5", "rotate190")),
        ("gamma:1e-1", "gamma:0.1", ("e", "gamma0.1")),
        (
            "torchvision:adjust_sharpness(sharpness_factor=2), invert , permute_channels(permutation=[1, 0, 2])",
            "torchvision:adjust_sharpness(sharpness_factor=2),invert,permute_channels(permutation=[1, 0, 2])",
            (
                "e",
                "adjust_sharpness(sharpness_factor=2)",
                "invert",
                "permute_channels(permutation=[1, 0, 2])",
            ),
        ),
    ],
)
def test_members_keep_the_order_of_the_text_behind_the_identity(
    text: str, name: str, elements: tuple[str, ...]
) -> None:
    """Names are canonical: case, blanks and trailing zeros do not matter."""
    made = set_named(text)
    assert (made.name, made.elements, made.order) == (name, elements, len(elements))
    assert made.transforms[0] == IDENTITY_PERTURBATION
    assert [member.is_identity for member in made.transforms] == [True] + [False] * (made.order - 1)
    assert not made.exact
    assert all(member.moves_colour and not member.swaps_axes for member in made.transforms[1:])


def test_equal_settings_are_equal_members() -> None:
    """Whatever they are called, so that a network is shown them once; another setting is another member."""
    blur = set_named("blur:2").transforms[1]
    same = set_named("torchvision:gaussian_blur(kernel_size=17,sigma=[2.0, 2])").transforms[1]
    other = set_named("torchvision:gaussian_blur(kernel_size=15,sigma=2)").transforms[1]
    assert blur == same
    assert hash(blur) == hash(same)
    assert blur.name != same.name
    assert blur != other
    assert set_named("rotate:190").transforms[1] == set_named("rotate:-170").transforms[1]
    assert blur.call == "gaussian_blur(kernel_size=[17, 17], sigma=[2, 2])"


@pytest.mark.parametrize("function", sorted(FUNCTIONALS))
def test_the_allowlist_is_torchvisions_own_signature(function: str) -> None:
    """Names of the parameters, and which of them have a default there."""
    theirs = dict(list(inspect.signature(getattr(TV, function)).parameters.items())[1:])
    ours = [parameter.name for parameter in FUNCTIONALS[function].parameters]
    assert set(ours) <= set(theirs)
    for parameter in FUNCTIONALS[function].parameters:
        assert parameter.required == (theirs[parameter.name].default is inspect.Parameter.empty)
    left_out = [theirs[name] for name in theirs if name not in ours]
    assert all(parameter.default is not inspect.Parameter.empty for parameter in left_out)


REFUSED = [
    ("c4", "no transformation set 'c4'", "--group"),
    ("brightnes:2", "no transformation set 'brightnes'", "nearest are brightness"),
    ("blur:", "has 0 members", "1 to 1023"),
    ("torchvision:", "has 0 members", "1 to 1023"),
    ("blur:0", "'0' is not a value of blur", "above 0"),
    ("blur:1,,2", "'' is not a value of blur", "separated by commas"),
    ("blur:nan", "'nan' is not a value", "a number"),
    ("blur:1e999", "'1e999' is not a value", "a number"),
    ("blur:true", "'true' is not a value", "a number"),
    ("jpeg:50.5", "'50.5' is not a value", "whole number from 1 to 100"),
    ("jpeg:101", "'101' is not a value", "whole number from 1 to 100"),
    ("blur:1,2,1.0", "blur1 is in set 'blur:1,2,1' 2 times", "different"),
    ("rotate:270,-90", "rotate270 is in set 'rotate:270,-90' 2 times", "different"),
    ("rotate:-180,180", "rotate-180 is in set 'rotate:-180,180' 2 times", "different"),
    ("scale:0.5,1", "scale1 of set 'scale:0.5,1' is the identity", "different"),
    ("rotate:360", "is the identity", "different"),
    ("torchvision:gausian_blur(kernel_size=3)", "'gausian_blur' is not among", "did you mean gaussian_blur?"),
    ("torchvision:gaussian_blur(kernal_size=3)", "no parameter 'kernal_size'", "did you mean kernel_size?"),
    ("torchvision:gaussian_blur(sigma=3)", "needs the parameter 'kernel_size'", "odd whole number"),
    ("torchvision:gaussian_blur(kernel_size=4)", "kernel_size of gaussian_blur is 4", "odd whole number"),
    ("torchvision:posterize(bits=many)", "bits of posterize is 'many'", "from 1 to 8"),
    ("torchvision:permute_channels(permutation=[0,0,1])", "permutation of permute_channels", "each once"),
    ("torchvision:rotate(angle=5,interpolation=bicubic)", "interpolation of rotate is 'bicubic'", "bilinear"),
    ("torchvision:rotate(angle=5,expand=true)", "rotate has no parameter 'expand'", "angle"),
    ("torchvision:rotate(angle=5,angle=6)", "does not read as a function", "NAME(parameter=value"),
    ("torchvision:resize(size=[3,3])", "resize changes the size", "keeps the size"),
    ("torchvision:center_crop(output_size=3)", "center_crop changes the size", "keeps the size"),
    ("torchvision:invert(x=1)", "invert has no parameter 'x'", "no parameters"),
    ("torchvision:invert", "", ""),
    ("torchvision:invert(", "does not read", "NAME(parameter=value"),
    ("torchvision:gaussian_noise(sigma=1)", "'gaussian_noise' is not among", "gaussian_blur"),
    ("torchvision:io.read_file(path=/etc/passwd)", "'io.read_file' is not among", "one of"),
    ("torchvision:__import__(name=os)", "'__import__' is not among", "one of"),
    ("torchvision:../../evil", "does not read", "NAME(parameter=value"),
    ("torchvision:jpeg(quality=!!python/name:os.system)", "the tag", "without tags"),
    ("missing/set.yaml", "there is no file missing/set.yaml", "an existing file"),
]


@pytest.mark.parametrize(("text", "found", "advice"), REFUSED)
def test_refusals_say_what_would_be_right(text: str, found: str, advice: str) -> None:
    """Exit 2, with what was found, and the nearest right thing; only ``invert`` alone is no refusal."""
    if not found:
        assert set_named(text).order == 2
        return
    with pytest.raises(InputError) as caught:
        set_named(text)
    assert caught.value.exit_code == 2
    assert found in caught.value.found
    assert advice in f"{caught.value.expected} {caught.value.remedy}"


def test_a_set_is_as_large_as_a_group_may_be() -> None:
    """1023 members and the identity, not one more."""
    values = [str(value / 1000) for value in range(1, 1026) if value != 1000]
    assert set_named("brightness:" + ",".join(values[:-1])).order == MAX_ORDER == 1024
    with pytest.raises(InputError, match="has 1024 members"):
        set_named("brightness:" + ",".join(values))
    with pytest.raises(InputError, match="20008 characters"):
        set_named("blur:1," + "[" * 20_001)


def write(folder: Path, text: str) -> str:
    path = folder / "set.yaml"
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_file_names_its_set_and_members(tmp_path: Path) -> None:
    """Members in the file's order; a member without a name is called by its call."""
    text = """
name: weather
members:
  - {transform: gaussian_blur, kernel_size: 5, sigma: 1.5, name: fog}
  - transform: jpeg
    quality: 50
  - {transform: affine, angle: 0, translate: [0, 4], scale: 1, shear: [0, 0], fill: [1, 1, 1]}
"""
    made = set_named(write(tmp_path, text))
    assert made.name == "weather"
    assert made.elements[:3] == ("e", "fog", "jpeg(quality=50)")
    assert made.calls[1] == "gaussian_blur(kernel_size=[5, 5], sigma=[1.5, 1.5])"
    assert made.transforms[2] == set_named("jpeg:50").transforms[1]
    made.check(32)


MEMBER = "members: [{transform: invert}]"


@pytest.mark.parametrize(
    ("text", "found", "expected"),
    [
        ("name: a\nmembers: []", "set.yaml:2: set 'a' has 0 members", "1 to 1023"),
        ("name: a", "the key 'members' is missing", "members"),
        (f"nme: a\n{MEMBER}", "set.yaml:1: unknown key 'nme'", "did you mean name?"),
        ("name: a\nmembers: invert", "set.yaml:2: 'members' is 'invert'", "list"),
        ("name: a\nmembers: [invert]", "'members.0' is 'invert'", "mapping"),
        ("name: a\nmembers:\n  - {quality: 3}", "set.yaml:3: a member without the name", "transform:"),
        ("name: a\nmembers:\n  - {transform: [jpeg]}", "set.yaml:3: a member without the name", "transform:"),
        ("name: a\nmembers:\n  - {transform: jpg}", "set.yaml:3: 'jpg' is not among", "did you mean jpeg?"),
        (
            "name: a\nmembers:\n  - {transform: jpeg}",
            "set.yaml:3: jpeg needs the parameter 'quality'",
            "quality:",
        ),
        (
            "name: a\nmembers:\n  - {transform: jpeg, quality: '50'}",
            "quality of jpeg is '50'",
            "whole number",
        ),
        (
            "name: a\nmembers:\n  - {transform: jpeg, quality: {a: 1}}",
            "quality of jpeg is a mapping",
            "whole",
        ),
        ("name: a\nmembers:\n  - {transform: pad, padding: 3}", "set.yaml:3: pad changes the size", "keeps"),
        (
            "name: a\nmembers: [{transform: invert}, {transform: invert}]",
            "invert is in set 'a' 2 times",
            "diff",
        ),
        (
            "name: a\nmembers: [{transform: invert, name: x}, {transform: equalize, name: x}]",
            "x is in set 'a' 2 times",
            "different",
        ),
        ("name: a\nmembers: [{transform: invert, name: e}]", "e is in set 'a' 2 times", "different"),
        ("name: a\nmembers:\n  - {transform: invert, name: 'a b'}", "set.yaml:3: the name 'a b'", "letters"),
        (f"name: ../up\n{MEMBER}", "set.yaml:1: the name '../up'", "letters"),
        (f"name: flip\n{MEMBER}", "set.yaml:1: 'flip' is the name of a group", "another name"),
        (f"name: C8\n{MEMBER}", "set.yaml:1: 'C8' is the name of a group", "another name"),
        ("name: a\nmembers: &x [{transform: invert}]", "set.yaml:2: an anchor", "written out"),
        ("- 1", "set.yaml holds a list", "a mapping"),
    ],
)
def test_files_are_refused_with_their_line(tmp_path: Path, text: str, found: str, expected: str) -> None:
    """Exit 2; nothing in a file is run or imported."""
    with pytest.raises(InputError) as caught:
        set_named(write(tmp_path, text))
    assert found in caught.value.found
    assert expected in caught.value.expected


def test_sets_are_values() -> None:
    """Frozen and hashable, as groups are."""
    assert set_named("blur:1,2") == set_named("blur: 1, 2.0")
    assert len({set_named("blur:1"), set_named("blur:1"), set_named("blur:2")}) == 2


def test_a_set_made_in_code_starts_with_the_identity() -> None:
    """The engine relies on member 0."""
    blur = set_named("blur:1").transforms[1]
    with pytest.raises(ValueError, match="member 0"):
        TransformationSet("x", (blur,))
    with pytest.raises(ValueError, match="must differ"):
        TransformationSet("x", (IDENTITY_PERTURBATION, blur, blur))
    with pytest.raises(ValueError, match="must differ"):
        TransformationSet("x", (IDENTITY_PERTURBATION, Perturbation("e", "invert")))


def test_the_patterns_of_the_listing_are_their_families() -> None:
    """``geed ls`` shows names that work."""
    for family in SET_FAMILIES:
        assert family.pattern.startswith(f"{family.name}:")
        assert set_named(family.example).name == family.example


def test_the_manual_lists_every_family_and_function() -> None:
    """With all the parameters that are not shared by a row of functions."""
    manual = (Path(__file__).parents[2] / "docs" / "groups.md").read_text(encoding="utf-8")
    for family in SET_FAMILIES:
        assert f"| `{family.name}:" in manual
    for function, allowed in FUNCTIONALS.items():
        assert f"`{function}`" in manual
        for parameter in allowed.parameters:
            assert parameter.name in manual or parameter.name.endswith("_factor")


def test_every_family_has_words_in_sentences() -> None:
    """Other sets are of transformed copies."""
    assert set(SETS) == {family.name for family in SET_FAMILIES}
