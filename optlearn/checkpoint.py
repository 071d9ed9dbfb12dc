"""Save and resume exactly: parameters, optimizer state, schedules, training and random generator in one file.

::

    save("run.ckpt", params=params, state=state, optimizer=rule, rng=rng)
    held = load("run.ckpt", params=params, optimizer=rule)
    params, state, rng = held.params, held.state, held.rng

The file is a zip archive of a JSON text and one ``.npy`` for each array; nothing in it is run when it is
read. It is written under another name, flushed to the disk and then renamed: a crash leaves the old file or
the new one, whole.
"""

from __future__ import annotations

import contextlib
import errno
import io
import json
import math
import os
import secrets
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from optlearn import gradients, schedules, tree
from optlearn.declare import Declared, InvalidArgument
from optlearn.optimizer import Optimizer, State, as_rule, get

if TYPE_CHECKING:
    from optlearn.typing import PathLike, RuleLike

__all__ = ["Checkpoint", "load", "save"]

FORMAT, VERSION = "optlearn checkpoint", 1


class Checkpoint:
    """What a checkpoint holds; what was not saved is None.

    Attributes
    ----------
    params : nested dict, list, tuple of arrays
    state : State
    optimizer : Optimizer
        None also if it cannot be made from the file: a schedule that is a function of your own, or a rule
        that is not defined.
    training : dict
        What `optlearn.train` needs to go on.
    rng : numpy.random.RandomState or numpy.random.Generator
    """

    def __init__(self, params: Any, state: State | None = None, optimizer: Optimizer | None = None,
                 training: dict[str, Any] | None = None, rng: np.random.RandomState | np.random.Generator | None = None,
                 description: Any = None) -> None:
        self.params, self.state, self.optimizer = params, state, optimizer
        self.training, self.rng = training, rng
        self.description = describe(optimizer) if optimizer is not None else description

    @property
    def answer(self) -> Any:
        """What the optimizer reports of `params` (`Optimizer.solution`): for most rules `params` itself."""
        if self.state is None or self.optimizer is None:
            raise InvalidArgument("this checkpoint has no answer but params: it holds no "
                                  + ("state" if self.state is None else "optimizer that can be made from it"))
        return self.optimizer.solution(self.params, self.state)

    def save(self, path: PathLike) -> None:
        """Write it to a file; see `optlearn.checkpoint.save`."""
        save(path, params=self.params, state=self.state, optimizer=self.optimizer, training=self.training,
             rng=self.rng)

    def __repr__(self) -> str:
        names = ("params", "state", "optimizer", "training", "rng")
        return f"Checkpoint({', '.join(name for name in names if getattr(self, name) is not None)})"


def save(path: PathLike, *, params: Any, state: State | None = None, optimizer: Optimizer | None = None,
         training: dict[str, Any] | None = None,
         rng: np.random.RandomState | np.random.Generator | None = None) -> None:
    """Write a checkpoint; the old file of that name stays until the new one is whole.

    What is kept is plain data: numbers, arrays, text, and dicts, lists and tuples of such. Nested parameters keep
    their structure; of a namedtuple its values are kept, not its class: `load` gives a tuple, unless it is given
    parameters of that class to go by. A training resumes into the problem's own classes.

    Parameters
    ----------
    path : str or path
        Where a link points to is written, and the link stays.
    params : nested dict, list, tuple of arrays
    state : State, optional
    optimizer : Optimizer, optional
        Saved by name and values. A schedule that is a function of your own is saved by its name only.
    training : dict, optional
        Nested plain data and arrays; see `Training.save`.
    rng : numpy.random.RandomState or numpy.random.Generator, optional

    Raises
    ------
    InvalidArgument
        If something cannot be saved, or the state does not belong to the parameters; no file is touched.
    OSError
        If the file cannot be written; the old one stays.

    Examples
    --------
    >>> import tempfile
    >>> from optlearn import Adam
    >>> rule, params = Adam(), {"w": np.ones(3)}
    >>> params, state = rule.step(params, {"w": np.ones(3)}, rule.init(params))
    >>> path = Path(tempfile.mkdtemp()) / "run.ckpt"
    >>> save(path, params=params, state=state, optimizer=rule)
    >>> load(path).optimizer == rule
    True
    """
    if not isinstance(path, (str, os.PathLike)):
        raise InvalidArgument(f"path = {path!r} is not allowed; it must be a path")
    for name, array in tree.flatten(params, "params"):
        tree.computable(array, "params" + name)
    if optimizer is not None and not isinstance(optimizer, Optimizer):
        raise InvalidArgument(f"optimizer = {optimizer!r} is not allowed; it must be an Optimizer")
    _belongs(params, state, optimizer)
    arrays: list[np.ndarray] = []
    held = {"format": FORMAT, "version": VERSION, "params": _encode(params, arrays, "params"),
            "state": None if state is None else _encode(_state_data(state), arrays, "state"),
            "optimizer": describe(optimizer), "training": _encode(training, arrays, "training"),
            "rng": None if rng is None else _encode(generator_data(rng), arrays, "rng")}
    _write(Path(path), json.dumps(held, allow_nan=False), arrays)


