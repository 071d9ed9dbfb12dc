"""Run our rules on the reference cases."""

import json
from pathlib import Path

import numpy as np

import optlearn

DATA = json.loads((Path(__file__).parent.parent / "reference" / "trajectories.json").read_text())
CASES = {case["id"]: case for case in DATA["cases"]}

# A flag of the library's call that the neutral names of `hyper` do not tell.
EXTRA = {
    "adafactor/optax": {"min_dim": 2},
    "schedule_free/optax/adamw": {"form": "adamw"},
    "nadam/torch/decoupled": {"decoupled_weight_decay": True},
}


def convention(case):
    """The library of a case, as `optlearn.get` names it."""
    return case["reference"].split()[0]


def rule_of(case):
    """Our rule in the form of a case."""
    hyper = {**case["hyper"], **EXTRA.get(case["id"].rsplit("/", 1)[0], {})}
    if "lr_per_step" in case:
        hyper["lr"] = case["lr_per_step"].__getitem__
    return optlearn.get(case["name"], convention=convention(case), **hyper)


def replay(rule, case, data=DATA, answers=False):
    """The parameters after each step of a rule that gets the starts and gradients of a case.

    With `answers` also what the rule reports after each step.
    """
    w0, grads = case["w0"], case["grads"]
    w = np.array(data["inputs"][w0] if isinstance(w0, str) else w0, dtype=float)
    if isinstance(grads, dict):
        written = [compile(text, "gradient", "eval") for text in data["objectives"][grads["name"]]["grad"]]

        def gradient(i, w):
            x, y = w.ravel()
            return np.array([eval(code, vars(np), {"x": x, "y": y}) for code in written]).reshape(w.shape)
    else:
        given = np.array(data["inputs"][grads] if isinstance(grads, str) else grads, dtype=float)

        def gradient(i, w):
            return given[i]

    def more(i, w):
        """The values and diagonals of the Hessian of a case, for rules that ask for them."""
        if isinstance(grads, dict):
            x, y = w.ravel()
            objective, here = data["objectives"][grads["name"]], {"x": x, "y": y}
            value = eval(objective["f"], vars(np), here)
            diagonal = [eval(text, vars(np), here) for text in objective.get("hessian_diagonal", ("1", "8"))]
        else:
            value = data["inputs"][case["values"]][i] if "values" in case else None
            diagonal = data["inputs"][case["hessian_diagonal"]][i] if "hessian_diagonal" in case else None
        return {"loss": value, "gradient": lambda point: gradient(i, point),
                "hessian_diagonal": diagonal if diagonal is None else np.reshape(np.array(diagonal, float), w.shape)}

    state, path, reported = rule.init(w), [], []
    for i in range(len(case["w"])):
        w, state = rule.step(w, gradient(i, w), state, **more(i, w) if rule.needs else {})
        path.append(w)
        reported.append(rule.solution(w, state))
    return (np.array(path), np.array(reported)) if answers else np.array(path)
