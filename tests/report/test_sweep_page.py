"""The printed page of a sweep, as it is read: golden texts, and what it says where cells are missing."""

import re
from pathlib import Path

import pytest
from support.golden import assert_golden
from support.swept import swept

import geed_cli
from geed_cli.report.html.page_contents import PageContents
from geed_cli.report.html.report_page import report_page
from geed_cli.report.sweep_page import one_line


@pytest.mark.parametrize("width", [60, 100])
def test_the_page_is_as_it_was_read(width: int) -> None:
    assert_golden(swept(failed=True).table(width) + "\n", f"sweep_{width}")


def test_every_number_and_every_statement_are_as_they_were_read() -> None:
    assert_golden(swept().table(verbose=True) + "\n", "sweep_verbose")
    assert_golden(swept().table(linear=True) + "\n", "sweep_linear")


def test_the_answer_is_a_sentence_for_each_data_set() -> None:
    """What is nearer, undecided, and missing: by the claims alone."""
    first, second = swept(failed=True).table().splitlines()[:2]
    assert first.split(maxsplit=1) == [
        "rot",
        "c8 is nearer to invariance than cnn; vit is undecided against cnn.",
    ]
    assert second.split(maxsplit=1) == [
        "fashion",
        "c8 is nearer to invariance than cnn; vit is not compared.",
    ]


def test_of_several_measures_the_sentence_names_the_one_that_it_is_about() -> None:
    """What it says of latent.l2 need not hold of softmax.kl, which stands below it."""
    sweep = swept()
    further = [
        each.model_copy(update={"metric": "softmax.kl", "claim": each.claim and "further"})
        for each in sweep.values
    ]
    both = sweep.model_copy(update={"values": (*sweep.values, *further)})
    first = both.table().splitlines()[0]
    assert first.split(maxsplit=1)[1].startswith(
        "By latent.l2 c8 is nearer to invariance than cnn; vit is undecided"
    )


def test_one_line_has_every_value_and_claim() -> None:
    line = one_line(swept(failed=True))
    assert line.startswith("geed=sweep status=partial cells=8 done=7 failed=1 rot.c8.cnn.latent.l2=0.31 ")
    assert "rot.c8.c8.latent.l2.ci=0.1,0.14 rot.c8.c8.latent.l2.claim=nearer" in line


def test_a_measure_of_layers_is_told_at_the_last_and_shown_whole_by_verbose() -> None:
    """The sentence speaks of equivariance there; a value that is none is no last layer; the line has every layer."""
    sweep = swept(data=("rot",))
    values = [
        each.model_copy(update={"metric": "channelwise.cosine", "layer": layer, "value": at})
        for each in sweep.values
        for layer, at in (("first", -0.5), ("last", -0.9 if each.model != "vit" else None))
    ]
    sweep = sweep.model_copy(update={"values": tuple(values)})
    page = sweep.table()
    said = "c8 is nearer to equivariance at the last layer than cnn; vit is undecided against cnn."
    assert said in " ".join(page.split())
    assert "c8 · channelwise.cosine at the last layer of each" in page
    assert page.count("-0.900") == page.count("-0.500") + 1 == 2
    assert "other layers are shown by table(verbose=True)" in page
    whole = sweep.table(verbose=True)
    for part in ("c8 · channelwise.cosine at first", "c8 · channelwise.cosine at last"):
        assert part in whole
    assert "other layers" not in whole
    assert "rot.c8.vit.channelwise.cosine.first=-0.5" in one_line(sweep)


def test_the_html_page_has_a_part_for_each_data_set(tmp_path: Path) -> None:
    """Every value with its interval and its difference, what failed, and the sweep itself, digit for digit."""
    made = swept(failed=True)
    made.save(tmp_path / "s.html")
    text = (tmp_path / "s.html").read_text()
    plain = " ".join(re.sub(r"<[^>]+>", " ", text.partition('<section id="sweep"')[2]).split()).replace(
        " ;", ";"
    )
    rot, fashion = plain.partition("fashion c8 is")[::2]
    assert "c8 is nearer to invariance than cnn; vit is undecided against cnn." in rot
    assert "c8 0.12 0.10 to 0.14; 2 models; nearer: +0.05 to +0.15" in rot
    assert "vit 0.30 0.28 to 0.32; undecided: +0.05 to +0.15" in rot
    assert "vit – no value" in fashion
    assert "vit on fashion failed: the file does not fit; the tensors of vit.yaml; another file" in plain
    assert "c8 is 2 models, with intervals over models and images." in plain
    assert geed_cli.load(tmp_path / "s.html") == made
    assert "<script" not in text.replace('<script type="application/json"', "")


def test_the_size_of_a_sweep_s_page_has_a_budget() -> None:
    """Three models on five data sets under three groups: the results lie beside it, and it has the values alone."""
    large = swept(data=("a", "b", "c", "d", "e"))
    more = tuple(
        each.model_copy(update={"group": group}) for group in ("flip", "c4", "c8") for each in large.values
    )
    text = report_page(PageContents(sweep=large.model_copy(update={"values": more})))
    assert len(text.encode()) < 100 * 1024


def test_the_html_page_shows_layers_at_the_last_of_each(tmp_path: Path) -> None:
    """Of a measure of layers, with the layer's name."""
    made = swept(data=("rot",))
    values = [
        each.model_copy(update={"metric": "channelwise.cosine", "layer": layer, "value": at, "ci": None})
        for each in made.values
        for layer, at in (("first", -0.5), ("last", -0.9))
    ]
    made.model_copy(update={"values": tuple(values)}).save(tmp_path / "s.html")
    section = (tmp_path / "s.html").read_text().partition('<section id="sweep"')[2].partition("</section>")[0]
    assert section.count("-0.90") == 3
    assert "-0.50" not in section
    assert section.count("at last, its last layer") == 3
