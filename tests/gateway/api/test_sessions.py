from gateway.api.sessions import MOST, Sessions
from gateway.model import Duration

HOUR = 3_600_000


def sessions() -> Sessions:
    return Sessions(Duration.parse("12h"), Duration.parse("2h"))


def test_a_cookie_is_recognised_until_it_is_idle_or_old() -> None:
    s = sessions()
    cookie = s.start("mei", "operator", "::1", 0)
    caller = s.caller(cookie, HOUR)
    assert caller is not None
    assert (caller.name, caller.role) == ("mei", "operator")
    assert s.caller(cookie, 3 * HOUR) is None, "idle since 1 h"

    cookie = s.start("mei", "operator", "::1", 0)
    for hour in range(1, 12):
        assert s.caller(cookie, hour * HOUR) is not None
    assert s.caller(cookie, 12 * HOUR) is None, "old, however busy"


def test_an_open_page_keeps_a_login_alive_but_not_for_ever() -> None:
    s = sessions()
    caller = s.caller(s.start("mei", "viewer", "::1", 0), 0)
    assert caller is not None
    for hour in range(1, 12):
        assert s.alive(caller.session, hour * HOUR)
    assert not s.alive(caller.session, 12 * HOUR)

    caller = s.caller(s.start("mei", "viewer", "::1", 0), 0)
    assert caller is not None
    assert not s.alive(caller.session, 2 * HOUR), "no page was open"
    assert not s.alive("nothing", 0)


def test_logging_out_ends_one_and_a_new_password_ends_all() -> None:
    s = sessions()
    a, b, other = (s.start(name, "viewer", "::1", 0) for name in ("mei", "mei", "tom"))
    first = s.caller(a, 0)
    assert first is not None
    assert s.end(first.session)
    assert not s.end(first.session)
    assert s.caller(a, 0) is None
    assert s.caller(b, 0) is not None
    s.end_all("mei")
    assert s.caller(b, 0) is None
    assert s.caller(other, 0) is not None


def test_what_people_are_shown_cannot_be_used_as_a_cookie() -> None:
    s = sessions()
    cookie = s.start("mei", "admin", "::1", 0)
    (shown,) = s.opened(0)
    assert shown.id not in cookie
    assert s.caller(shown.id, 0) is None


def test_there_are_only_so_many() -> None:
    s = sessions()
    first = s.start("mei", "viewer", "::1", 0)
    for n in range(MOST):
        s.start("mei", "viewer", "::1", 1 + n)
    assert len(list(s.opened(MOST))) == MOST
    assert s.caller(first, MOST) is None, "the one that was idle the longest made room"
