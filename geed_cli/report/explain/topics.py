"""Every name that can be explained, found where it is computed; nothing is loaded before it is asked for."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from geed_cli.errors import InputError, files_near, nearest, nearest_are
from geed_cli.explanation import Explanation
from geed_cli.phrases import shell_quoted

if TYPE_CHECKING:
    from geed_cli.report.explain.words.word import Word

WARNINGS, FILES = "warnings", "files"
LONGEST = 200
"""Characters of a name that is none, in a message."""


@dataclass(frozen=True)
class Topic:
    """One name with its explanation.

    Attributes:
        heading: under which it is listed.
        aliases: what else it is called.
    """

    heading: str
    name: str
    explained: Explanation
    aliases: tuple[str, ...] = ()


ELEMENT = re.compile(r"e|r[0-9.]+m?|m|[xy][0-9]+/[0-9]+|[rgb]{3}|hue[0-9.]+|invert")
"""How elements of groups are named; a product has a * between these."""
MEASURE_ALIASES = {
    "latent.l2": ("l2", "latent"),
    "softmax.kl": ("softmax", "kl"),
    "prediction.flip_rate": ("top class", "flip rate", "flip_rate", "prediction"),
    "channelwise.cosine": ("channelwise",),
    "channelwise.correlation": ("correlation", "corr"),
}
"""What measures are called in sentences and headings."""


def measures() -> Iterator[Topic]:
    """The measures of the catalogue, and the parts of normalised ones."""
    from geed_cli.measures.catalogue import BY_NAME, PARTS  # noqa: PLC0415 - see the module's docstring

    for name, measure in (BY_NAME | PARTS).items():
        yield Topic("measures", name, measure.explanation, MEASURE_ALIASES.get(name, ()))


def controls() -> Iterator[Topic]:
    """The controls, also by the headings of their columns."""
    from geed_cli.measures.control import CONTROLS  # noqa: PLC0415

    for name, control in CONTROLS.items():
        heading = control.heading if control.heading != name else ""
        yield Topic("controls", name, control.explained, tuple(filter(None, (heading,))))


def words() -> Iterator[Topic]:
    """Words of tables and results, and files that people write."""
    from geed_cli.report.explain.files import FILE_WORDS  # noqa: PLC0415
    from geed_cli.report.explain.words.table import WORDS  # noqa: PLC0415

    yield from _of_words({**WORDS, FILES: FILE_WORDS})


def sentences() -> Iterator[Topic]:
    """Words of verdicts, and warnings by the words that they always have."""
    from geed_cli.report.explain.sentences import CLASS_WORDS, WARNING_WORDS  # noqa: PLC0415

    yield from _of_words({"verdicts of audits": CLASS_WORDS, WARNINGS: WARNING_WORDS})


def _of_words(words: "Mapping[str, Iterable[Word]]") -> Iterator[Topic]:
    for heading, listed in words.items():
        for word in listed:
            yield Topic(heading, word.name, word.explained, word.aliases)


def choices() -> Iterator[Topic]:
    """Interval methods and kinds of output."""
    from geed_cli.choices import INTERVAL_METHODS, OUTPUT_KINDS  # noqa: PLC0415

    for heading, named in (("intervals (--ci)", INTERVAL_METHODS), ("outputs", OUTPUT_KINDS)):
        for name, explained in named.items():
            yield Topic(heading, name, explained)


def exit_codes() -> Iterator[Topic]:
    """What the program ends with."""
    from geed_cli.errors import EXIT_CODES  # noqa: PLC0415

    for code, explained in EXIT_CODES.items():
        yield Topic("exit codes", f"exit {code}", explained, (str(code), f"exit code {code}"))


def groups() -> Iterator[Topic]:
    """Families of groups by how they are written."""
    from geed_cli.report.explain.actions import group_topics  # noqa: PLC0415

    for name, explained in group_topics():
        yield Topic("groups", name, explained, (name.removesuffix("<n>"),) if name.endswith("<n>") else ())


def sets() -> Iterator[Topic]:
    """Families of sets by how they are written."""
    from geed_cli.report.explain.actions import set_topics  # noqa: PLC0415

    for name, explained in set_topics():
        yield Topic("sets", name, explained)


def functions() -> Iterator[Topic]:
    """The image functions of sets."""
    from geed_cli.report.explain.actions import function_topics  # noqa: PLC0415

    for name, explained in function_topics():
        yield Topic("functions of sets", name, explained)


SOURCES: tuple[Callable[[], Iterable[Topic]], ...] = (
    measures,
    words,
    controls,
    choices,
    exit_codes,
    sentences,
    groups,
    sets,
    functions,
)
"""In the order in which names are looked up: a word comes before the set of its name, ``scale``."""


def everything() -> Iterator[Topic]:
    """Every topic that has a name of its own."""
    for source in SOURCES:
        yield from source()


def topic_of(written: str) -> Topic:
    """The topic that a user means, named as they have written it.

    Raises:
        InputError: there is none; the nearest names are in it.
    """
    if written.strip() == "m":  # the mirror, and not M
        written = "elements"
    spellings = (written, _without_decoration(written), written.replace("-", " "), written.removesuffix("."))
    asked = {*map(_plain, spellings), _verdict(written)}
    for source in SOURCES:
        for topic in source():
            if asked & {_plain(name) for name in (topic.name, *topic.aliases)}:
                return topic
    # a warning that is copied whole may name a product, c4*invert
    made = _element(written.strip()) or _warning(written) or _made(written.strip())
    if made is not None:
        return made
    raise _unknown(written)


def meaning_of(written: str) -> str:
    """What a name or a printed warning means, in a sentence."""
    return topic_of(written).explained.what


def _plain(text: str) -> str:
    """One spelling of a name: lower case, one blank, a plain minus sign."""
    return " ".join(text.replace("−", "-").casefold().split())


def _without_decoration(text: str) -> str:
    """A heading without its level, unit and "at": ``95% interval``, ``difference, 95%``, ``softmax.kl, nats``."""
    bare = re.sub(r"^[0-9.]+%", "", text.strip())
    return "interval" if text and not bare else re.sub(r"(, [\w.]+%?| at)$", "", bare)


def _verdict(text: str) -> str:
    """The words of a verdict that is copied as it is printed, such as ``Features mostly invariant.``, by themselves."""
    plain, *_ = re.split(
        ",? but (?=top |labels|classes of)", _plain(text).replace("-", " ").removesuffix(".")
    )
    bare = re.sub("^features | on the sample$", "", plain)
    if re.match("can be audited( in part)?: ", bare):  # of what
        return bare.partition(":")[0]
    return "undecided" if bare.startswith("undecided, ") else bare


def _element(written: str) -> Topic | None:
    """An element of a group by its name, ``r90m`` or ``x1/7*gbr``, which is explained with all of them.

    What could be a group as well, ``hue45`` or ``rgb*invert``, is the group.
    """
    from geed_cli.groups.families import FAMILIES  # noqa: PLC0415

    parts = written.split("*")
    groups = {name for family in FAMILIES.values() for name in family.names}
    if not all(map(ELEMENT.fullmatch, parts)) or groups.issuperset(parts):
        return None
    return topic_of("elements")


def _warning(written: str) -> Topic | None:
    """The warning whose fixed words are in the text, as one that is copied from a terminal."""
    found = (topic for topic in sentences() if topic.heading == WARNINGS)
    said = _plain(written)
    return next(
        (topic for topic in found if any(_plain(n) in said for n in (topic.name, *topic.aliases))), None
    )


def _made(written: str) -> Topic | None:
    """A group or a set that is no family's name: ``c4``, ``flip*c4``, ``pinwheel.yaml``, ``blur:1,2``."""
    from geed_cli.groups.families import family_of  # noqa: PLC0415
    from geed_cli.groups.named import GROUP_SUFFIXES, group_named  # noqa: PLC0415
    from geed_cli.report.explain.actions import explain_group, explain_set  # noqa: PLC0415

    found = explain_set(written)
    if found is not None:
        return Topic("sets", *found)
    factors = [factor.strip().lower() for factor in written.split("*")]
    is_file = written.lower().endswith(GROUP_SUFFIXES) and Path(written).exists()
    if is_file and len(factors) == 1:
        _require_generators(Path(written))
    if is_file or len(factors) > 1 or family_of(factors[0]) is not None:
        group = group_named(written)
        return Topic("groups", group.name, explain_group(group))
    return None


