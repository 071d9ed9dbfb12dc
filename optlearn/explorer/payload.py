"""What the page gets: rules and surfaces as plain data, made from the library's own objects by tracing."""

import collections
import functools
import json
import re
import sys
import weakref

from optlearn import optimizer, rules, surfaces
from optlearn.declare import InvalidArgument
from optlearn.explorer import typed
from optlearn.explorer.lines import COMPARED, lines_of
from optlearn.surfaces.typed import functions_by_name
from optlearn.symbolic import javascript, printing
from optlearn.symbolic.graph import ARITHMETIC, apply, symbol
from optlearn.symbolic.mathml import LETTERS, mathml_row
from optlearn.symbolic.names import GREEK
from optlearn.symbolic.operations import ONE, TABLE, ZERO
from optlearn.symbolic.program import SEEN, fixed_numbers, recorded_numbers
from optlearn.symbolic.trace import NotTraceable, trace

# Of a reader's class: which of those of its name it is, and how many there are.
_numbers: weakref.WeakKeyDictionary[type, int] = weakref.WeakKeyDictionary()
_counts: collections.Counter[str] = collections.Counter()


def identity(cls, name):
    """The name of a class of the library; of a reader's class a name that no other class has."""
    if is_library(cls):
        return name
    if cls not in _numbers:
        _counts[name] += 1
        _numbers[cls] = _counts[name] + (name in _library_names())
    return name if _numbers[cls] == 1 else f"{name}.{_numbers[cls]}"


def is_library(cls):
    """Whether a class of rules, transforms or surfaces is the library's own."""
    # A surface made of a function is a class of a library module as well, but not one that stands in it.
    return cls.__module__.startswith("optlearn.") and vars(sys.modules[cls.__module__]).get(cls.__name__) is cls


@functools.cache
def _library_names():
    return {vars(rules)[name].name for name in rules.__all__} | set(library_surfaces())


@functools.cache
def library_surfaces():
    """The library's surfaces by name."""
    found = [cls() for cls in vars(surfaces).values()
             if isinstance(cls, type) and issubclass(cls, surfaces.Surface) and cls is not surfaces.Surface]
    return {surface.name: surface for surface in sorted(found, key=lambda surface: surface.name)
            if is_library(type(surface))}


def surface_key(surface):
    """The key of a surface: surfaces of one key differ in numbers only."""
    return identity(type(surface), surface.name)


def rule_key(rule):
    """The key of a rule's form: its name, choices other than the default, and optional numbers that are given.

    Two optimizers of one key run the same code and differ in numbers only.
    """
    parts = [rule.identity]
    for name, declared in rule.options().items():
        value = rule.__dict__[name]
        if value != declared.default:
            parts.append(f"{name}={value}")
    parts += [f"{name}={value}" for name, value in fixed_numbers(rule).items() if value != rule.hypers()[name].default]
    parts += [name for name, declared in rule.hypers().items()
              if declared.default is None and rule.__dict__[name] is not None]
    parts += [identity(type(transform), type(transform).__name__) for transform in rule.gradient]
    return ";".join(parts)


def label_of(rule):
    """The name of a rule for people."""
    given = getattr(type(rule), "label", None)
    if isinstance(given, str):
        return given
    words = re.findall(r"[A-Z][a-z]+|[A-Z]+(?![a-z])", type(rule).__name__)
    # "GradientDescent" is two words, "AdaGrad" is one.
    if "".join(words) == type(rule).__name__ and all(len(word) > 4 for word in words):
        return " ".join([words[0], *(word.lower() for word in words[1:])])
    return type(rule).__name__


def rule_payload(rule, shape=(2,)):
    """All that a page needs to run, print and picture one form of a rule.

    Parameters
    ----------
    rule : Optimizer
    shape : tuple of int
        Of the parameters that it is to run on; a point of a plane has two coordinates.

    Returns
    -------
    dict
        Plain data; see the module's `contract` of the page in ``js/model/integrator.js``.

    Raises
    ------
    optlearn.InvalidArgument
        If the rule cannot be traced, with the reason.
    """
    try:
        program = trace(rule, shape)
        code, offsets, stride = javascript.rule_code(rule, shape)
        lines = printing.lines(rule, tags=True, shape=shape)
    except NotTraceable as reason:
        raise InvalidArgument(f"{rule.name} cannot be shown in the explorer: {reason}") from reason
    hypers = [_hyper(name, declared) for name, declared in program.declarations.items()]
    options = [{"name": name, "choices": list(declared.choices), "value": rule.__dict__[name]}
               for name, declared in rule.options().items()]
    named = [name for name in program.lines if name not in ("w", SEEN)]
    return {
        "key": rule_key(rule), "name": rule.name, "label": label_of(rule),
        "hypers": hypers, "options": options, "variants": {},
        "layout": {name: list(place) for name, place in offsets.items()}, "stride": stride,
        "slots": list(program.slots), "internals": named, "draws": list(program.draws),
        "direction": rule.direction if program.rate is not None else None,
        "lines": [{"name": name, "mathml": _row(left, right)} for name, left, right in lines],
        "code": _compact(code),
        **({"gradients": rule.gradients_per_step} if rule.needs and rule.gradients_per_step > 1 else {}),
    }


