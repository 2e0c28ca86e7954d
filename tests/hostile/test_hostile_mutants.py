"""Honest pickles, damaged at random: any of them opens or is refused, fast."""

import pytest

from hostile.fuzz import fuzz
from hostile.mutate import honest_pickles


@pytest.mark.parametrize("seed", [1, 2])
def test_damaged_pickles_end_in_a_tree_or_in_an_error_of_ours(seed: int):
    figures = fuzz(count=3_000, seconds=4, seed=seed)
    assert not figures.harm, "\n\n".join(figures.harm[:5])
    assert figures.opened > 200
    # Damage that does no harm to the reading would test nothing.
    assert figures.broken > figures.opened / 4
    assert figures.broken < figures.opened


def test_a_pickle_cut_at_any_byte_is_shown_in_part_or_refused(tmp_path):
    from eqxview.errors import UnreadableFile
    from eqxview.readers import ReadOptions, open_file

    path = tmp_path / "cut.pkl"
    for data in honest_pickles()[:12]:
        for end in range(0, len(data), max(1, len(data) // 150)):
            path.write_bytes(data[:end])
            try:
                error = open_file(path, ReadOptions()).error
            except UnreadableFile as refused:
                error = refused
            assert isinstance(error, UnreadableFile)
            assert error.hint
            assert error.offset is None or 0 <= error.offset <= end
