"""The colours of the report page, light and dark.

Attributes of figures hold the light colours, so that a page without styles has them too; classes put the dark ones in
their place, on a dark screen only. Every colour of text has a contrast of 4.5 or more with the ground that it stands
on; the colours of models differ under every kind of colour vision, and shapes and dashes tell them apart without.
"""

SERIES = ("#005f99", "#b34700", "#40804a", "#671bb2")
"""Of trained models, in their order; a fifth has the first again, with another shape."""
UNTRAINED = "#63676e"
INK, MUTED, RULE, ZONE, GROUND = "#1b1d21", "#575c64", "#d5d8dc", "#e6e8eb", "#ffffff"
HEAT = ("#f7f9fb", "#e3edf5", "#c9deed", "#a6c8e0", "#7badcf", "#3a78a6", "#1f5f8e", "#0f3f66")
"""From unchanged to another image; numbers on the last three are white."""
FIRST_DARK = 5
"""The first step of the heat map on which numbers are white."""

_LIGHT = {
    "bg": GROUND, "ink": INK, "muted": MUTED, "rule": RULE, "zone": ZONE, "soft": "#f5f6f7", "link": "#0b5394",
    "good": "#2d6a36", "bad": "#a32020",
}  # fmt: skip
_DARK = {
    "bg": "#15171a", "ink": "#e8e9eb", "muted": "#a4a9b1", "rule": "#34383e", "zone": "#2b2f35", "soft": "#1d2024",
    "link": "#8fc3f0", "good": "#7fd08c", "bad": "#ff9a91",
}  # fmt: skip
_DARK_SERIES = ("#6fb4ea", "#f59a5c", "#4fe0a8", "#f2d64b")
_DARK_HEAT = ("#1c242b", "#1f3444", "#22465f", "#27597b", "#2f6f9a", "#4b8fbd", "#7db3d8", "#b9d8ee")


def variables() -> str:
    """The rules of both palettes: variables for the page, classes for what figures have as attributes."""
    light = _root(_LIGHT)
    dark = [_root(_DARK), ".hollow{fill:var(--bg)}.halo{stroke:var(--bg)}"]
    dark += [
        f".fm{number}{{fill:{colour}}}.sm{number}{{stroke:{colour}}}"
        for number, colour in enumerate(_DARK_SERIES)
    ]
    dark += [
        ".fu,.fig,svg:not([class]){fill:var(--muted)}.su,.zl{stroke:var(--muted)}.ik{fill:var(--ink)}.ink{stroke:var(--ink)}"
        ".rl{stroke:var(--rule)}.zone{fill:var(--zone)}.tp{fill:#ffffff}.td{fill:#0d1116}"
    ]
    dark += [f".h{number}{{fill:{colour}}}" for number, colour in enumerate(_DARK_HEAT)]
    return f":root{{color-scheme:light dark}}{light}@media screen and (prefers-color-scheme:dark){{{''.join(dark)}}}"


def _root(palette: dict[str, str]) -> str:
    return ":root{" + "".join(f"--{name}:{colour};" for name, colour in palette.items()) + "}"
