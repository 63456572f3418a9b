"""``geed cache path``, ``list`` and ``prune``."""

import json
from pathlib import Path

import pytest
from support.cache import change, digest_of, values
from support.command import Geed

from geed_cli.cache.store import RowStore
from geed_cli.cache.tables import FILE_NAME


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache with two networks, named by GEED_CACHE_DIR."""
    folder = tmp_path / "cache"
    with RowStore(folder) as store:
        for name, count in (("timm:resnet18.a1_in1k", 40), ("timm:vit_tiny_patch16_224", 7)):
            store.register(digest_of(name), name, {"weights": "abc"})
            store.put_many(digest_of(name), values(count, 1000, start=count))
    change(
        folder / FILE_NAME,
        "UPDATE networks SET used = 86400 * 365.25 * 30 WHERE description LIKE '%resnet18%'",
    )
    monkeypatch.setenv("GEED_CACHE_DIR", str(folder))
    return folder


def test_path(geed: Geed, cache: Path) -> None:
    """The folder alone on a line, for scripts; the option comes first."""
    assert geed("cache", "path").stdout == f"{cache}\n"
    assert geed("cache", "path", "--cache-dir", "other").stdout == "other\n"


def test_list(geed: Geed, cache: Path) -> None:
    """A line for each network, the last used first, and the sum; plain where it is piped."""
    done = geed("cache", "list")
    assert (done.exit_code, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    head, _, first, second, _, total = [line.split() for line in done.stdout.splitlines()]
    assert head == ["network", "rows", "size", "last", "used"]
    assert first[:2] == ["timm:vit_tiny_patch16_224", "7"]
    assert second[:4] == ["timm:resnet18.a1_in1k", "40", "329", "kB"]
    assert second[4][:4] in {"1999", "2000"}
    assert total[:4] == ["47", "rows,", "387", "kB,"]
    assert str(cache) in "".join(total)


def test_list_as_json(geed: Geed, cache: Path, tmp_path: Path) -> None:
    """To a file beside the table, or to stdout in its place."""
    content = json.loads(geed("cache", "list", "--json", "-").stdout)
    assert content["folder"] == str(cache)
    assert [(one["description"], one["rows"]) for one in content["networks"]] == [
        ("timm:vit_tiny_patch16_224", 7),
        ("timm:resnet18.a1_in1k", 40),
    ]
    assert content["networks"][1]["key"] == digest_of("timm:resnet18.a1_in1k").hex()
    assert content["networks"][1]["details"] == {"weights": "abc"}
    done = geed("cache", "list", "--json", tmp_path / "list.json")
    assert json.loads((tmp_path / "list.json").read_text()) == content
    assert "resnet18" in done.stdout
    assert geed("cache", "list", "--json", tmp_path / "no" / "list.json").exit_code == 2


def test_looking_makes_no_file(geed: Geed, tmp_path: Path) -> None:
    """No folder, an empty one: nothing is cached, which is no error."""
    for arguments in (("list",), ("prune", "--all"), ("prune", "--model", "x")):
        done = geed("cache", *arguments, "--cache-dir", tmp_path / "none")
        assert (done.exit_code, done.stderr) == (0, "")
        assert "0 rows, 0 B" in done.stdout
    assert not (tmp_path / "none").exists()


@pytest.mark.usefixtures("cache")
def test_prune_by_age(geed: Geed) -> None:
    """First only said, then done; the second time there is nothing left to remove."""
    said = geed("cache", "prune", "--older-than", "30d", "--dry-run")
    assert "40 rows, 329 kB, would be removed" in said.stdout
    assert "resnet18" in geed("cache", "list").stdout
    done = geed("cache", "prune", "--older-than", "30d")
    assert "40 rows, 329 kB, removed" in done.stdout
    assert geed("cache", "prune", "--older-than", "30d").stdout == "0 rows, 0 B, removed\n"
    listed = geed("cache", "list").stdout
    assert "resnet18" not in listed
    assert "vit_tiny" in listed


def test_prune_by_size_and_model_and_all(geed: Geed, cache: Path) -> None:
    """Each takes what it says."""
    assert "29 rows" in geed("cache", "prune", "--max-size", "149kB").stdout
    assert "7 rows" in geed("cache", "prune", "--model", "VIT").stdout
    (cache / f"{FILE_NAME}.corrupt").touch()
    assert "11 rows" in geed("cache", "prune", "--all").stdout
    assert not (cache / f"{FILE_NAME}.corrupt").exists()
    assert "0 rows" in geed("cache", "list").stdout


def test_all_leaves_nothing_but_an_empty_cache(geed: Geed, cache: Path) -> None:
    """What runs keep beside rows goes too; other options leave it."""
    fact = digest_of("a fact")
    with RowStore(cache) as store:
        store.keep_fact(fact, "8")
    for options in (["--all", "--dry-run"], ["--max-size", "0B"], ["--model", "vit"]):
        geed("cache", "prune", *options)
        with RowStore(cache) as store:
            assert store.fact(fact) == "8"
    assert geed("cache", "prune", "--all").exit_code == 0
    with RowStore(cache) as store:
        assert store.fact(fact) is None
    assert [path.name for path in cache.iterdir()] == [FILE_NAME]


def test_help_speaks_of_weights(geed: Geed) -> None:
    """The options of pruning act on converted weights as well as on networks, and so the help says."""
    said = " ".join(geed("cache", "prune", "--help").stdout.replace("│", " ").split())
    assert "Remove networks and weights that were not used" in said
    assert "weights with it in their checkpoint's path" in said
    assert "weights" in geed("cache", "list", "--help").stdout


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--dry-run"],
        ["--older-than", "30"],
        ["--max-size", "lots"],
        ["--model", "alexnet"],
        ["--model", ""],
    ],
)
def test_refusals(geed: Geed, cache: Path, options: list[str]) -> None:
    """Exit 2 with what to try; nothing is removed."""
    before = geed("cache", "list").stdout
    done = geed("cache", "prune", *options)
    assert done.exit_code == 2
    assert "try:" in done.stderr
    assert geed("cache", "list").stdout == before
    assert cache.exists()


def test_a_foreign_file_is_neither_listed_nor_pruned(geed: Geed, tmp_path: Path) -> None:
    """The list says so and is empty; pruning could not be carried out: exit 3."""
    change(tmp_path / FILE_NAME, "CREATE TABLE bookmarks (url TEXT)")
    listed = geed("cache", "list", "--cache-dir", tmp_path)
    assert listed.exit_code == 0
    assert "note: " in listed.stderr
    assert "another program" in "".join(listed.stderr.split("\n")).replace("  ", " ")
    pruned = geed("cache", "prune", "--all", "--cache-dir", tmp_path)
    assert pruned.exit_code == 3
    assert (tmp_path / FILE_NAME).exists()


def test_a_strangers_text_is_shown_harmlessly(geed: Geed, cache: Path) -> None:
    """Escapes for terminals and commands for build servers lose their power; bytes that are no text are replaced."""
    hostile = "x'1b5d303b68692007 0a3a3a6572726f723a3aff'".replace(" ", "")
    change(cache / FILE_NAME, f"UPDATE networks SET description = CAST({hostile} AS TEXT) WHERE id = 1")
    change(cache / FILE_NAME, "UPDATE networks SET used = 9e999, details = '[]' WHERE id = 1")
    done = geed("cache", "list")
    assert done.exit_code == 0, done.stderr
    assert "\x1b" not in done.stdout
    assert "\x07" not in done.stdout
    assert "::" not in done.stdout
    json.loads(geed("cache", "list", "--json", "-").stdout, parse_constant=pytest.fail)
