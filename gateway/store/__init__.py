"""The durable store: one SQLite file that holds all that the gateway must not forget."""

from gateway.store.failures import Damaged, StoreFailed, StoreLocked, StoreTooNew
from gateway.store.journal import Journal
from gateway.store.outbox import Backlog, Outbox
from gateway.store.spec import Size, StoreSpec
from gateway.store.store import Recall, Store

__all__ = [
    "Backlog",
    "Damaged",
    "Journal",
    "Outbox",
    "Recall",
    "Size",
    "Store",
    "StoreFailed",
    "StoreLocked",
    "StoreSpec",
    "StoreTooNew",
]
