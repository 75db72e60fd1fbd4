"""Mutants of the product: a test shows with them that it fails where a line is missing."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable
from typing import Any

import pytest


def mutate(patch: pytest.MonkeyPatch, function: Callable[..., Any], *changes: tuple[str, str]) -> None:
    """Change the source of a function until `patch` is undone, for everybody who has imported it.

    Each old text has to stand there exactly once, so that a mutant can't outlive what it mutates.
    """
    source = textwrap.dedent(inspect.getsource(function))
    for old, new in changes:
        assert source.count(old) == 1, f"{function.__qualname__} does not have this exactly once: {old}"
        source = source.replace(old, new)
    module = inspect.getmodule(function)
    assert module is not None
    namespace = dict(vars(module))
    # Annotations need not be read again.
    exec("from __future__ import annotations\n" + source, namespace)
    patch.setattr(function, "__code__", namespace[function.__name__].__code__)
