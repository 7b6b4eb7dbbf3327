from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.store import Store, StoreSpec


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "linli.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    opened = Store.open(path, StoreSpec())
    yield opened
    opened.close()
