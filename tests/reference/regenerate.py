"""Run the reference libraries again on the cases of trajectories.json.

    pip install torch optax keras jax pytorch_optimizer
    KERAS_BACKEND=jax python tests/reference/regenerate.py            # compare
    KERAS_BACKEND=jax python tests/reference/regenerate.py --write    # put the results into the file

modern.json holds runs of wrappers and of rules that take more than a gradient; this script does not run them.
The libraries are needed for nothing else. Cases of a library that is not installed are kept as they are,
and so are those of MXNet 1.9.1, which this script does not run.
"""

import argparse
import ast
import importlib
import json
from pathlib import Path

import numpy as np

FILE = Path(__file__).with_name("trajectories.json")


def gradient_of(case, data):
    """The gradient in step i at parameters w."""
    grads = case["grads"]
    if isinstance(grads, dict):
        formulas = [compile(text, "gradient", "eval") for text in data["objectives"][grads["name"]]["grad"]]
        return lambda i, w: np.array([eval(f, {}, dict(zip("xy", w, strict=True))) for f in formulas])
    given = np.array(data["inputs"][grads] if isinstance(grads, str) else grads)
    return lambda i, w: given[i]


def torch(case, w, gradient, steps, rates):
    """torch.optim, and pytorch_optimizer, which has the same interface."""
    import torch as library

    library.set_default_dtype(library.float64)  # NAdam keeps a product of numbers in the default dtype
    p = library.nn.Parameter(library.tensor(w, dtype=getattr(library, case["dtype"])))
    optimizer = call(case["call"], [p])
    for i in range(steps):
        if rates:
            optimizer.param_groups[0]["lr"] = rates[i]
        p.grad = library.tensor(gradient(i, p.detach().numpy()), dtype=p.dtype)
        optimizer.step()
        yield p.detach().numpy().astype(float)


def optax(case, w, gradient, steps, rates):
    """Optax, in float64."""
    import jax
    import jax.numpy as jnp
    import optax as library

    jax.config.update("jax_enable_x64", True)
    optimizer = call(case["call"], **({"learning_rate": lambda i: jnp.array(rates)[i]} if rates else {}))
    p = jnp.array(w, dtype=case["dtype"])
    state = optimizer.init(p)
    for i in range(steps):
        update, state = optimizer.update(jnp.array(gradient(i, np.array(p)), dtype=p.dtype), state, p)
        p = library.apply_updates(p, update)
        yield np.array(p, dtype=float)


def keras(case, w, gradient, steps, rates):
    """Keras on JAX; its learning rate and step count are kept in float64 too."""
    import jax
    import keras as library

    jax.config.update("jax_enable_x64", True)
    library.config.set_floatx(case["dtype"])
    p = library.Variable(w, dtype=case["dtype"])
    optimizer = call(case["call"])
    optimizer.build([p])
    for i in range(steps):
        if rates:
            optimizer.learning_rate = rates[i]
        optimizer.apply([library.ops.convert_to_tensor(gradient(i, np.array(p)), dtype=case["dtype"])], [p])
        yield np.array(p, dtype=float)


RUNNERS = {"torch": torch, "pytorch_optimizer": torch, "optax": optax, "keras": keras}


def call(text, *positional, **changes):
    """Make the optimizer that a call such as ``torch.optim.SGD(lr=0.1)`` makes."""
    node = ast.parse(text, mode="eval").body
    module, *path = ast.unparse(node.func).split(".")
    made = importlib.import_module(module)
    for name in path:
        made = getattr(made, name)
    return made(*positional, **{**{k.arg: ast.literal_eval(k.value) for k in node.keywords}, **changes})


def regenerated(case, data):
    """The parameters after each step, or None where this script cannot run the case."""
    library = case["reference"].split()[0]
    # What takes more than parameters and one gradient, or is one rule around another, is not run here.
    if library not in RUNNERS or case["name"] in ("sophia", "schedule_free", "lookahead", "sam"):
        return None
    start = data["inputs"][case["w0"]] if isinstance(case["w0"], str) else case["w0"]
    steps = RUNNERS[library](
        case, np.array(start), gradient_of(case, data), len(case["w"]), case.get("lr_per_step")
    )
    return np.array(list(steps))


def main():
    """Compare, or write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="replace the recorded parameters")
    parser.add_argument("only", nargs="*", help="beginnings of the ids of the cases to run")
    options = parser.parse_args()
    data = json.loads(FILE.read_text())
    worst = 0
    for case in data["cases"]:
        if options.only and not case["id"].startswith(tuple(options.only)):
            continue
        try:
            w = regenerated(case, data)
        except ModuleNotFoundError as missing:
            print(f"{case['id']}: {missing}")
            continue
        if w is None:
            print(f"{case['id']}: kept as it is")
            continue
        difference = np.abs(w - np.array(case["w"])).max()
        worst = max(worst, difference / case["tolerance"])
        print(f"{case['id']}: differs by {difference:.1e}, tolerance {case['tolerance']:.0e}")
        if options.write:
            case["w"] = w.tolist()
    print(f"largest difference: {worst:.2g} of the tolerance")
    if options.write:
        head = "".join(
            f"{json.dumps(key)}: {json.dumps(data[key])},\n" for key in ("about", "inputs", "objectives")
        )
        FILE.write_text("{" + head + '"cases": [\n' + ",\n".join(map(json.dumps, data["cases"])) + "\n]}\n")


if __name__ == "__main__":
    main()
