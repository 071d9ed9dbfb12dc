"""Problems: gradients, initialisations, data and their split."""

import numpy as np
import pytest

from optlearn import InvalidArgument
from optlearn import problems as pr

rng = np.random.RandomState(0)
X = rng.standard_normal((12, 3)) * [1.0, 3.0, 0.2] + [0.0, 1.0, 5.0]
TWO, THREE, REAL = rng.randint(0, 2, 12), rng.randint(0, 3, 12), rng.standard_normal(12)

TEXT = "a rose is a rose is a rose, said gertrude stein, and " * 2

CASES = {
    "least squares": pr.LeastSquares((X, REAL), l2=0.3), "logistic": pr.Logistic((X, TWO), l2=0.3),
    "softmax": pr.Softmax((X, THREE), l2=0.3), "sparse": pr.SparseLogistic(l2=0.01),
    "tanh": pr.MLP((X, THREE), hidden=4, l2=0.1), "relu": pr.MLP((X, THREE), hidden=4, activation="relu"),
    "tanh, batch norm": pr.MLP((X, THREE), hidden=4, batch_norm=True, l2=0.1),
    "relu, batch norm": pr.MLP((X, THREE), hidden=4, activation="relu", batch_norm=True),
    "imbalanced": pr.ImbalancedSoftmax(pr.imbalanced(60, classes=5, features=3), l2=0.1),
    "memory": pr.AssociativeMemory(pairs=12, exponent=1.0, seed=3),
    "bigram": pr.Bigram(pr.bigrams(60, vocabulary=5), width=3),
    "transformer": pr.Transformer(pr.characters(TEXT, length=5), width=6, heads=3),
    "transformer, tied": pr.Transformer(pr.characters(TEXT, length=5), width=4, layers=2, tied=True),
}


def somewhere(problem):
    noise = np.random.RandomState(3)
    return {name: w + 0.3 * noise.standard_normal(w.shape) for name, w in problem.init(1).items()}


@pytest.mark.parametrize("problem", CASES.values(), ids=CASES)
@pytest.mark.parametrize("batch", [None, [0, 3, 4, 7, 11]], ids=["all", "batch"])
def test_gradients_agree_with_finite_differences(problem, batch):
    params, batch = somewhere(problem), None if batch is None else problem.batch(batch)
    loss, grads = problem.loss_and_gradient(params, batch)
    assert loss == problem.loss(params, batch)
    assert list(grads) == list(params)
    for name, w in params.items():
        assert np.shape(grads[name]) == w.shape
        for index in list(np.ndindex(*w.shape))[:20]:
            def along(h, name=name, index=index):
                moved = {n: np.array(array) for n, array in params.items()}
                moved[name][index] += h
                return problem.loss(moved, batch)
            # Fourth order, so that a step of 1e-4 leaves an error of about 1e-11.
            h = 1e-4
            slope = (8 * (along(h) - along(-h)) - (along(2 * h) - along(-2 * h))) / (12 * h)
            assert np.asarray(grads[name])[index] == pytest.approx(slope, rel=1e-7, abs=1e-9)


@pytest.mark.parametrize("problem", CASES.values(), ids=CASES)
def test_nothing_that_comes_in_is_changed(problem):
    params = somewhere(problem)
    before = {name: w.copy() for name, w in params.items()}
    problem.loss_and_gradient(params)
    problem.evaluate(params)
    problem.accuracy(params)
    assert all(np.array_equal(before[name], params[name]) for name in params)
    with pytest.raises(ValueError, match="read-only"):
        problem.train.x[0, 0] = 1.0


@pytest.mark.parametrize("make", [pr.Softmax, pr.MLP, lambda data: pr.MLP(data, batch_norm=True)])
def test_float32_data_give_float32_parameters_and_gradients(make):
    problem = make(pr.load("iris", dtype=np.float32))
    params = problem.init(0)
    grads = problem.gradient(params, problem.batch(np.arange(10)))
    assert {w.dtype for w in params.values()} == {g.dtype for g in grads.values()} == {np.dtype(np.float32)}


def test_the_line_is_the_experiment_of_the_first_chapter():
    problem = pr.LeastSquares()
    x, y = problem.train
    assert x.shape == (100, 1)
    assert np.abs(y - 2 * x[:, 0] - 1).std() < 0.1
    best = problem.solution()
    assert best["w"][0] == pytest.approx(2, abs=0.05)
    assert best["b"] == pytest.approx(1, abs=0.05)
    assert max(np.abs(np.append(*problem.gradient(best).values()))) < 1e-14
    # The loss as a surface over slope and intercept is the same function, with the same curvature.
    surface, params = problem.surface(), {"w": np.array([0.3]), "b": np.array(-0.7)}
    assert surface([0.3, -0.7]) == pytest.approx(problem.loss(params), rel=1e-13)
    np.testing.assert_allclose(surface.hessian([0.0, 0.0]), problem.hessian(), rtol=1e-13)


