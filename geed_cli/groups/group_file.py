"""Groups closed from the generators in a YAML file: ``-g my/group.yaml``."""

from pathlib import Path

from geed_cli.documents.strict_yaml import read_yaml
from geed_cli.documents.validation import validate
from geed_cli.groups.generators import Generators
from geed_cli.groups.group import FiniteGroup


def read_group(path: Path) -> FiniteGroup:
    """The group that a file describes, its elements in breadth-first order from the generators.

    Raises:
        InputError: the file cannot be read or does not fit the schema, with its line; a turn that is no multiple of
            90 degrees meets a shift; or more than 1024 elements.
    """
    file = validate(read_yaml(path), Generators)
    transforms = [generator.transform() for generator in file.generators]
    return FiniteGroup.closed(file.name, transforms, f"the generators in {path}")
