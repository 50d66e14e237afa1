"""What has no counterpart, cut."""

from __future__ import annotations

from report_sample import large, overview

from musicdiff_job.report.html.lacking import BRIEF, FULL, lacking_of


def test_each_reason_has_its_share_and_nothing_is_lost_from_the_count() -> None:
    lines = overview(large(0, 4000)).unmatched
    groups = lacking_of(lines)
    assert len(groups) == len({line.reason for line in lines}) == 10
    for group in groups:
        assert (len(group.full), len(group.brief), group.hidden, group.total) == (FULL, BRIEF, 210, 400)
    assert sum(group.total for group in groups) == len(lines)
    assert groups[0].full == lines[:FULL]


def test_few_are_shown_whole() -> None:
    (group, *_) = lacking_of(overview(large(0, 30)).unmatched)
    assert (group.total, len(group.full), group.brief, group.hidden) == (3, 3, (), 0)
    assert lacking_of(()) == ()
