"""What goes wrong in a reader's lines, as one sentence: where it is, what is wrong, what to write instead."""

import ast
import inspect
import keyword
import linecache
import os
import re
import sys
import textwrap
import types

import numpy as np

from optlearn.declare import Declared, InvalidArgument, Lesson, Unchangeable, near

_HERE = os.path.dirname(os.path.abspath(__file__)) + os.sep
_RULES = os.path.join(_HERE, "rules") + os.sep
_NUMPY = os.path.dirname(os.path.abspath(np.__file__)) + os.sep
_NOT_GIVEN = object()

# What may give a step: its own result, by which it is known when update returned something else.
_UPDATE = "return Update(new_w{slots})"


def explain(error, owner, made=_NOT_GIVEN):
    """Raise `error` as a sentence, if it arose in lines that somebody wrote for this library to run; else return.

    It belongs into the handler around a loop that calls a reader's methods, where a ``try`` costs nothing::

        try:
            for t in range(1, steps + 1):
                update = rule.update(w, g, s, t)
                ...
        except Exception as error:
            explain(error, rule, update)
            raise

    Parameters
    ----------
    error : Exception
    owner : Declared
        The rule, transform, schedule or surface whose methods were called.
    made : optional
        What the last call of ``owner.update`` returned; anything but an `Update` with all slots explains the error.

    Raises
    ------
    InvalidArgument
        The sentence. Exceptions of a reader's own classes and those that speak for themselves pass as they are.
    """
    if isinstance(error, Lesson) or type(error).__module__ in ("builtins", "numpy", "numpy.exceptions", "numpy.linalg"):
        found = place(error)
        if found is not None:
            where, text = found
            raise InvalidArgument(f"{where}{f', `{text}`' if text else ''}: {_advice(error, owner, text)}") from error
        if made is not _NOT_GIVEN:
            complete(owner, made)


def place(error):
    """Function and line in which an exception arose outside of this library, and the text of that line.

    Returns
    -------
    tuple of str, or None
        Such as ``("Mine.update, line 4 of the cell", "w -= self.lr * g")``.
    """
    lines, step = [], error.__traceback__
    while step is not None:
        if _theirs(step.tb_frame.f_code):
            lines.append((step.tb_frame.f_code, step.tb_lineno))
        step = step.tb_next
    # Below the reader's lines may lie those of other libraries.
    own = [here for here in lines if here[0].co_filename == lines[0][0].co_filename]
    return _words(*own[-1]) if own else None


def place_now():
    """The same of the line outside of this library that is being executed."""
    frame = sys._getframe(1)
    while frame is not None and not _theirs(frame.f_code):
        frame = frame.f_back
    return _words(frame.f_code, frame.f_lineno) if frame is not None else None


def _theirs(code):
    file = code.co_filename
    return file.startswith(_RULES) or not file.startswith((_HERE, _NUMPY, "<frozen", "<__array_function__"))


def _words(code, line):
    file, name = code.co_filename, code.co_qualname.rpartition("<locals>.")[2]
    cell = "ipykernel" in file or file.startswith("<ipython-input")
    inside = " of the cell" if cell else "" if file.startswith("<") else f" of {os.path.basename(file)}"
    return f"{name}, line {line}{inside}", linecache.getline(file, line).strip()


def said_at(place):
    """A place in brackets, for the end of a sentence; nothing if there is none."""
    if place is None:
        return ""
    return f" ({place[0]}{': ' if place[1] else ''}{textwrap.shorten(place[1], 90, placeholder=' ...')})"


