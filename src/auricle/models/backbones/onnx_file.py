"""Audio encoders in ONNX as files: found, made one with their external data, and asked what they take."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from auricle.errors import ConfigurationError
from auricle.models.backbones.packages import needed

PATCH = (96, 64)  # frames and bands of what VGGish and YAMNet hear at once
HINT = "Export VGGish or YAMNet from their log-mel patches (N, 96, 64) on, to an embedding for each."


@dataclass(frozen=True)
class Probed:
    """What a graph takes and says.

    Attributes:
        content: the graph with its weights, as one protobuf.
        sha256: of the content.
        input: name of its input.
        shape: of one patch, 96 x 64 and perhaps a one before or after.
        batch: how many patches it takes at once; None for any number.
        widths: numbers for each patch, by output.
    """

    content: bytes
    sha256: str
    input: str
    shape: tuple[int, ...]
    batch: int | None
    widths: dict[str, int]


def find_file(backbone: str, revision: str | None) -> Path:
    """The `.onnx` file that is meant by a file, a folder with one, or owner/name/file.onnx of the hub.

    Raises:
        ConfigurationError: there is none, or more than one.
    """
    path = Path(backbone)
    if path.exists() and revision is not None:
        raise ConfigurationError(
            f"backbone {backbone!r} is on this machine, where it has no revision {revision!r}. Leave revision"
            " out."
        )
    if path.is_dir():
        files = sorted(path.glob("*.onnx"))
        if len(files) != 1:
            raise ConfigurationError(
                f"backbone {backbone!r} holds {', '.join(file.name for file in files)}. Name one of them."
            )
        return files[0]
    owner, _, rest = backbone.partition("/")
    repository, _, file = rest.partition("/")
    if path.is_file():
        return path
    if not file or backbone.startswith((".", "/", "~")) or Path(owner).is_dir():
        raise ConfigurationError(f"backbone {backbone!r} is a file that does not exist. Mend the path.")
    return _from_hub(f"{owner}/{repository}", file, revision)


def _from_hub(repository: str, file: str, revision: str | None) -> Path:
    from huggingface_hub import snapshot_download

    try:
        folder = snapshot_download(
            repository, revision=revision, allow_patterns=[file, f"{file}_data*", f"{file}.data*"]
        )
        found = Path(folder) / file
        found.stat()
    except (OSError, ValueError) as error:
        first = str(error).strip().partition("\n")[0]
        raise ConfigurationError(
            f"backbone '{repository}/{file}' cannot be had: {first} Put the file on this machine and give it"
            f" as backbone: `hf download {repository} {file} --local-dir data/pretrained` where the hub can"
            " be reached."
        ) from error
    return found


def probe(file: Path, by: str) -> Probed:
    """Read a graph and show it a patch of silence.

    Raises:
        ConfigurationError: it cannot be read, or takes something else than patches.
    """
    found = file.stat()
    return _probe(file, by, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=1)  # checked before the run and again in training; the file may have hundreds of megabytes
def _probe(file: Path, by: str, modified: int, size: int) -> Probed:
    content = _whole(file, by)
    session = open_session(content, by)
    taken = session.get_inputs()
    shapes = [tuple(entry.shape) for entry in taken]
    if len(taken) != 1 or not _is_patches(shapes[0]) or taken[0].type != "tensor(float)":
        told = ", ".join(f"{entry.name}: {entry.type} {entry.shape}" for entry in taken)
        what = " That is a waveform, and models here are fed spectrograms." if _is_waveform(shapes) else ""
        raise ConfigurationError(
            f"{by} takes {told}, not patches of log-mel spectrograms, float32 (N, 96, 64) or (N, 1, 96, 64)."
            f"{what} {HINT}"
        )
    batch = shapes[0][0] if isinstance(shapes[0][0], int) else None
    silence = np.full((batch or 1, *shapes[0][1:]), np.log(0.01), dtype=np.float32)
    names = [entry.name for entry in session.get_outputs()]
    said = zip(names, session.run(names, {taken[0].name: silence}), strict=True)
    widths = {name: value[0].size for name, value in said if value.ndim >= 2 and len(value) == len(silence)}
    sha256 = hashlib.sha256(content).hexdigest()
    return Probed(content, sha256, taken[0].name, tuple(shapes[0][1:]), batch, widths)


def open_session(content: bytes, by: str) -> Any:
    """An ONNX Runtime session on the CPU, with as many threads as torch has.

    Raises:
        ConfigurationError: ONNX Runtime is missing, or does not take the graph.
    """
    import torch

    runtime = needed("onnxruntime", extra="onnx", by=by)
    options = runtime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Threads that wait for work by spinning would take the cores from torch's.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return runtime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's own have no base but this
        first = str(error).strip().partition("\n")[0]
        raise ConfigurationError(
            f"{by} is no graph that ONNX Runtime {runtime.__version__} can run: {first} Upgrade onnxruntime,"
            " or export the encoder again for this version."
        ) from error


def _whole(file: Path, by: str) -> bytes:
    """The graph as one protobuf, with what lies in files beside it."""
    onnx = needed("onnx", extra="onnx", by=by)
    damaged = needed("google.protobuf.message", extra="onnx", by=by).DecodeError
    try:
        graph = onnx.load(file, load_external_data=False)
        if not any(map(onnx.external_data_helper.uses_external_data, graph.graph.initializer)):
            return file.read_bytes()
        return bytes(onnx.load(file).SerializeToString())
    except (OSError, ValueError, onnx.checker.ValidationError, damaged) as error:
        first = str(error).strip().partition("\n")[0]
        raise ConfigurationError(
            f"{by}: {str(file)!r} cannot be read as ONNX with all of its weights: {first} Copy it again, with"
            " the file of its external data beside it; graphs above 2 GB cannot be taken."
        ) from error


def _is_patches(shape: tuple[Any, ...]) -> bool:
    return tuple(size for size in shape[1:] if size != 1) == PATCH


def _is_waveform(shapes: list[tuple[Any, ...]]) -> bool:
    return len(shapes) == 1 and len([size for size in shapes[0] if size != 1]) <= 1
