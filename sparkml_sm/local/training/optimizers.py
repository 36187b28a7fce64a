"""How gradients become steps: Adam, RMSProp, and plain descent with momentum."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

__all__ = ["Adam", "Descent", "Optimizer", "RmsProp", "shrink"]

Floats = npt.NDArray[np.float64]

_ALL = slice(None)


class Optimizer(Protocol):
    """Keeps what it must remember of the gradients of one array of weights."""

    def step(self, gradient: Floats, index: Any = _ALL) -> tuple[Floats, Floats | float]:
        """Return the direction to descend in, and the scale of a step for each weight.

        The step is their product times the learning rate. `index` tells which weights the gradient
        is of; what is remembered of the others stays as it is.
        """
        ...


class Descent:
    """Plain gradient descent, with momentum where it is not 0."""

    def __init__(self, shape: tuple[int, ...], momentum: float = 0.0) -> None:
        self._velocity = np.zeros(shape)
        self._momentum = momentum

    def step(self, gradient: Floats, index: Any = _ALL) -> tuple[Floats, Floats | float]:
        """See `Optimizer.step`."""
        velocity = self._momentum * self._velocity[index] + gradient
        self._velocity[index] = velocity
        return velocity, 1.0


class RmsProp:
    """Divides by a running root mean square of the gradient."""

    def __init__(self, shape: tuple[int, ...], decay: float = 0.9, eps: float = 1e-8) -> None:
        self._square = np.zeros(shape)
        self._decay, self._eps = decay, eps

    def step(self, gradient: Floats, index: Any = _ALL) -> tuple[Floats, Floats | float]:
        """See `Optimizer.step`."""
        square = self._decay * self._square[index] + (1.0 - self._decay) * gradient**2
        self._square[index] = square
        return gradient, 1.0 / (np.sqrt(square) + self._eps)


class Adam:
    """Kingma and Ba, Adam: A Method for Stochastic Optimization, 2015, algorithm 1."""

    def __init__(
        self,
        shape: tuple[int, ...],
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        eps: float = 1e-8,
    ) -> None:
        self._mean, self._square = np.zeros(shape), np.zeros(shape)
        self._beta_1, self._beta_2, self._eps = beta_1, beta_2, eps
        self._steps = 0

    def step(self, gradient: Floats, index: Any = _ALL) -> tuple[Floats, Floats | float]:
        """See `Optimizer.step`."""
        self._steps += 1
        mean = self._beta_1 * self._mean[index] + (1.0 - self._beta_1) * gradient
        square = self._beta_2 * self._square[index] + (1.0 - self._beta_2) * gradient**2
        self._mean[index], self._square[index] = mean, square
        unbiased = np.sqrt(square / (1.0 - self._beta_2**self._steps))
        return mean / (1.0 - self._beta_1**self._steps), 1.0 / (unbiased + self._eps)


def shrink(weights: Floats, by: Floats | float) -> Floats:
    """Move weights towards 0 by at most `by`: the step that an L1 penalty takes."""
    result: Floats = np.sign(weights) * np.maximum(np.abs(weights) - by, 0.0)
    return result


#: Makes the optimizer of an array of a shape.
MakeOptimizer = Callable[[tuple[int, ...]], Optimizer]
