"""``--labels``: the class of each audited picture, as its place among the outputs of a network.

They are the folders that pictures lie in, come with the pictures from their source, or stand in a table with the
columns path and label. All of a run are either names of the network's classes, numbers of its outputs from 0, or
ImageNet's WordNet ids.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from geed_cli.documents.column_of_paths import is_parquet, read_column, require_all
from geed_cli.documents.document import printable, unicode_text
from geed_cli.errors import InputError, meant, nearest, nearest_are
from geed_cli.images.source_labels import DATA, SourceLabels
from geed_cli.measures.measure import Measure, VectorMeasure
from geed_cli.models.network import Network
from geed_cli.phrases import counted
from geed_cli.pipeline.entries.top_classes import CLASSIFIERS, imagenet_set
from geed_cli.result.samples import folder_of
from geed_cli.result.schema import Labels

FOLDER, COLUMN = "folder", "label"
WORDNET = re.compile(r"n[0-9]{8}")
NUMBER = re.compile(r"[0-9]{1,9}")
FORMS = "folder, data, or a .csv or .parquet file with the columns path and label"
MOST_NAMED = 3
"""Labels that one message names."""


def labels_of(asked: str, paths: Sequence[str], network: Network, own: SourceLabels | None = None) -> Labels:
    """The labels of these pictures as places of the network's outputs.

    Args:
        asked: ``folder``, ``data``, or the path of a table.
        paths: of the pictures, below their folder.
        network: a classifier.
        own: the labels that the source of the pictures has itself.

    Raises:
        InputError: pictures without a label, or labels that do not fit the network's classes.
    """
    if asked == DATA and own is not None:
        written = own.of(paths)
        places = _by_class(written, own, network) if own.classes else _places(written, network)
        return Labels(how=DATA, of=places)
    written = written_labels(asked, paths)
    how = FOLDER if asked == FOLDER else unicode_text(Path(asked).name)
    return Labels(how=how, of=_places(written, network))


def require_labelled(asked: str, network: Network, measures: Sequence[Measure]) -> None:
    """Refuse labels where no class comes first.

    Raises:
        InputError: naming what the network puts out, or which measure is to be asked for.
    """
    output = network.output
    if output.kind not in CLASSIFIERS:
        reason = f", {output.reason}" if output.reason else ""
        raise InputError(
            f"--labels {asked}, and the output of {network.id} is {output.kind}{reason}",
            expected="a network that puts one class first for each picture: logits, or probabilities",
            remedy="leave out --labels",
        )
    if network.spec is not None and "logits" in network.spec.actions:
        raise InputError(
            f"--labels {asked}, and the spec of {network.id} says that the group moves the classes",
            expected="classes that stay what they are",
            remedy="leave out --labels",
        )
    if not any(isinstance(measure, VectorMeasure) and measure.site == "logits" for measure in measures):
        raise InputError(
            f"--labels {asked} without a measure of predictions",
            expected="one of softmax.kl and prediction.flip_rate among the metrics, for which predictions are read",
            remedy="add --metric prediction.flip_rate, or leave out --metric",
        )


def written_labels(asked: str, paths: Sequence[str]) -> tuple[str, ...]:
    """The labels of these pictures as they are written.

    Raises:
        InputError: a file that cannot be used, or pictures without a label.
    """
    if asked == FOLDER:
        folders = [folder_of(path).rpartition("/")[2] for path in paths]
        bare = [path for path, folder in zip(paths, folders, strict=True) if not folder]
        if bare:
            raise InputError(
                f"--labels folder, and {len(bare)} of {counted(len(paths), 'picture')} lie in no folder of a class, "
                f"the first of them {printable(bare[0])}",
                expected="every picture in the folder of its class, below the folder of pictures",
                remedy="--labels labels.csv, a table with the columns path and label",
            )
        return tuple(folders)
    file = Path(asked)
    if not (is_parquet(file) or file.suffix.lower() == ".csv"):
        raise InputError(
            f"--labels {printable(asked)}",
            expected=f"{meant(asked, [FOLDER, DATA])}{FORMS}",
            remedy="--labels folder",
        )
    table = read_column(file, COLUMN)
    require_all(table, paths, file, COLUMN)
    return tuple(table[path].strip() for path in paths)


def _places(written: Sequence[str], network: Network) -> tuple[int, ...]:
    """The place of each label's class; names come before numbers, since classes may be called 0, 1 and 2."""
    names = class_names_of(network)
    by_name = _by_name(names)
    different = tuple(dict.fromkeys(written))
    if all(_key(label) in by_name for label in different):
        return tuple(_one_class(label, by_name) for label in written)
    if all(NUMBER.fullmatch(label) for label in different):
        return _numbers(written, network)
    if all(WORDNET.fullmatch(label) for label in different):
        return _wordnet(written, network)
    raise _unknown([label for label in different if _key(label) not in by_name], different, names, network)


