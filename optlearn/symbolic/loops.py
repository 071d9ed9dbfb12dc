"""Loops over the entries of arrays of one shape, from recorded expressions: for pages and for kernels.

Where `emit` writes a line that holds for every coordinate, products of matrices, sums over an axis and powers need
loops of their own. They work in one array `B`, in which each quantity that is used in more than one loop has a place.
"""

import math
from dataclasses import dataclass

from optlearn.symbolic.emit import Emitter
from optlearn.symbolic.graph import REDUCTIONS, walk
from optlearn.symbolic.operations import SPECIAL, TABLE
from optlearn.symbolic.shapes import strides


@dataclass(frozen=True)
class Place:
    """Where an array is: its text at an index into the row of its numbers, and the steps along its axes."""

    at: object
    steps: tuple

    def entry(self, index):
        """The text of an entry, given the texts of the indices of the axes; None where an axis has one entry."""
        index = index[len(index) - len(self.steps):]  # an array of fewer axes is the same along the first ones
        terms = [i if step == 1 else f"{step} * {i}" for i, step in zip(index, self.steps, strict=True) if i and step]
        return self.at(" + ".join(terms) or "0")


def place(at, shape):
    """The place of an array whose numbers lie one after the other."""
    return Place(at, tuple(step if n > 1 else 0 for n, step in zip(shape, strides(shape), strict=True)))


def within(array, *first):
    """The text of an entry of an array from a place on, which is a sum of texts."""
    before = [str(part) for part in first if part not in (0, "0")]
    return lambda index: f"{array}[{' + '.join([*before, index] if index != '0' or not before else before)}]"


