"""Where in a mapping file a column is spoken of, so that a person finds the line to change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import yaml

__all__ = ["MappingLines"]

_PLACES = ("columns", "check", "unpivot", "drop", "keep_when", "footer", "belongs")


class MappingLines:
    """Lines, from 1, of the tables and source columns of one mapping file that is sound."""

    def __init__(self, path: Path) -> None:
        import yaml

        self._root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)

    def table(self, name: str) -> int | None:
        """The line on which a table begins."""
        tables = _under(self._root, "datasets")
        keys = [key for key, _ in tables.value] if tables is not None else []
        return next((_line(key) for key in keys if key.value == name), None)

    def place(self, keys: Iterable[str | int]) -> int:
        """The line of the last of nested keys that is there, as an error names them."""
        import yaml

        node, line = self._root, 1
        for key in keys:
            if isinstance(node, yaml.MappingNode):
                pair = next(((k, v) for k, v in node.value if k.value == str(key)), None)
            elif isinstance(node, yaml.SequenceNode) and isinstance(key, int):
                pair = (node.value[key], node.value[key]) if key < len(node.value) else None
            else:
                pair = None
            if pair is None:
                break
            line, node = _line(pair[0]), pair[1]
        return line

    def column(self, table: str, source: str) -> int | None:
        """The first line that speaks of a source column of that table; else the table's."""
        node = _under(_under(self._root, "datasets"), table)
        for place in _PLACES:
            for line, text in _scalars(_under(node, place)):
                if text == source:
                    return line
        return self.table(table)


def _under(node: yaml.Node | None, key: str) -> yaml.Node | None:
    import yaml

    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for name, value in node.value if name.value == key), None)


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1


def _scalars(node: yaml.Node | None) -> Iterator[tuple[int, str]]:
    """Every key and value below, in the order of the file."""
    import yaml

    if isinstance(node, yaml.ScalarNode):
        yield _line(node), node.value
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _scalars(item)
    elif isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from _scalars(key)
            yield from _scalars(value)
