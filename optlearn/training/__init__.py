"""Train a problem in epochs and minibatches, and tune rules on equal terms.

`records` holds what a training leaves behind, `arguments` the checks of what it is given, `loop` the training itself,
`tuning` the comparison of rules. Each stands on those before it.
"""

from optlearn.training.loop import Training, ahead, train
from optlearn.training.records import EarlyStop, History
from optlearn.training.tuning import Tuning, tune

__all__ = ["EarlyStop", "History", "Training", "Tuning", "ahead", "train", "tune"]
