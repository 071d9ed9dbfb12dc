"""Record the lines of a rule, verify the recording, and keep it for as long as they stay the same."""

from optlearn.symbolic.graph import REDUCTIONS, Node, NotTraceable, apply, as_node, number, symbol, walk
from optlearn.symbolic.program import Program, evaluate, form, parameter_values
from optlearn.symbolic.readings import dodge, readings
from optlearn.symbolic.verify import verify

__all__ = ["REDUCTIONS", "Node", "NotTraceable", "Program", "apply", "as_node", "evaluate", "number",
           "parameter_values", "symbol", "trace", "walk"]


PLANE = (2,)


def trace(rule, shape=None, own_shape=False):
    """Record a rule.

    A new recording is verified once, by running it and the lines themselves on the same random states; it is kept
    for as long as the lines and what they read stay the same.

    Parameters
    ----------
    rule : Optimizer
        Its choices (options, gradient transformations) are recorded as they are; its numbers become symbols.
    shape : tuple of int, optional
        The shape of the parameters, which means something to rules that take matrices: they are recorded for each;
        default: two coordinates, a point of a plane. Other rules are recorded once for any shape.
    own_shape : bool
        Whether to record those, too, for that shape alone.

    Returns
    -------
    Program

    Raises
    ------
    NotTraceable
        If the rule computes something that has no equation, page or kernel form.

    Examples
    --------
    >>> import optlearn
    >>> trace(optlearn.GradientDescent()).lines
    {'w': sub(w, mul(lr, g))}
    """
    programs = readings(type(rule)).kept
    shape = (PLANE if shape is None else tuple(shape)) if rule.takes_matrices or own_shape else None
    key = (form(rule), shape, tuple((form(transform), readings(type(transform))) for transform in rule.gradient))
    found = programs.get(key)
    if found is None:
        try:
            asked = dodge(f for part in (rule, *rule.gradient) for f in readings(type(part)).functions)
            if asked:
                raise NotTraceable(f"{rule.name} cannot be traced: {asked}")
            found = Program(rule, shape)
            verify(rule, found)
        except NotTraceable as refusal:
            found = refusal
        programs[key] = found
    if isinstance(found, NotTraceable):
        raise NotTraceable(*found.args)
    return found
