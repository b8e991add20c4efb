"""The benchmark's turns, clocks and tables, and the plain loop that it compares with."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
import torch

from benchmarks.page import between
from benchmarks.training import table
from benchmarks.training.measure import Failed, Timing, run, steady_of_run, steady_of_script, turns
from benchmarks.training.plain_loop import Pair, slope
from benchmarks.training.works import CHANNELS_LAST, PLAIN, WORKS, Command, commands
from gan_core.layers import Judgement
from gan_core.penalties import slope_penalty
from gan_core.recipes import configure

SMALL = {"steps": 4, "width": 16, "height": 16, "generator_width": 4, "discriminator_width": 4, "latent_size": 8, "batch_size": 4}


def timed(rate: float, seconds: float) -> dict[str, Any]:
    return asdict(Timing(seconds, seconds, rate))


def results(*, amx: bool) -> dict[str, Any]:
    rows = {
        "gan_core, fp32 (auto)": {"format": "fp32", "problem": "", "timings": [timed(200, 10), timed(220, 11), timed(100, 12)]},
        PLAIN: {"format": "fp32", "problem": "", "timings": [timed(50, 20), timed(40, 33), timed(50, 60)]},
        CHANNELS_LAST: {"format": "fp32", "problem": "", "timings": [timed(100, 9), timed(100, 9), timed(100, 9)]},
        "Keras, float32": {"format": "fp32", "problem": "no such package", "timings": []},
    }
    work = {"title": "DCGAN", "rows": rows, "peaks": [{"fp32": 1e12, "bf16": 4e12}], "operations": 2e9}
    machine = {"amx": amx, "avx512_bf16": True, "processor": "P", "cores": 2, "threads": 2, "torch": "2", "date": "2026-01-02", "load": 0.0}
    growth = {"size": {"32": [100.0], "64": [25.0]}, "batch": {}, "dataset": {"1000000": [5.0]}, "processes": {}}
    return {"machine": machine, "works": {"dcgan-64": work}, "growth": growth}


def test_commands_take_turns() -> None:
    assert list(turns(2, "ABC")) == [(0, "A"), (0, "B"), (0, "C"), (1, "A"), (1, "B"), (1, "C")]


@pytest.mark.parametrize("name", WORKS)
def test_every_work_is_done_by_gan_core_first_and_by_others(name: str) -> None:
    work = WORKS[name]
    first, *others = commands(work, "bf16")
    assert first.name == "gan_core, bf16 (auto)" and others
    assert {command.name for command in others} >= set(work.goals)
    configure(work.recipe or None, dict(change.split("=", 1) for change in work.changes()) | {"steps": work.steps})
    assert 0 < work.warm < work.steps


def test_ratios_are_taken_round_by_round() -> None:
    rows = table.ratios(results(amx=False)).splitlines()[2:]
    assert rows[0] == f"| DCGAN | {PLAIN} | 4.00 (2.00-5.50) | 3.00 (2.00-5.00) | 5 |  |  |"
    assert len(rows) == 2, "none for a peer that did not run"


@pytest.mark.parametrize(("amx", "peer", "answer"), ((False, CHANNELS_LAST, "steady state only"), (True, PLAIN, "no"), (True, CHANNELS_LAST, "")))
def test_a_goal_is_judged_on_the_machine_that_it_is_for(amx: bool, peer: str, answer: str) -> None:
    row = next(line for line in table.ratios(results(amx=amx)).splitlines() if f"| {peer} |" in line)
    assert row.split(" | ")[-1].strip(" |") == answer


def test_a_peer_that_could_not_be_installed_says_why() -> None:
    assert "| DCGAN | Keras, float32 | no such package |" in table.commands(results(amx=False))


def test_the_share_of_peak_is_of_the_rows_own_format() -> None:
    assert "| 200 (100-220) | 40% of fp32 | 11.0 (10.0-12.0) |" in table.commands(results(amx=False))
    assert "| 10.0% | 35% |" in table.shares(results(amx=False))


def test_the_page_keeps_its_words() -> None:
    page = between("Words.\n<!-- size -->\nold\n<!-- end of size -->\nMore.\n", "size", table.TABLES["size"](results(amx=False)))
    assert page.startswith("Words.\n<!-- size -->\n| Pixels") and page.endswith("| 64 | 25.0 (25.0-25.0) | 0.25 |\n<!-- end of size -->\nMore.\n")


def test_every_table_has_its_place_on_the_real_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = table.PAGE.read_text().splitlines()[0]
    (tmp_path / "page.md").write_text(table.PAGE.read_text())
    monkeypatch.setattr(table, "PAGE", tmp_path / "page.md")
    for _ in range(2):  # the second time over what the first one wrote
        table.write(results(amx=False))
    page = table.PAGE.read_text()
    assert page.startswith(words)
    for name in table.TABLES:
        assert f"<!-- {name} -->\n{table.TABLES[name](results(amx=False))}\n<!-- end of {name} -->" in page


def test_the_steady_state_begins_after_the_warm_up(tmp_path: Path) -> None:
    work = WORKS["dcgan-64"]
    losses = tmp_path / "losses.csv"
    losses.write_text("step,seconds\n" + "\n".join(f"{step},{100 if step < work.warm else 100 + step}" for step in range(1, work.steps + 1)))
    assert steady_of_run(losses, work) == pytest.approx(work.batch)
    log = tmp_path / "log.txt"
    log.write_text("[0/2] 1 2\nsteady 640 4.0\n")
    assert steady_of_script(log) == 160


def test_a_whole_command_is_timed_with_all_its_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.training.measure.PLACE", tmp_path)
    program = "sh -c 'i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done'; echo $COUNT; echo steady 8 2.0"
    log = tmp_path / "log.txt"
    timing = run(WORKS["mlp-28"], Command("shell", "fp32", ("sh", "-c", program)), tmp_path, {"COUNT": "7"}, log)
    assert timing.rate == 4
    assert timing.seconds > 0 and timing.processor_seconds > 0.005, "the inner shell's too"
    assert log.read_text().startswith("7\n")
    with pytest.raises(Failed, match="shell: failed"):
        run(WORKS["mlp-28"], Command("shell", "fp32", ("sh", "-c", "exit 3")), tmp_path, {}, log)


@pytest.mark.parametrize("recipe", ("style", "modern"))
def test_the_plain_loop_trains_both_networks(recipe: str) -> None:
    config = configure(recipe, SMALL)
    pair = Pair(config, torch.randint(256, (8, 3, 16, 16), dtype=torch.uint8), torch.contiguous_format)
    before = [weight.detach().clone() for network in (pair.generator, pair.discriminator) for weight in network.parameters()]
    assert all(torch.tensor(pair.step(number)).isfinite().all() for number in range(2))
    after = [weight for network in (pair.generator, pair.discriminator) for weight in network.parameters()]
    assert sum(not torch.equal(*pairs) for pairs in zip(before, after, strict=True)) > 0.8 * len(before)


def test_the_plain_loops_penalty_is_the_same_sum() -> None:
    class Cubic(torch.nn.Module):
        def forward(self, images: torch.Tensor) -> Judgement:
            return Judgement(images.pow(3).sum(dim=(1, 2, 3)))

    images = torch.randn(3, 1, 4, 4)
    assert torch.allclose(slope(Cubic(), images), slope_penalty(lambda given: Cubic()(given).logits, images))
