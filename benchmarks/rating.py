"""The rating model: a frozen encoder's cached epoch beside the uncached, and each supplied pair for an epoch.

    python benchmarks/rating.py           # 96 clips of 6 s, rendered; a small encoder of wav2vec 2.0
    python benchmarks/rating.py --base    # torchaudio's wav2vec2_base in its place, which takes an hour
    python benchmarks/rating.py --base --encoders Wav2Vec2Encoder --classifiers MLPClassifier    # one row

The frozen encoder is a CNN that was trained on the clips' genres for an epoch (`BundleEncoder`). "Uncached"
is what training such a pair takes where the encoder is asked again for each crop, "cached" what
`auricle.training.rating` does: each window is embedded once, and the classifier learns from embeddings. Both
are the mean over the epochs but the first, with validation; what the embedding takes is beside it.

The table trains each encoder with each classifier for one epoch, from the check of its contract to the
bundle.
"""

import argparse
import logging
import os
import platform
import tempfile
import time
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

import auricle
from auricle.audio.limits import AudioLimits
from auricle.audio.synthesis import RatedDemoParams
from auricle.audio.synthesis.ratings.corpus import rated_corpus
from auricle.audio.synthesis.render import render_demo
from auricle.audio.waveform_front_end import WaveformParams
from auricle.audio.waveform_shards import make_shards
from auricle.audio.waveform_store import WaveformStore, commit
from auricle.models.bundle import BundleRef, open_bundle
from auricle.models.rating.params import RaterParams
from auricle.models.windows import WindowParams
from auricle.training.params import TrainParams
from auricle.training.rating import embedded_recordings, fit_rater, rated_subsets
from auricle.training.trainer import TrainingJob, train_deep

TARGET = 10.0
RATE = 22_050
SECONDS = 6.0
EPOCHS = 4
FRONT_END = WaveformParams(sample_rate=RATE, do_normalize=False).make()
WINDOWS = WindowParams(window_seconds=3.0, hop_seconds=3.0, batch_size=16)
ENCODERS = (
    "WaveformCNN",
    "SpectrogramEncoder",
    "CoarseSpectrogramEncoder",
    "Wav2Vec2Encoder",
    "BundleEncoder",
)
CLASSIFIERS = ("MLPClassifier", "DeepClassifier", "ResidualClassifier")
SMALL = {
    "conv_dim": [32, 32, 32, 64],
    "conv_kernel": [10, 8, 4, 4],
    "conv_stride": [5, 4, 4, 2],
    "num_feat_extract_layers": 4,
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 128,
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 4,
    "feat_extract_norm": "layer",
    "model_type": "wav2vec2",
}


def main() -> None:
    arguments = parse_arguments()
    torch.set_num_threads(1)
    logging.disable(logging.WARNING)
    print(
        f"{date.today()}  {platform.machine()}, {os.cpu_count()} cores, one used, torch {torch.__version__}\n"
    )
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        manifest = rendered(folder / "demo", arguments.artists)
        store = filled(folder, manifest)
        print(
            f"{len(manifest)} clips of {SECONDS:g} s at {RATE:,} Hz, {manifest['rating'].notna().sum()} rated"
        )
        genres = None
        if "BundleEncoder" in arguments.encoders:
            genres = trained_on_genres(folder, manifest)
            frozen_epochs(folder, manifest, store, genres)
        table(folder, manifest, store, genres, arguments)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--artists", type=int, default=6, help="of each of 8 genres, with two clips each")
    parser.add_argument("--base", action="store_true", help="torchaudio's wav2vec2_base in the table")
    parser.add_argument("--encoders", nargs="+", default=ENCODERS, choices=ENCODERS, help="of the table")
    parser.add_argument(
        "--classifiers", nargs="+", default=CLASSIFIERS, choices=CLASSIFIERS, help="of the table"
    )
    return parser.parse_args()


def rendered(folder: Path, artists: int) -> pd.DataFrame:
    """A corpus of rated music and its manifest: every fourth artist validates."""
    params = RatedDemoParams(
        artists_per_genre=artists, clips_per_artist=2, duration_s=SECONDS, broken_files=False
    )
    render_demo(folder, params)
    listed = rated_corpus(params).table()
    of_artist = listed["artist"].astype("category").cat.codes
    return pd.DataFrame(
        {
            "recording_id": [f"{number:016x}" for number in range(len(listed))],
            "path": listed["file_name"],
            "label": listed["genre"],
            "labels": [[] for _ in range(len(listed))],
            "rating": listed["rating"] / 5,
            "group": listed["artist"],
            "split": np.where(of_artist % 4 == 0, "validation", "train"),
            "fold": -1,
            "status": "ok",
            "duration_s": SECONDS,
        }
    )


def filled(folder: Path, manifest: pd.DataFrame) -> WaveformStore:
    """The store of these clips, as `cache_waveforms` makes it."""
    paths = dict(zip(manifest["recording_id"], manifest["path"], strict=True))
    with WaveformStore.open(folder / "store", FRONT_END.digest, mode="a") as store:
        for shard in make_shards(store, FRONT_END, folder / "demo", paths, AudioLimits(), workers=1):
            commit(shard.path, store.folder)
    return WaveformStore.open(folder / "store", FRONT_END.digest)


