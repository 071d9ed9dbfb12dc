"""train(): exact loops, seeds, what schedules and callbacks see, delay, early stop, divergence; tune()."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest

import optlearn
from optlearn import InvalidArgument, schedules
from optlearn.gradients import ClipGlobalNorm, ClipNorm, Decay
from optlearn.problems import (
    MLP,
    Data,
    LeastSquares,
    Logistic,
    Problem,
    Softmax,
    SparseLogistic,
    line,
    load,
    passes,
    stratified,
)
from optlearn.training import EarlyStop, lr_finder, together, train, tune
from optlearn.wrappers import Averaged, Lookahead

IRIS = Softmax("iris")


def same(a, b):
    return all(np.array_equal(a[name], b[name]) for name in {*a, *b})


def test_a_training_is_the_loop_one_would_write_by_hand():
    rule, rng = optlearn.Adam(lr=0.1), np.random.RandomState(7)
    params = IRIS.init(rng)
    state, losses = rule.init(params), []
    for _ in range(2):
        order = rng.permutation(112)
        for begin in range(0, 112, 50):
            batch = IRIS.batch(order[begin:begin + 50])
            losses.append(IRIS.loss(params, batch))
            params, state = rule.step(params, IRIS.gradient(params, batch), state)
    history = train(IRIS, rule, epochs=2, batch_size=50, rng=7)
    assert same(history.params, params)
    assert history.loss.tolist() == losses
    assert (history.steps, history.epochs, history.reason) == (6, 2, "2 epochs")
    assert history.train_loss[-1] == IRIS.loss(params)
    assert history.test_accuracy[-1] == IRIS.accuracy(params, IRIS.test)
    assert len(history.test_loss) == 3


@pytest.mark.parametrize("seed", [3, np.random.default_rng])
def test_the_same_seed_gives_the_same_run_and_another_seed_another(seed):
    problem = MLP("iris", hidden=5)
    made = seed if isinstance(seed, int) else seed(3)
    again = seed if isinstance(seed, int) else seed(3)
    first = train(problem, "adam", epochs=2, rng=made)
    assert same(first.params, train(problem, "adam", epochs=2, rng=again).params)
    assert not same(first.params, train(problem, "adam", epochs=2, rng=4).params)


def test_a_full_batch_without_shuffling_is_gradient_descent():
    problem = LeastSquares()
    history = train(problem, optlearn.GradientDescent(lr=0.5), epochs=60, batch_size="full", shuffle=False)
    by_surface = optlearn.run(problem.surface(), optlearn.GradientDescent(lr=0.5), steps=60)
    end = [history.params["w"][0], history.params["b"]]
    np.testing.assert_allclose(end, by_surface.w[-1], rtol=1e-12)
    np.testing.assert_allclose(history.loss, by_surface.loss[:-1], rtol=1e-9)
    assert len(history.test_loss) == len(history.train_accuracy) == 0


def test_a_rule_that_looks_ahead_gets_the_gradient_there():
    problem = LeastSquares()
    rule = optlearn.Nesterov(lr=0.3, momentum=0.8)
    history = train(problem, rule, epochs=30, batch_size="full", shuffle=False)
    by_surface = optlearn.run(problem.surface(), rule, steps=30)
    np.testing.assert_allclose([history.params["w"][0], history.params["b"]], by_surface.w[-1], rtol=1e-12)


def test_delayed_gradients_come_from_older_parameters():
    # Curvature 1 and delay 8: stable below 2 sin(pi / 34) = 0.1845.
    problem = LeastSquares((np.array([[1.0], [-1.0]]), np.zeros(2)))
    start = {"w": np.ones(1), "b": np.zeros(())}
    for lr, bounded in ((0.18, True), (0.19, False)):
        kept = []
        train(problem, optlearn.GradientDescent(lr=lr), epochs=1000, batch_size="full", delay=8, params=start,
              callbacks=lambda training, kept=kept: kept.append(training.params["w"][0]))
        late, later = np.abs(kept[400:500]).max(), np.abs(kept[900:]).max()
        assert (later < 0.8 * late) == bounded
        assert (later > 1.25 * late) == (not bounded)
    rule = optlearn.Momentum(lr=0.05)
    by_surface = optlearn.run(lambda x, y: 0.5 * (x * x + y * y), rule, start=(1.0, 0.0), steps=40, delay=3)
    trained = train(problem, rule, epochs=40, batch_size="full", delay=3, params=start)
    np.testing.assert_allclose(trained.params["w"][0], by_surface.w[-1, 0], rtol=1e-12)


def test_schedules_and_callbacks_see_the_training_state():
    places, counts = [], []
    rule = optlearn.GradientDescent(lr=schedules.FromTraining(lambda place: places.append(place) or 0.1))
    train(IRIS, rule, epochs=2, batch_size=50,
          callbacks=[lambda training: counts.append((training.epoch, training.batch, training.iteration))])
    seen = [p for i, p in enumerate(places) if i == 0 or p != places[i - 1]]
    assert [tuple(p) for p in seen] == [(50, 0, 0, 0), (50, 0, 1, 1), (50, 0, 2, 2),
                                        (50, 1, 0, 3), (50, 1, 1, 4), (50, 1, 2, 5)]
    assert counts == [(0, 1, 1), (0, 2, 2), (1, 0, 3), (1, 1, 4), (1, 2, 5), (2, 0, 6)]


def test_schedules_are_recorded_by_step_and_by_epoch():
    decay = schedules.Exponential(start=1.0, gamma=0.5)
    by_step = train(IRIS, optlearn.GradientDescent(lr=decay), epochs=2, batch_size=50)
    assert by_step.hyper["lr"].tolist() == [1, 0.5, 0.25, 0.125, 0.0625, 0.03125]
    by_epoch = train(IRIS, optlearn.GradientDescent(lr=decay.per_epoch()), epochs=2, batch_size=50)
    assert by_epoch.hyper["lr"].tolist() == [1, 1, 1, 0.5, 0.5, 0.5]
    fixed = train(IRIS, optlearn.GradientDescent(lr=decay.per_epoch(3)), epochs=2, batch_size=50)
    assert same(fixed.params, by_epoch.params)


@pytest.mark.parametrize("watch", ["step", "train", "test"])
def test_loss_driven_schedules_are_fed_what_they_watch(watch):
    plateau = schedules.Plateau(start=0.5, factor=0.5, patience=0, threshold=0.4, watch=watch)
    history = train(IRIS, optlearn.GradientDescent(lr=plateau), epochs=6, batch_size=50)
    losses = {"step": history.loss, "train": history.train_loss[1:], "test": history.test_loss[1:]}[watch]
    state, expected = plateau.begin(), []
    for step in range(18):
        expected.append(plateau.at(state, step))
        if watch == "step" or (step + 1) % 3 == 0:
            state = plateau.feed(state, losses[step if watch == "step" else step // 3], watch)
    assert history.hyper["lr"].tolist() == expected
    assert expected[-1] < 0.5
    assert plateau.begin() == {"value": 0.5, "best": None, "bad": 0, "rest": 0}


def test_a_schedule_of_a_gradient_transform_is_fed_too():
    from optlearn.gradients import ClipNorm

    rule = optlearn.GradientDescent(lr=0.1, gradient=[ClipNorm(clip_norm=schedules.Plateau(
        start=1.0, factor=0.5, patience=0, threshold=0.99, watch="step"))])
    by_hand = optlearn.GradientDescent(lr=0.1, gradient=[ClipNorm(clip_norm=lambda k: 0.5 ** max(0, k - 1))])
    assert same(train(IRIS, rule, epochs=2).params, train(IRIS, by_hand, epochs=2).params)


def test_stratified_batches():
    orders = []
    problem = Softmax("wine")
    train(problem, "gd", epochs=1, batch_size=20, stratified=True, callbacks=lambda t: orders.append(t.order))
    rng = np.random.RandomState(0)
    problem.init(rng)
    assert np.array_equal(orders[0], stratified(problem.train.y, rng))


def test_early_stopping_keeps_the_best_parameters():
    # A network that is large for so few examples: its test loss rises again.
    x, y = load("iris").train
    problem = MLP((x[:20], y[:20], x[20:], y[20:]), hidden=50)
    history = train(problem, optlearn.Adam(lr=0.05), epochs=200, early_stop=EarlyStop(patience=4))
    assert history.reason == "no better test_loss for 4 epochs"
    assert history.best_epoch == np.argmin(history.test_loss) == history.epochs - 4
    assert problem.evaluate(history.best_params, problem.test) == history.test_loss.min()
    assert train(problem, optlearn.Adam(lr=0.05), epochs=200, early_stop=4).steps == history.steps


def test_the_best_parameters_are_those_of_the_best_epoch_or_there_are_none():
    """Watched only after resuming: the best epoch may lie before, and its parameters are gone."""
    problem, rule = MLP("iris"), optlearn.Momentum(lr=0.5)
    found = set()
    for epochs in range(1, 12):
        first = train(problem, rule, epochs=epochs, rng=3).training.checkpoint()
        history = train(problem, rule, resume=first, epochs=12, early_stop=20)
        best = int(np.argmin(history.test_loss))
        assert history.best_epoch == (best if best >= epochs else None)
        if history.best_epoch is None:
            assert history.best_params is None
        else:
            assert problem.evaluate(history.best_params, problem.test) == history.test_loss[best]
        again = train(problem, rule, resume=history.training.checkpoint(), epochs=14, early_stop=EarlyStop(patience=20))
        assert (again.best_epoch, again.best_params is None) == (history.best_epoch, history.best_params is None)
        found.add(history.best_epoch)
    assert None in found and len(found) == 2
    assert train(problem, rule, resume=history.training.checkpoint(), epochs=13).best_epoch is None


def test_what_a_training_keeps_is_its_own():
    start = IRIS.init()
    before = {name: w.copy() for name, w in start.items()}
    rule = optlearn.GradientDescent(lr=1e-9)
    history = train(IRIS, rule, epochs=1, params=start, early_stop=EarlyStop(min_delta=1.0))
    for w in start.values():
        w += 1
    assert history.best_epoch == 0
    assert same(history.best_params, before)


def test_a_first_loss_that_is_no_number_is_not_the_best():
    watch = EarlyStop(patience=1)
    assert watch.best([np.nan, np.nan, 2.0, np.nan, 3.0]) == 2
    assert watch.best([np.inf, 5.0]) == 1
    assert EarlyStop(watch="test_accuracy").best([np.nan, 0.5, 0.7]) == 2


def test_divergence_is_a_result():
    history = train(LeastSquares("diabetes"), optlearn.GradientDescent(lr=50.0), epochs=400)
    assert history.diverged == history.steps + 1
    assert history.reason == f"diverged at step {history.diverged}"
    assert np.isfinite(history.loss).all()
    assert np.isfinite(history.params["w"]).all()
    assert np.abs(history.params["w"]).max() > 1e100


def test_a_step_that_overflows_is_divergence_too():
    class Cubed(optlearn.Optimizer, register=False):
        def update(self, w, g, s, t):
            return optlearn.Update(w - 1e200 ** t * g)

    history = train(LeastSquares(), Cubed(), epochs=1)
    assert history.diverged == 2
    assert np.isfinite(history.params["w"]).all()


def test_a_callback_ends_the_training():
    history = train(IRIS, "adam", epochs=9, callbacks=lambda training: training.iteration == 5)
    assert (history.steps, history.reason) == (5, "ended by a callback after step 5")


def test_the_progress_bar_counts_steps(capsys):
    pytest.importorskip("tqdm")
    quiet = train(IRIS, "adam", epochs=2)
    assert capsys.readouterr() == ("", "")
    shown = train(IRIS, "adam", epochs=2, progress=True)
    assert "8/8" in capsys.readouterr().err
    assert same(quiet.params, shown.params)


def test_float32_is_kept():
    problem = MLP(load("iris", dtype=np.float32), hidden=4, batch_norm=True)
    history = train(problem, optlearn.Adam(lr=schedules.Cosine(steps=100)), epochs=2)
    assert {w.dtype for w in history.params.values()} == {np.dtype(np.float32)}


@pytest.mark.parametrize("name", optlearn.names())
def test_every_rule_trains(name):
    history = train(Logistic("breast_cancer"), optlearn.get(name), epochs=1, batch_size=100)
    assert history.diverged is None
    assert history.steps == 5


@pytest.mark.parametrize(("arguments", "says"), [
    ({"problem": "iris"}, "problem = 'iris' is not allowed; it must be an optlearn Problem"),
    ({"optimizer": 3}, "optimizer = 3 is not allowed"),
    ({"optimizer": ["adam"]}, r"optimizer = \['adam'\] is not allowed"),
    ({"optimizer": None}, "optimizer = None is not allowed; it must be an Optimizer such as"),
    ({"optimizer": "adamm"}, "did you mean 'adam"),
    ({"epochs": -1}, "epochs = -1 is not allowed"),
    ({"batch_size": 0}, "batch_size = 0 is not allowed; it must be a whole number with 1 <= batch_size <= 112"),
    ({"batch_size": 2.5}, "batch_size = 2.5 is not allowed"),
    ({"batch_size": 113}, "batch_size = 113 is not allowed; .* 1 <= batch_size <= 112, the number of training"),
    ({"params": {"W": np.ones((4, 3))}}, r"params has arrays of the shapes {\"\['W'\]\": \(4, 3\)}; Softmax needs"),
    ({"params": {"W": np.full((4, 3), np.inf), "b": np.zeros(3)}}, r"params\['W'\] has values that are not finite"),
    ({"callbacks": 3}, "callbacks contains 3"),
    ({"delay": -1}, "delay = -1 is not allowed"),
    ({"shuffle": "yes"}, "shuffle = 'yes' is not allowed; it must be True or False"),
    ({"rng": -1}, "rng = -1 is not allowed; it must be a seed"),
    ({"callbacks": [3]}, "callbacks contains 3"),
    ({"early_stop": 0}, "patience = 0 is not allowed"),
    ({"problem": LeastSquares(), "early_stop": 3}, "test_loss, which data 'line' does not have"),
    ({"problem": LeastSquares(), "stratified": True}, "stratified = True is not allowed here"),
    ({"problem": LeastSquares(), "optimizer": optlearn.Adam(lr=schedules.Plateau(watch="test"))},
     "watches the test loss, but data 'line' has no test examples"),
    ({"resume": 3}, "resume = 3 is not allowed; it must be a path or a Checkpoint"),
    ({"params": {"W": np.ones((4, 3), int)}}, "params.* has dtype int64; it must be float32 or float64"),
])
def test_bad_input_names_argument_value_and_range(arguments, says):
    arguments = {"problem": IRIS, "optimizer": "adam", **arguments}
    with pytest.raises(InvalidArgument, match=says):
        train(**arguments)


class Own(Problem):
    """A reader's problem whose parts a test replaces."""

    kind = "regression"

    def init(self, rng=0):
        return MADE.get("init", {"w": np.zeros(1)})

    def loss_and_gradient(self, params, batch=None):
        x, y = batch or self.train
        error = x @ params["w"] - y
        right = float(np.mean(error**2)), {"w": 2 * x.T @ error / len(y)}
        return MADE["made"](*right) if "made" in MADE else right


