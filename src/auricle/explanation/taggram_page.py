"""The page of taggrams of one model: what it says over time, to be seen beside what is heard."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from auricle.audio.front_ends import load_front_end
from auricle.audio.limits import AudioLimits
from auricle.evaluation.kinds import Config
from auricle.evaluation.pages import page_environment, style_sheet
from auricle.evaluation.report import SYNTHESIZED
from auricle.evaluation.svg import to_svg
from auricle.explanation.judged import judged_recordings
from auricle.explanation.page import FIRST_FOLD
from auricle.explanation.params import TaggramParams
from auricle.explanation.sounds import Playable, playable
from auricle.explanation.taggram import taggram_windows
from auricle.explanation.taggram_figure import Taggram, taggram_figure
from auricle.models.bundle import BundleRef, labels_of, vocabulary_of
from auricle.models.thresholds import HALF

Json = dict[str, Any]

OTHER_WINDOWS = (
    "The windows are not those that this network was trained on and is judged by, which are {:.2f} s long."
)
OF_RECORDINGS = (
    "The thresholds were chosen for the mean over a whole recording; single windows scatter more, so that"
    " more is said in one window or other than of the whole."
)


def taggram_page(
    bundle: BundleRef,
    table: pd.DataFrame,
    predictions: pd.DataFrame,
    manifest: pd.DataFrame,
    *,
    recordings: Path,
    limits: AudioLimits,
    params: TaggramParams,
    model: str,
    source: Json,
) -> str:
    """The page as HTML, self-contained.

    Args:
        bundle: of the model.
        table: of `taggram_table`.
        predictions: of the model, see `judged_recordings`.
        manifest: of the corpus.
        recordings: the folder that its paths are relative to.
        limits: what may be decoded.
        params: how many labels, and how much sound.
        model: of the study's table, such as "cnn".
        source: where the recordings come from, see `auricle.evaluation.report.render_report`.
    """
    is_folded = bundle.out_of_fold is not None
    judged = judged_recordings(predictions, manifest, bundle.config, is_folded=is_folded)
    facts = judged.set_index("recording_id").loc[list(table["recording_id"].unique())]
    sounds = playable(
        facts["path"].tolist(),
        recordings,
        limits,
        seconds=params.excerpt_seconds,
        megabytes=params.max_megabytes,
    )
    windows = [rows for _, rows in table.groupby("recording_id", sort=False)]
    items = [
        _view(number, row, rows, sound=sound, config=bundle.config, most=params.labels)
        for number, (row, rows, sound) in enumerate(
            zip(facts.to_dict("records"), windows, sounds, strict=True), start=1
        )
    ]
    several = labels_of(bundle.config).is_multi
    environment = page_environment()
    return environment.get_template("taggrams.html.j2").render(
        css=style_sheet(environment),
        model=model,
        remarks=[SYNTHESIZED] * bool(source.get("synthesized"))
        + [FIRST_FOLD] * is_folded
        + list(_on_windows(bundle, params))
        + [OF_RECORDINGS] * several,
        items=items,
        several=several,
        most=params.labels,
    )


def taggram_of(
    rows: pd.DataFrame, truth: Iterable[str], config: Config, most: int
) -> tuple[Taggram, list[float]]:
    """What is shown of one recording, and the thresholds of these labels (none where one class is said).

    Args:
        rows: of `taggram_table`, of this recording.
        truth: its labels.
        config: `config.json` of the bundle.
        most: labels at most.
    """
    vocabulary = vocabulary_of(config)
    probabilities = rows[list(vocabulary)].to_numpy(np.float32)
    peaks = probabilities.max(axis=0)
    order = np.argsort(-peaks, kind="stable")[:most]
    thresholds = np.array(config.get("thresholds") or [HALF] * len(vocabulary))
    if labels_of(config).is_multi:
        said = probabilities >= thresholds
    else:
        said = np.arange(len(vocabulary)) == probabilities.argmax(axis=1)[:, None]
    true = set(truth)
    labels = [vocabulary[index] for index in order]
    taggram = Taggram(
        starts_s=rows["start_s"].to_numpy(np.float64),
        ends_s=rows["end_s"].to_numpy(np.float64),
        labels=labels,
        probabilities=probabilities[:, order],
        said=said[:, order],
        is_true=np.array([label in true for label in labels], dtype=np.bool_),
    )
    return taggram, thresholds[order].tolist() if labels_of(config).is_multi else []


def _view(number: int, row: Any, rows: pd.DataFrame, *, sound: Playable, config: Config, most: int) -> Json:
    taggram, thresholds = taggram_of(rows, row["labels"], config, most)
    heard = None if sound.uri is None else (sound.start_s, sound.start_s + sound.duration_s)
    picture = to_svg(
        taggram_figure(taggram, heard),
        name=f"taggram-{number}",
        description=f"Probability of {len(taggram.labels)} labels over {row['duration_s']:.0f} seconds"
        f" of {row['path']}; the table below has their peaks",
    )
    return {
        "path": row["path"],
        "duration_s": row["duration_s"],
        "truth": ", ".join(row["labels"]),
        "hidden": [label for label in row["labels"] if label not in taggram.labels],
        "picture": picture,
        "sound": sound,
        "windows": len(rows),
        "rows": [_row(taggram, index, thresholds) for index in range(len(taggram.labels))],
    }


def _row(taggram: Taggram, index: int, thresholds: list[float]) -> Json:
    of_label = taggram.probabilities[:, index]
    peak = int(of_label.argmax())
    return {
        "label": taggram.labels[index],
        "true": bool(taggram.is_true[index]),
        "peak": float(of_label[peak]),
        "start_s": float(taggram.starts_s[peak]),
        "end_s": float(taggram.ends_s[peak]),
        "mean": float(of_label.mean()),
        "said": int(taggram.said[:, index].sum()),
        "threshold": thresholds[index] if thresholds else None,
    }


def _on_windows(bundle: BundleRef, params: TaggramParams) -> Iterable[str]:
    """A remark where the windows are longer or shorter than the model's own."""
    own = bundle.config["window_frames"]
    if taggram_windows(bundle, params)[0] != own:
        yield OTHER_WINDOWS.format(load_front_end(bundle.path).seconds(own))
