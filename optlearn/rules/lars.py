"""LARS."""

import numpy as np

from optlearn.optimizer import Optimizer, Update, hyper, norm, option

__all__ = ["LARS"]


class LARS(Optimizer):
    """LARS: momentum whose steps are, in each array, a fixed fraction of the length of the parameters.

    ::

        r = eta * |w| / (|g| + weight_decay * |w| + eps)     # lengths of the whole array; 1 if w or g is zero
        v = momentum * v + lr * r * (g + weight_decay * w)
        w = w - v

    With ``denominator="joint"`` the divisor is ``|g + weight_decay * w| + eps``, with ``"gradient"`` it is
    ``|g| + eps``. `clip_gradient` clips the coordinates of g after its length was taken. With
    ``momentum_correction=True`` the momentum of a step is multiplied by the learning rate over that of the step before:
    then the learning rate stands outside the buffer, ``v = momentum * v + r * (g + weight_decay * w)``,
    ``w = w - lr * v``. At a constant learning rate both make the same steps.

    Source: Y. You, I. Gitman, B. Ginsburg (2017), arXiv:1708.03888; the correction is from P. Goyal et al. (2017),
    arXiv:1706.02677, section 3. Convention: the paper's and MXNet's (1.9 corrects the momentum unless told not to);
    Optax has ``denominator="joint"`` and eps 0. In MXNet r is 1 for biases and the parameters of normalisation layers.

    Examples
    --------
    >>> import numpy as np
    >>> rule, w = LARS(lr=1.0, eta=0.1, momentum=0, eps=0), np.array([3.0, 4.0])
    >>> new, state = rule.step(w, np.array([0.0, 1e-6]), rule.init(w))
    >>> w - new                                 # a tenth of the length 5, whatever the gradient's
    array([0. , 0.5])
    """

    name = "lars"
    lr = hyper(0.1, above=0, symbol=r"\eta", low=1e-3, high=10.0)
    eta = hyper(1e-3, above=0, symbol=r"\tau", low=1e-4, high=1.0, alias="trust_coefficient")
    momentum = hyper(0.0, at_least=0, below=1, symbol=r"\beta")
    weight_decay = hyper(0.0, at_least=0, symbol=r"\lambda", low=1e-4, high=1.0)
    eps = hyper(1e-8, at_least=0, symbol=r"\epsilon", low=1e-10, high=1.0)
    clip_gradient = hyper(None, above=0, symbol="c", low=1e-2, high=10.0)
    denominator = option("sum", choices=("sum", "joint", "gradient"))
    momentum_correction = option(False)
    scale_free = {"eps": 0.0}
    slots = ("v",)
    direction = "g"

    def update(self, w, g, s, t):
        w_norm, g_norm = norm(w), norm(g)
        if self.clip_gradient is not None:
            g = np.clip(g, -self.clip_gradient, self.clip_gradient)
        d = g + self.weight_decay * w
        if self.denominator == "joint":
            g_norm = norm(d)
        below = g_norm + self.weight_decay * w_norm if self.denominator == "sum" else g_norm
        r = np.where((w_norm > 0) & (g_norm > 0), self.eta * w_norm / (below + self.eps), 1.0)
        if self.momentum_correction:
            v = self.momentum * s.v + r * d
            return Update(w - self.lr * v, v=v, r=r)
        v = self.momentum * s.v + self.lr * r * d
        return Update(w - v, v=v, r=r)
