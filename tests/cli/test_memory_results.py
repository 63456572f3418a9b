"""Commands on results of pictures that were in memory, which no command can read."""

from pathlib import Path

import pytest
from support.command import Geed
from support.memory import audited, tensor
from support.networks import small_conv_net
from support.pictures import smooth_pictures

from geed_cli.images.memory.prepared import images_of
from geed_cli.result.file import write_result


def test_the_command_line_reads_such_results(
    tmp_path: Path, geed: Geed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Explained, compared, on a page, checked; pictures that were in memory cannot be shown again, and it says so."""
    monkeypatch.chdir(tmp_path)
    images = images_of(tensor(smooth_pictures(tmp_path / "pictures", 7, 20)))
    for name in ("one", "two"):
        write_result(audited(small_conv_net(), images), Path(f"{name}.json"))
    assert "of a tensor of 7 pictures, 20 × 20 were audited, of 7 pictures found there" in " ".join(
        geed("explain", "one.json").stdout.split()
    )
    assert geed("compare", "one.json", "two.json").exit_code == 0
    assert geed("report", "one.json", "-o", "r.html").exit_code == 0
    Path("policy.yaml").write_text(
        "version: 2\nrequire: {min_images: 5}\nrules: [{metric: latent.l2, max: 10, level: error}]\n"
        "baseline: {rules: [{metric: latent.l2, max_increase: 5%, level: error}]}\n",
        encoding="utf-8",
    )
    checked = geed("check", "two.json", "--policy", "policy.yaml", "--baseline", "one.json")
    assert checked.exit_code in (0, 1), checked.output
    refused = geed("report", "one.json", "--images", "2", "-o", "r.html")
    assert refused.exit_code == 2
    assert "whose pictures (a tensor of 7 pictures, 20 × 20) were in memory" in refused.stderr
