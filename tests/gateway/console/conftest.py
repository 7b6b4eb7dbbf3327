"""What the tests of pages share: a server of the desk in question, and a browser."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser

from gateway.api.desk import Desk
from tests.gateway.api.client import Client, serving
from tests.gateway.console.browser import chromium


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[Client]:
    async with serving(desk) as client:
        yield client


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as browser:
        yield browser
