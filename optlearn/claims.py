"""Claims of the book: a number that theory predicts or a paper states, and the number measured here."""

from __future__ import annotations

import hashlib
import html
import math
import re
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from optlearn.declare import InvalidArgument

if TYPE_CHECKING:
    from optlearn.typing import Number


class ClaimError(AssertionError):
    """Raised where a measured number parts from the predicted one."""


class Claim:
    """A checked claim; its text form is what the book prints and compares.

    Attributes
    ----------
    statement : str
    predicted, measured : float
    """

    def __init__(self, statement: str, predicted: Any, measured: Any, how: str, digits: int,
                 close: float | None = None) -> None:
        self.statement, self.predicted, self.measured = statement, predicted, measured
        self.how, self.digits, self.close = how, digits, close

    @property
    def anchor(self) -> str:
        """The id of the claim in a page, which the list of all claims links to."""
        return "claim-" + hashlib.sha1(self.statement.encode()).hexdigest()[:10]

    @property
    def numbers(self) -> str:
        """Predicted and measured number in words."""
        shown = [f"{x:.{self.digits}g}" if isinstance(x, float) else str(x) for x in (self.predicted, self.measured)]
        if self.close is not None:
            # Digits of a difference that is only rounding would not be the same on another machine.
            return f"predicted {shown[0]}, measured the same to within {self.close:g}"
        return f"predicted {shown[0]}, measured {shown[1]} ({self.how})"

    def __repr__(self) -> str:
        return f"claim: {self.statement}\n  {self.numbers}"

    def _repr_html_(self):
        # What stands between dollars is set as a formula.
        words = re.sub(r"\$([^$]+)\$", r'<span class="math notranslate nohighlight">\\(\1\\)</span>',
                       html.escape(self.statement, quote=False))
        return (f'<div class="optlearn-claim" id="{self.anchor}"><p>{words}</p>'
                f"<p>{html.escape(self.numbers)}</p></div>")


def claim(statement: str, *, predicted: Number | str, measured: Number | str, rtol: float | None = None,
          atol: float | None = None, relation: Literal["=", "<=", ">="] = "=", digits: int = 4) -> Claim:
    """Check a claim, and fail where prediction and measurement part.

    Parameters
    ----------
    statement : str
        What is claimed, in words.
    predicted : float or bool
        The number of the theory or of the paper.
    measured : float or bool
        The number found here.
    rtol, atol : float, optional
        Largest relative, or absolute, difference; one of them must be given for ``relation="="`` unless both
        numbers are whole.
    relation : {"=", "<=", ">="}
        ``"<="``: the measured number is at most the predicted one, as for a bound.
    digits : int
        Significant digits printed.

    Returns
    -------
    Claim

    Raises
    ------
    ClaimError
        If the claim does not hold.

    Examples
    --------
    >>> claim("a half squared", predicted=0.25, measured=0.5**2, rtol=1e-12)
    claim: a half squared
      predicted 0.25, measured 0.25 (relative tolerance 1e-12)
    """
    predicted, measured = (x.item() if isinstance(x, (np.generic, np.ndarray)) else x for x in (predicted, measured))
    if relation not in ("=", "<=", ">="):
        raise InvalidArgument(f"relation = {relation!r} is not allowed; it must be '=', '<=' or '>='")
    exact = isinstance(predicted, (int, str)) and isinstance(measured, (int, str))
    if relation != "=":
        holds = measured <= predicted if relation == "<=" else measured >= predicted
        how = "an upper bound" if relation == "<=" else "a lower bound"
    elif rtol is None and atol is None:
        if not exact:
            raise InvalidArgument("rtol = None and atol = None are not allowed for numbers that are not whole")
        holds, how = predicted == measured, "exactly"
    elif atol is None:
        holds, how = abs(measured - predicted) <= rtol * abs(predicted), f"relative tolerance {rtol:g}"
    else:
        holds, how = abs(measured - predicted) <= atol, f"absolute tolerance {atol:g}"
    if any(isinstance(x, float) and math.isnan(x) for x in (predicted, measured)):
        holds = False
    close = atol if holds and atol is not None and atol <= 1e-6 else None
    made = Claim(statement, predicted, measured, how, digits, close)
    if not holds:
        raise ClaimError(f"this does not hold:\n{made!r}")
    return made
