"""What training scripts store beside weights, read as nothing: NumPy scalars, paths, OmegaConf containers.

Each allowed name of a file's pickle stands for an object that takes any arguments and any state and keeps neither.
Neither the packages of those names nor anything else is imported, and no other name is allowed.
"""

from collections.abc import Callable, Iterator
from typing import Any

PATHS = ("Path", "PosixPath", "PurePath", "PurePosixPath", "PureWindowsPath", "WindowsPath")
NUMPY_SCALARS = (
    *("bool", "bool_", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    *("longlong", "ulonglong", "float16", "float32", "float64", "longdouble", "complex64", "complex128"),
    *("str_", "bytes_"),
)
OMEGACONF_NODES = (
    *(
        "AnyNode",
        "BooleanNode",
        "BytesNode",
        "EnumNode",
        "FloatNode",
        "IntegerNode",
        "InterpolationResultNode",
    ),
    *("PathNode", "StringNode"),
)
TYPES = ("bool", "bytes", "dict", "float", "int", "list", "str", "tuple")
"""Built-in types that OmegaConf notes as the type of an entry."""


class StandIn:
    """An object without contents, in place of one that is no weight; of arrays, see ``arrays``."""

    def __new__(cls, *_arguments: object) -> "StandIn":
        """Any arguments."""
        return super().__new__(cls)

    def __init__(self, *_arguments: object) -> None:
        """Keeps none of them."""

    def __setstate__(self, _state: object) -> None:
        """Keeps none of it."""


def _empty_mapping(*_arguments: object) -> dict[object, object]:
    """In place of a ``defaultdict``, whose entries follow."""
    return {}


def stand_ins() -> Iterator[tuple[Callable[..., Any], str]]:
    """Pairs of a stand-in and the dotted name for which it stands, as ``safe_globals`` of torch takes them."""
    yield _empty_mapping, "collections.defaultdict"
    for name in _names():
        yield StandIn, name


def _names() -> Iterator[str]:
    for core in ("numpy.core", "numpy._core"):  # before and from NumPy 2.0
        yield f"{core}.multiarray.scalar"
    yield from (f"numpy.{name}" for name in NUMPY_SCALARS)
    for module in ("pathlib", "pathlib._local"):  # the second in Python 3.13
        yield from (f"{module}.{name}" for name in PATHS)
    yield "omegaconf.dictconfig.DictConfig"
    yield "omegaconf.listconfig.ListConfig"
    yield from (f"omegaconf.base.{name}" for name in ("ContainerMetadata", "Metadata", "UnionNode"))
    yield from (f"omegaconf.nodes.{name}" for name in OMEGACONF_NODES)
    yield from ("typing.Any", "typing.Union")
    yield from (f"builtins.{name}" for name in TYPES)
