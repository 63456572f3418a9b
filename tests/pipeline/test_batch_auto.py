"""--batch-size auto: the search, what is kept of it, and that a run does not depend on how its size was found."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from support.networks import small_conv_net
from support.pictures import smooth_pictures

from geed_cli.cache.store import RowStore
from geed_cli.engine.batches import Placement
from geed_cli.errors import InputError
from geed_cli.pipeline.audit import audit
from geed_cli.pipeline.fastest_batch import Trial, fastest, size_key, with_batch_size
from geed_cli.pipeline.options import AuditOptions, DataOptions, RunOptions

AUTO = RunOptions("cpu", "auto")
CPU = Placement(torch.device("cpu"), torch.float32, 8)


def timed(rates: dict[int, float], tried: list[int]) -> Callable[[int], float]:
    """A machine that does so many rows a second at each size, and keeps what it was asked."""

    def seconds(rows: int) -> float:
        tried.append(rows)
        return rows / rates[rows]

    return seconds


def test_the_fastest_size_is_found_and_the_search_ends_behind_it() -> None:
    """Rates 10, 20, 40, 30, 35: 4 is the best, and two slower sizes are enough to stop; each is timed twice."""
    tried: list[int] = []
    rates = {1: 10.0, 2: 20.0, 4: 40.0, 8: 30.0, 16: 35.0, 32: 99.0}
    assert fastest(timed(rates, tried), 32) == 4
    assert tried == [1, 1, 2, 2, 4, 4, 8, 8, 16, 16]


def test_one_slower_size_does_not_end_the_search() -> None:
    """8 is slower than 4 but 16 is the best; 32 is the largest that a CPU tries."""
    rates = {1: 10.0, 2: 20.0, 4: 40.0, 8: 39.0, 16: 60.0, 32: 50.0}
    assert fastest(timed(rates, []), 32) == 16


def test_rows_that_bring_nothing_are_not_taken() -> None:
    """Within 3% of the best the smallest size is taken: memory is not free."""
    rates = {1: 10.0, 2: 20.0, 4: 40.0, 8: 41.0, 16: 40.5, 32: 41.0}
    assert fastest(timed(rates, []), 32) == 4


def test_the_better_of_two_repeats_counts() -> None:
    """A size that was disturbed once is not held back by it."""
    rates = iter([9.0, 10.0, 2.0, 20.0, 5.0, 5.0, 5.0, 5.0])
    assert fastest(lambda rows: rows / next(rates), 8) == 2


def test_the_search_has_a_budget() -> None:
    """A slow machine, 0.5 rows a second at most: 2·1/0.4 + 2·2/0.5 = 13 s, after which 2 has to do."""
    tried: list[int] = []
    assert fastest(timed({1: 0.4, 2: 0.5, 4: 9.0}, tried), 32) == 2
    assert tried == [1, 1, 2, 2]


@pytest.mark.parametrize("room", [0, 1, 5])
def test_exhausted_memory_ends_the_search(room: int) -> None:
    """The best of the sizes that had room; 1 where none had."""

    def seconds(rows: int) -> float:
        if rows > room:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return 1.0

    assert fastest(seconds, 32) == max(1, 1 << (room.bit_length() - 1) if room else 1)


def test_other_errors_are_not_taken_for_it() -> None:
    """A network that breaks at a size is broken."""

    def seconds(rows: int) -> float:
        raise RuntimeError(f"shape mismatch at {rows}")

    with pytest.raises(RuntimeError, match="shape mismatch"):
        fastest(seconds, 32)


def test_a_size_is_measured_once_and_then_known(tmp_path: Path) -> None:
    """The next run takes what the cache says, here another size than was measured."""
    network, options = small_conv_net(), AuditOptions(run=AUTO)
    with RowStore(tmp_path / "new") as store:
        found = with_batch_size([network], options, store).run.batch_size
        assert found in {1, 2, 4, 8, 16, 32}
        key = size_key([network], CPU)
        assert store.fact(key) in {str(found), f"{found} contiguous"}
        store.keep_fact(key, "128 contiguous")
    with RowStore(tmp_path / "new") as store:
        known = with_batch_size([network], options, store).run
        assert (known.batch_size, known.channels_last) == (128, False)


def test_a_number_is_left_alone_and_nothing_is_written(tmp_path: Path) -> None:
    """Only ``auto`` measures."""
    options = AuditOptions(run=RunOptions("cpu", 3))
    with RowStore(tmp_path) as store:
        assert with_batch_size([small_conv_net()], options, store) == options
        assert store.fact(size_key([small_conv_net()], replace(CPU, batch_size=3))) is None


@pytest.mark.parametrize(
    "text", ["", "true", "3", "-8", "0", "512", "08", "\u0664", "9" * 10_000, "8 last", "8contiguous"]
)
def test_what_is_no_size_is_measured_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Only what the search can have found is taken; the next size that is kept takes its place."""
    monkeypatch.setattr(Trial, "fastest", lambda _: 4)
    network, options = small_conv_net(), AuditOptions(run=AUTO)
    with RowStore(tmp_path) as store:
        store.keep_fact(size_key([network], CPU), text)
        run = with_batch_size([network], options, store).run
        assert run.batch_size == 4
        assert store.fact(size_key([network], CPU)) == f"4{'' if run.channels_last else ' contiguous'}"


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept is never needed."""
    monkeypatch.setattr(Trial, "fastest", lambda _: 4)
    (tmp_path / "file").write_text("")
    options = AuditOptions(run=AUTO)
    with RowStore(tmp_path / "file") as store:
        assert with_batch_size([small_conv_net()], options, store).run.batch_size == 4
    assert with_batch_size([small_conv_net()], options, None).run.batch_size == 4


def test_everything_that_the_speed_depends_on_is_in_the_key() -> None:
    """Architecture, size, precision, companions and threads: each alone makes another key."""
    network = small_conv_net()
    keys = {
        size_key([network], CPU),
        size_key([replace(network, arch="other")], CPU),
        size_key([replace(network, parameters=1)], CPU),
        size_key([small_conv_net(size=32)], CPU),
        size_key([network, network], CPU),
        size_key([network], replace(CPU, dtype=torch.bfloat16)),
    }
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(before + 1)
        keys.add(size_key([network], CPU))
    finally:
        torch.set_num_threads(before)
    assert len(keys) == 7


def test_an_audit_records_the_size_and_gives_what_that_size_gives(tmp_path: Path) -> None:
    """Digit for digit, since a size and a memory format that were found are like any others."""
    folder = smooth_pictures(tmp_path / "p", 3, 16)
    options = AuditOptions(data=DataOptions(folder), run=AUTO)
    found = audit(small_conv_net(), ["c4"], options)
    settings = found.settings
    again = replace(options, run=RunOptions("cpu", settings.batch_size, channels_last=settings.channels_last))
    assert audit(small_conv_net(), ["c4"], again).results == found.results


@pytest.mark.parametrize("text", ["0", "-3", "often", "2.5"])
def test_the_command_line_refuses_what_is_no_size(text: str) -> None:
    """A whole number of at least 1, or auto."""
    from geed_cli.cli.audit_request import batch_size_in

    with pytest.raises(InputError):
        RunOptions("cpu", batch_size_in(text))


def test_the_command_line_takes_numbers_and_auto() -> None:
    """And nothing given stays nothing, which is the default."""
    from geed_cli.cli.audit_request import batch_size_in

    assert [batch_size_in(text) for text in ("12", "auto", None)] == [12, "auto", None]
