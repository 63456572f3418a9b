"""Validation: every kind of misfit as one error that names file, line, key, finding and expectation."""

from typing import Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, field_validator

from geed_cli.documents.strict_yaml import parse_yaml
from geed_cli.documents.validation import validate
from geed_cli.errors import InputError


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    kind: Literal["big", "small"] = "big"
    sizes: tuple[int, ...] = ()
    names: dict[str, str] = {}


class Whole(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    name: str
    ratio: float = Field(default=1.0, gt=0)
    on: bool = False
    part: Part | None = None

    @field_validator("name")
    @classmethod
    def _no_spaces(cls, name: str) -> str:
        if " " in name:
            raise ValueError("holds a space; expected one word")
        return name


def refusal(text: str) -> InputError:
    with pytest.raises(InputError) as error:
        validate(parse_yaml(text, "f.yaml"), Whole)
    assert error.value.exit_code == 2
    return error.value


def test_a_fitting_document() -> None:
    """Lists become tuples and an int is a float where one is wanted; nothing else changes type."""
    whole = validate(parse_yaml("name: a\nratio: 2\npart: {sizes: [1, 2]}", "f"), Whole)
    assert whole == Whole(name="a", ratio=2.0, part=Part(sizes=(1, 2)))


def test_unknown_key_with_suggestion() -> None:
    """The nearest known key of that section is suggested, and the line is the key's."""
    error = refusal("name: a\npart:\n  kind: big\n  sise: [1]\n")
    assert error.found == "f.yaml:4: unknown key 'part.sise'"
    assert error.expected == "did you mean sizes? known keys: kind, sizes, names"
    assert error.remedy == "edit line 4 of f.yaml"
    assert refusal("name: a\nqqq: 1").expected == "one of name, ratio, on, part"


@pytest.mark.parametrize(
    ("text", "found", "expected"),
    [
        ("ratio: 1\n", "f.yaml:1: the key 'name' is missing", "name: a value"),
        ("name: 5\n", "f.yaml:1: 'name' is 5", "a valid string"),
        ("name: a\nratio: '2'", "f.yaml:2: 'ratio' is '2'", "a valid number"),
        ("name: a\nratio: -1", "f.yaml:2: 'ratio' is -1", "greater than 0"),
        ("name: a\non: yes", "f.yaml:2: 'on' is 'yes'", "a valid boolean"),
        ("name: a\npart: {sizes: [1, 2.5]}", "f.yaml:2: 'part.sizes.1' is 2.5", "a valid integer"),
        (
            "name: a\npart:\n  kind: bigg",
            "f.yaml:3: 'part.kind' is 'bigg'",
            "did you mean big? 'big' or 'small'",
        ),
        ("name: a\npart: []", "f.yaml:2: 'part' is a list", "a mapping"),
        ("name: a\npart: {sizes: 3}", "f.yaml:2: 'part.sizes' is 3", "a list"),
        ("name: a b", "f.yaml:1: 'name': holds a space", "one word"),
        ("name:", "f.yaml:1: 'name' is empty", "a valid string"),
    ],
)
def test_misfits(text: str, found: str, expected: str) -> None:
    """Strict types: text is not a number, yes is not true, 2.5 is not an integer."""
    error = refusal(text)
    assert error.found == found
    assert error.expected == expected


def test_the_first_line_is_reported_and_the_others_counted() -> None:
    """Three problems: the one highest up in the file, whatever the order of the schema."""
    error = refusal("zzz: 1\nratio: x\nname: 1\n")
    assert error.found == "f.yaml:1: unknown key 'zzz' (2 more after this one)"


@pytest.mark.parametrize("text", ["", "- 1", "word"])
def test_the_root_must_be_a_mapping(text: str) -> None:
    """An empty file, a list or a word: the expected keys are listed."""
    error = refusal(text)
    assert error.found.startswith("f.yaml holds ")
    assert error.expected == "a mapping with the keys name, ratio, on, part"
