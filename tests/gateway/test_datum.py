from math import cos, hypot, radians

import pytest

from gateway.datum import _bd09, convert

CITIES = {"Beijing": (39.9042, 116.4074), "Shanghai": (31.2304, 121.4737),
          "Shenzhen": (22.5431, 114.0579), "Urumqi": (43.8256, 87.6168)}  # fmt: skip


def metres(a: tuple[float, float], b: tuple[float, float]) -> float:
    return hypot((a[0] - b[0]) * 111_195, (a[1] - b[1]) * 111_195 * cos(radians(a[0])))


def test_published_points() -> None:
    """The examples in the documentation of the public package coordtransform."""
    assert convert(39.915, 116.404, "gcj02") == pytest.approx(
        (39.91640428150164, 116.41024449916938)
    )
    assert _bd09(39.915, 116.404) == pytest.approx((39.92133699351021, 116.41036949371029))


@pytest.mark.parametrize(
    ("city", "shift"), [("Beijing", 540), ("Shanghai", 482), ("Shenzhen", 605), ("Urumqi", 265)]
)
def test_the_shift_is_as_large_as_was_measured(city: str, shift: float) -> None:
    here = CITIES[city]
    assert metres(here, convert(*here, "gcj02")) == pytest.approx(
        shift, abs=20
    )  # it differs within a city
    assert 500 < metres(here, convert(*here, "bd09")) < 1600


def test_what_needs_no_shift_gets_none() -> None:
    assert convert(39.9, 116.4, "wgs84") == (39.9, 116.4)
    assert convert(39.9, 116.4, "cgcs2000") == (39.9, 116.4)
    assert convert(48.86, 2.35, "gcj02") == (48.86, 2.35)