def surface_payload(surface):
    """All that a page needs to evaluate and name a surface."""
    data = {
        "key": surface_key(surface), "name": surface.name, "label": surface.label,
        "params": [_hyper(name, declared) for name, declared in surface.hypers().items()],
        "domain": [float(x) for x in surface.domain], "start": [float(x) for x in surface.start],
        "minima": [[float(x) for x in point] for point in surface.minima], "quadratic": bool(surface.quadratic),
        "mathml": surface.equation("mathml"), "code": _compact(javascript.surface_code(surface)),
    }
    if surface.samples is not None:
        data["samples"] = surface.samples.tolist()
        data["sampleNames"] = list(surface.sample_names)
    if not surface.registered:
        data["own"] = True
    return data


@functools.cache
def grammar():
    """What a page reads formulas and rules by.

    Elementwise operations have their text, in which ``@0`` is the first operand, and the derivative by each operand:
    there operands are ``a``, ``b``, ``c``, and ``n`` is the value. For rules: how the library declares numbers, names
    that are taken, Greek letters, and the lines of its own rules by key.
    """
    letters = [symbol(name) for name in "abc"]
    found, due = {}, [*ARITHMETIC, "neg", "where", *COMPARED.values(), *functions_by_name().values()]
    while due:
        op = due.pop()
        if op in found:
            continue
        row = TABLE[op]
        count = len(set(re.findall(r"@\d", row.javascript.format("@0", "@1", "@2"))))
        operands = letters[:count]
        value = apply(op, *operands)

        def form(node, value=value):
            if node is value:
                return "n"
            if node.op in ("symbol", "number"):
                return node.args[0]
            due.append(node.op)
            return [node.op, *map(form, node.args)]

        one = [{a: ONE if a is b else ZERO for a in operands} for b in operands]
        slopes = [None if row.derivative is None else row.derivative(d, value, *operands) for d in one]
        found[op] = {"js": row.javascript.format("@0", "@1", "@2"),
                     **({"np": row.numpy.partition("(")[0]} if row.numpy.startswith("np.") else {}),
                     "d": [None if slope is None else form(slope) for slope in slopes]}
    lines = {key: lines_of(rule_of(key)) for key in catalogue()["rules"]}
    return {"operations": found, "functions": functions_by_name(), "compared": COMPARED,
            "numbers": {name: {**_hyper(name, declared), "default": declared.default}
                        for name, declared in typed.numbers().items()},
            "reserved": typed.reserved(), "letters": {name: LETTERS[name] for name in GREEK},
            "lines": {key: text for key, text in lines.items() if text}}


def forms(rule):
    """The rule, and its forms with another choice for one option, by key."""
    found = {rule_key(rule): rule}
    for name, declared in rule.options().items():
        for choice in declared.choices:
            try:
                other = rule.replace(**{name: choice})
                found.setdefault(rule_key(other), other)
            except (InvalidArgument, TypeError):
                continue
    return found


def with_variants(rule):
    """A rule's payload, with the forms that one other choice of an option gives, by key.

    Returns
    -------
    list of dict
        The rule first. Each names the keys of the others in its `variants`.
    """
    first = rule_payload(rule)
    found = [first]
    for key, other in forms(rule).items():
        for name in rule.options():
            choice, before = other.__dict__[name], rule.__dict__[name]
            if choice == before:
                if key == first["key"]:
                    first["variants"][json.dumps({name: choice}, separators=(",", ":"))] = key
                continue
            try:
                variant = rule_payload(other)
            except InvalidArgument:
                continue
            found.append(variant)
            first["variants"][json.dumps({name: choice}, separators=(",", ":"))] = key
            variant["variants"][json.dumps({name: before}, separators=(",", ":"))] = first["key"]
    return found


@functools.cache
def catalogue():
    """Every rule and surface that the library offers and that can be traced: ``{"rules": ..., "surfaces": ...}``."""
    found = {}
    for name in rules.__all__:
        try:
            found.update({data["key"]: data for data in with_variants(vars(rules)[name]())})
        except (InvalidArgument, NotTraceable):
            continue
    return {"rules": found, "surfaces": {key: surface_payload(surface) for key, surface in library_surfaces().items()}}


def _text(rule, key):
    """The lines of a reader's rule, where a page can begin with them."""
    text = key if typed.is_text(key) else lines_of(rule) if key == rule_key(rule) else None
    return {"text": text} if text else {}


def _hyper(name, declared):
    low, high = declared.bounds
    data = {"name": name, "mathml": mathml_row(declared.symbol), "low": low, "high": high,
            "log": bool(declared.log or (low > 0 and high >= 100 * low)), "range": declared.range}
    if declared.default is not None:
        data["default"] = float(declared.default)
    else:
        data["default"] = low
    if declared.integer:
        data["integer"] = True
    # The allowed range, which typed values may use in full, where the slider does not.
    for key in ("above", "at_least", "below", "at_most"):
        bound = getattr(declared, key)
        if bound is not None:
            data[key] = float(bound)
    return data