def _require_generators(path: Path) -> None:
    """Refuse a YAML file of another kind, which is explained by the name of its kind."""
    from geed_cli.documents.strict_yaml import read_yaml  # noqa: PLC0415

    content = read_yaml(path).data
    if not isinstance(content, dict) or "generators" not in content:
        raise InputError(
            f"{path} describes no group",
            expected="a group's generators; of other files geed explain 'set file', policy or spec says what they hold",
            remedy=f"geed validate {shell_quoted(str(path))}, which says what it is",
        )


def _unknown(written: str) -> InputError:
    names = [name for topic in everything() for name in (topic.name, *topic.aliases)]
    spelled = {_plain(name): name for name in names}
    files = files_near(Path(written), (".json", ".yaml", ".yml"))
    close = [spelled.get(name, name) for name in nearest(_plain(written), [*spelled, *files])]
    near = nearest_are(close)
    return InputError(
        f"nothing is called {written[:LONGEST]!r}",
        expected=f"a measure, column, control, group, set, verdict, exit code or saved file{near}",
        remedy=f"geed explain {shell_quoted(close[0])}" if close else "geed explain, which lists every name",
    )


def named(topic: Topic, written: str) -> Topic:
    """The topic with its name in brackets behind what the user has called it, where that is an alias."""
    alias = next((alias for alias in topic.aliases if _plain(alias) == _plain(written)), None)
    return topic if alias is None else replace(topic, name=f"{alias} ({topic.name})")