class Loops:
    """Write nodes as loops in one language.

    Parameters
    ----------
    language : {"javascript", "kernel"}
    text : dict of Node to str
        The numbers that are there.
    places : dict of Node to Place
        The arrays that are there.

    Attributes
    ----------
    size : int
        Length of the array `B` that the code works in.
    constants : dict of str to tuple of float
        Arrays that the code reads, by name.
    calls : bool
        Whether it calls ``sympower``.
    """

    def __init__(self, language, text=(), places=()):
        self.language, self.text, self.place = language, dict(text), dict(places)
        self.size, self.constants, self.calls, self.count = 0, {}, False, 0

    # What a language writes

    def lines(self, body, depth=0):
        """Statements as lines; a loop is ``(variable, count, statements)``."""
        result, before = [], "    " * depth
        for one in body:
            if isinstance(one, str):
                result.append(before + one)
            elif self.language == "kernel":
                result += [f"{before}for {one[0]} in range({one[1]}):", *self.lines(one[2], depth + 1)]
            else:
                i = one[0]
                result += [f"for (let {i} = 0; {i} < {one[1]}; {i}++) {{", *self.lines(one[2]), "}"]
        return result

    def _let(self, name, value, changes=False):
        if self.language == "kernel":
            return f"{name} = {value}"
        return f"{'let' if changes else 'const'} {name} = {value};"

    def _put(self, target, value):
        return f"{target} = {value}" + ("" if self.language == "kernel" else ";")

    def _name(self, letter):
        self.count += 1
        return f"{letter}{self.count}"

    def _room(self, shape):
        first, self.size = self.size, self.size + math.prod(shape)
        return place(within("B", first), shape)

    def _keep(self, n):
        """Where the numbers of an array go."""
        return self.targets.get(n) or self._room(n.extents)

    def _over(self, shape, body):
        """Statements for each entry of an array: ``body(index)`` with the texts of the indices."""
        index = [self._name("j") if n != 1 else None for n in shape]
        inside = body(index)
        for i, n in zip(reversed(index), reversed(shape), strict=True):
            if i:
                inside = [(i, n, inside)]
        return inside

    # What is computed

    def statements(self, nodes, targets=()):
        """Statements that compute nodes and what they need and is not there yet.

        An array that has one of the `targets` is put there at once; nothing that is read may lie there.
        """
        self.targets = dict(targets)
        pending = [n for n in walk(nodes, stop=[*self.text, *self.place]) if n not in self.text and n not in self.place]
        for n in pending:
            if n.op == "number":
                self.text[n] = Emitter(self.language, {}).number(n.args[0])
        body, wanted = [], {id(n) for n in nodes}
        while pending := [n for n in pending if n not in self.text and n not in self.place]:
            # Numbers first: then more arrays can share a loop.
            first = next((n for n in pending if not n.vector and TABLE[n.op].shape is None
                          and all(a in self.text for a in n.args)), pending[0])
            if first.op == "extent":
                self.text[first] = self.text[first.args[0]]
            elif TABLE[first.op].shape is not None:
                body += self._reduce(first) if first.op in REDUCTIONS else getattr(self, "_" + first.op)(first)
            elif first.vector:
                body += self._together(pending, wanted)
            else:
                name = self._name("s")
                body.append(self._let(name, Emitter(self.language, self.text).operation(first)))
                self.text[first] = name
        return body

    def copies(self, pairs):
        """Statements that copy arrays of one shape: for each the place where to, where from, and the shape."""
        flat = all(p.steps == pairs[0][0].steps for pair in pairs for p in pair[:2])
        shape = pairs[0][2]
        if flat:
            return self._over((math.prod(shape),), lambda i: [self._put(target.at(i[0] or "0"), source.at(i[0] or "0"))
                                                              for target, source, _ in pairs])
        return self._over(shape, lambda index: [self._put(target.entry(index), source.entry(index))
                                                for target, source, _ in pairs])

    def stores(self, targets, named):
        """Statements that put quantities, by name, where they are kept: arrays of one shape in one loop."""
        body, same = [], {}
        for name, node in named.items():
            if node.vector:
                if self.place[node] is targets[name]:
                    continue
                pair = targets[name], self.place[node], node.extents
                same.setdefault((node.extents, pair[1].steps), []).append(pair)
            else:
                body.append(self._put(targets[name].at("0"), self.text[node]))
        return [*body, *(line for pairs in same.values() for line in self.copies(pairs))]

    def _together(self, pending, wanted):
        """What has the shape of the first and can be computed with it, entry by entry, in one loop."""
        shape, group = pending[0].extents, {}
        for n in pending:
            if n.extents == shape and TABLE[n.op].shape is None and n.op != "symbol" and \
                    all(a in self.text or a in self.place or a in group for a in n.args):
                group[n] = None
        asked = {id(a) for n in pending if n not in group for a in n.args} | wanted
        kept = {n: self._keep(n) for n in group if id(n) in asked}
        operands = dict.fromkeys(a for n in group for a in n.args if a in self.place)
        own = place(None, shape).steps
        dense = all(a.extents == shape and self.place[a].steps == own for a in operands)

        def inside(index):
            def at(p):
                return p.at(index[0] or "0") if dense else p.entry(index)
            emitter = Emitter(self.language, {**self.text, **{a: at(self.place[a]) for a in operands}})
            lines = []
            for n in group:
                emitter.text[n] = self._name("x")
                lines.append(self._let(emitter.text[n], emitter.operation(n)))
                lines += [self._put(at(kept[n]), emitter.text[n])] if n in kept else []
            return lines

        body = self._over((math.prod(shape),) if dense else shape, inside)
        # What no other loop reads has no place.
        self.place.update({n: kept.get(n) for n in group})
        return body

    def _result(self, n, value, index):
        """Where a value that took a loop of its own is kept: the statements."""
        return [self._put(self.place[n].entry(index), value)] if n.vector else []

    def _reduce(self, n):
        x, row = n.args[0], TABLE[n.op]
        source, ndim = self.place[x], len(x.extents)
        over = dict(n.detail).get("axis", tuple(range(ndim)))
        start = repr(float(row.start))
        start = SPECIAL[self.language].get(start, start)
        fold, total = getattr(TABLE[row.fold], self.language), self._name("s")
        if n.vector:
            self.place[n] = self._keep(n)
        else:
            self.text[n] = total

        def inside(index):
            whole = [index[i] if len(index) == ndim else None for i in range(ndim)]

            def add(inner):
                entry = [inner[i] if i in over else whole[i] for i in range(ndim)]
                return [self._put(total, fold.format(total, source.entry(entry)))]

            return [self._let(total, start, changes=True),
                    *self._over(tuple(k if i in over else 1 for i, k in enumerate(x.extents)), add),
                    *self._result(n, total, [index[i] for i in range(ndim)
                                             if i not in over or dict(n.detail).get("keepdims")])]

        return self._over(tuple(1 if i in over else k for i, k in enumerate(x.extents)), inside)

    def _matmul(self, n):
        a, b = n.args
        left, right, total = self.place[a], self.place[b], self._name("s")
        if n.vector:
            self.place[n] = self._keep(n)
        else:
            self.text[n] = total

        def inside(index):
            i, j = index[:len(a.extents) - 1], index[len(a.extents) - 1:]
            return [self._let(total, "0.0", changes=True),
                    *self._over(a.extents[-1:], lambda k: [self._put(
                        total, f"{total} + {left.entry([*i, *k])} * {right.entry([*k, *j])}")]),
                    *self._result(n, total, index)]

        return self._over(n.extents, inside)

    def _transpose(self, n):
        source = self.place[n.args[0]]
        self.place[n] = Place(source.at, source.steps[::-1])
        return []

    def _reshape(self, n):
        body, source = self._dense(n.args[0])
        self.place[n] = place(source.at, n.extents)
        return body

    def _dense(self, x, room=None):
        """Statements, and a place of an array in which its numbers lie one after the other."""
        source = self.place[x]
        if room is None and source.steps == place(None, x.extents).steps:
            return [], source
        room = room or self._room(x.extents)
        return self.copies([(room, source, x.extents)]), room

    def _array(self, n):
        name, detail = f"C{len(self.constants)}", dict(n.detail)
        self.constants[name] = detail["data"]
        self.place[n] = place(lambda index: f"{name}[{index}]", n.extents)
        return []

    def _sympower(self, n):
        S, p, floor = n.args
        size, first = len(S.extents) and S.extents[0], self.size
        body, _ = self._dense(S, self._room(S.extents))
        self._room(S.extents)
        self.place[n], self.calls = self._room(S.extents), True
        call = f"sympower(B, {first}, {size}, {self.text[p]}, {self.text[floor]})"
        return [*body, call + ("" if self.language == "kernel" else ";")]

    def _repeat(self, n):
        loop, first = dict(n.detail)["loop"], n.args[0]
        text, places, targets, k = dict(self.text), dict(self.place), self.targets, self._name("k")
        if n.vector:
            body, held = self._dense(first, self._room(n.extents))
            self.place[loop.symbol] = held
            turn = self.statements([loop.result])
            if self.place[loop.result].at is held.at:  # an arrangement of what it would write over
                more, self.place[loop.result] = self._dense(loop.result, self._room(n.extents))
                turn += more
            turn += self.copies([(held, self.place[loop.result], n.extents)])
            self.text, self.place = text, {**places, n: held}
        else:
            held = self._name("s")
            body = [self._let(held, self.text[first], changes=True)]
            self.text[loop.symbol] = held
            turn = self.statements([loop.result])
            turn.append(self._put(held, self.text[loop.result]))
            self.text, self.place = {**text, n: held}, places
        self.targets = targets
        return [*body, (k, loop.times, turn)]
