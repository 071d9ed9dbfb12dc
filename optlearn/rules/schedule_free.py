"""Schedule-Free learning."""

import numpy as np

from optlearn.optimizer import Optimizer, Update, alias, hyper, option

__all__ = ["ScheduleFree"]


class ScheduleFree(Optimizer):
    """Schedule-Free: an average takes the place of a falling learning rate, and the gradient is taken near it.

    ::

        rate = lr * min(1, t / warmup_steps)                   # lr without warm-up
        weight = t**weight_step_power * (largest rate so far)**weight_lr_power
        c = weight / (sum of the weights so far)
        z = z - rate * (d + weight_decay * w)                  # d = g, or g / (sqrt(v_hat) + eps) with form="adamw"
        x = (1 - c) * x + c * z                                # the average, which is reported
        w = beta1 * x + (1 - beta1) * z                        # what is trained: the next gradient is taken here

    At a constant `lr` c is 1/t, and x the mean of all z; with ``beta1 = 0`` that is Polyak-Ruppert averaging. v_hat is
    Adam's average of squared gradients, corrected; its memory is `beta2`.

    Source: A. Defazio et al. (2024), arXiv:2405.15682, Algorithm 1. Convention: the authors' package schedulefree
    1.4 (SGDScheduleFree and AdamWScheduleFree) and Optax without warm-up, whose own defaults differ.

    Examples
    --------
    >>> import numpy as np
    >>> rule, w = ScheduleFree(lr=1.0), np.array([4.0])
    >>> state = rule.init(w)
    >>> for _ in range(2):
    ...     w, state = rule.step(w, np.array([1.0]), state)
    >>> state["z"], rule.solution(w, state)
    (array([2.]), array([2.5]))
    """

    lr = hyper(0.01, above=0, symbol=r"\eta", low=1e-4, high=1.0)
    beta1 = hyper(0.9, at_least=0, at_most=1, symbol=r"\beta_1", alias="momentum")
    beta2 = hyper(0.999, at_least=0, below=1, symbol=r"\beta_2")
    eps = hyper(1e-8, at_least=0, symbol=r"\epsilon", low=1e-10, high=1.0)
    weight_decay = hyper(0.0, at_least=0, symbol=r"\lambda", low=1e-4, high=1.0)
    warmup_steps = hyper(None, above=0, symbol="T", low=1, high=1000, divides=True)
    weight_lr_power = hyper(2.0, at_least=0, at_most=10, symbol="p", low=0.0, high=4.0)
    weight_step_power = hyper(0.0, at_least=0, at_most=10, symbol="r", low=0.0, high=4.0)
    form = option("sgd", choices=("sgd", "adamw"))
    symbols = {"largest": r"\eta^{\max}", "total": "S"}

    @property
    def slots(self):
        return ("z", "x", "largest", "total", *(("v",) if self.form == "adamw" else ()))

    def start(self, w):
        first = {"z": w, "x": w, "largest": 0.0, "total": 0.0}
        return {**first, "v": 0 * w} if self.form == "adamw" else first

    def answer(self, w, s, t):
        return s.x

    def update(self, w, g, s, t):
        rate = self.lr if self.warmup_steps is None else self.lr * np.minimum(1.0, t / self.warmup_steps)
        largest = np.maximum(s.largest, rate)
        weight = t**self.weight_step_power * largest**self.weight_lr_power
        total = s.total + weight
        c = weight / total
        named = {}
        d = g
        if self.form == "adamw":
            v = self.beta2 * s.v + (1 - self.beta2) * g**2
            v_hat = v / (1 - self.beta2**t)
            d = g / (np.sqrt(v_hat) + self.eps)
            named = {"v": v, "v_hat": v_hat, "d": d}
        z = s.z - rate * (d + self.weight_decay * w)
        x = (1 - c) * s.x + c * z
        return Update(self.beta1 * x + (1 - self.beta1) * z, z=z, x=x, largest=largest, weight=weight, total=total,
                      c=c, **named)


alias("schedule_free_sgd", "schedule_free", form="sgd")
alias("schedule_free_adamw", "schedule_free", form="adamw")
alias("schedulefreesgd", "schedule_free", form="sgd")
alias("schedulefreeadamw", "schedule_free", form="adamw")
