"""Finds the one-file extensions of a package. No registry, no decorator, no side effect."""

import pkgutil
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType
from typing import TypeVar

T = TypeVar("T")


def modules(package: ModuleType) -> Iterator[ModuleType]:
    """Every module of *package*, in the order of their names."""
    for info in sorted(pkgutil.iter_modules(package.__path__), key=lambda i: i.name):
        yield import_module(f"{package.__name__}.{info.name}")


def subclasses(package: ModuleType, base: type[T]) -> tuple[type[T], ...]:
    """Every subclass of *base* that a module of *package* itself defines."""
    return tuple(
        item
        for module in modules(package)
        for item in vars(module).values()
        if isinstance(item, type)
        and issubclass(item, base)
        and item is not base
        and item.__module__ == module.__name__
    )


def constants(package: ModuleType, name: str, kind: type[T]) -> dict[str, T]:
    """The constant *name* of every module of *package*, by module name."""
    return {
        module.__name__.rpartition(".")[2]: found
        for module in modules(package)
        if isinstance(found := getattr(module, name, None), kind)
    }
