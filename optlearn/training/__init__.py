"""Train a problem in epochs and minibatches, and tune rules on equal terms.

`loop` holds `train` and what it records, `tuning` the comparison of rules; `tuning` stands on `loop`.
"""

from optlearn.training.loop import EarlyStop, History, Training, ahead, train
from optlearn.training.tuning import Tuning, tune

__all__ = ["EarlyStop", "History", "Training", "Tuning", "ahead", "train", "tune"]
