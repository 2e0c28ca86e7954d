"""Folding as one would explain it: a set of open nodes, and a walk that shows what they show."""


class PlainFolding:
    """The obvious way, all recomputed each time."""

    def __init__(self, tree):
        self.tree = tree
        self.opened = set()

    def children(self, row):
        return [child for child, parent in enumerate(self.tree.parent) if parent == row]

    def below(self, row):
        rows = []
        for child in self.children(row):
            rows += [child, *self.below(child)]
        return rows

    def has_children(self, row):
        return bool(self.children(row))

    @property
    def visible(self):
        return [row for row in range(len(self.tree.parent)) if self.is_visible(row)]

    def is_visible(self, row):
        return all(above in self.opened for above in self.above(row))

    def above(self, row):
        rows = []
        while (row := self.tree.parent[row]) >= 0:
            rows.append(row)
        return rows

    def open(self, row):
        self.opened.add(row)

    def close(self, row):
        self.opened.discard(row)

    def toggle(self, row):
        (self.close if row in self.opened else self.open)(row)

    def open_all(self, row):
        self.opened |= {row, *self.below(row)}

    def close_all(self, row):
        self.opened -= {row, *self.below(row)}

    def open_level(self, row):
        self._set_level(row, opening=True)

    def close_level(self, row):
        self._set_level(row, opening=False)

    def _set_level(self, row, *, opening):
        candidates = [
            node
            for node in (row, *self.below(row))
            if self.has_children(node)
            and (node in self.opened) != opening
            and (node == row or all(above in self.opened for above in self._up_to(node, row)))
        ]
        if not candidates:
            return
        depths = [self.tree.depth[node] for node in candidates]
        level = min(depths) if opening else max(depths)
        for node in candidates:
            if self.tree.depth[node] == level:
                (self.open if opening else self.close)(node)

    def _up_to(self, node, row):
        between = self.above(node)
        return between[: between.index(row) + 1]

    def reveal(self, row):
        self.opened |= set(self.above(row))
