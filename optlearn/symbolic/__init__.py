"""Tracing: from the lines of a rule to its equation, its JavaScript and its compiled kernel.

`graph` holds the nodes and `operations` the table of what they can be; `program` what is recorded of a rule, `verify`
the comparison of a recording with its lines, `readings` what lines read besides, `trace` all of it for a rule. From
the graph: `derive` derivatives, `printing` equations, `emit` text in a language, `javascript` pages, `arrays` NumPy
functions, `kernels` machine code, with it `fused` and `native` runs and `stepper` steps. Rules are known by their
contract alone; nothing here knows a schedule, a surface's class, a page or a run's record.
"""
