"""Results as Python names them: in memory, saved, in report pages; and the sides of a comparison, often several."""

import glob
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from geed_cli.comparison.subjects import Contender, distinct
from geed_cli.documents.document import path_text, printable, unicode_text
from geed_cli.errors import InputError
from geed_cli.result.embedded import is_page, read_page
from geed_cli.result.file import read_result
from geed_cli.result.schema import Result
from geed_cli.sweeps.sweep_folder import files_in, is_sweep
from geed_cli.tracking.named_steps import names_step, results_named, steps_named

OneResult = Result | str | Path
"""A result, or where it is saved."""
Population = Sequence[OneResult] | Mapping[str, OneResult]
"""Results of one recipe; a mapping names them, as file names do."""
Subject = OneResult | Population
Subjects = Mapping[str, Subject] | Sequence[Subject] | OneResult
Say = Callable[[str], None]
"""What is told to the user beside the numbers."""


def warn(text: str) -> None:
    """As a warning of Python."""
    warnings.warn(text, stacklevel=2)


def contenders_of(subjects: Subjects, say: Say = warn) -> list[Contender]:
    """Every side with its label, in order.

    Raises:
        InputError: fewer than two, two of one label, or what is no result.
    """
    if isinstance(subjects, Mapping):
        made = [_labelled(str(label), subject, say) for label, subject in subjects.items()]
    else:
        listed = [subjects] if isinstance(subjects, OneResult) else _listed(subjects)
        made = [contender for subject in listed for contender in _unlabelled(subject, say)]
    if len(made) < 2:
        raise InputError(
            f"{'one subject' if made else 'no subject'}",
            expected="two or more results, the first of them the reference",
            remedy='geed.compare({"ours": result, "theirs": other})',
        )
    label, count = Counter(contender.label for contender in made).most_common(1)[0]
    if count > 1:
        raise InputError(
            f"two subjects are called {label!r}",
            expected="a label of its own for each",
            remedy='labels of your own: geed.compare({"before": result, "after": other})',
        )
    return made


def once(label: str, results: Mapping[str, Result], say: Say) -> Contender:
    """The results of different weights under one label, by their names; how many are copies is said."""
    kept = distinct(results.values())
    if len(kept) < len(results):
        say(f"{label}: {len(results)} results of {len(kept)} different weights, which count once")
    # of copies the last stands for all, as in distinct
    names = {id(result): name for name, result in results.items()}
    return Contender(label, kept, tuple(names[id(result)] for result in kept))


def result_from(subject: object, of_several: str = "name the results' own files") -> Result:
    """The result that a value is, that the file or report page holds whose path it is, or a track at the named step.

    Args:
        subject: what it is asked of.
        of_several: what to try where a page holds more than one.

    Raises:
        InputError: neither, or a page or step of several.
    """
    if isinstance(subject, Result):
        return subject
    if names_step(str(subject)):
        return _only_one(str(subject), results_named(str(subject)))
    path = _existing(subject)
    if not is_page(path):
        return read_result(path)
    found = read_page(path)
    if len(found) > 1:
        raise InputError(
            f"{path} holds {len(found)} results: {', '.join(printable(name, 40) for name in found)}",
            expected="a page of one result here",
            remedy=of_several,
        )
    return next(iter(found.values()))


def results_from(subject: object) -> dict[str, Result]:
    """The results that a value stands for, by name: of a track's step all checkpoints there, else the only one.

    Raises:
        InputError: as ``result_from``.
    """
    if isinstance(subject, str | Path) and names_step(str(subject)):
        return results_named(str(subject))
    return {str(subject): result_from(subject)}


def _only_one(named: str, results: Mapping[str, Result]) -> Result:
    """The one result that a step stands for."""
    if len(results) > 1:
        raise InputError(
            f"{named} stands for {len(results)} results",
            expected="one result here",
            remedy="geed compare takes all of them as a population",
        )
    return next(iter(results.values()))


def _one_from(subject: object) -> Result:
    """One side's single result."""
    return result_from(subject, f"geed.compare([{str(subject)!r}]), which compares all of them")


