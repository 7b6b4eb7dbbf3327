from collections.abc import Callable, Iterator
from contextlib import ExitStack
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


@pytest.fixture
def opened(path: Path) -> Iterator[Callable[..., Store]]:
    """Opens the store with a specification; closed at the end of the test at the latest."""
    with ExitStack() as end:

        def open_store(**spec: object) -> Store:
            store = Store.open(path, StoreSpec(**spec))  # type: ignore[arg-type]  # as given
            end.callback(store.close)
            return store

        yield open_store
