"""Powers of symmetric matrices by Jacobi's rotations, as pages and kernels compute `optlearn.matrices.sympower`.

Each is one function ``sympower(B, at, n, p, floor)``: in the array B the matrix stands from `at` on, which is used up;
behind it there is room for the eigenvectors, and behind that for the result.
"""

import functools
import math

import numpy as np

from optlearn import optional

JAVASCRIPT = """
const sympower = (B, at, n, p, floor) => {
  const V = at + n * n, O = V + n * n;
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) B[V + n * i + j] = i === j ? 1 : 0;
  for (let sweep = 0; sweep < 40; sweep++) {
    let off = 0, all = 0;
    for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) {
      const a = B[at + n * i + j];
      all += a * a;
      if (i !== j) off += a * a;
    }
    if (off <= 1e-36 * all) break;
    for (let i = 1; i < n; i++) for (let j = 0; j < i; j++) {
      const a = B[at + n * i + j];
      if (a === 0) continue;
      const d = (B[at + n * i + i] - B[at + n * j + j]) / (2 * a);
      const t = (d < 0 ? -1 : 1) / (Math.abs(d) + Math.sqrt(d * d + 1)), c = 1 / Math.sqrt(t * t + 1), s = t * c;
      for (let k = 0; k < n; k++) {
        const f = at + (k < j ? n * j + k : n * k + j), g = at + (k < i ? n * i + k : n * k + i);
        if (k !== i && k !== j) {
          const x = B[f], y = B[g];
          B[f] = c * x - s * y;
          B[g] = s * x + c * y;
        }
        const x = B[V + n * k + j], y = B[V + n * k + i];
        B[V + n * k + j] = c * x - s * y;
        B[V + n * k + i] = s * x + c * y;
      }
      B[at + n * j + j] -= t * a;
      B[at + n * i + i] += t * a;
      B[at + n * i + j] = 0;
    }
  }
  let most = 0;
  for (let k = 0; k < n; k++) most = Math.max(most, B[at + n * k + k]);
  const least = Math.max(floor, 2 ** -52 * most);
  for (let k = 0; k < n; k++) B[at + n * k + k] = Math.pow(Math.max(B[at + n * k + k], least), p);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) {
    let total = 0;
    for (let k = 0; k < n; k++) total += B[V + n * i + k] * B[at + n * k + k] * B[V + n * j + k];
    B[O + n * i + j] = total;
  }
};
"""


def _sympower(B, at, n, p, floor):
    V, out = at + n * n, at + 2 * n * n
    for i in range(n):
        for j in range(n):
            B[V + n * i + j] = 1.0 if i == j else 0.0
    for _ in range(40):
        off, both = 0.0, 0.0
        for i in range(n):
            for j in range(i + 1):
                a = B[at + n * i + j]
                both += a * a
                if i != j:
                    off += a * a
        if off <= 1e-36 * both:
            break
        for i in range(1, n):
            for j in range(i):
                a = B[at + n * i + j]
                if a == 0.0:
                    continue
                d = (B[at + n * i + i] - B[at + n * j + j]) / (2.0 * a)
                t = (-1.0 if d < 0.0 else 1.0) / (abs(d) + math.sqrt(d * d + 1.0))
                c = 1.0 / math.sqrt(t * t + 1.0)
                s = t * c
                for k in range(n):
                    f = at + (n * j + k if k < j else n * k + j)
                    g = at + (n * i + k if k < i else n * k + i)
                    if k != i and k != j:
                        x, y = B[f], B[g]
                        B[f], B[g] = c * x - s * y, s * x + c * y
                    x, y = B[V + n * k + j], B[V + n * k + i]
                    B[V + n * k + j], B[V + n * k + i] = c * x - s * y, s * x + c * y
                B[at + n * j + j] -= t * a
                B[at + n * i + i] += t * a
                B[at + n * i + j] = 0.0
    most = 0.0
    for k in range(n):
        most = np.maximum(most, B[at + n * k + k])
    least = np.maximum(floor, 2.0**-52 * most)
    for k in range(n):
        B[at + n * k + k] = np.maximum(B[at + n * k + k], least) ** p
    for i in range(n):
        for j in range(n):
            total = 0.0
            for k in range(n):
                total += B[V + n * i + k] * B[at + n * k + k] * B[V + n * j + k]
            B[out + n * i + j] = total


@functools.cache
def kernel():
    """The function as machine code."""
    return optional.load("numba", "compiled kernels").njit(nogil=True, error_model="numpy")(_sympower)