def _write(path, text, arrays):
    """Write under a name of its own, flush to the disk, rename: the rename is all or nothing."""
    # A link stays, and what it points to is written.
    path = Path(os.path.realpath(path))
    # As long as the name of the file may be, one that is longer is too long.
    temporary = path.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        with open(temporary, "xb") as file:
            with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
                archive.writestr("checkpoint.json", text)
                for i, array in enumerate(arrays):
                    data = io.BytesIO()
                    np.save(data, array, allow_pickle=False)
                    archive.writestr(f"{i}.npy", data.getvalue())
            file.flush()
            os.fsync(file.fileno())
        if path.is_symlink():
            raise OSError(errno.ELOOP, "it is a link that leads in a circle")
        os.replace(temporary, path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        if isinstance(error, OSError):
            # The same kind of error, which names the file that was asked for.
            says = f"{str(path)!r} cannot be written and is as it was: {error.strerror or error}"
            raise (type(error)(says) if error.errno is None else OSError(error.errno, says)) from error
        raise
    # The rename itself is on the disk once the directory is; not every system lets one open a directory.
    with contextlib.suppress(OSError):
        directory = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)


def load(path: PathLike, *, params: Any = None, optimizer: RuleLike | None = None) -> Checkpoint:
    """Read a checkpoint.

    Parameters
    ----------
    path : str or path
    params : optional
        Parameters that those of the file must resemble in structure, shapes and dtypes, and whose classes they get.
    optimizer : Optimizer, optional
        The rule that must have written it, with these values.

    Returns
    -------
    Checkpoint

    Raises
    ------
    InvalidArgument
        If the file is missing, damaged, not a checkpoint, or does not fit; the message says what is wrong.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "run.ckpt"
    >>> save(path, params={"w": np.ones(2)})
    >>> load(path).params
    {'w': array([1., 1.])}
    """
    path = Path(path)
    held, arrays = _read(path)
    try:
        found = {name: _decode(held[name], arrays) for name in ("params", "state", "training", "rng")}
        state = None if found["state"] is None else State(**found["state"])
        rng = None if found["rng"] is None else generator_from(found["rng"])
        description = held["optimizer"]
        optimizer = None if optimizer is None else as_rule(optimizer)
        _same_optimizer(description, optimizer)
        made = optimizer if optimizer is not None else _optimizer_from(description)
        _belongs(found["params"], state, made)
    except InvalidArgument:
        raise
    except Exception as error:
        raise InvalidArgument(f"path = {str(path)!r} is damaged: its parts do not fit ({error})") from None
    if params is not None:
        _same_structure(params, found["params"])
        found["params"] = in_classes_of(params, found["params"])
    return Checkpoint(found["params"], state, made, found["training"], rng, description)


def in_classes_of(like, found):
    """Nested parameters in the dicts, lists, tuples and namedtuples of others of the same structure."""
    return tree.unflatten(like, [array for _, array in tree.flatten(found, "params")])


def opened(source, optimizer=None):
    """The checkpoint at a path, or one in memory, checked against an optimizer."""
    if not isinstance(source, Checkpoint):
        if not isinstance(source, (str, os.PathLike)):
            raise InvalidArgument(f"resume = {source!r} is not allowed; it must be a path or a Checkpoint")
        return load(source, optimizer=optimizer)
    _same_optimizer(source.description, optimizer)
    rng = None if source.rng is None else copy_generator(source.rng)
    return Checkpoint(source.params, source.state, source.optimizer, source.training, rng, source.description)


