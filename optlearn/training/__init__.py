"""Train a problem in epochs and minibatches, and tune rules on equal terms.

`records` holds what a training leaves behind, `arguments` the checks of what it is given, `loop` the training itself,
`together` those of several seeds at once, `tuning` the comparison of rules, `finder` the search for a learning rate.
Each stands on those before it.
"""

from optlearn.training.finder import LearningRates, lr_finder
from optlearn.training.loop import Training, ahead, train
from optlearn.training.records import EarlyStop, History
from optlearn.training.tuning import Tuning, tune

__all__ = ["EarlyStop", "History", "LearningRates", "Training", "Tuning", "ahead", "lr_finder", "train", "tune"]