def complete(rule, made):
    """Raise a sentence unless `made` is an `Update` that names the next value of every slot."""
    from optlearn.state import Update

    name = type(rule).__name__
    wanted = _UPDATE.format(slots="".join(f", {slot}=..." for slot in rule.slots))
    if not isinstance(made, Update):
        what = "nothing" if made is None else f"a {type(made).__name__}"
        raise InvalidArgument(f"{name}.update returned {what}; it must end with {wanted}")
    missing = [slot for slot in rule.slots if slot not in made.named]
    if missing:
        raise InvalidArgument(f"{name}.update leaves out the slot {missing[0]!r}{_instead(missing[0], made.named)}; "
                              f"the next value of every slot must be named: {wanted}")
    empty = [slot for slot in rule.slots if made.named[slot] is None]
    if empty:
        raise InvalidArgument(f"{name}.update made the slot {empty[0]!r} a NoneType; it must be an array or a number")
    if made.w is None:
        raise InvalidArgument(f"{name}.update made no parameters: Update(None, ...); it must end with {wanted}")


def _instead(word, known):
    said = near(word, known)
    return said if "did you mean" in said else ""


def _advice(error, owner, text):
    """What is wrong and what to write instead."""
    said = str(error)
    if "read-only" in said:
        return ("what comes in (parameters, gradient, state) is not changed in place; make a new array: "
                + (_written_out(text) or "w = w - step, not w -= step"))
    if isinstance(error, Unchangeable):
        return ("a rule does not change while it runs; a quantity of this step is a local variable, what is kept from "
                "step to step a slot, and what changes with the step a schedule")
    if isinstance(error, Lesson):
        return said
    if "truth value" in said:
        if re.search(r"\b(max|min)\(", text):
            return "max and min of Python compare single numbers; write np.maximum(a, b) or np.minimum(a, b)"
        if re.search(r"\b(and|or|not)\b", text) and not text.startswith(("if", "elif", "while")):
            return "and, or and not take single truth values; write &, | and ~ between comparisons in brackets"
        return "a condition on an array has one answer for each coordinate; write np.where(condition, a, b), not if"
    if "onverted to Python scalar" in said or "must be real number, not" in said:
        used = re.search(r"\bmath\.(\w+)", text)
        return (f"math.{used[1]} takes a single number, not an array; write np.{used[1]}" if used else
                "a single number is needed where an array stands; write NumPy's functions, such as np.sqrt")
    if isinstance(error, AttributeError) and error.obj is owner and isinstance(owner, Declared):
        return f"{type(owner).__name__} has no {error.name!r}" + (_instead(error.name, owner._declared) or (
            f"; a number of the rule is declared in its class: {error.name} = hyper(0.1)"))
    if isinstance(error, NameError) and error.name in getattr(owner, "_declared", ()):
        return f"{said}; a number of the rule is an attribute: write self.{error.name}"
    if isinstance(error, NameError) and error.name in getattr(owner, "slots", ()):
        return f"{said}; a slot is an attribute of the state: write s.{error.name}"
    return f"{type(error).__name__}: {said}"


def _written_out(text):
    """``w -= a + b`` as ``w = w - (a + b)``; nothing if the line is not of that form."""
    try:
        line = ast.parse(text).body[0]
    except (SyntaxError, IndexError):
        return ""
    if not (isinstance(line, ast.AugAssign) and isinstance(line.target, (ast.Name, ast.Attribute))):
        return ""
    name = line.target.id if isinstance(line.target, ast.Name) else line.target.attr
    new = ast.BinOp(ast.parse(ast.unparse(line.target), mode="eval").body, line.op, line.value)
    return f"{name} = {ast.unparse(new)}"


# The methods that a rule writes, with their arguments.
_METHODS = {"update": ("w", "g", "s", "t"), "start": ("w",), "probe": ("w", "s", "t"),
            "answer": ("w", "s", "t")}
# Those that the library calls in an order of its own: a recording, a kernel or a page would not come by them.
_OURS = {"prepared": "what is done to a gradient first is a Transform, gradient=[...], or the first line of update",
         "at": "what changes with the step is a schedule, lr=lambda k: 0.1 / (k + 1), or a formula of t in update",
         "init": "the first state is what start(self, w) returns", "step": "one step is update(self, w, g, s, t)",
         **dict.fromkeys(("bound", "config", "hypers", "options", "replace", "state_view", "values"),
                         "the library needs it as it is; call yours otherwise")}


