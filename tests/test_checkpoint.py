"""Checkpoints: exact resumption for every rule, crashes, damaged and mismatched files."""

import json
import os
import subprocess
import sys
import time
import zipfile
from typing import NamedTuple

import numpy as np
import pytest

import optlearn
from optlearn import InvalidArgument, checkpoint, gradients, schedules
from optlearn.optimizer import State
from optlearn.problems import MLP, LeastSquares, Softmax
from optlearn.training import EarlyStop, train

IRIS = Softmax("iris")


def identical(a, b):
    """Equal bit by bit, with the same types all the way down."""
    if isinstance(a, State):
        return identical(vars(a), vars(b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(identical(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(identical, a, b))
    if isinstance(a, (np.ndarray, np.generic)):
        return type(a) is type(b) and (a.dtype, a.shape, a.tobytes()) == (b.dtype, b.shape, b.tobytes())
    return type(a) is type(b) and a == b


def stopped(path, step):
    def callback(training):
        if training.iteration == step:
            training.save(path)
            return True
        return False

    return callback


def resumed_equals_uninterrupted(path, problem, optimizer, step, epochs=3, **how):
    whole = train(problem, optimizer, epochs=epochs, **how)
    first = train(problem, optimizer, epochs=epochs, callbacks=stopped(path, step), **how)
    assert first.steps == step < whole.steps
    second = train(problem, optimizer, epochs=epochs, resume=path,
                   **{name: value for name, value in how.items() if name == "early_stop"})
    assert identical(whole.params, second.params)
    assert identical(whole.state, second.state)
    for name in ("loss", "train_loss", "test_loss", "test_accuracy"):
        assert identical(getattr(whole, name), getattr(second, name))
    assert identical(whole.hyper, second.hyper)
    assert identical(*(checkpoint.generator_data(h.training.rng) for h in (whole, second)))
    assert second.reason == whole.reason
    return whole, second


@pytest.mark.parametrize("name", optlearn.names())
@pytest.mark.parametrize("step", [1, 5, 6], ids=["first step", "mid-epoch", "end of epoch"])
def test_every_rule_goes_on_exactly(name, step, tmp_path):
    resumed_equals_uninterrupted(tmp_path / "run.ckpt", IRIS, optlearn.get(name), step, batch_size=40, rng=5)


def spawned(seed):
    parent = np.random.default_rng([seed, 2**70])
    parent.spawn(2)
    return parent.spawn(1)[0]


BITS = ("PCG64", "PCG64DXSM", "MT19937", "Philox", "SFC64")


@pytest.mark.parametrize("make", [
    np.random.RandomState, lambda seed: np.random.RandomState(np.random.MT19937(seed)),
    lambda seed: np.random.RandomState(np.random.PCG64(seed)), spawned,
    *(lambda seed, name=name: np.random.Generator(getattr(np.random, name)(seed)) for name in BITS)])
def test_every_generator_goes_on_exactly(make, tmp_path):
    rule = optlearn.SGLD(lr=0.01)
    whole = train(IRIS, rule, epochs=3, rng=make(3))
    train(IRIS, rule, epochs=3, rng=make(3), callbacks=stopped(tmp_path / "run", 5))
    assert identical(train(IRIS, rule, epochs=3, resume=tmp_path / "run").params, whole.params)
    rng = make(8)
    rng.standard_normal(3)  # an odd number leaves half a pair of normals in a RandomState
    checkpoint.save(tmp_path / "rng", params=np.ones(1), rng=rng)
    held = checkpoint.load(tmp_path / "rng").rng
    assert type(held) is type(rng)
    if isinstance(rng, np.random.Generator):
        rng.spawn(3)
        checkpoint.save(tmp_path / "rng", params=np.ones(1), rng=rng)
        held = checkpoint.load(tmp_path / "rng").rng
        for child, again in zip(rng.spawn(2), held.spawn(2), strict=True):
            assert identical(child.standard_normal(9), again.standard_normal(9))
    assert identical(held.integers(9, size=7) if hasattr(held, "integers") else held.randint(9, size=7),
                     rng.integers(9, size=7) if hasattr(rng, "integers") else rng.randint(9, size=7))
    assert identical(held.standard_normal(100), rng.standard_normal(100))


def test_a_generator_that_is_not_numpys_is_refused(old):
    class Own(np.random.PCG64):
        pass

    with pytest.raises(InvalidArgument, match="rng draws from Own, which cannot be saved"):
        checkpoint.save(old, params=np.ones(1), rng=np.random.Generator(Own(1)))


@pytest.mark.parametrize("schedule", [
    schedules.Plateau(start=0.5, factor=0.5, patience=1, watch="step"),
    schedules.Plateau(start=0.5, factor=0.5, patience=0, threshold=0.5, watch="test"),
    schedules.King(start=0.5, patience=4), schedules.Warmup(schedules.King(start=0.5, patience=3), steps=4),
    schedules.Warmup(schedules.Plateau(start=0.5, patience=0, threshold=0.5), steps=5),
    schedules.Join([schedules.Plateau(start=0.5, patience=0, watch="step"),
                    0.5 * schedules.Warmup(schedules.King(start=0.5, patience=2), steps=3)], at=[5]),
    schedules.Cosine(steps=30).per_epoch(), schedules.Exponential(gamma=0.5),
    schedules.FromTraining(lambda place: 0.1 / (1 + place.batch)), lambda k: 0.1 / (k + 1),
], ids=lambda schedule: getattr(schedule, "name", "function"))
@pytest.mark.parametrize("step", [4, 6])
def test_schedules_go_on_exactly(schedule, step, tmp_path):
    rule = optlearn.Momentum(lr=schedule, gradient=[gradients.ClipNorm(clip_norm=schedules.Halving(every=3))])
    path = tmp_path / "run"
    whole, _ = resumed_equals_uninterrupted(path, IRIS, rule, step, epochs=6, batch_size=40)
    assert len(set(whole.hyper["lr"])) > 1


@pytest.mark.parametrize("how", [{"delay": 3}, {"stratified": True}, {"shuffle": False}, {"drop_last": True},
                                 {"early_stop": 2}], ids=str)
def test_settings_go_on_exactly(how, tmp_path):
    problem = MLP("iris", hidden=30, batch_norm=True)
    how = {"epochs": 12, "batch_size": 40, **how}
    rule = optlearn.Nesterov(lr=0.3)
    whole, second = resumed_equals_uninterrupted(tmp_path / "run", problem, rule, 4, **how)
    assert identical(whole.best_params, second.best_params)


def test_a_finished_training_goes_on_and_the_rule_comes_from_the_file(tmp_path):
    decay = schedules.Cosine(start=0.2, steps=100)
    rule = optlearn.Adam(lr=decay, gradient=[gradients.Clip(clip_gradient=1.0)])
    train(IRIS, rule, epochs=2).save(tmp_path / "run")
    assert checkpoint.load(tmp_path / "run").optimizer == rule
    longer = train(IRIS, resume=tmp_path / "run", epochs=5)
    assert identical(longer.params, train(IRIS, rule, epochs=5).params)
    in_memory = train(IRIS, rule, epochs=2).training.checkpoint()
    for _ in range(2):  # going on does not use it up
        assert identical(train(IRIS, resume=in_memory, epochs=5).params, longer.params)


class Weights(NamedTuple):
    w: np.ndarray
    b: np.ndarray


class NamedLine(LeastSquares):
    """The same line with its parameters in a namedtuple."""

    def init(self, rng=0):
        return Weights(**super().init(rng))

    def loss_and_gradient(self, params, batch=None):
        loss, grads = super().loss_and_gradient(params._asdict(), batch)
        return loss, Weights(**grads)


@pytest.mark.parametrize("how", [{"delay": 2}, {"early_stop": EarlyStop(watch="train_loss")}], ids=str)
def test_parameters_in_a_namedtuple_go_on_as_one(how, tmp_path):
    problem, rule = NamedLine(), optlearn.Adam(lr=0.1)
    train(problem, rule, epochs=2, callbacks=stopped(tmp_path / "run", 6), **how)
    again = train(problem, rule, epochs=4, resume=tmp_path / "run", early_stop=how.get("early_stop"))
    whole = train(problem, rule, epochs=4, **how)
    assert type(again.params) is Weights
    assert identical(again.params, whole.params)
    assert identical(again.best_params, whole.best_params)
    plain = checkpoint.load(tmp_path / "run")
    assert type(plain.params) is tuple
    assert type(checkpoint.load(tmp_path / "run", params=problem.init()).params) is Weights


def test_nested_parameters_keep_structure_dtype_and_shape(tmp_path):
    params = {"layers": [(np.ones((2, 3), np.float32), np.zeros(()))], 7: np.empty((0, 4)),
              "f": np.asfortranarray(np.arange(6.0).reshape(2, 3))}
    rule = optlearn.NAdam()
    _, state = rule.step(params, params, rule.init(params))
    checkpoint.save(tmp_path / "run", params=params, state=state, optimizer=rule)
    held = checkpoint.load(tmp_path / "run", params=params, optimizer=rule)
    assert identical(held.params, params)
    assert identical(held.state, state)
    assert identical(rule.step(held.params, params, held.state)[0], rule.step(params, params, state)[0])


def test_the_file_holds_no_pickle_and_plain_json(tmp_path):
    train(IRIS, optlearn.Adam(lr=schedules.Plateau()), epochs=1).save(tmp_path / "run")
    with zipfile.ZipFile(tmp_path / "run") as archive:
        for name in archive.namelist():
            if name.endswith(".npy"):
                with archive.open(name) as file:
                    np.load(file, allow_pickle=False)

        def refuse(word):
            raise AssertionError(word)

        json.loads(archive.read("checkpoint.json"), parse_constant=refuse)


# Crashes


@pytest.fixture
def old(tmp_path):
    path = tmp_path / "run.ckpt"
    checkpoint.save(path, params={"w": np.arange(3.0)})
    return path


@pytest.mark.parametrize("where", ["os.replace", "os.fsync", "numpy.save", "zipfile.ZipFile.writestr"])
def test_a_failure_while_saving_leaves_the_old_file_and_no_other(where, old, monkeypatch):
    def fail(*arguments, **keywords):
        raise OSError("disk full")

    before = old.read_bytes()
    monkeypatch.setattr(where, fail)
    with pytest.raises(OSError, match="disk full"):
        checkpoint.save(old, params={"w": np.ones(4)})
    monkeypatch.undo()
    assert old.read_bytes() == before
    assert os.listdir(old.parent) == [old.name]


def test_a_killed_process_leaves_a_whole_file(old):
    program = ("import sys, numpy as np\nfrom optlearn import checkpoint\n"
               "for i in range(10**9):\n"
               "    checkpoint.save(sys.argv[1], params={'w': np.full(200_000, 1.0 * i)})\n"
               "    if i == 0: print('saved', flush=True)")
    for wait in (0.05, 0.11, 0.17):
        child = subprocess.Popen([sys.executable, "-c", program, str(old)], stdout=subprocess.PIPE)
        child.stdout.readline()
        time.sleep(wait)
        child.kill()
        child.communicate()
        w = checkpoint.load(old).params["w"]
        assert len(np.unique(w)) == 1
        assert len(w) == 200_000


def test_saving_through_a_link_writes_its_target_and_keeps_the_link(old, tmp_path):
    link, relative, dangling = tmp_path / "link", tmp_path / "sub" / "latest", tmp_path / "dangling"
    relative.parent.mkdir()
    link.symlink_to(old)
    relative.symlink_to("../link")
    dangling.symlink_to(tmp_path / "made")
    for at, target in ((link, old), (relative, old), (dangling, tmp_path / "made")):
        checkpoint.save(at, params={"w": np.full(3, 1.0 * len(str(at)))})
        assert at.is_symlink()
        assert not target.is_symlink()
        assert checkpoint.load(target).params["w"][0] == len(str(at))
    circle = tmp_path / "circle"
    circle.symlink_to(circle)
    with pytest.raises(OSError, match="circle"):
        checkpoint.save(circle, params=np.ones(1))
    assert circle.is_symlink()


def test_a_name_may_be_as_long_as_the_system_allows(tmp_path):
    path = tmp_path / ("ü" * 127 + "x")  # 255 bytes
    checkpoint.save(path, params=np.ones(1))
    assert checkpoint.load(path).params == 1
    with pytest.raises(OSError, match="cannot be written and is as it was: File name too long"):
        checkpoint.save(tmp_path / ("x" * 256), params=np.ones(1))
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the system has no full disk")
def test_a_full_disk_and_a_place_that_is_not_there_say_what_is_wrong(old, monkeypatch):
    before = old.read_bytes()
    with pytest.raises(FileNotFoundError, match="nowhere/run' cannot be written and is as it was: No such file"):
        checkpoint.save(old.parent / "nowhere" / "run", params=np.ones(1))
    with pytest.raises(IsADirectoryError, match="cannot be written"):
        checkpoint.save(old.parent, params=np.ones(1))
    opens = open
    monkeypatch.setattr("builtins.open", lambda path, mode: opens("/dev/full" if "x" in mode else path, "wb"))
    with pytest.raises(OSError, match="run.ckpt' cannot be written and is as it was: No space left on device"):
        checkpoint.save(old, params=np.ones(10_000))
    monkeypatch.undo()
    assert old.read_bytes() == before


# Damaged and mismatched files


def test_a_changed_byte_is_noticed_or_harmless(tmp_path):
    path = tmp_path / "run"
    rule, params = optlearn.Adam(), {"w": np.arange(4.0)}
    state = rule.init(params)
    checkpoint.save(path, params=params, state=state, optimizer=rule, rng=np.random.default_rng(0))
    good, rng, messages = path.read_bytes(), np.random.RandomState(0), []
    for _ in range(400):
        at = rng.randint(len(good))
        path.write_bytes(good[:at] + bytes([good[at] ^ (1 << rng.randint(8))]) + good[at + 1:])
        try:
            held = checkpoint.load(path)
        except InvalidArgument as error:
            messages.append(str(error))
        else:
            assert identical(held.params, params)
            assert identical(held.state, state)
    assert len(messages) > 200
    assert all(str(path) in message for message in messages)
    for length in (0, 1, 10, len(good) // 2, len(good) - 1):
        path.write_bytes(good[:length])
        with pytest.raises(InvalidArgument, match="is damaged or not a checkpoint"):
            checkpoint.load(path)


def rewritten(path, **changes):
    """The file with other entries in its JSON."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    held = {**json.loads(parts["checkpoint.json"]), **changes}
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in {**parts, "checkpoint.json": json.dumps(held)}.items():
            archive.writestr(name, data)


@pytest.mark.parametrize(("changes", "says"), [
    ({"format": "something"}, "is not a checkpoint of optlearn"),
    ({"version": 99}, "has version 99; this optlearn reads version 1"),
    ({"params": {"dict": [["w", {"array": 17}]]}}, "is damaged: its parts do not fit"),
    ({"params": {"dict": [["v", {"array": 0}]]}}, r"state belongs to parameters of the structure"),
    ({"rng": {"dict": [["kind", "Generator"]]}}, "is damaged: its parts do not fit"),
])
def test_a_file_whose_parts_do_not_fit_is_refused(changes, says, tmp_path):
    rule, params = optlearn.Adam(), {"w": np.arange(4.0)}
    checkpoint.save(tmp_path / "run", params=params, state=rule.init(params), optimizer=rule)
    rewritten(tmp_path / "run", **changes)
    with pytest.raises(InvalidArgument, match=says):
        checkpoint.load(tmp_path / "run")


def test_a_checkpoint_of_something_else_is_refused(tmp_path):
    path, rule, params = tmp_path / "run", optlearn.Adam(lr=0.1), {"w": np.arange(4.0)}
    checkpoint.save(path, params=params, state=rule.init(params), optimizer=rule)
    for arguments, says in (
            ({"params": {"v": np.arange(4.0)}}, r"has parameters .*'w'.*; params has .*'v'"),
            ({"params": {"w": np.arange(5.0)}}, r"params\['w'\] of shape \(4,\) .*; it must be \(5,\)"),
            ({"params": {"w": np.arange(4, dtype=np.float32)}}, "it must be .*float32"),
            ({"optimizer": optlearn.AdamW(lr=0.1)}, "was written with 'adam'; optimizer is 'adamw'"),
            ({"optimizer": optlearn.Adam(lr=0.2)}, "was written with lr = 0.1; optimizer has lr = 0.2"),
            ({"optimizer": optlearn.Adam(lr=schedules.Cosine())}, r"optimizer has lr = cosine\(start=0.1")):
        with pytest.raises(InvalidArgument, match=says):
            checkpoint.load(path, **arguments)
    with pytest.raises(InvalidArgument, match="does not exist"):
        checkpoint.load(tmp_path / "nothing")
    with pytest.raises(InvalidArgument, match="is a directory"):
        checkpoint.load(tmp_path)
    with pytest.raises(InvalidArgument, match="resume was not saved by a training"):
        train(IRIS, rule, resume=path)


def test_a_training_goes_on_only_as_it_was(tmp_path):
    path, rule = tmp_path / "run", optlearn.Adam(lr=schedules.Plateau(watch="step"))
    train(IRIS, rule, epochs=1, batch_size=40).save(path)
    for arguments, says in (
            ({"problem": Softmax("wine")}, "belongs to 112 training examples; the problem has 134"),
            ({"batch_size": 20}, "batch_size = 20 is not allowed; the saved training has 40"),
            ({"delay": 1}, "delay = 1 is not allowed; the saved training has 0"),
            ({"optimizer": optlearn.Adam(lr=schedules.Plateau())}, "was written with lr = plateau"),
            ({"params": IRIS.init()}, "with resume, params and state come from the checkpoint")):
        with pytest.raises(InvalidArgument, match=says):
            train(**{"problem": IRIS, "optimizer": rule, "resume": path, **arguments})


@pytest.mark.parametrize(("arguments", "says"), [
    ({"params": {"w": np.arange(3)}}, r"params\['w'\] has dtype int64"),
    ({"params": {"w": "text"}}, r"params\['w'\] is a str"),
    ({"state": 3}, "state = int is not allowed; it must be a State"),
    ({"state": optlearn.Adam().init({"v": np.ones(3)})}, "state belongs to parameters of the structure"),
    ({"state": optlearn.Adam().init({"w": np.ones(4)}), "optimizer": optlearn.Adam()},
     r"state of params\['w'\] has slots of shapes {'m': \(4,\)"),
    ({"state": optlearn.Adam().init({"w": np.ones(3)}), "optimizer": optlearn.Momentum()},
     "state belongs to 'adam', not to the optimizer 'momentum'"),
    ({"training": {"a": object()}}, r"training\['a'\] is a object, which cannot be saved"),
    ({"rng": 3}, "rng = 3 is not allowed; it must be a numpy.random"),
    ({"path": None}, "path = None is not allowed; it must be a path"),
])
def test_what_cannot_be_saved_touches_no_file(arguments, says, old):
    before = old.read_bytes()
    with pytest.raises(InvalidArgument, match=says):
        checkpoint.save(**{"path": old, "params": {"w": np.ones(3)}, **arguments})
    assert old.read_bytes() == before
    assert os.listdir(old.parent) == [old.name]
