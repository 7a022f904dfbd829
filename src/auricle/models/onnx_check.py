"""Whether a network as ONNX says what it says in torch."""

import json
from typing import Any

import numpy as np
import torch

from auricle.errors import ConfigurationError, DivergedError
from auricle.models.backbones.packages import needed
from auricle.models.onnx_export import EXTRA, OUTPUTS, Answers, example_of
from auricle.models.padding import Padding, fewest_frames, padding_of

CHECK = "check"
TOLERANCE = 1e-4
LENGTHS = (1, 2, 7, 43, 44, 100, 172, 173, 400, 862)  # frames; none of them the one that was recorded
# Of an encoder of waveforms: so many times the samples that it needs, and a few more.
FIELDS = (1, 2, 3, 7, 20)


def check_onnx(content: bytes, network: Any) -> dict[str, Any]:
    """Compare the answers of ONNX Runtime with torch's, on clips of many lengths, alone and padded.

    Args:
        content: what `auricle.models.onnx_export.onnx_of` made of the network.
        network: in evaluation mode, on the CPU.

    Returns:
        `max_difference` over all outputs, `differences` of each, `tolerance`, `lengths` in frames, `batches`,
        and the versions of `torch` and `onnxruntime`. Differences are divided by the largest number of an
        output where that is above 1.

    Raises:
        DivergedError: they differ by more than `TOLERANCE`.
        MissingPackageError: ONNX Runtime is not installed.
    """
    session = session_of(content)
    lengths = lengths_of(network)
    padded = [] if padding_of(network.config) is Padding.REPEATED else [lengths]
    batches = [[length] for length in lengths] + padded + [[lengths[-1]] * 2]
    differences = dict.fromkeys(OUTPUTS, 0.0)
    for batch in batches:
        given = example_of(network, batch)
        with torch.inference_mode():
            expected = Answers(network)(**given)
        said = session.run(list(OUTPUTS), taken(session, given))
        for name, ours, theirs in zip(OUTPUTS, expected, said, strict=True):
            scale = max(1.0, float(ours.abs().max()))
            difference = np.abs(ours.numpy() - theirs).max() / scale
            differences[name] = float(np.maximum(differences[name], difference))  # keeps NaN, as max does not
    largest = float(np.max(list(differences.values())))
    if not largest <= TOLERANCE:
        raise DivergedError(
            f"A {type(network).__name__} as ONNX differs from torch by {largest:.1e} ({differences}),"
            f" and may by {TOLERANCE:.0e}. Use the bundle, or export with another torch or ONNX Runtime."
        )
    return {
        "max_difference": largest,
        "differences": differences,
        "tolerance": TOLERANCE,
        "lengths": lengths,
        "batches": batches,
        "torch": torch.__version__,
        "onnxruntime": needed("onnxruntime", extra=EXTRA, by="ONNX").__version__,
    }


def lengths_of(network: Any) -> list[int]:
    """How long the clips are that answers are compared on, in frames."""
    if network.exact_frames:
        return [network.exact_frames]
    least = fewest_frames(network.config)
    return list(LENGTHS) if least == 1 else [times * least + times - 1 for times in FIELDS]


def checked(content: bytes, network: Any) -> bytes:
    """The file with what `check_onnx` says of it in its metadata, as `check`.

    Args and errors: as of `check_onnx`.
    """
    return with_check(content, check_onnx(content, network))


def with_check(content: bytes, check: dict[str, Any]) -> bytes:
    """The file with the outcome of a comparison in its metadata, in the place of an earlier one."""
    proto = needed("onnx", extra=EXTRA, by="Export to ONNX").load_from_string(content)
    kept = [entry for entry in proto.metadata_props if entry.key != CHECK]
    del proto.metadata_props[:]
    proto.metadata_props.extend(kept)
    proto.metadata_props.add(key=CHECK, value=json.dumps(check))
    told: bytes = proto.SerializeToString()
    return told


def check_in(content: bytes) -> dict[str, Any]:
    """What `with_check` wrote into the file.

    Raises:
        ConfigurationError: nothing is written there: nobody has compared it.
    """
    proto = needed("onnx", extra=EXTRA, by="Reading ONNX").load_from_string(content)
    for entry in proto.metadata_props:
        if entry.key == CHECK:
            check: dict[str, Any] = json.loads(entry.value)
            return check
    raise ConfigurationError(
        "The ONNX file does not say that it was compared with its model: export it again."
    )


def session_of(content: bytes, threads: int | None = None) -> Any:
    """An ONNX Runtime that has loaded the file, on the CPU, with as many threads as torch has.

    Args:
        content: of the file.
        threads: another number of threads.

    Raises:
        MissingPackageError: ONNX Runtime is not installed.
    """
    runtime = needed("onnxruntime", extra=EXTRA, by="A network in ONNX")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads or torch.get_num_threads()
    options.inter_op_num_threads = 1
    return runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def taken(session: Any, given: dict[str, torch.Tensor]) -> dict[str, Any]:
    """Those of the inputs that the file takes, as arrays."""
    return {value.name: given[value.name].numpy() for value in session.get_inputs()}