MADE = {}


@pytest.mark.parametrize(("made", "says"), [
    ({"init": {"w": np.zeros(1, int)}}, r"Own.init gives params .* params\['w'\] has dtype int64"),
    ({"init": {"w": [0.0]}}, "Own.(init|loss_and_gradient) gives"),
    ({"init": {"w": "zero"}}, r"Own.init gives params .* params\['w'\] is a str"),
    ({"init": {"w": np.array([np.nan])}}, r"Own.init gives .* params\['w'\] has values that are not finite"),
    ({"made": lambda loss, grads: loss}, "Own.loss_and_gradient gives a float; it must end with return loss, grad"),
    ({"made": lambda loss, grads: None}, "loss_and_gradient gives a NoneType; it must end with return loss, gradient"),
    ({"made": lambda loss, grads: (np.full(3, loss), grads)},
     r"gives as loss an array of the shape \(3,\), such as one for each example; it must be one number"),
    ({"made": lambda loss, grads: (None, grads)}, "gives as loss None; it must be one number"),
    ({"made": lambda loss, grads: (loss, grads["w"])}, "gives a gradient that does not fit: grads has the structure"),
    ({"made": lambda loss, grads: (loss, {"w": grads["w"][:, None]})}, r"not fit: grads\['w'\] has shape \(1, 1\)"),
    ({"made": lambda loss, grads: (loss, {"w": None})}, r"does not fit: grads\['w'\] is a NoneType"),
    ({"made": lambda loss, grads: (loss, {"w": grads["w"].astype(int)})}, r"not fit: grads\['w'\] has dtype int64"),
    ({"made": lambda loss, grads: (np.nan, grads)}, "gives the loss nan at the first parameters; it must be a number"),
], ids=lambda x: x if isinstance(x, str) else next(iter(x)))
def test_a_problem_of_ones_own_that_is_wrong_is_told_what(made, says, monkeypatch):
    for part, value in made.items():
        monkeypatch.setitem(MADE, part, value)
    with pytest.raises(InvalidArgument, match=says):
        train(Own(line()), "gd", epochs=1)
    monkeypatch.undo()
    assert train(Own(line()), "gd", epochs=1).steps == 4


