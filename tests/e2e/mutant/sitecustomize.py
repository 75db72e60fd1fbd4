"""Python reads this at its start where a test has put it on the path: changes one module as it is imported."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType

MUTATION = json.loads(os.environ["DEZKY_TEST_MUTATION"])


class _Loader(SourceFileLoader):
    def get_code(self, fullname: str) -> CodeType:
        source = self.get_source(fullname) or ""
        for old, new in MUTATION["changes"]:
            if source.count(old) != 1:
                raise ImportError(f"{fullname} does not have this exactly once: {old}")
            source = source.replace(old, new)
        return self.source_to_code(source.encode(), self.path)


class _Finder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != MUTATION["module"]:
            return None
        spec = PathFinder.find_spec(fullname, path)
        if spec is not None and spec.origin is not None:
            spec.loader = _Loader(fullname, spec.origin)
        return spec


sys.meta_path.insert(0, _Finder())
