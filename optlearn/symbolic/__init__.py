"""Tracing: from the lines of a rule to its equation, its JavaScript and its compiled kernel.

`graph` holds the nodes, `operations` the table of what they can be, `concrete` and `shapes` what arrays of one shape
have besides; `program` what is recorded of a rule, `verify` the comparison of a recording with its lines, `readings`
what lines read besides, `trace` all of it for a rule. From the graph: `derive` derivatives, `printer`, `printing`
and `card` equations, `mathml` their form for pages, `emit` text in a language, `loops` that over the entries of
matrices, `jacobi` powers of these, `javascript` pages, `arrays` NumPy functions, `kernels` machine code, with it
`fused`, `native` and `matrix_kernels` runs and `stepper` steps. Rules are known by their contract alone; nothing here
knows a schedule, a surface's class, a page or a run's record.
"""