def trained_on_genres(folder: Path, manifest: pd.DataFrame) -> Path:
    """The bundle of a CNN."""
    files = [folder / "demo" / path for path in manifest["path"]]
    auricle.fit(
        files, manifest["label"], groups=manifest["group"], model="cnn", out=folder / "genres", epochs=1
    )
    return folder / "genres"


def pair(encoder: str, classifier: str = CLASSIFIERS[0], **arguments: Any) -> RaterParams:
    return RaterParams(
        encoder_class=f"auricle.models.encoders:{encoder}",
        encoder_kwargs=arguments,
        classifier_class=f"auricle.models.classifiers:{classifier}",
    )


def training(epochs: int) -> TrainParams:
    return TrainParams(
        epochs=epochs, batch_size=8, class_weights=False, device="cpu", early_stopping_patience=epochs + 10
    )


def frozen_epochs(folder: Path, manifest: pd.DataFrame, store: WaveformStore, genres: Path) -> None:
    """Print seconds per epoch of a frozen encoder, asked for each crop and once."""
    model = pair("BundleEncoder", bundle=str(genres))
    config = model.config_for(
        sample_rate=RATE,
        window_frames=FRONT_END.frames(WINDOWS.window_seconds),
        hop_frames=FRONT_END.frames(WINDOWS.hop_seconds),
    )
    rated = rated_subsets(manifest)
    job = TrainingJob(
        config=config,
        store=store,
        train=rated["train"],
        validation=rated["validation"],
        crop_frames=config.window_frames,
        batch_size=WINDOWS.batch_size,
        params=training(EPOCHS),
        device=torch.device("cpu"),
        workdir=folder / "uncached",
        name="uncached",
    )
    uncached = seconds_of(train_deep(job).history)
    fitted = fit_rater(manifest, store, FRONT_END, model, training(EPOCHS), WINDOWS, folder / "cached")
    bundle = open_bundle(fitted.path)
    cached = seconds_of(bundle.training["history"])
    once = embedding_seconds(bundle, store, rated)
    counts = [len(rated[split]) for split in ("train", "validation")]
    print("\nfrozen encoder, an epoch of {} recordings with {} to validate on".format(*counts))
    print(f"{'uncached':<12}{uncached:>8.2f} s")
    print(f"{'cached':<12}{cached:>8.3f} s   after {once:.2f} s in which each window is embedded once")
    ratio = uncached / cached
    print(f"cached: {ratio:.0f} times as fast, target {TARGET:g}: {'met' if ratio >= TARGET else 'MISSED'}")


def seconds_of(history: list[dict[str, Any]]) -> float:
    """The mean over the epochs but the first, which warms up."""
    return float(np.mean([entry["seconds"] for entry in history[1:]]))


def embedding_seconds(bundle: BundleRef, store: WaveformStore, rated: dict[str, Any]) -> float:
    """What it takes to embed the windows of all recordings once."""
    from auricle.models.registry import load_deep

    names = np.concatenate([subset.recording_ids for subset in rated.values()])
    model = load_deep(bundle)
    started = time.perf_counter()
    embedded_recordings(model, store, names, WINDOWS.batch_size, torch.device("cpu"))
    return time.perf_counter() - started


def table(
    folder: Path,
    manifest: pd.DataFrame,
    store: WaveformStore,
    genres: Path | None,
    chosen: argparse.Namespace,
) -> None:
    """Print a row for each pair that is chosen, trained for one epoch."""
    given: dict[str, dict[str, Any]] = {
        "Wav2Vec2Encoder": {} if chosen.base else {"settings": SMALL},
        "BundleEncoder": {"bundle": str(genres)},
    }
    print(f"\n{'encoder':<26}{'classifier':<20}{'parameters':>12}{'epoch':>10}{'whole':>10}{'MAE':>8}")
    for encoder, classifier in product(chosen.encoders, chosen.classifiers):
        model = pair(encoder, classifier, **given.get(encoder, {}))
        started = time.perf_counter()
        fitted = fit_rater(
            manifest, store, FRONT_END, model, training(1), WINDOWS, folder / f"{encoder}-{classifier}"
        )
        whole = time.perf_counter() - started
        bundle = open_bundle(fitted.path)
        (epoch,) = bundle.training["history"]
        print(
            f"{encoder:<26}{classifier:<20}{parameters(bundle):>12,}{epoch['seconds']:>8.2f} s{whole:>8.1f} s"
            f"{epoch['mae']:>8.3f}",
            flush=True,
        )


def parameters(bundle: BundleRef) -> int:
    """How many the model has, frozen ones too."""
    from auricle.models.registry import load_deep

    return sum(each.numel() for each in load_deep(bundle).parameters())


if __name__ == "__main__":
    main()
