"""Puts the FastAPI application together."""

from collections.abc import Iterable
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

import gateway.api.routes
from gateway.api.access import Access
from gateway.api.accounts import Accounts
from gateway.api.changes import Changes
from gateway.api.desk import Desk
from gateway.api.guard import Guard
from gateway.api.problem import on_http_exception, on_invalid, on_store_failed
from gateway.api.spec import ConsoleSpec
from gateway.backtest_jobs import BacktestJobs
from gateway.callbacks import Heard
from gateway.console import pages
from gateway.plugins import modules
from gateway.store.failures import StoreFailed
from gateway.trial_desk import TrialDesk

ABOUT = """Everything that the console does, it does through these routes.

Log in with POST /login (a cookie), or send "Authorization: Bearer <token>"; a token is made with
"linli users token DIR NAME". Times are whole milliseconds since 1970-01-01 UTC. Errors are problem
documents (RFC 9457)."""


def build(desk: Desk, spec: ConsoleSpec) -> FastAPI:
    """The whole application, behind its guard. Reads files: call it off the loop."""
    app = FastAPI(
        title="Linli",
        version="1",
        description=ABOUT,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        separate_input_output_schemas=False,
    )
    accounts = Accounts(desk.root, spec, desk.clock, desk.health)
    app.state.changes, app.state.trials = Changes(desk), TrialDesk()
    app.state.heard, app.state.backtests = Heard(), BacktestJobs()
    app.state.desk, app.state.spec, app.state.accounts = desk, spec, accounts
    app.state.reads = None
    routers = [*(module.router for module in modules(gateway.api.routes)), pages.router()]
    _say_roles(routers)
    for router in routers:
        app.include_router(router)
    app.add_exception_handler(HTTPException, on_http_exception)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(StoreFailed, on_store_failed)
    app.add_middleware(
        Guard, access=Access(routers), accounts=accounts, spec=spec, health=desk.health
    )
    return app


def _say_roles(routers: Iterable[APIRouter]) -> None:
    """Each operation of the OpenAPI document says who may call it."""
    for route in (route for router in routers for route in router.routes):
        if isinstance(route, APIRoute):
            roles: dict[str, Any] = {"x-roles": sorted(getattr(route.endpoint, "needs", ()))}
            route.openapi_extra = (route.openapi_extra or {}) | roles