def _row(left, right):
    text = f'<math>{mathml_row(left)}{mathml_row("=" + right)}</math>'
    # Without space around the minus of an index, with brackets that do not grow with the numbers under the letters.
    text = text.replace("<mi>t</mi><mo>-</mo>", '<mi>t</mi><mo lspace="0" rspace="0">−</mo>')
    text = text.replace("<mo>-</mo>", "<mo>−</mo>")
    return re.sub(r"<mo>([()])</mo>", r'<mo stretchy="false">\1</mo>', text)


def _compact(code):
    """Shorter text of the same code: no spaces around brackets, no plus nought, no names for what is used once."""
    code = re.sub(r" \+ 0(?= \+| ?\])", "", code)
    code = re.sub(r"\s*([{}();,=])\s*", r"\1", code)
    code = re.sub(r" ([-+*/<]) ", r"\1", code)
    at = 0
    while found := _CONSTANT.search(code, at):
        name, value = found.groups()
        rest = code[found.end():]
        again = rest.find(f"const {name}=")
        uses = [use.span() for use in re.finditer(rf"\b{name}\b", rest[:again] if again >= 0 else rest)]
        # Only within its own block: a loop would compute it again.
        if len(uses) == 1 and not re.search("[{}]", rest[:uses[0][0]]):
            code = code[:found.start()] + rest[:uses[0][0]] + value + rest[uses[0][1]:]
            at = found.start()
        else:
            at = found.end()
    return code


_CONSTANT = re.compile(r"const ([sx]\d+)=([^;]*);")


def parameter_names(rule):
    """The names of the numbers of `parameter_values`."""
    return list(trace(rule).parameters)


def rate_size(rule):
    """The coordinates of the rule's effective learning rate: two if it scales each on its own."""
    rate = trace(rule).rate
    return (0, 1) if rate is not None and rate.vector else (0,)


def rule_of(key):
    """A rule of the library in the form that a key names, with default numbers."""
    name, *parts = key.split(";")
    rule = optimizer.get(name)
    changes = {}
    for part in parts:
        option, _, text = part.partition("=")
        if option in rule.options():
            changes[option] = next(c for c in rule.options()[option].choices if str(c) == text)
        elif option in rule.hypers():
            changes[option] = int(text) if text else rule.hypers()[option].bounds[0]
        else:
            raise InvalidArgument(f"rule = {key!r} has a part that the library cannot make by itself: {part!r}")
    return rule.replace(**changes) if changes else rule


def with_values(rule, numbers, keep=()):
    """The rule with other numbers, in the order of `parameter_values`; those named in `keep` stay as they are."""
    given = dict(zip(parameter_names(rule), numbers, strict=True))
    return _changed(rule, lambda part, name, full: part.__dict__[name] if full in keep
                    else part.hypers()[name].check(given[full]))


def with_schedules(rule, series):
    """The rule with schedules for the numbers that `series` names as `parameter_names` does."""
    return _changed(rule, lambda part, name, full: series.get(full, part.__dict__[name]))


def _changed(rule, value):
    names = iter(parameter_names(rule))
    parts = [{name: value(part, name, next(names)) for name in recorded_numbers(part)}
             for part in (rule, *rule.gradient)]
    transforms = tuple(part.replace(**values) for part, values in zip(rule.gradient, parts[1:], strict=True))
    return type(rule)(**{**rule.values, **parts[0], "gradient": transforms})


class _Blank:
    """Where a number stands in the text of a schedule."""

    def __init__(self, place):
        self.place = place

    def __repr__(self):
        return f"{{{self.place}}}"


def schedule_payload(name, schedule, steps):
    """A schedule for the page: its code, and its name for people.

    A function of the step index that has no formula is shown by its values in the first `steps` steps. One of the
    library's comes with its numbers, which can be changed there.
    """
    from optlearn.schedules.formula import page_code, page_form, with_blanks

    form = page_form(schedule)
    if form:
        paths = [path for path, _ in form["numbers"]]
        last = [path[-1] for path in paths]
        form["numbers"] = [_hyper(path[-1] if last.count(path[-1]) == 1 else ".".join(path), declared)
                           for path, declared in form["numbers"]]
        written = {path: _Blank(i) for i, path in enumerate(paths)}
        return {**form, "code": _compact(form["code"]), "label": repr(schedule),
                "form": repr(with_blanks(schedule, written)),
                **({} if schedule._inner() else {"mathml": schedule.equation("mathml")})}
    try:
        code = page_code(schedule, steps)
    except NotTraceable as reason:
        raise InvalidArgument(f"{name} is a schedule that cannot be traced for the explorer: {reason}") from reason
    return {"code": code, "label": getattr(schedule, "__name__", None) or repr(schedule)}


def own(rules, surfaces):
    """Of rules and surfaces by key, those that are not the library's, as the page gets them."""
    known = catalogue()
    return {"rules": {data["key"]: {**data, "own": True, **_text(rule, data["key"])}
                      for key, rule in rules.items() if key not in known["rules"] for data in with_variants(rule)},
            "surfaces": {key: surface_payload(surface) for key, surface in surfaces.items()
                         if key not in known["surfaces"]}}
