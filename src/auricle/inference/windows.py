"""Windows of another length or overlap than those that a bundle was evaluated with."""

from collections.abc import Callable

from auricle.audio.front_ends import load_front_end
from auricle.errors import ConfigurationError
from auricle.models.bundle import BundleRef


def chosen_windows(
    bundle: BundleRef,
    window_seconds: float | None,
    hop_seconds: float | None,
    *,
    by: str,
    default_hop: Callable[[int], int],
) -> tuple[int, int]:
    """Frames of a window, and from one window to the next.

    Args:
        bundle: of a network.
        window_seconds: None is the bundle's.
        hop_seconds: None asks `default_hop`.
        by: who asks, such as "taggram": the errors name its parameters.
        default_hop: frames to the next window, by the frames of one.

    Raises:
        ConfigurationError: windows with gaps, or of a length that the model does not take.
    """
    from transformers import AutoConfig

    from auricle.models.registry import register_models
    from auricle.training.checks import shown_one_crop

    front_end = load_front_end(bundle.path)
    window = bundle.config["window_frames"]
    if window_seconds is not None:
        window = front_end.frames(window_seconds)
    hop = max(1, default_hop(window)) if hop_seconds is None else front_end.frames(hop_seconds)
    if hop > window:
        raise ConfigurationError(
            f"{by}.hop_seconds is {hop_seconds:g}, longer than the windows of"
            f" {front_end.seconds(window):.2f} s that {bundle.path} was trained on: parts of a recording"
            " would never be heard. Lower hop_seconds, or give window_seconds too."
        )
    if window != bundle.config["window_frames"]:
        register_models()
        try:
            shown_one_crop(AutoConfig.from_pretrained(bundle.path, local_files_only=True), window)
        except ConfigurationError as error:
            raise ConfigurationError(f"{by}.window_seconds is {window_seconds:g}: {error}") from error
    return window, hop
