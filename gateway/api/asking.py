"""What a route is given: the desk, the accounts, and who asks."""

from typing import Annotated

from fastapi import Depends, Request

from devices.decoder import Decoder
from gateway.api.accounts import Accounts
from gateway.api.changes import Changes
from gateway.api.desk import Desk
from gateway.api.sessions import Caller
from gateway.api.spec import ConsoleSpec
from gateway.backtest_jobs import BacktestJobs
from gateway.callbacks import Heard
from gateway.model import Duration
from gateway.trial_desk import TrialDesk


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


def _accounts(request: Request) -> Accounts:
    accounts: Accounts = request.app.state.accounts
    return accounts


def _spec(request: Request) -> ConsoleSpec:
    spec: ConsoleSpec = request.app.state.spec
    return spec


def _changes(request: Request) -> Changes:
    changes: Changes = request.app.state.changes
    return changes


def _trials(request: Request) -> TrialDesk:
    trials: TrialDesk = request.app.state.trials
    return trials


def _heard(request: Request) -> Heard:
    heard: Heard = request.app.state.heard
    return heard


def _backtests(request: Request) -> BacktestJobs:
    jobs: BacktestJobs = request.app.state.backtests
    return jobs


def _reader(request: Request) -> Decoder:
    state = request.app.state
    config = state.desk.config
    if state.reads is not config.devices:  # as they are now: the site may have changed
        state.reads = config.devices
        state.reader = Decoder(config.devices, zone=config.site.zone, repeated=Duration(0))
    reader: Decoder = state.reader
    return reader


def _caller(request: Request) -> Caller | None:
    caller: Caller | None = request.state.caller
    return caller


def _someone(request: Request) -> Caller:
    """Only behind a role: the guard has let nobody else through."""
    caller: Caller | None = request.state.caller
    if caller is None:
        raise LookupError("this route is open to everybody; take MaybeCaller")
    return caller


TheDesk = Annotated[Desk, Depends(_desk)]
TheAccounts = Annotated[Accounts, Depends(_accounts)]
TheChanges = Annotated[Changes, Depends(_changes)]
TheTrials = Annotated[TrialDesk, Depends(_trials)]
TheHeard = Annotated[Heard, Depends(_heard)]
TheBacktests = Annotated[BacktestJobs, Depends(_backtests)]
TheReader = Annotated[Decoder, Depends(_reader)]
"""Reads what is posted before it is handed in, as the spine will; of its own memory."""
TheSpec = Annotated[ConsoleSpec, Depends(_spec)]
TheCaller = Annotated[Caller, Depends(_someone)]
MaybeCaller = Annotated[Caller | None, Depends(_caller)]