def _by_class(written: Sequence[str], own: SourceLabels, network: Network) -> tuple[int, ...]:
    """The place of each label where the source says what its classes are called, whatever these names look like.

    By name, or by WordNet id; where nobody has said what the network's classes are called they are the source's, in the
    source's order, if they are as many.
    """
    names, different = class_names_of(network), tuple(dict.fromkeys(written))
    by_name = _by_name(names)
    if all(_key(label) in by_name for label in different):
        return tuple(_one_class(label, by_name) for label in written)
    if names and all(WORDNET.fullmatch(label) for label in different):
        return _wordnet(written, network)
    if names:
        unknown = [label for label in different if _key(label) not in by_name]
        raise _not_among(
            unknown,
            names,
            f"names of classes of {network.id}",
            "a network with the classes of the data, or a table with the columns path and label",
        )
    count = _class_count(network)
    if len(own.classes) != count or len(set(own.classes)) != count:
        raise InputError(
            f"{printable(own.root)} has {len(set(own.classes))} classes, such as {printable(own.classes[0])!r}, and "
            f"{network.id} has {count}, and nobody has said how they are called",
            expected="a network with as many classes, in the same order",
            remedy="--labels FILE.csv, a table with the columns path and label, with the numbers of the network's "
            "outputs as labels",
        )
    place_of = {name: place for place, name in enumerate(own.classes)}
    if unknown := [label for label in different if label not in place_of]:
        raise _not_among(
            unknown,
            own.classes,
            f"the {count} classes of {printable(own.root)}",
            "labels that are among these",
        )
    return tuple(place_of[label] for label in written)


def class_names_of(network: Network) -> tuple[str, ...]:
    """What the classes are called, all synonyms of ImageNet's; empty where nobody knows.

    Of random weights, too: a twin has the labels of its network.
    """
    count = _class_count(network)
    if network.classes:
        return network.classes if len(network.classes) == count else ()
    if network.source not in {"timm", "torchvision"}:
        return ()
    return imagenet_set(count)[1]


def _class_count(network: Network) -> int:
    return int(network.output.shape[0])


def _by_name(names: Sequence[str]) -> Mapping[str, frozenset[int]]:
    """The places that a name may mean: of the class that is called so in full, else of those with that synonym."""
    full: dict[str, set[int]] = {}
    parts: dict[str, set[int]] = {}
    for place, name in enumerate(names):
        full.setdefault(_key(name), set()).add(place)
        for part in name.split(","):
            parts.setdefault(_key(part), set()).add(place)
    return {key: frozenset(places) for key, places in (parts | full).items()}


def _key(name: str) -> str:
    """Names are alike whatever their case, and with underscores for blanks, as names of folders have."""
    return " ".join(name.replace("_", " ").casefold().split())


def _one_class(label: str, by_name: Mapping[str, frozenset[int]]) -> int:
    places = sorted(by_name[_key(label)])
    if len(places) > 1:
        raise InputError(
            f"the label {printable(label)!r} is the name of classes {' and '.join(map(str, places))}",
            expected="labels that mean one class each",
            remedy="a table with the columns path and label, with the numbers of the network's outputs as labels",
        )
    return places[0]


def _numbers(written: Sequence[str], network: Network) -> tuple[int, ...]:
    places, count = tuple(map(int, written)), _class_count(network)
    if (largest := max(places)) >= count:
        raise InputError(
            f"the label {largest}, and {network.id} has {count} classes",
            expected=f"numbers of its outputs, 0 to {count - 1}",
            remedy="count the classes from 0, in the order in which the network was trained with them",
        )
    return places


def _wordnet(written: Sequence[str], network: Network) -> tuple[int, ...]:
    count = _class_count(network)
    ids, synonyms = imagenet_set(count)
    own = class_names_of(network)
    if not ids or [_first(name) for name in own] != [_first(name) for name in synonyms]:
        raise InputError(
            f"WordNet ids as labels, such as {written[0]}, and the {count} classes of {network.id} are not known to be "
            "ImageNet's",
            expected="a network with the classes of ImageNet, such as its 1,000",
            remedy="a table with the columns path and label, with the numbers of the network's outputs as labels",
        )
    place_of = {each: place for place, each in enumerate(ids)}
    if unknown := [label for label in dict.fromkeys(written) if label not in place_of]:
        raise _not_among(unknown, ids, f"WordNet ids of the {count} classes of {network.id}")
    return tuple(place_of[label] for label in written)


def _first(name: str) -> str:
    return _key(name.partition(",")[0])


def _unknown(
    unknown: Sequence[str], different: Sequence[str], names: Sequence[str], network: Network
) -> InputError:
    if not names:
        return InputError(
            f"labels such as {printable(different[0])!r}, and nobody has said what the {_class_count(network)} classes "
            f"of {network.id} are called",
            expected="labels that are numbers of its outputs, from 0",
            remedy="a table with the columns path and label, with these numbers as labels",
        )
    return _not_among(unknown, names, f"names of classes of {network.id}")


def _not_among(
    unknown: Sequence[str],
    known: Sequence[str],
    what: str,
    expected: str = "labels that all are names of its classes, numbers of its outputs, or WordNet ids",
) -> InputError:
    shown = ", ".join(printable(label, 60) for label in unknown[:MOST_NAMED])
    more = f" and {len(unknown) - MOST_NAMED} more" if len(unknown) > MOST_NAMED else ""
    return InputError(
        f"the labels {shown}{more} are none of {what}"
        if len(unknown) > 1
        else f"the label {shown} is none of {what}",
        expected=f"{expected}{nearest_are(nearest(unknown[0], known))}",
        remedy="correct these labels, or give a table of numbers: path,label",
    )
