"""What limits an outcome: notes on data that are too few, or that cannot tell one channel map from another."""

from dataclasses import dataclass

from geed_cli.choices import Discover


@dataclass(frozen=True)
class Facts:
    """Counts of one run of discovery.

    Attributes:
        method: ``permutation`` or ``linear``.
        channels: C.
        live: channels that were alive in a fitted image.
        pixels: H·W.
        fit_images: images that were fitted.
        score_images: images that were scored.
        refused: pairs of maps that were not finite.
    """

    method: Discover
    channels: int
    live: int
    pixels: int
    fit_images: int
    score_images: int
    refused: int


def limits_of(facts: Facts) -> tuple[str, ...]:
    """The notes that apply, most serious first."""
    images, pixels, channels = facts.fit_images, facts.pixels, facts.channels
    notes = {
        "no image was fitted: every map is the identity": images == 0,
        "one image was fitted: the null has no pair and its maps are the identity": images == 1,
        "fewer than two images were scored: nothing can be decided": facts.score_images < 2,
        f"few data: {images} × {pixels} pixels were fitted for {channels} channels, fewer than two a channel": (
            0 < images * pixels < 2 * channels
        ),
        f"{channels - facts.live} of {channels} channels are silent in all fitted images": (
            images > 0 and facts.live < channels
        ),
        "maps of one pixel: a channel's cosine is only a sign": pixels == 1,
        "one channel: the only permutation is the identity": channels == 1 and facts.method == "permutation",
        f"{facts.refused} pairs of maps are not finite and were left out": facts.refused > 0,
    }
    return tuple(note for note, holds in notes.items() if holds)