def check_class(cls, base):
    """Raise a sentence for what the body of a rule's class gets wrong, before anything runs."""
    name, body = cls.__name__, vars(cls)
    if "__init__" in body:
        raise InvalidArgument(f"{name} has an __init__ of its own; a rule needs none: its numbers stand in the class "
                              "as lr = hyper(0.1), its choices as option(False), its state as slots")
    for method in _OURS.keys() & body:
        raise InvalidArgument(f"{name} has {method!r}, which is a part of every rule and not to be replaced: "
                              f"{_OURS[method]}")
    for kind in ("slots", "draws"):
        if isinstance(body.get(kind, ()), property):
            continue
        _check_names(name, kind, body.get(kind, ()))
        if kind in body:
            setattr(cls, kind, tuple(body[kind]))
    _check_needs(name, body.get("needs", ()))
    for method, arguments in _METHODS.items():
        wanted = f"{method}(self, {', '.join(arguments)})"
        function = body.get(method)
        if isinstance(function, types.FunctionType) and not _takes(function, arguments):
            raise InvalidArgument(f"{name} has {method}({', '.join(_arguments(function))}); it must be {wanted}")
        if function is None and getattr(cls, method) is getattr(base, method):
            for other, found in body.items():
                if isinstance(found, types.FunctionType) and _slip(other, method) \
                        and _arguments(found)[1:] == arguments:
                    raise InvalidArgument(f"{name} has a method {other!r}; did you mean {wanted}?")


def _check_needs(cls, words):
    """Raise unless what a class says it asks for is a tuple of what can be asked."""
    from optlearn.state import ASKED

    if not isinstance(words, property) and (not isinstance(words, (list, tuple)) or any(w not in ASKED for w in words)):
        raise InvalidArgument(f"{cls} has needs = {words!r}; it must be a tuple of names among "
                              + ", ".join(map(repr, ASKED)))


def _check_names(cls, kind, words):
    """Raise unless slots or draws are a tuple of names that are free."""
    said = f"{cls} has {kind} = {words!r}"
    if isinstance(words, str):
        raise InvalidArgument(f"{said}, which is text, not a tuple; write {kind} = ({words!r},)")
    if not isinstance(words, (list, tuple)) or not all(isinstance(word, str) for word in words):
        raise InvalidArgument(f"{said}; it must be a tuple of names: {kind} = ('m', 'v')")
    for i, word in enumerate(words):
        if not word.isidentifier() or keyword.iskeyword(word):
            raise InvalidArgument(f"{said}; {word!r} must be a name that Python allows, such as 'm'")
        if word in ("w", "g", "t", "self"):
            raise InvalidArgument(f"{said}; {word!r} has a meaning of its own in update, and must have another name, "
                                  f"such as {word + '_old'!r}")
        if word in words[:i]:
            raise InvalidArgument(f"{said}; {word!r} must be there once")


def _arguments(function):
    return function.__code__.co_varnames[:function.__code__.co_argcount]


def _takes(function, arguments):
    """Whether a method can be called with these arguments, and has them in this order if it has their names."""
    code, given = function.__code__, _arguments(function)
    needed, called = len(given) - len(function.__defaults__ or ()), len(arguments) + 1
    return (needed <= called and (called <= len(given) or bool(code.co_flags & inspect.CO_VARARGS))
            and code.co_kwonlyargcount <= len(function.__kwdefaults__ or ())
            and not (set(given[1:]) == set(arguments) and given[1:] != arguments))


def _slip(word, other):
    """Whether a word is another with one letter left out, added or changed, or with two letters swapped."""
    at = len(os.path.commonprefix([word, other]))
    a, b = word[at:], other[at:]
    return word != other and (a[1:] == b or a == b[1:] or a[1:] == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:]))
