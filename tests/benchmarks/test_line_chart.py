"""Charts are whole XML, and show what they were given."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st
from line_chart import HEIGHT, LEFT, RIGHT, WIDTH, Curve, draw, ticks

SVG = "{http://www.w3.org/2000/svg}"


@given(st.floats(0.001, 1e7))
def test_ticks_are_few_and_reach_the_highest_value(highest: float) -> None:
    found = ticks(highest)
    assert found[0] == 0
    assert found[-2] < highest <= found[-1]
    assert 3 <= len(found) <= 12


def test_every_curve_is_drawn_to_scale_and_named() -> None:
    picture = ET.fromstring(draw("a < b", [10, 20], [Curve("twice", [20, 40]), Curve("least", [0, 0], dashed=True)]))
    title = picture.find(f"{SVG}title")
    assert title is not None
    assert title.text == "a < b"
    lines = picture.findall(f"{SVG}polyline")
    points = [[tuple(map(float, point.split(","))) for point in line.attrib["points"].split()] for line in lines]
    assert points[0][1][0] == pytest.approx(WIDTH - RIGHT)
    assert points[0][0][0] == pytest.approx((LEFT + WIDTH - RIGHT) / 2)
    assert points[0][1][1] < points[0][0][1] < points[1][0][1] == points[1][1][1] < HEIGHT
    assert [line.get("stroke-dasharray") is not None for line in lines] == [False, True]
    assert {"twice", "least"} <= {text.text for text in picture.findall(f"{SVG}text")}
