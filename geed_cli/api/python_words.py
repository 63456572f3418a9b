"""Refusals in the words of Python: what the command line and specs call one thing, a function's argument is another.

Refusals are written once, for the command line. What Python calls puts them in its own words where the same text can
say it, and else lets a note of the error, which every traceback shows, say what an option is called.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType

import yaml

from geed_cli.errors import GeedError

SECTIONS = ("split", "input", "layouts", "layers", "tokens", "actions")
_SECTION = re.compile(rf"\b({'|'.join(SECTIONS)}): (\{{(?:[^{{}}]|\{{[^{{}}]*\}})*\}}|\[[^\]]*\])")
_OPTION = re.compile(r"--([a-z][a-z0-9-]*)(?: ([A-Za-z0-9._]+))?")
_LEFT_OUT = re.compile(r"(leave out|more|check|use) --([a-z][a-z0-9-]*)")
_DEBUG = "the same with --debug, which shows the line"
IN_PYTHON = "  in Python: "
Options = Mapping[str, str]
"""What to write in Python, by what is typed on the command line."""


@contextmanager
def called_in_python(
    options: Options = MappingProxyType({}), words: Callable[[str], str] | None = None
) -> Iterator[None]:
    """Around what Python calls, or as the decorator of a function: refusals that leave it say what things are called.

    Args:
        options: of options that a refusal names, which a note of it tells.
        words: puts the sentences themselves in other words.
    """
    try:
        yield
    except GeedError as error:
        if words is not None:
            error.found, error.expected, error.remedy = map(
                words, (error.found, error.expected, error.remedy)
            )
            error.args = (error.found, error.expected, error.remedy)
        note = _note(error, options)
        if note and note not in getattr(error, "__notes__", ()):
            error.add_note(note)
        raise


def in_python_words(text: str) -> str:
    """A sentence that names keys of a spec, or options, with the arguments of the same meaning."""
    text = in_words_of_wrap(text).replace("--img-size", "--size")
    text = _LEFT_OUT.sub(lambda found: f"{found[1]} {_argument(found[2])}", text)
    return _OPTION.sub(lambda found: _assigned(found[1], found[2]), text)


def in_words_of_wrap(text: str) -> str:
    """A sentence that names keys of a spec with the arguments of ``wrap``."""
    text = text.replace(_DEBUG, "the traceback shows the line")
    text = re.sub(r"--img-size \d+, or (input: \{)", r"\1", text)
    text = _SECTION.sub(lambda found: _arguments(found[1], found[2]), text)
    text = re.sub(r",? in the spec\b", "", text)
    text = re.sub(r"\b(?:split|input)\.([a-z_]+)", r"\1", text)
    return re.sub(r"\b(?:the|a) spec\b", "the call of wrap", text)


def _arguments(section: str, text: str) -> str:
    """``split: {output: dense}`` as ``output='dense'``."""
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        return f"{section}: {text}"
    if section in {"split", "input"} and isinstance(value, dict):
        return ", ".join(f"{key}={each!r}" for key, each in value.items())
    return f"{section}={value!r}"


def _argument(option: str) -> str:
    return option.replace("-", "_")


def _assigned(option: str, value: str | None) -> str:
    if value is None:
        return _argument(option)
    return (
        f"{_argument(option)}={value}"
        if re.fullmatch(r"[0-9.]+", value)
        else f"{_argument(option)}={value!r}"
    )


def _note(error: GeedError, options: Options) -> str:
    """In the order in which the refusal names the options; empty where it names none."""
    text = f"{error.found}\n{error.expected}\n{error.remedy}"
    found = {option: re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", text) for option in options}
    places = sorted((match.start(), option) for option, match in found.items() if match is not None)
    called = [f"{option} is {options[option]}" for _, option in places]
    return IN_PYTHON + ", ".join(called) if called else ""
