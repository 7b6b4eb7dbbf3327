"""What the console writes into cameras.yaml changes what was changed, and nothing else."""

import pytest
import yaml

from gateway.camera_text import Absent, changed

TEXT = """\
# Our cameras
cameras:
  - id: yard   # behind the house
    url: rtsp://10.0.0.7/sub
    zones:
      - {id: exit, area: [[0, 0], [1, 0], [1, 1]]}
      # the gate comes later
    detectors:
      - kind: blocked
        zones: [exit]
        dwell: 30s
    # half of it is enough
    fps: 1
  - {id: lane, render: bin_area}  # a test
"""
AREA = [[0.1, 0.2], [0.3, 0.2], [0.3, 0.4]]


def test_fields_are_replaced_where_they_stand_and_comments_stay():
    zones = [{"id": "exit", "name": "Fire exit 消防", "area": AREA}]
    detectors = [{"kind": "left_object", "dwell": "9s"}]
    text = changed(TEXT, "yard", {"zones": zones, "detectors": detectors, "masks": [AREA]})
    (yard, lane) = yaml.safe_load(text)["cameras"]
    assert (yard["zones"], yard["detectors"], yard["masks"]) == (zones, detectors, [AREA])
    assert (yard["url"], yard["fps"]) == ("rtsp://10.0.0.7/sub", 1)
    assert lane == {"id": "lane", "render": "bin_area"}
    for comment in ("# Our cameras", "# behind the house", "# half of it is enough", "# a test"):
        assert comment in text
    assert "消防" in text


def test_an_entry_on_one_line_stays_on_it():
    text = changed(TEXT, "lane", {"masks": [AREA], "zones": []})
    (yard, lane) = yaml.safe_load(text)["cameras"]
    assert lane == {"id": "lane", "render": "bin_area", "masks": [AREA], "zones": []}
    assert yard == yaml.safe_load(TEXT)["cameras"][0]


def test_once_more_changes_nothing():
    once = changed(TEXT, "yard", {"zones": [], "privacy": [AREA]})
    assert changed(once, "yard", {"zones": [], "privacy": [AREA]}) == once


def test_a_camera_that_is_not_there_is_said():
    for text in (TEXT, "", "cameras: []\n", "- x\n"):
        with pytest.raises(Absent):
            changed(text, "nobody", {"zones": []})
