from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.api.desk import Desk
from tests.gateway.api.client import Client, serving
from tests.gateway.api.desk_fixture import make_desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return make_desk(tmp_path, devices=42)


@pytest.fixture
async def client(desk: Desk) -> AsyncIterator[Client]:
    async with serving(desk) as client:
        yield client