class Hasty(Own):
    def loss_and_gradient(self, params, batch=None):
        w = params["w"]
        w -= 1
        return super().loss_and_gradient(params, batch)


def test_arrays_are_the_guests_of_problems_and_rules():
    class InPlace(optlearn.Optimizer, register=False):
        def update(self, w, g, s, t):
            w -= 0.1 * g
            return optlearn.Update(w)

    with pytest.raises(InvalidArgument, match=r"Hasty.loss_and_gradient, line \d+ .*make a new array: w = w - 1"):
        train(Hasty(line()), "gd")
    with pytest.raises(InvalidArgument, match=r"InPlace.update, line \d+ .*make a new array: w = w - 0.1 \* g"):
        train(IRIS, InPlace())


def test_a_rule_is_named_in_many_ways():
    expected = train(IRIS, optlearn.Adam(), epochs=1)
    for rule in ("adam", optlearn.Adam, optlearn.Adam().config()):
        assert same(train(IRIS, rule, epochs=1).params, expected.params)
        assert tune(IRIS, rule, {"lr": [0.001]}, epochs=1).score == expected.train_loss[-1]
        assert lr_finder(IRIS, rule, steps=10).loss[0] == expected.loss[0]


def test_a_schedule_that_counts_its_own_calls_is_found_out():
    class Counter:
        calls = 0

        def __call__(self, k):
            self.calls += 1
            return 0.1 * 0.5 ** (self.calls // 10)

    with pytest.raises(InvalidArgument, match="lr has a schedule that gives 0.1 and then 0.05 for the same step"):
        train(IRIS, optlearn.GradientDescent(lr=Counter()), epochs=5, batch_size=32)
    for compiled in (False, True):
        with pytest.raises(InvalidArgument, match="lr has a schedule that gives 0.1 and then .* for the same step"):
            optlearn.run("quadratic", optlearn.GradientDescent(lr=Counter()), steps=30, compiled=compiled)


def test_a_state_that_overflows_is_divergence():
    class Squares(optlearn.Optimizer, register=False):
        slots = ("v",)

        def update(self, w, g, s, t):
            return optlearn.Update(w - 1e-3 * g, v=s.v + np.float64(1e200) ** t)

    history = train(LeastSquares(), Squares(), epochs=1)
    assert history.diverged == 2
    assert np.isfinite(history.state["v"][0]).all()


# Tuning


@pytest.mark.parametrize("rule", [optlearn.Adam(weight_decay=0.1), optlearn.Nesterov(lr=schedules.Exponential()),
                                  Lookahead(optlearn.AdaGrad()), Averaged(optlearn.GradientDescent(lr=30.0)),
                                  optlearn.Momentum(gradient=[ClipNorm(clip_norm=0.1), Decay(weight_decay=0.1)]),
                                  optlearn.Adam(gradient=[ClipGlobalNorm(clip_norm=0.1)]),
                                  optlearn.GradientDescent(lr=1e200)], ids=repr)
@pytest.mark.parametrize("problem", [MLP("iris", hidden=5, activation="relu", l2=0.1),
                                     MLP("iris", hidden=5, l2=0.1, batch_norm=True), Softmax("iris", l2=0.1),
                                     Logistic("breast_cancer", l2=0.1), LeastSquares("diabetes", l2=0.1)], ids=repr)
def test_seeds_that_go_together_train_as_they_would_alone(problem, rule):
    # At a rate of 1e200 they do not end with all their steps.
    how = {"batch_size": 30, "stratified": problem.classes is not None}
    (x, y), test = problem.train, problem.test
    others = [problem.replace(data=Data(factor * x, y, *test)) for factor in (0.5, 2.0)]
    of = [problem] * 3 if type(rule) is optlearn.Adam else [problem, *others]
    assert together.possible(of, rule, (0, 1, 2), how)
    for seed, one in enumerate(together.train_all(of, rule, 2, (0, 1, 2), how)):
        alone = train(of[seed], rule, epochs=2, rng=seed, **how)
        assert one.reason == alone.reason and one.state.t == alone.state.t
        assert same(one.table(), alone.table()) and same(one.table("gradients"), alone.table("gradients"))
        assert same(one.params, alone.params) and same(one.answer, alone.answer)
        assert all(map(same, one.state.slots, alone.state.slots))


@pytest.mark.parametrize("grid", [[0.1, 0.01], [1e200]])
def test_a_tuning_by_a_record_finds_what_one_by_all_records_finds(grid):
    one, other = (tune(Softmax("iris"), "gd", {"lr": grid}, epochs=3, seeds=range(3), measure=measure)
                  for measure in ("test_loss", lambda history: history.test_loss[-1]))
    assert np.array_equal(one.runs, other.runs) and same(one.result.table(), other.result.table())


@pytest.mark.parametrize("problem, rule, how", [
    (MLP("iris"), optlearn.LARS(), {}), (MLP("iris"), optlearn.SGLD(), {}), (MLP("iris"), optlearn.Muon(), {}),
    (MLP("iris"), optlearn.Groups({"W1": "adam"}, default="gd"), {}),
    (MLP("iris"), optlearn.Adam(lr=schedules.Plateau(start=0.1)), {}),
    (SparseLogistic(), optlearn.Adam(), {}),
    (MLP("iris"), optlearn.Adam(), {"delay": 1}), (MLP("iris"), optlearn.Adam(), {"callbacks": [print]})], ids=repr)
def test_what_a_seed_has_of_its_own_is_trained_alone(problem, rule, how):
    assert not together.possible([problem] * 2, rule, (0, 1), how)


def test_a_list_holds_a_problem_for_each_seed():
    of = [LeastSquares(line(seed=seed)) for seed in range(3)]
    for rule in ("gd", optlearn.LARS()):
        found = tune(of, rule, {"lr": [0.1, 0.01]}, epochs=2, seeds=(5, 6, 7))
        assert found.runs.tolist() == [[train(problem, found.optimizer.replace(**values), epochs=2, rng=seed)
                                        .train_loss[-1] for problem, seed in zip(of, (5, 6, 7), strict=True)]
                                       for values, _ in found.trials]
    unlike = [Softmax("iris"), Softmax("digits")]
    assert not together.possible(unlike, optlearn.Adam(), (0, 1), {})


def test_loss_and_accuracy_in_one_pass_are_those_of_two():
    for problem in (MLP("iris", l2=0.1), MLP("iris", batch_norm=True), Softmax("iris", l2=0.1)):
        params = train(problem, "gd", epochs=1).params
        expected = problem.evaluate(params, problem.test), problem.accuracy(params, problem.test)
        assert passes.scores(problem, params, problem.test) == expected


def test_tuning_tries_everything_once_and_reports_it():
    tried = []
    found = tune("rosenbrock", "momentum", {"lr": [1e-4, 1e-3, 10.0], "momentum": [0.5, 0.9]}, steps=50,
                 measure=lambda run: tried.append(run.optimizer.values["lr"]) or run.loss[-1])
    assert len(found.trials) == 6
    assert found.budget == "6 runs of 50 steps"
    assert found.score == min(score for _, score in found.trials) == found.result.loss[-1]
    assert found.optimizer == optlearn.Momentum(**found.values)
    # A run that diverged is the worst; it is not measured.
    assert 10.0 not in tried
    assert [score for values, score in found.trials if values["lr"] == 10.0] == [np.inf, np.inf]
    assert found.at_edge == ["momentum"]
    assert "lr=0.001, momentum=0.9" in repr(found)


def test_every_rule_gets_the_same_budget():
    both = tune(IRIS, ["adam", "gd"], {"lr": [0.01, 0.1, 1.0]}, epochs=2, seeds=(0, 1), batch_size=50)
    assert [t.budget for t in both] == ["3 runs x 2 seeds of 2 epochs"] * 2
    runs = [train(IRIS, both[0].optimizer, epochs=2, rng=seed, batch_size=50) for seed in (0, 1)]
    assert both[0].score == np.mean([run.train_loss[-1] for run in runs])
    assert both[0].runs.shape == (3, 2)
    assert both[0].runs[both[0].runs.mean(axis=1).argmin()].tolist() == [run.train_loss[-1] for run in runs]
    with pytest.raises(InvalidArgument, match=r"\[2, 1\] combinations; every rule must get the same budget"):
        tune(IRIS, ["adam", "gd"], [{"lr": [0.1, 0.2]}, {"lr": [0.1]}])
    accuracy = tune(IRIS, "adam", {"lr": [1e-5, 0.1]}, epochs=2, measure="test_accuracy")
    assert accuracy.values == {"lr": 0.1}
    assert accuracy.score < -0.5


@pytest.mark.parametrize(("arguments", "says"), [
    ({"grid": {"lr": 0.1}}, "grid = .* is not allowed; it must be a dict"),
    ({"grid": {"lr": [0.1, -1.0]}}, "lr = -1.0 is not allowed"),
    ({"epochs": 3}, "a problem is tuned with epochs, a surface with steps"),
    ({"measure": "test_los"}, "measure = 'test_los' is not allowed; did you mean 'test_loss'"),
    ({"measure": "test_loss"}, "this run has no such record"),
    ({"seeds": ()}, "it must hold at least one seed"),
    ({"on": [IRIS, IRIS]}, "a list must hold a problem for each of the 1 seeds"),
])
def test_bad_input_of_tune(arguments, says):
    with pytest.raises(InvalidArgument, match=says):
        tune(**{"on": "rosenbrock", "rule": "adam", "grid": {"lr": [0.1]}, **arguments})


def test_arguments_that_stand_for_transforms_are_tuned_as_what_they_are():
    plain, decayed = optlearn.GradientDescent(lr=0.05), optlearn.GradientDescent(lr=0.05, weight_decay=1.0)
    found = tune("quadratic", decayed, {"weight_decay": [0.0, 0.5], "clip_gradient": [None, 1.0]}, steps=20)
    expected = [optlearn.run("quadratic", plain.replace(**values), steps=20).loss[-1] for values, _ in found.trials]
    assert [score for _, score in found.trials] == expected
    assert expected[0] == optlearn.run("quadratic", plain, steps=20).loss[-1]
    assert len(set(expected)) == 4


def test_choices_and_single_values_have_no_edge():
    found = tune("quadratic", "gd", {"lr": np.array([0.1, 0.001, 0.01]), "weight_decay": [0.0]}, steps=30)
    assert found.at_edge == ["lr"]
    assert "at the edge of the grid: lr" in repr(found)
    found = tune("quadratic", "momentum", {"lr_inside": [False, True], "lr": [0.1, 1e3, 1e-9]}, steps=30)
    assert found.at_edge == []
    assert "every run diverged" in repr(tune("quadratic", "gd", {"lr": [1e10, 1e12]}, steps=90))


# Learning rates


def test_the_finder_is_one_run_with_a_growing_rate():
    rates = 1e-4 * 1e4 ** (np.arange(60) / 59)
    found = lr_finder("quadratic", "gd", low=1e-4, high=1.0, steps=60, smooth=0.8)
    loss = optlearn.run("quadratic", optlearn.GradientDescent(lr=lambda k: float(rates[k])), steps=60).loss
    taken = len(found.lr)
    np.testing.assert_allclose(found.lr, rates[:taken], rtol=1e-12)
    np.testing.assert_allclose(found.loss, loss[:taken], rtol=1e-9)
    weights = [0.8 ** np.arange(k + 1)[::-1] for k in range(taken)]
    smoothed = np.array([w @ loss[:k + 1] / w.sum() for k, w in enumerate(weights)])
    np.testing.assert_allclose(found.smoothed, smoothed, rtol=1e-9)
    # It ends at the first loss that is high above the first.
    high = smoothed > smoothed[0] + 3 * smoothed[0]
    assert taken == (np.flatnonzero(high)[0] + 1 if high.any() else 60)
    end = smoothed.argmin()
    fall = np.gradient(smoothed[taken // 10:end + 1], np.log10(rates[taken // 10:end + 1]))
    assert found.suggestion == found.lr[taken // 10 + fall.argmin()]
    assert found.lowest == found.lr[end]


def test_the_finder_trains_a_problem_and_says_why_it_ended():
    found = lr_finder(IRIS, "momentum", steps=40, rng=3)
    again = train(IRIS, optlearn.Momentum(lr=lambda k: 1e-6 * 1e7 ** (k / 39)), epochs=10, rng=3)
    np.testing.assert_allclose(found.loss, again.loss, rtol=1e-12)
    assert found.suggestion < found.lowest
    assert "40 steps to the end" in repr(found)
    outside = lr_finder(lambda x, y: np.sqrt(x) + y * y, "gd", start=(1.0, 0.0), smooth=0)
    assert "not finite at" in outside.reason
    assert np.isfinite(outside.smoothed).all()
    assert "rises at" in lr_finder("rosenbrock", "gd", smooth=0).reason
    assert "still falling at the largest rate" in repr(lr_finder("quadratic", "gd", high=0.01, smooth=0))
    assert lr_finder("quadratic", "gd", low=5.0, high=6.0, steps=10, smooth=0).suggestion is None
    assert list(found.table()) == ["lr", "loss", "smoothed"]


@pytest.mark.parametrize(("arguments", "says"), [
    ({"low": 0}, "low = 0 is not allowed; it must be a finite number with 0 < low"),
    ({"high": 1e-9}, "high = 1e-09 is not allowed; it must be above low"),
    ({"steps": 5}, "steps = 5 is not allowed; it must be at least 10"),
    ({"smooth": 1}, "smooth = 1 is not allowed"),
    ({"rule": "adadeltaa"}, "did you mean 'adadelta'"),
    ({"rule": "Fixed"}, "it must have a hyperparameter lr"),
])
def test_bad_input_of_the_finder(arguments, says):
    class Fixed(optlearn.Optimizer, register=False):
        def update(self, w, g, s, t):
            return optlearn.Update(w - 0.1 * g)

    if arguments.get("rule") == "Fixed":
        arguments = {"rule": Fixed()}
    with pytest.raises(InvalidArgument, match=says):
        lr_finder(**{"on": "quadratic", "rule": "gd", **arguments})


# Tables


def test_records_are_tables(monkeypatch):
    history = train(IRIS, optlearn.Adam(lr=schedules.Exponential(gamma=0.5)), epochs=2, batch_size=50)
    epochs, steps = history.table(), history.table("step")
    assert list(epochs) == ["epoch", "train_loss", "test_loss", "train_accuracy", "test_accuracy"]
    assert epochs["epoch"].tolist() == [0, 1, 2]
    assert steps["step"].tolist() == [1, 2, 3, 4, 5, 6]
    assert steps["epoch"].tolist() == [0, 0, 0, 1, 1, 1]
    assert steps["lr"].tolist() == history.hyper["lr"].tolist()
    for by in ("gradients", "seconds"):
        first, *rest = history.table(by)
        assert first == by and list(history.table(by)[by]) == list(getattr(history, by)) and rest == list(steps)
    with pytest.raises(InvalidArgument, match="by = 'day' is not allowed; it must be 'epoch' or 'step'"):
        history.table("day")
    tuned = tune("quadratic", "gd", {"lr": [0.1, 0.2]}, steps=3)
    assert tuned.table() == {"lr": [0.1, 0.2], "score": [score for _, score in tuned.trials]}
    found, made = lr_finder("quadratic", "gd", steps=20), optlearn.run("quadratic", "gd", steps=2)
    assert list(found.table()) == ["lr", "loss", "smoothed"]
    monkeypatch.setitem(sys.modules, "pandas", None)
    for table in (history, tuned, found, made):
        with pytest.raises(ModuleNotFoundError, match="data frames need pandas; get it with: pip install pandas"):
            table.to_pandas()
    monkeypatch.setitem(sys.modules, "pandas", SimpleNamespace(DataFrame=list))
    assert tuned.to_pandas() == ["lr", "score"]
    assert made.to_pandas() == ["step", "loss", "x", "y", "g_x", "g_y"]


def test_the_table_of_several_runs_has_them_one_after_the_other():
    rates = np.array([0.1, 0.2, 0.3])
    for on, start, names in (("quadratic", (1.0, 2.0), ("x", "y")),
                             (lambda w: np.sum(w**2), np.arange(6.0).reshape(2, 3), ("w[0, 0]", "w[1, 2]"))):
        many = optlearn.run(on, optlearn.GradientDescent(lr=rates), start, steps=4)
        table = many.table()
        assert len({len(column) for column in table.values()}) == 1
        assert list(table)[:4] == ["step", "run", "lr", "loss"]
        for i, lr in enumerate(rates):
            one = many.lane(i).table()
            mine = table["run"] == i
            assert (table["lr"][mine] == lr).all()
            for name in ("step", "loss", names[0], names[-1], "g_" + names[-1]):
                np.testing.assert_array_equal(table[name][mine], one[name])
    kept = optlearn.run(lambda w: np.sum(w**2), "schedule_free", np.ones(200), steps=9, keep=4)
    assert list(kept.table()) == ["step", "loss", "answer_loss"]
    assert kept.table()["step"].tolist() == [0, 4, 8, 9]


def test_seconds_are_those_of_steps_and_go_on_after_resuming(monkeypatch, tmp_path):
    """By a clock that jumps when a gradient is taken and when a training is evaluated."""
    from optlearn.training import loop

    now = [0.0]

    class Slow(Softmax):
        def loss_and_gradient(self, params, batch=None):
            now[0] += 2.0
            return super().loss_and_gradient(params, batch)

        def loss(self, params, batch=None):
            now[0] += 100.0
            return super().loss(params, batch)

    monkeypatch.setattr(loop.time, "perf_counter", lambda: now[0])
    first = train(Slow("iris"), optlearn.Adam(), epochs=1, batch_size=50)
    assert first.seconds.tolist() == [2.0, 4.0, 6.0]
    first.save(tmp_path / "run.npz")
    again = train(Slow("iris"), optlearn.Adam(), epochs=2, batch_size=50, resume=tmp_path / "run.npz")
    assert again.seconds.tolist() == [2.0, 4.0, 6.0, 8.0, 10.0, 12.0]
