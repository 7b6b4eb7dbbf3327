"""The contact sheet shows every report and every miss."""

import numpy as np

from vision.evaluate import Clip, Event, Report
from vision.frame import to_i420
from vision.sheet import ACROSS, TILE, Sheet

BOX = (0.4, 0.4, 0.6, 0.6)
PICTURE = to_i420(np.full((90, 160, 3), 99, np.uint8))


def test_reports_and_misses_are_collected():
    clip = Clip("a.mp4", 25.0, 5.0, (Event("x", 1, 2, 30, BOX), Event("x", 1, 2, 30, BOX)))
    reports = [Report(9.0, BOX, 0, ""), Report(10.0, (0, 0, 0.1, 0.1), None, "")]
    sheet = Sheet()
    sheet.begin()
    sheet.watch(1.0, PICTURE, clip, 5.0, [])
    sheet.watch(9.0, PICTURE, clip, 5.0, reports[:1])
    sheet.watch(10.0, PICTURE, clip, 5.0, reports)
    sheet.end(clip, reports)
    assert sorted(tile.kind for tile in sheet.tiles) == ["false", "missed", "true"]
    assert sheet.drawn().shape == (TILE[1], TILE[0] * ACROSS, 3)


def test_an_empty_sheet_is_a_picture():
    assert Sheet().drawn().shape == (TILE[1], TILE[0] * ACROSS, 3)
