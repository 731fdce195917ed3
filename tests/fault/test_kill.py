"""Promise 1: kill -9 any process at any moment. Twenty kills here; ``make fault`` does three hundred."""

from pathlib import Path

import pytest

from bench.chaos import PHASES, run_rounds

ROUNDS = 20


@pytest.mark.fault
@pytest.mark.timeout(420)
async def test_whatever_is_killed_nothing_accepted_is_lost_doubled_stuck_or_shown_and_not_kept(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    tally = await run_rounds(data, ROUNDS)
    assert tally.rounds == ROUNDS
    assert sum(tally.kills.values()) >= ROUNDS
    missed = [phase for phase in PHASES if not tally.hits[phase]]
    assert len(missed) <= 1, f"no kill came within: {missed}"  # blob to commit is a millisecond wide
    found = {name: getattr(tally, name) for name in ("lost", "doubled", "gaps", "stuck", "failed", "unkept")}
    assert found == dict.fromkeys(found, 0), tally.notes
