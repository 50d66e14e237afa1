from __future__ import annotations

from musicdiff_job.core import links
from musicdiff_job.core.model import Entry
from musicdiff_job.export.lists import MADE_UP, began, made_up_id


def test_an_id_is_made_of_all_words_and_can_be_given_to_commands() -> None:
    one = made_up_id("Song", "Muse", "Album")
    assert one == made_up_id("Song", "Muse", "Album")
    assert len({one, made_up_id("Song", "Muse", ""), made_up_id("Song", "", "Album"), made_up_id("", "Muse", "A")}) == 4
    assert one.startswith(MADE_UP)
    assert links.source_id(one) == one


def test_a_list_began_with_its_oldest_entry() -> None:
    assert began((Entry(added_at="2021-02-01"), Entry(), Entry(added_at="2020-02-01"))) == "2020-02-01"
    assert began((Entry(),)) == ""
