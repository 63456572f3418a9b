"""From the bytes of an untrusted file to an RGB picture, or a refusal that says why not.

Pillow decodes, but does not decide: it would clip 16-bit samples, drop alpha, ignore EXIF orientation and
take the first frame of many. Here the contents decide the format, never the suffix. ICC profiles are
ignored, as timm and torchvision ignore them: the model was evaluated on such numbers.
"""

import hashlib
import io
import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import ExifTags, Image, ImageOps, PngImagePlugin, TiffImagePlugin, UnidentifiedImageError

from geed_cli.choices import Decode
from geed_cli.images.picture import ImageRefused, Picture
from geed_cli.images.regular_file import read_regular
from geed_cli.images.simple_jpeg import decoded_by_simplejpeg

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF")
MAX_PIXELS = 89_478_485
"""Width times height beyond which a picture is refused unread: the size at which Pillow warns of a bomb."""

_EIGHT_BIT_MODES = frozenset({"1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr"})
_BITS_PER_SAMPLE, _SAMPLE_FORMAT = 258, 339  # TIFF 6.0 tags
_PNG_END = b"IEND\xaeB\x60\x82"
OTHER_CONTENTS = (
    ("GIF", (b"GIF87a", b"GIF89a")),
    ("HEIC", (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")),
    ("AVIF", (b"avif", b"avis")),
    ("JPEG XL", (b"\xff\x0a", b"\x00\x00\x00\x0cJXL ")),
    ("JPEG 2000", (b"\x00\x00\x00\x0cjP  ", b"\xff\x4f\xff\x51")),
    ("Photoshop", (b"8BPS",)),
    ("PDF", (b"%PDF",)),
)
"""Pictures in other formats by how their contents begin, or by the brand that an ISO media file names there."""
_FROM_PILLOW = re.compile(r"PIL\.")


def read_picture(path: Path, decode: Decode = "exact") -> tuple[Picture, str]:
    """The picture in a regular file and the file's SHA-256, from one read: what is hashed is what is seen.

    Raises:
        ImageRefused: it is not a regular file, or ``decode_picture`` refuses its contents.
    """
    data = read_regular(path)
    return decode_picture(data, decode), hashlib.sha256(data).hexdigest()


def decode_picture(data: bytes, decode: Decode = "exact") -> Picture:
    """Decode a JPEG, PNG, WebP, BMP or TIFF file completely.

    EXIF orientation is applied, alpha is composited on white, palettes, grey, 1-bit and CMYK become RGB.

    Args:
        data: the contents of the file.
        decode: ``fast`` takes the array that simplejpeg makes of a JPEG, where it makes the same pixels.

    Returns:
        RGB, 8 bits per channel.

    Raises:
        ImageRefused: empty, another format, truncated or damaged, more than ``MAX_PIXELS``, several frames,
            or samples that 8 bits cannot hold (16-bit, 32-bit, signed, floating point).
    """
    _silence_pillow()
    if not data:
        raise ImageRefused("empty file")
    try:
        return _decode(data, decode)
    except (ImageRefused, MemoryError):  # the machine's fault, not the picture's
        raise
    except UnidentifiedImageError:
        raise ImageRefused(_not_one_of_ours(data)) from None
    except Image.DecompressionBombError:
        raise ImageRefused(f"too large: more than {MAX_PIXELS} pixels") from None
    except Exception as error:  # on hostile bytes the decoders raise nearly every built-in exception
        lines = str(error).splitlines() or [type(error).__name__]
        raise ImageRefused(f"truncated or damaged: {lines[0]}") from error


def upright_rgb(image: Image.Image) -> Picture:
    """A picture that Pillow opened or made, as ``decode_picture`` would hand it over; the image itself is only loaded.

    It may be of any format that Pillow knows, since its pixels are what is audited.

    Raises:
        ImageRefused: more than ``MAX_PIXELS``, several frames, samples that 8 bits cannot hold, or it cannot be loaded.
    """
    _silence_pillow()
    try:
        _check_size(image)
        _check_samples(image)
        return Picture(_to_rgb(ImageOps.exif_transpose(image)))
    except (ImageRefused, MemoryError):
        raise
    except Exception as error:  # of the file behind it, or a plug-in's own
        lines = str(error).splitlines() or [type(error).__name__]
        raise ImageRefused(f"it cannot be loaded: {lines[0]}") from error


def _decode(data: bytes, decode: Decode) -> Picture:
    with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
        _check_size(picture)
        _check_samples(picture)
        if isinstance(picture, PngImagePlugin.PngImageFile):
            _check_png(picture, data)
        if decode == "fast" and picture.mode == "RGB" and _is_upright_jpeg(picture):
            pixels = decoded_by_simplejpeg(data, picture.size)
            if pixels is not None:
                return Picture(pixels)
        picture.load()
        ImageOps.exif_transpose(picture, in_place=True)  # otherwise it copies: 48 MB for 12 megapixels
        return Picture(_to_rgb(picture))


def _is_upright_jpeg(picture: Image.Image) -> bool:
    """Whether the file is a JPEG that nothing has to turn; not where its metadata are damaged, which is said later."""
    if picture.format not in ("JPEG", "MPO"):
        return False
    try:
        return picture.getexif().get(ExifTags.Base.Orientation, 1) not in range(2, 9)
    except Exception:  # on hostile bytes Pillow raises nearly every built-in exception
        return False


def _not_one_of_ours(data: bytes) -> str:
    """Why contents are refused that none of the decoders knows: another format by its first bytes, or nothing known."""
    brand = data[8:12] if data[4:8] == b"ftyp" else b""
    known = (format_ for format_, starts in OTHER_CONTENTS if data.startswith(starts) or brand in starts)
    other = next(known, None)
    if other is None and b"<svg" in data[:1000]:
        other = "SVG"
    if other is None:
        return "not a readable JPEG, PNG, WebP, BMP or TIFF file"
    return f"{other} by its contents, not a format that is audited: JPEG, PNG, WebP, BMP or TIFF"


def _check_size(picture: Image.Image) -> None:
    width, height = picture.size
    if width * height > MAX_PIXELS:
        raise ImageRefused(f"too large: {width} × {height} pixels, at most {MAX_PIXELS} in all")
    # cameras put a preview into a JPEG as a second frame, which every other reader leaves out, too;
    # not n_frames, which walks every page of a TIFF
    if picture.format != "MPO" and getattr(picture, "is_animated", False):
        raise ImageRefused("several frames; one picture per file is needed")


def _check_samples(picture: Image.Image) -> None:
    bits = 8
    if isinstance(picture, TiffImagePlugin.TiffImageFile):
        bits = max(picture.tag_v2.get(_BITS_PER_SAMPLE, (1,)))
        if not {2, 3}.isdisjoint(picture.tag_v2.get(_SAMPLE_FORMAT, (1,))):
            raise ImageRefused("signed or floating-point samples; unsigned 8-bit ones are needed")
    elif isinstance(picture, PngImagePlugin.PngImageFile) and ";16" in str(picture.tile):
        bits = 16  # Pillow opens 16-bit RGB in the 8-bit mode RGB
    if bits > 8:
        raise ImageRefused(f"{bits} bits per channel; 8 are needed")
    if picture.mode not in _EIGHT_BIT_MODES:
        raise ImageRefused(f"pixel format {picture.mode}; 8-bit grey, palette, RGB or CMYK is needed")


def _check_png(picture: PngImagePlugin.PngImageFile, data: bytes) -> None:
    """Do for PNG what ``load`` leaves out: chunk sums, a complete end, transparency of 2- and 4-bit grey."""
    # a second one: verify() spoils the picture it is called on
    with Image.open(io.BytesIO(data), formats=("PNG",)) as second:
        second.verify()
    if _PNG_END not in data:
        raise ImageRefused("truncated or damaged: no complete end chunk")
    scale = {"L;2": 85, "L;4": 17}.get(str(picture.tile[0].args), 1)
    if scale > 1 and "transparency" in picture.info:  # the grey level is stored unscaled, unlike the pixels
        picture.info["transparency"] *= scale


def _to_rgb(picture: Image.Image) -> Image.Image:
    if not picture.has_transparency_data:
        return picture if picture.mode == "RGB" else picture.convert("RGB")
    layer = picture.convert("RGBA")
    canvas = Image.new("RGB", layer.size, "white")
    canvas.paste(layer, mask=layer.getchannel("A"))
    return canvas


_silencing = threading.Lock()
_blocks: list[bool] = []
"""Of each block of ``pillow_silenced`` that is entered, in any thread: whether the filter was there before."""


@contextmanager
def pillow_silenced() -> Iterator[None]:
    """Around whatever decodes pictures: when the last of these blocks ends, the filter of warnings is taken out."""
    with _silencing:
        _blocks.append(_blocks[0] if _blocks else any(each[3] == _FROM_PILLOW for each in warnings.filters))
    try:
        yield
    finally:
        with _silencing:
            was_there = _blocks.pop()
            if not _blocks and not was_there:
                kept = [each for each in warnings.filters if each[3] != _FROM_PILLOW]
                warnings.filters[:] = kept  # type: ignore[index]


def _silence_pillow() -> None:
    """Ignore the warnings of Pillow's own modules: each is decided here, as a picture or a refusal.

    The filter stays until ``pillow_silenced`` ends, since ``warnings.catch_warnings`` is not safe while other threads
    decode or warn. It is put in front again only if something displaced it, because every change makes Python repeat
    warnings already shown.
    """
    filters = warnings.filters
    if not filters or filters[0][3] != _FROM_PILLOW:
        warnings.filterwarnings("ignore", module=_FROM_PILLOW.pattern)
