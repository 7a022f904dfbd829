"""What goes wrong inside of a plug-in, told so that its author knows what to mend."""

import re
from collections.abc import Callable
from typing import Any

import torch

from auricle.errors import ConfigurationError, ContractError

MEMORY = re.compile(r"out of memory|not enough memory|can('|no)t allocate memory", re.IGNORECASE)
SHAPES = re.compile(
    r"shapes cannot be multiplied|must match the size|size mismatch|expected input|Expected \d+D"
    r"|normalized_shape|to have \d+ channels|is invalid for input of size",
    re.IGNORECASE,
)


def running(name: str, what: str, given: torch.Tensor, call: Callable[[], Any]) -> Any:
    """What a call returns.

    Args:
        name: of the class, for messages.
        what: runs, likewise, such as "the encoder".
        given: what it is shown.
        call: runs it.

    Raises:
        ContractError: it fails: out of memory, on a dimension, or otherwise.
    """
    shape = tuple(given.shape)
    try:
        return call()
    except ConfigurationError:
        raise
    except (torch.OutOfMemoryError, MemoryError) as error:
        raise _out_of_memory(name, what, shape, error) from error
    except Exception as error:  # a plug-in may raise anything
        if MEMORY.search(str(error)):
            raise _out_of_memory(name, what, shape, error) from error
        if SHAPES.search(str(error)):
            raise ContractError(
                f"{name}: {what} does not take an input of shape {shape}: {_first(error)}. A dimension does"
                " not match: make a classifier's first layer of the embedding_dim that its constructor is"
                " given, and let an encoder take any number of samples (pool over time before a linear"
                " layer)."
            ) from error
        raise ContractError(
            f"{name}: {what} fails on an input of shape {shape}: {type(error).__name__}: {_first(error)}."
            " Mend its forward."
        ) from error


def _out_of_memory(name: str, what: str, shape: tuple[int, ...], error: BaseException) -> ContractError:
    return ContractError(
        f"{name}: {what} ran out of memory on an input of shape {shape}: {_first(error)}. Lower the batch"
        " size or the length of windows, let the first layers take larger steps (stride), or make it"
        " smaller."
    )


def _first(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0].rstrip(".") or type(error).__name__
