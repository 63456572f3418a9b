"""Refusals in the words of Python: what the command line and specs call one thing, a function's argument is another."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import yaml

from geed_cli.errors import GeedError

SECTIONS = ("split", "input", "layouts", "layers", "tokens", "actions")
_SECTION = re.compile(rf"\b({'|'.join(SECTIONS)}): (\{{(?:[^{{}}]|\{{[^{{}}]*\}})*\}}|\[[^\]]*\])")
_OPTION = re.compile(r"--([a-z][a-z0-9-]*)(?: ([A-Za-z0-9._]+))?")
_LEFT_OUT = re.compile(r"(leave out|more|check|use) --([a-z][a-z0-9-]*)")
_DEBUG = "the same with --debug, which shows the line"


@contextmanager
def in_words_of(words: Callable[[str], str]) -> Iterator[None]:
    """Around what Python calls: what a refusal says that leaves it is put in other words."""
    try:
        yield
    except GeedError as error:
        error.found, error.expected, error.remedy = map(words, (error.found, error.expected, error.remedy))
        error.args = (error.found, error.expected, error.remedy)
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
