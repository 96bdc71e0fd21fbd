"""YAML as the office's data files are read: a key that is written twice is a mistake, not a silent choice."""

from __future__ import annotations

from typing import Any

import yaml


class StrictLoader(yaml.CSafeLoader):
    """YAML without repeated keys, which YAML readers otherwise let pass, keeping the last. Raises MarkedYAMLError."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """One mapping, once its keys have been seen to differ."""
        seen: set[str] = set()
        for key, _ in node.value:
            if str(key.value) in seen:
                raise yaml.MarkedYAMLError(problem=f"key written twice: {key.value}", problem_mark=key.start_mark)
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)