def _labelled(label: str, subject: Subject, say: Say) -> Contender:
    if isinstance(subject, Mapping):
        return once(label, {str(name): _one_from(each) for name, each in subject.items()}, say)
    if isinstance(subject, str | Path) and names_step(str(subject)):
        return once(label, results_named(str(subject)), say)
    if _is_pattern(subject):
        return once(label, {str(path): read_result(path) for path in _matching(str(subject), label)}, say)
    if isinstance(subject, list | tuple):
        return _population(label, subject, say)
    return Contender(label, (_one_from(subject),), _names_of([subject]))


def _unlabelled(subject: Subject, say: Say) -> Iterator[Contender]:
    """A page is all results in it, a pattern every file, as the shell has it."""
    if isinstance(subject, Result):
        yield Contender(subject.model.arch, (subject,))
    elif isinstance(subject, list | tuple):
        yield _population(None, subject, say)
    else:
        yield from _in_files(subject, say)


def _in_files(subject: object, say: Say) -> Iterator[Contender]:
    """What a path, a pattern, a sweep's folder or a track's step stands for."""
    if is_sweep(str(subject)):
        for label, files in files_in(str(subject)).items():
            yield once(label, {str(file): read_result(file) for file in files}, say)
    elif names_step(str(subject)):
        for step in steps_named(str(subject)):
            yield once(step.label, step.results, say)
    elif _is_pattern(subject):
        for path in _matching(str(subject), str(subject)):
            yield from _in_files(path, say)
    else:
        path = _existing(subject)
        found = read_page(path) if is_page(path) else {unicode_text(path.stem): read_result(path)}
        for label, result in found.items():
            yield Contender(label, (result,), (str(path),))


def _population(label: str | None, subjects: Sequence[OneResult], say: Say) -> Contender:
    """Results of one recipe, called by their network where nobody gave them a label."""
    found = [results_from(each) for each in subjects]
    results = [result for each in found for result in each.values()]
    if not results:
        raise InputError(
            "an empty list among the subjects" if label is None else f"no result under {label!r}",
            expected="a result, or several of one recipe",
            remedy="leave it out",
        )
    names = _names_of([name for each, own in zip(subjects, found, strict=True) for name in _named(each, own)])
    by_place = names or tuple(str(number) for number in range(len(results)))
    made = once(label or results[0].model.arch, dict(zip(by_place, results, strict=True)), say)
    return made if names else replace(made, names=())


def _named(subject: OneResult, results: Mapping[str, Result]) -> Sequence[object]:
    """What the results of a subject are called; one in memory has no name."""
    return [subject] if isinstance(subject, Result) else list(results)


def _names_of(subjects: Sequence[object]) -> tuple[str, ...]:
    """The files' names, where all of them are files that differ; results in memory have none."""
    names = tuple(str(each) for each in subjects if isinstance(each, str | Path))
    return names if len(set(names)) == len(subjects) else ()


def _listed(subjects: object) -> Sequence[Subject]:
    if isinstance(subjects, list | tuple):
        return subjects
    raise _no_result(subjects)


def _is_pattern(subject: object) -> bool:
    return isinstance(subject, str) and glob.has_magic(subject) and not Path(subject).exists()


def _matching(pattern: str, label: str) -> tuple[Path, ...]:
    files = tuple(sorted(Path(name) for name in glob.glob(pattern, recursive=True)))
    if not files:
        raise InputError(
            f"no file matches {path_text(pattern)}",
            expected=f"saved results for {label!r}",
            remedy="check the pattern",
        )
    return files


def _existing(subject: object) -> Path:
    """The path that names a file; a name without an ending is taken for a model's."""
    if not isinstance(subject, str | Path):
        raise _no_result(subject)
    path = Path(subject)
    if not path.suffix and not path.exists():
        raise InputError(
            f"{printable(str(subject))!r} is no saved result",
            expected="a result, or the path of a saved result (.json) or a report page (.html)",
            remedy="check the path; a model has to be audited first, and its result saved",
        )
    return path


def _no_result(found: object) -> InputError:
    return InputError(
        f"an object of type {type(found).__name__} in the place of a result",
        expected="a result of geed.audit, the path of a saved one, or a list of these",
        remedy="audit a network first: geed.audit(network, images)",
    )
