from devices.codec import Value
from devices.parts import tell_apart


def value(quantity: str, number: float, path: str, **more: object) -> Value:
    return Value("d", quantity, number, path=path, **more)  # type: ignore[arg-type]  # by name


def names(values: list[Value] | tuple[Value, ...]) -> list[str]:
    return [f"{v.device} {v.quantity} {v.value}" for v in values]


def test_different_quantities_stay_as_they_are() -> None:
    values = [value("temperature", 1, "a"), value("humidity", 2, "b")]
    assert tell_apart(values) == (values, [])


def test_four_probes_are_parts() -> None:
    values = [value("Temperature", n, f"object.sensor_{n}.Temperature") for n in (1, 2, 3, 6)]
    kept, twice = tell_apart(values)
    assert names([*kept]) == [f"d#sensor_{n} Temperature {n}" for n in (1, 2, 3, 6)]
    assert twice == []


def test_the_one_with_the_right_name_needs_no_part() -> None:
    kept, _ = tell_apart([value("temperature", 1, "temperature"), value("temperature", 2, "probe")])
    assert names([*kept]) == ["d temperature 1", "d#probe temperature 2"]


def test_one_key_in_two_spellings_is_one_value() -> None:
    kept, twice = tell_apart(
        [value("Temperature", 20, "Temperature"), value("temperature", 99, "temperature")]
    )
    assert names([*kept]) == ["d temperature 99"]
    assert names(twice) == ["d Temperature 20"]


def test_a_series_is_told_apart_by_its_times() -> None:
    values = [value("t", n, "v", measured_at=n) for n in range(3)]
    assert tell_apart(values) == (values, [])


def test_what_has_no_path_is_kept() -> None:
    values = [value("t", n, "") for n in range(3)]
    assert [*tell_apart(values)[0]] == values
