"""The letters of an SVG's texts, embedded in it: text stays text, and looks the same where the font is not installed.

fontTools comes with matplotlib.
"""

import base64
import io
import xml.etree.ElementTree as ET


def with_font(svg: bytes) -> bytes:
    """The SVG with those glyphs of its font that its texts have, and without what stands before its first element.

    The font is declared for these letters alone, so that several figures may stand on one page.
    """
    from fontTools import subset  # noqa: PLC0415 - comes with an extra
    from matplotlib.font_manager import FontProperties, findfont  # noqa: PLC0415

    letters = {sign for text in ET.fromstring(svg).itertext() for sign in text}
    options = subset.Options()
    # the font's own date is kept, so that the same texts give the same bytes; shaping and hints are left out
    options.recalc_timestamp, options.hinting, options.layout_features = False, False, []
    options.notdef_outline, options.drop_tables = True, [*options.drop_tables, "FFTM"]
    stream = io.BytesIO()
    with subset.load_font(findfont(FontProperties(family="DejaVu Sans")), options) as font:
        subsetter = subset.Subsetter(options)
        subsetter.populate(unicodes=sorted(map(ord, letters)))
        subsetter.subset(font)
        font.save(stream)
    data = base64.b64encode(stream.getvalue()).decode()
    signs = ",".join(f"U+{ord(sign):X}" for sign in sorted(letters))
    face = (
        f"@font-face{{font-family:'DejaVu Sans';src:url(data:font/ttf;base64,{data});unicode-range:{signs}}}"
    )
    return svg[svg.index(b"<svg") :].replace(
        b"<defs>", f'<defs>\n  <style type="text/css">{face}</style>'.encode(), 1
    )
