"""The preprocessing of a model of Hugging Face's, by the library's own image processor.

The processor fills in what its file leaves out. It is read only where its code does nothing that ``InputSettings``
cannot say: kinds that are known, and kinds that add nothing to the library's common steps.
"""

from collections.abc import Mapping
from typing import Any

from geed_cli.documents.document import printable
from geed_cli.documents.json_object import NotReadError
from geed_cli.errors import text_of
from geed_cli.input_settings import InputSettings
from geed_cli.models.hugging_face_input import hugging_face_input, kind_of
from geed_cli.models.sources.download import PublishedFile
from geed_cli.models.sources.model_folder import ModelFolder, described
from geed_cli.models.spec import InputPart

FILES = ("preprocessor_config.json", "processor_config.json")
STEPS = ("do_resize", "do_center_crop", "do_rescale", "do_normalize", "do_pad")
"""What a processor leaves out where the value is None, which its own dictionary does not say."""
IN_FLOATS = "its processor resizes in floating point; here resized pixels are whole levels of 255"

Processed = tuple[InputSettings | None, str, tuple[str, ...]]
"""The settings; why there are none; notes."""


def processor_settings(library: Any, folder: ModelFolder, config: Any, size: int | None) -> Processed:  # noqa: ANN401
    """What a model is shown.

    Args:
        library: transformers.
        folder: where the processor's file is.
        config: the model's, for files that do not say which processor it is.
        size: of the input; None for the processor's own.
    """
    there = [found for name in FILES if (found := folder.file_if_there(name)) is not None]
    if not there:
        return None, f"{folder.name} has no {' and no '.join(FILES)}", ()
    try:
        processor = library.AutoImageProcessor.from_pretrained(
            there[0].path.parent, config=config, backend="pil", trust_remote_code=False
        )
        content = _content(processor)
    except Exception as error:  # the library's code, with values of a stranger's
        return None, f"its image processor cannot be built: {text_of(error)[:300]}", ()
    stated = kind_of(_stated(folder, there[0]))
    if stated not in {"", kind_of(content)}:  # the library falls back on one of the model's own
        return None, f"{printable(stated)}ImageProcessor is none of the library's", ()
    try:
        part = hugging_face_input(content)
    except NotReadError as why:
        return None, f"its image processor cannot be said in a spec's words: {why}", ()
    notes = (IN_FLOATS,) if kind_of(content) == "DINOv3ViT" else ()
    return _settings(part, size), "", notes


def of_processor(processor: Any) -> InputSettings:  # noqa: ANN401 - transformers'
    """What a processor in memory does.

    Raises:
        NotReadError: it cannot be said.
    """
    return _settings(hugging_face_input(_content(processor)), None)


def _content(processor: Any) -> dict[str, Any]:  # noqa: ANN401 - transformers'
    content: dict[str, Any] = processor.to_dict()
    return content | {step: bool(getattr(processor, step, None)) for step in STEPS}


def _stated(folder: ModelFolder, file: PublishedFile) -> Mapping[str, Any]:
    """What the file says; newer ones hold it beside a tokenizer's."""
    content = described(folder, file)
    inner = content.get("image_processor")
    return inner if isinstance(inner, Mapping) else content


def _settings(part: InputPart, size: int | None) -> InputSettings:
    """The part, which is complete, as settings, at another size."""
    side = size or part.size or 0
    resize = InputSettings.resize_for(side, part.crop_pct or 1)
    words = part.model_dump(include={"interpolation", "mean", "std", "crop_mode"})
    return InputSettings(**words, size=side, resize=resize)