def _read(path):
    """The JSON and the arrays of a file, every byte of them checked against its checksum."""
    try:
        with zipfile.ZipFile(path) as archive:
            held = json.loads(archive.read("checkpoint.json"))
            if held.get("format") != FORMAT:
                raise InvalidArgument(f"path = {str(path)!r} is not a checkpoint of optlearn")
            if held["version"] != VERSION:
                raise InvalidArgument(f"path = {str(path)!r} has version {held['version']}; this optlearn "
                                      f"reads version {VERSION}")
            arrays = [np.load(io.BytesIO(archive.read(f"{i}.npy")), allow_pickle=False)
                      for i in range(len(archive.namelist()) - 1)]
    except InvalidArgument:
        raise
    except FileNotFoundError:
        raise InvalidArgument(f"path = {str(path)!r} does not exist") from None
    except IsADirectoryError:
        raise InvalidArgument(f"path = {str(path)!r} is a directory; it must be a file") from None
    except PermissionError:
        raise
    except Exception as error:  # what a damaged archive raises depends on the place of the damage
        raise InvalidArgument(f"path = {str(path)!r} is damaged or not a checkpoint ({error})") from None
    return held, arrays


def _belongs(params, state, optimizer):
    """Raise unless the state is one of these parameters, and of the optimizer if there is one."""
    if state is None:
        return
    if not isinstance(state, State):
        raise InvalidArgument(f"state = {type(state).__name__} is not allowed; it must be a State")
    leaves = tree.flatten(params, "params")
    if list(state.paths) != [path for path, _ in leaves]:
        raise InvalidArgument(f"state belongs to parameters of the structure {list(state.paths)}; params has "
                              f"{[path for path, _ in leaves]}")
    if optimizer is None:
        return
    if state.rule != optimizer.name:
        raise InvalidArgument(f"state belongs to {state.rule!r}, not to the optimizer {optimizer.name!r}")
    for (path, _), slots, fresh in zip(leaves, state.slots, optimizer.init(params).slots, strict=True):
        shapes, wanted = ({name: np.shape(value) for name, value in s.items()} for s in (slots, fresh))
        if shapes != wanted:
            raise InvalidArgument(f"state of params{path} has slots of shapes {shapes}; {optimizer.name} has "
                                  f"{wanted}")


def _same_structure(wanted, found):
    wanted, found = tree.flatten(wanted, "params"), tree.flatten(found, "params")
    if [path for path, _ in wanted] != [path for path, _ in found]:
        raise InvalidArgument(f"the checkpoint has parameters {[path for path, _ in found]}; params has "
                              f"{[path for path, _ in wanted]}")
    for (path, a), (_, b) in zip(wanted, found, strict=True):
        a, b = np.asarray(a), np.asarray(b)
        if (a.shape, a.dtype) != (b.shape, b.dtype):
            raise InvalidArgument(f"the checkpoint has params{path} of shape {b.shape} and dtype {b.dtype}; "
                                  f"it must be {a.shape}, {a.dtype}")


# Optimizers and schedules, by name and values


def describe(value):
    """An optimizer, transform or schedule as JSON; a function of your own as its name."""
    if isinstance(value, Declared):
        kinds = {Optimizer: "rule", schedules.Schedule: "schedule", Declared: "transform"}
        kind = next(word for base, word in kinds.items() if isinstance(value, base))
        name = type(value).__name__ if kind == "transform" else value.name
        return {"kind": kind, "name": name, "values": {n: describe(v) for n, v in value.values.items()}}
    if isinstance(value, np.ndarray):
        return {"kind": "array", "values": value.tolist()}
    if isinstance(value, (tuple, list)):
        return [describe(inner) for inner in value]
    if callable(value):
        return {"kind": "function", "name": getattr(value, "__qualname__", type(value).__name__)}
    return value


def _optimizer_from(described):
    """The optimizer of a description; None if it cannot be made."""
    try:
        return _made(described)
    except (InvalidArgument, KeyError, AttributeError):
        return None


def _made(described):
    if isinstance(described, list):
        return tuple(_made(inner) for inner in described)
    if not isinstance(described, dict):
        return described
    if described["kind"] == "array":
        return np.array(described["values"])
    values = {name: _made(value) for name, value in described["values"].items()}
    if described["kind"] == "transform":
        return getattr(gradients, described["name"])(**values)
    return (get if described["kind"] == "rule" else schedules.get)(described["name"], **values)