@pytest.mark.parametrize(("name", "variance"), [
    ("uniform", 1 / 3), ("normal", 1.0), ("default", 1 / (3 * 400)), ("xavier_uniform", 2 / 900),
    ("xavier_normal", 2 / 900), ("he_uniform", 2 / 400), ("he_normal", 2 / 400)])
def test_initialisations_have_the_variance_of_their_paper(name, variance):
    draw = pr.INITIALISATIONS[name]
    weights = draw(np.random.RandomState(0), 400, 500)
    assert weights.shape == (400, 500)
    assert weights.var() == pytest.approx(variance, rel=0.02)
    flat = np.abs(weights).max() <= np.sqrt(3 * variance)
    assert flat == (name not in ("normal", "xavier_normal", "he_normal"))
    assert np.array_equal(weights, draw(np.random.RandomState(0), 400, 500))
    half = draw(np.random.default_rng(5), 400, 500, 0.5)
    np.testing.assert_allclose(half, 0.5 * draw(np.random.default_rng(5), 400, 500), rtol=1e-12)


def test_a_memory_learns_each_pair_at_its_own_rate():
    problem = pr.AssociativeMemory(pairs=5)
    params, p = problem.init(), problem.frequencies
    assert problem == problem.replace() and problem != problem.replace(seed=1)
    assert len(problem.replace(pairs=3).train.y) == 3
    for _ in range(20):
        params = {"W": params["W"] - 0.5 * problem.gradient(params)["W"]}
    np.testing.assert_allclose(problem.errors(params), (1 - 0.5 * p) ** 20, rtol=1e-12)
    assert problem.accuracy(params) == 1 > problem.accuracy({"W": -params["W"]})
    batches = [problem.loss(params, problem.batch([i])) for i in range(5)]
    assert np.mean(batches) == pytest.approx(problem.loss(params), rel=1e-12)
    with pytest.raises(InvalidArgument, match="pairs = 0"):
        pr.AssociativeMemory(pairs=0)


def test_batch_norm_makes_the_scale_of_inputs_and_weights_irrelevant():
    problem = pr.MLP((X, THREE), hidden=4, batch_norm=True)
    scaled = pr.MLP((1000 * X, THREE), hidden=4, batch_norm=True)
    params = problem.init(0)
    assert scaled.loss(params) == pytest.approx(problem.loss(params), rel=1e-4)
    # On the whole training set, training and inference see the same statistics; elsewhere inference does not
    # depend on which examples stand together.
    assert problem.evaluate(params) == problem.loss(params)
    alone = [problem.evaluate(params, problem.batch([i])) for i in range(12)]
    assert np.mean(alone) == pytest.approx(problem.evaluate(params), rel=1e-12)


