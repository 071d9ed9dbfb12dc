"""Error feedback for steps that are sent as signs."""

import numpy as np

from optlearn.wrappers.base import Wrapper

__all__ = ["ErrorFeedback"]


class ErrorFeedback(Wrapper):
    """Error feedback: a step is made of signs and one length; what they leave out of the rule's step is kept for later.

    ::

        p = w - step of the rule + error           # what is to be moved
        sent = mean(|p|) * sign(p)                 # one bit a coordinate, and one number
        w = w - sent;  error = p - sent

    Around `GradientDescent` this is EF-SignSGD. Without the error it would be SignSGD with the length of the gradient.

    Source: S. P. Karimireddy, Q. Rebjock, S. U. Stich, M. Jaggi (2019), arXiv:1901.09847, Algorithm 1. Convention: the
    paper's, with the mean over each array.

    Examples
    --------
    >>> from optlearn import GradientDescent
    >>> rule, w = ErrorFeedback(GradientDescent(lr=1.0)), np.array([0.0, 0.0])
    >>> state, g = rule.init(w), np.array([1.0, 3.0])
    >>> for _ in range(3):
    ...     w, state = rule.step(w, g, state)
    ...     print(w, state["error"])
    [-2. -2.] [-1.  1.]
    [-2. -4.] [0. 2.]
    [-5. -7.] [-2.  2.]
    """

    slots = ("error",)
    symbols = {"error": "e", "p": "p", "sent": r"\Delta"}

    def update(self, w, g, s, t):
        made = self.inner(w, g, s, t)
        p = w - made.w + s.error
        sent = np.mean(np.abs(p)) * np.sign(p)
        return self.joined(made, w - sent, p=p, sent=sent, error=p - sent)