def _same_optimizer(described, optimizer):
    """Raise unless the optimizer is the one that was saved."""
    if optimizer is None or described is None:
        return
    given = describe(optimizer)
    if given["name"] != described["name"]:
        raise InvalidArgument(f"the checkpoint was written with {described['name']!r}; optimizer is "
                              f"{given['name']!r}")
    for name in {**described["values"], **given["values"]}:
        then, now = (one["values"].get(name) for one in (described, given))
        if then != now:
            raise InvalidArgument(f"the checkpoint was written with {name} = {_short(then)}; optimizer has "
                                  f"{name} = {_short(now)}")


def _short(described):
    if isinstance(described, dict) and "name" in described:
        inside = ", ".join(f"{n}={_short(v)}" for n, v in described.get("values", {}).items())
        return f"{described['name']}({inside})"
    return repr(described)


# Random generators


def generator_data(rng):
    """Kind, state and seed of a random generator as plain data and arrays."""
    if isinstance(rng, np.random.RandomState):
        kind, bits, state = "RandomState", rng._bit_generator, rng.get_state(legacy=False)
    elif isinstance(rng, np.random.Generator):
        kind, bits, state = "Generator", rng.bit_generator, rng.bit_generator.state
    else:
        raise InvalidArgument(f"rng = {rng!r} is not allowed; it must be a numpy.random.RandomState or Generator")
    name = type(bits).__name__
    if getattr(np.random, name, None) is not type(bits):
        raise InvalidArgument(f"rng draws from {name}, which cannot be saved; it must be a bit generator of NumPy")
    # What spawn() makes depends on the seed, and on how many children there were.
    seed = bits.seed_seq.state if isinstance(bits.seed_seq, np.random.SeedSequence) else None
    return {"kind": kind, "state": state, "seed": seed}


def generator_from(data):
    """A generator in the saved state: what it draws and spawns next is what the saved one would have."""
    name, seed = data["state"]["bit_generator"], data.get("seed")
    if seed is None and name == "MT19937":
        # A RandomState of a whole number has no sequence of seeds.
        bits = np.random.RandomState(0)._bit_generator
    else:
        bits = getattr(np.random, name)(seed and np.random.SeedSequence(**seed))
    if data["kind"] == "RandomState":
        rng = np.random.RandomState(bits)
        rng.set_state(data["state"])
        return rng
    bits.state = data["state"]
    return np.random.Generator(bits)


def copy_generator(rng):
    """Another generator in the same state."""
    return generator_from(generator_data(rng))


# Nested data as JSON, with arrays beside it


def _state_data(state):
    return {"rule": state.rule, "t": state.t, "paths": state.paths, "slots": state.slots}


def _encode(value, arrays, where):
    if value is None or isinstance(value, (bool, str)) or type(value) is int:
        return value
    if type(value) is float:
        return value if math.isfinite(value) else {"float": repr(value)}
    if isinstance(value, (np.ndarray, np.generic)):
        array = np.asarray(value)
        if array.dtype.kind not in "fiub":
            raise InvalidArgument(f"{where} has dtype {array.dtype}, which cannot be saved; it must be real")
        arrays.append(array)
        return {"array" if isinstance(value, np.ndarray) else "scalar": len(arrays) - 1}
    if isinstance(value, dict):
        return {"dict": [[_encode(key, arrays, where), _encode(inner, arrays, f"{where}[{key!r}]")]
                         for key, inner in value.items()]}
    if isinstance(value, (list, tuple)):
        inside = [_encode(inner, arrays, f"{where}[{i}]") for i, inner in enumerate(value)]
        return inside if isinstance(value, list) else {"tuple": inside}
    raise InvalidArgument(f"{where} is a {type(value).__name__}, which cannot be saved; it must be numbers, "
                          "arrays, text, or lists, tuples and dicts of such")


def _decode(value, arrays):
    if isinstance(value, list):
        return [_decode(inner, arrays) for inner in value]
    if not isinstance(value, dict):
        return value
    (kind, inside), = value.items()
    if kind == "float":
        return float(inside)
    if kind == "array":
        return arrays[inside]
    if kind == "scalar":
        return arrays[inside][()]
    if kind == "dict":
        return {_decode(key, arrays): _decode(inner, arrays) for key, inner in inside}
    return tuple(_decode(inner, arrays) for inner in inside)
