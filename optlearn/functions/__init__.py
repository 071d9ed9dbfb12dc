"""Functions of an array of any shape to run optimizers on.

`base` holds what a function is, and `function`, which makes one; `tape` gradients from the lines themselves, with
`operations`, what functions of whole arrays do with them; `differences` those that are approximations, and the check
of those that are given; `known` functions of which theory speaks. They stand on the operations and derivatives of
`symbolic`.
"""

from optlearn.functions.base import Function, function, get
from optlearn.functions.known import quadratic, rosenbrock

__all__ = ["Function", "function", "get", "quadratic", "rosenbrock"]