@pytest.mark.parametrize("name", pr.SETS)
def test_bundled_sets_are_split_by_seed_and_normalised_by_the_training_set(name):
    data, again, other = pr.load(name), pr.load(name), pr.load(name, seed=1)
    assert np.array_equal(data.train.x, again.train.x)
    assert not np.array_equal(data.train.x, other.train.x)
    total = len(data.train.y) + len(data.test.y)
    assert len(data.test.y) == round(total / 4)
    constant = data.train.x.std(axis=0) == 0
    np.testing.assert_allclose(data.train.x.mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(data.train.x.std(axis=0)[~constant], 1)
    raw = pr.load(name, normalise=False)
    columns = np.vstack([raw.train.x, raw.test.x])
    assert len(np.unique(columns, axis=0)) <= total
    rebuilt = raw.test.x - raw.train.x.mean(axis=0)
    rebuilt[:, ~constant] /= raw.train.x.std(axis=0)[~constant]
    np.testing.assert_allclose(data.test.x, rebuilt, atol=1e-9)
    if data.classes:
        sets = data.train.y, data.test.y
        share = [np.bincount(y, minlength=data.classes) / len(y) for y in sets]
        np.testing.assert_allclose(*share, atol=1.5 / len(data.test.y) * data.classes)


def test_stratified_batches_have_the_class_proportions():
    labels = pr.load("wine").train.y
    share = np.bincount(labels) / len(labels)
    off = {}
    for kind in ("stratified", "plain"):
        rng = np.random.RandomState(0)
        order = pr.stratified(labels, rng) if kind == "stratified" else rng.permutation(134)
        assert sorted(order) == list(range(len(labels)))
        counts = np.array([np.bincount(labels[order[i:i + 20]], minlength=3) for i in range(0, 120, 20)])
        off[kind] = np.abs(counts - 20 * share).max()
    assert off["stratified"] <= 1.5 < off["plain"]


def test_tokens_and_classes_follow_a_power_law():
    counts = np.bincount(pr.imbalanced(n=20000, classes=50).train.y)
    assert counts[0] / counts[9] == pytest.approx(10, rel=0.05)
    pairs = pr.bigrams()
    counts = np.bincount(pairs.train.x[:, 0].astype(int))
    assert counts[0] / counts[9] == pytest.approx(10, rel=0.15)
    # A batch moves few rows of the embedding.
    moved = pr.Bigram(pairs).gradient(pr.Bigram(pairs).init(0), pr.Bigram(pairs).batch(range(50)))["E"]
    assert (moved != 0).any(axis=1).mean() < 0.25


def test_a_transformer_does_not_see_what_is_to_come():
    problem = CASES["transformer, tied"]
    params, x = somewhere(problem), problem.train.x[:3]
    changed = x.copy()
    changed[:, 3:] = (changed[:, 3:] + 1) % problem.classes
    seen, then = (problem._forward(params, tokens.astype(int))[2] for tokens in (x, changed))
    np.testing.assert_array_equal(seen[:, :3], then[:, :3])
    assert not np.allclose(seen[:, 3:], then[:, 3:])


def test_windows_of_a_text_have_every_character_to_predict_once():
    data = pr.characters(TEXT, length=5)
    read = [part.x for part in (data.train, data.test)], [part.y for part in (data.train, data.test)]
    x, y = np.concatenate(read[0]), np.concatenate(read[1])
    alphabet = np.array(sorted(set(TEXT)))
    assert "".join(alphabet[x.ravel().astype(int)]) == TEXT[:x.size]
    assert "".join(alphabet[y]) == TEXT[5::5][:len(y)]
    assert pr.Transformer().classes == len(set((pr.transformer.PROSE).read_text())) == 37


def test_true_and_false_are_two_classes():
    assert pr.Logistic((X, TWO == 1)).loss_and_gradient(somewhere(CASES["logistic"]))[0] == \
        pr.Logistic((X, TWO)).loss_and_gradient(somewhere(CASES["logistic"]))[0]
    assert pr.split(X, TWO == 1).classes == 2


def test_sparse_features_are_rare_and_few_of_them_tell():
    problem = pr.SparseLogistic()
    assert 0.005 < np.mean(problem.train.x != 0) < 0.05
    assert 0.2 < np.mean(problem.train.y) < 0.8
    active = (problem.gradient(problem.init(), problem.batch([0, 1, 2]))["w"] != 0).mean()
    assert active < 0.1


@pytest.mark.parametrize(("make", "says"), [
    (lambda: pr.load("mnist"), "name = 'mnist' is not allowed; known are breast_cancer"),
    (lambda: pr.load("iris", test=1.5), "test = 1.5 is not allowed; it must be a number with 0 < test < 1"),
    (lambda: pr.load("iris", dtype=np.float16), "x has dtype float16; it must be float32 or float64"),
    (lambda: pr.Softmax("diabetes"), "data 'diabetes' has no classes; Softmax needs classes"),
    (lambda: pr.Logistic("iris"), "data 'iris' has 3 classes; Logistic needs two classes"),
    (lambda: pr.LeastSquares("iris"), "LeastSquares needs regression"),
    (lambda: pr.LeastSquares(3.0), "data = float is not allowed"),
    (lambda: pr.LeastSquares((X, REAL[:5])), r"y has shape \(5,\); it must be \(12,\)"),
    (lambda: pr.LeastSquares((X[:0], REAL[:0])), "x has shape .*not empty"),
    (lambda: pr.LeastSquares((X * np.inf, REAL)), "x and y must hold finite numbers"),
    (lambda: pr.Softmax((X, THREE - 1)), "classes must be 0, 1, 2"),
    (lambda: pr.LeastSquares((X, REAL, X[:, :2], REAL)), "x_test has 2 features; it must have those of x, 3"),
    (lambda: pr.MLP("iris", hidden=0), "hidden = 0 is not allowed; .* 1 <= hidden"),
    (lambda: pr.MLP("iris", initialisation="he"), "initialisation = 'he' is not allowed; it must be one of"),
    (lambda: pr.MLP("iris").init("seed"), "rng = 'seed' is not allowed; it must be a seed"),
    (lambda: pr.Softmax((X, THREE.astype(str))), "y contains '.'; classes must be whole numbers 0, 1, 2, ..., as "
                                                  "numpy.unique"),
    (lambda: pr.Softmax((X, THREE.astype(float))), r"no classes; Softmax needs classes; .*y.astype\(int\) makes"),
    (lambda: pr.Bigram((X, THREE)), "does not hold tokens; x must be one column of whole numbers from 0 to 2"),
    (lambda: pr.Transformer((X, THREE)), "does not hold tokens; x must hold whole numbers from 0 to 2"),
    (lambda: pr.Transformer(width=5), "width = 5 is not allowed; it must be a multiple of heads = 2"),
    (lambda: pr.characters("abc"), "text has 3 characters; it must have at least 65"),
    (lambda: pr.LeastSquares("diabetes").surface(), "has 10 features; a surface needs 1"),
])
def test_bad_input_names_argument_value_and_range(make, says):
    with np.errstate(invalid="ignore"), pytest.raises(InvalidArgument, match=says):
        make()
