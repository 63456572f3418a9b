"""The section ``actions`` of a spec: how groups act on hidden layers, where that is more than moving pixels.

An action is one of a few kinds; ``spatial`` in it says whether pixels move with the picture as well. The words
``spatial`` and ``trivial`` stand for channels that stay, with pixels that move or that do not.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from geed_cli.documents.validation import StrictPart
from geed_cli.errors import did_you_mean, nearest

Name = Annotated[str, Field(min_length=1, max_length=300)]
# lists, not tuples: where a validator runs before the fields are read, strict mode takes no list for a tuple
Moves = Annotated[list[int], Field(min_length=1)]
Rows = Annotated[list[Annotated[list[float], Field(min_length=1)]], Field(min_length=1)]

SITES = ("features", "logits")
"""Keys of ``actions`` that are no layers: the vectors f1(x), and the class scores."""
SHORT_FORMS = {"spatial": {"spatial": True}, "trivial": {"spatial": False}}
ACTION_KINDS = ("regular", "permutation", "matrices", "sum", "through")


class _Strict(StrictPart):
    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, value: Any) -> Any:  # noqa: ANN401 - whatever the document holds
        """Unknown keys with a suggestion: inside free mappings the general message has none."""
        if isinstance(value, dict):
            keys = tuple(cls.model_fields)
            for key, inner in value.items():
                if key not in keys:
                    hint = did_you_mean(nearest(str(key), keys))
                    raise ValueError(f"unknown key '{key}'; expected {hint}one of {', '.join(keys)}")
                if inner is None:
                    raise ValueError(f"the key '{key}' is empty; expected a value, or no such key")
        return value


class PermutationPart(_Strict):
    """Channels that change places: for elements that generate the group, where each channel goes, counted from 0."""

    group: Name
    generators: dict[Name, Moves]


class MatricesPart(_Strict):
    """Channels that mix: for elements that generate the group, the C×C matrix, row by row."""

    group: Name
    generators: dict[Name, Rows]


class ThroughPart(_Strict):
    """A homomorphism from the audited ``group`` onto another one: the images of elements that generate ``group``."""

    group: Name
    onto: Name
    generators: dict[Name, Name]


class Summand(_Strict):
    """Consecutive channels of a direct sum, and the action on them."""

    channels: Annotated[int, Field(ge=1)]
    action: "Action"


class Action(_Strict):
    """One action; at most one of the kinds is given.

    Attributes:
        regular: a group: channels are copies of its elements, and the component of h goes to gh.
        order: how the channels of ``regular`` are laid out: channel = field·n + element, or element·fields + field.
        permutation: channels change places.
        matrices: channels mix.
        sum: slices of the channels, each with an action.
        through: the channels move as ``action`` says of the image of g under a homomorphism.
        action: of the group that ``through`` leads to.
        spatial: whether g also moves pixels; for vectors it says nothing.
    """

    regular: Name | None = None
    order: Literal["field-major", "group-major"] = "field-major"
    permutation: PermutationPart | None = None
    matrices: MatricesPart | None = None
    sum: Annotated[list[Summand], Field(min_length=1)] | None = None
    through: ThroughPart | None = None
    action: "Action | None" = None
    spatial: bool = True

    @model_validator(mode="before")
    @classmethod
    def _words(cls, value: Any) -> Any:  # noqa: ANN401 - whatever the document holds
        if isinstance(value, str) and value in SHORT_FORMS:
            return SHORT_FORMS[value]
        if not isinstance(value, dict) or not value:
            raise ValueError(f"not an action; expected spatial, trivial, or one of {', '.join(ACTION_KINDS)}")
        return value

    @model_validator(mode="after")
    def _one_kind(self) -> "Action":
        given = self.model_fields_set
        kinds = [kind for kind in ACTION_KINDS if kind in given]
        if len(kinds) > 1:
            raise ValueError(f"{' and '.join(kinds)} in one action; expected one of them")
        if "order" in given and self.regular is None:
            raise ValueError("order without regular; expected it beside regular alone")
        if (self.through is None) != (self.action is None):
            raise ValueError("through and action go together; expected both or neither")
        if "spatial" in given and (self.sum or self.through):
            raise ValueError("spatial beside sum or through; expected it inside their actions")
        return self

    @property
    def has_matrices(self) -> bool:
        """Whether channels mix anywhere in it."""
        inner = [self.action, *(part.action for part in self.sum or ())]
        return self.matrices is not None or any(each is not None and each.has_matrices for each in inner)
