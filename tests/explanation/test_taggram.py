"""Taggrams: the model's own probabilities, of recordings that it was judged on, drawn where they belong."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile as sf
import torch
from pydantic import ValidationError

from auricle.audio.frontend import FrontEndParams, LogMelFrontEnd
from auricle.audio.limits import AudioLimits
from auricle.audio.store import SpectrogramStore
from auricle.corpora.labels import MULTI, SINGLE
from auricle.errors import ConfigurationError, CorpusError
from auricle.explanation.params import ExplainParams, TaggramParams
from auricle.explanation.taggram import choose_recordings, taggram_table, taggram_windows
from auricle.explanation.taggram_figure import Taggram, column_edges, taggram_figure
from auricle.explanation.taggram_page import taggram_of, taggram_page
from auricle.models.bundle import BundleRef, seal
from auricle.models.params import ModelParams
from auricle.models.registry import build_model, load_deep

FRONT_END = FrontEndParams(sample_rate=8_000, n_fft=512, hop_length=256, n_mels=16)
LABELS = ("high", "loud", "low")
WINDOW = 32


def sealed(
    folder: Path, *, head: str = "pooled", problem_type: Any = SINGLE, out_of_fold: Any = None
) -> BundleRef:
    """A bundle with random weights."""
    torch.manual_seed(1)
    params = ModelParams.model_validate(
        {"kind": "cnn", "head": head, "channels": (4, 8), "hidden_size": 8, "embedding_size": 4}
    ).root
    config = params.config(
        n_bands=16, vocabulary=LABELS, window_frames=WINDOW, hop_frames=WINDOW, problem_type=problem_type
    )
    if problem_type == MULTI:
        config.thresholds = [0.0, 0.5, 2.0]
    folder.mkdir()
    build_model(config).save_pretrained(folder)
    LogMelFrontEnd(FRONT_END).save_pretrained(folder)
    (folder / "training.json").write_text("{}")
    if out_of_fold is not None:
        out_of_fold.to_parquet(folder / "out_of_fold.parquet")
    return seal(folder)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> BundleRef:
    return sealed(tmp_path_factory.mktemp("bundle") / "cnn")


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory) -> BundleRef:
    return sealed(tmp_path_factory.mktemp("several") / "cnn", problem_type=MULTI)


@pytest.fixture
def manifest() -> pd.DataFrame:
    """Eight recordings of two classes, later ones longer; the first two were learned from."""
    ids = [f"{number:016x}" for number in range(8)]
    return pd.DataFrame(
        {
            "recording_id": ids,
            "path": [f"a & <b>/{number}.wav" for number in range(8)],
            "duration_s": [0.5 + number for number in range(8)],
            "label": ["low", "high"] * 4,
            "labels": [["low"], ["high", "loud"]] * 4,
            "group": ids,
            "split": ["train"] * 2 + ["test"] * 6,
            "fold": -1,
            "status": "ok",
            "reason": None,
        }
    )


@pytest.fixture
def predictions(manifest: pd.DataFrame) -> pd.DataFrame:
    table = manifest[["recording_id", "split"]].copy()
    for name, value in zip(LABELS, (0.5, 0.25, 0.25), strict=True):
        table[name] = np.float32(value)
    return table


@pytest.fixture
def store(tmp_path: Path, manifest: pd.DataFrame) -> SpectrogramStore:
    random, front_end = np.random.default_rng(0), LogMelFrontEnd(FRONT_END)
    records = {
        row["recording_id"]: random.normal(-40, 9, (16, front_end.frames(row["duration_s"])))
        for row in manifest.to_dict("records")
    }
    with SpectrogramStore.open(tmp_path / "store", front_end.digest, 16, mode="a") as opened:
        opened.append(records)
    return SpectrogramStore.open(tmp_path / "store", front_end.digest, 16)


def params(**taggram: Any) -> ExplainParams:
    return ExplainParams(device="cpu", taggram=TaggramParams(**taggram))


class TestTable:
    def test_holds_what_the_model_says_of_a_window(
        self, bundle: BundleRef, predictions: Any, manifest: Any, store: SpectrogramStore
    ) -> None:
        table = taggram_table(bundle, predictions, manifest, store=store, params=params(count=2))
        assert list(table.columns) == ["recording_id", "start_s", "end_s", *LABELS]
        assert (table[list(LABELS)].dtypes == np.float32).all()
        longest = table[table["recording_id"] == f"{7:016x}"]
        frames = store.frames(f"{7:016x}")
        starts = [*range(0, frames - WINDOW, WINDOW // 2), frames - WINDOW]
        np.testing.assert_allclose(longest["start_s"], np.array(starts) * 256 / 8_000)
        assert longest["end_s"].max() == pytest.approx(7.5)
        model = load_deep(bundle)
        for place in (0, 3, len(starts) - 1):
            crop = store.crop(f"{7:016x}", starts[place], WINDOW).astype(np.float32)
            with torch.inference_mode():
                logits = model(input_values=torch.from_numpy(crop)[None]).logits[0]
            np.testing.assert_allclose(
                longest[list(LABELS)].iloc[place], logits.softmax(dim=0), rtol=1e-4, atol=1e-5
            )

    def test_ends_with_a_recording_that_is_shorter_than_a_window(
        self, bundle: BundleRef, predictions: Any, manifest: Any, store: SpectrogramStore
    ) -> None:
        manifest.loc[manifest["split"] == "test", "duration_s"] = 0.6
        table = taggram_table(
            bundle, predictions, manifest, store=store, params=params(recordings=[f"{2:016x}"])
        )
        assert (table["end_s"] <= 0.6).all()

    def test_takes_other_windows(
        self, bundle: BundleRef, predictions: Any, manifest: Any, store: SpectrogramStore
    ) -> None:
        asked = params(count=1, window_seconds=0.5, hop_seconds=0.1)
        table = taggram_table(bundle, predictions, manifest, store=store, params=asked)
        assert (table["end_s"] - table["start_s"]).max() == pytest.approx(0.512)
        assert table["start_s"].diff().iloc[1] == pytest.approx(0.128)

    def test_is_of_the_first_fold_under_cross_validation(
        self, tmp_path: Path, predictions: Any, manifest: Any, store: SpectrogramStore
    ) -> None:
        manifest = manifest.assign(split="train", fold=np.arange(8) // 2 % 2)
        predictions = predictions.assign(split="out_of_fold")
        bundle = sealed(tmp_path / "folded", out_of_fold=predictions)
        table = taggram_table(bundle, predictions, manifest, store=store, params=params(count=8))
        assert set(table["recording_id"]) == set(manifest.loc[manifest["fold"] == 0, "recording_id"])


class TestWindows:
    def test_are_by_default_those_of_the_model_with_half_overlap(self, bundle: BundleRef) -> None:
        assert taggram_windows(bundle, TaggramParams()) == (WINDOW, WINDOW // 2)

    def test_with_gaps_are_refused(self, bundle: BundleRef) -> None:
        with pytest.raises(ValidationError, match="never be heard"):
            TaggramParams(window_seconds=1, hop_seconds=2)
        with pytest.raises(ConfigurationError, match=r"hop_seconds is 2.*1\.02 s"):
            taggram_windows(bundle, TaggramParams(hop_seconds=2))

    def test_that_a_model_does_not_take_are_refused(self, tmp_path: Path) -> None:
        flat = sealed(tmp_path / "flat", head="flatten")
        assert taggram_windows(flat, TaggramParams()) == (WINDOW, WINDOW // 2)
        with pytest.raises(ConfigurationError, match=r"taggram\.window_seconds.*exactly 32 frames"):
            taggram_windows(flat, TaggramParams(window_seconds=2))


class TestChoice:
    def chosen(self, manifest: pd.DataFrame, **given: Any) -> list[str]:
        judged = manifest[manifest["split"] == "test"].reset_index(drop=True)
        judged["labels"] = [(label,) for label in judged["label"]]
        store = [name for name in manifest["recording_id"] if name != f"{5:016x}"]
        found = choose_recordings(judged, manifest, store, TaggramParams(**given))
        return [name[-1] for name in found["recording_id"]]

    def test_is_the_longest_of_each_label_in_turn(self, manifest: pd.DataFrame) -> None:
        assert self.chosen(manifest, count=4) == ["7", "6", "3", "4"]

    def test_is_what_is_named(self, manifest: pd.DataFrame) -> None:
        assert self.chosen(manifest, recordings=["a & <b>/4.wav", f"{2:016x}"]) == ["4", "2"]

    @pytest.mark.parametrize(
        ("name", "message"),
        [
            ("a & <b>/0.wav", "split 'train' and not judged"),
            ("a & <b>/9.wav", "no recording of the manifest .near to it"),
            (f"{5:016x}", "has no spectrogram"),
        ],
    )
    def test_of_what_is_not_judged_is_refused(self, manifest: pd.DataFrame, name: str, message: str) -> None:
        with pytest.raises(CorpusError, match=message):
            self.chosen(manifest, recordings=[name])


class TestPicture:
    def taggram(self, **changes: Any) -> Taggram:
        given: dict[str, Any] = {
            "starts_s": np.array([0.0, 1.0, 2.0, 2.5]),
            "ends_s": np.array([2.0, 3.0, 4.0, 4.5]),
            "labels": ["a", "b" * 40],
            "probabilities": np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.2, 0.8]], dtype=np.float32),
            "said": np.array([[1, 0], [1, 0], [0, 1], [0, 1]], dtype=bool),
            "is_true": np.array([True, False]),
        }
        return Taggram(**(given | changes))

    def test_gives_each_window_the_time_around_its_middle(self) -> None:
        np.testing.assert_allclose(column_edges(self.taggram()), [0, 1.5, 2.5, 3.25, 4.5])

    def test_has_a_cell_for_each_window_and_label_and_a_dot_where_one_is_said(self) -> None:
        axes = taggram_figure(self.taggram(), heard=(1, 2)).axes[0]
        np.testing.assert_allclose(
            np.asarray(axes.collections[0].get_array()), self.taggram().probabilities.T
        )
        assert axes.lines[0].get_xydata().tolist() == [[1, 0], [2, 0], [3, 1], [3.5, 1]]
        texts = [text.get_text() for text in axes.get_yticklabels()]
        assert texts[0] == "✓ a"
        assert texts[1] == "b" * 25 + "…"

    def test_takes_one_window(self) -> None:
        one = self.taggram(
            starts_s=np.array([0.0]),
            ends_s=np.array([2.0]),
            probabilities=np.array([[0.9, 0.1]], dtype=np.float32),
            said=np.array([[True, False]]),
        )
        assert column_edges(one).tolist() == [0, 2]

    def test_shows_the_highest_peaks_first(self, bundle: BundleRef) -> None:
        rows = pd.DataFrame({"start_s": [0.0, 1.0], "end_s": [1.0, 2.0]})
        rows[list(LABELS)] = np.array([[0.1, 0.3, 0.6], [0.5, 0.35, 0.15]], dtype=np.float32)
        taggram, thresholds = taggram_of(rows, ["loud"], bundle.config, most=2)
        assert taggram.labels == ["low", "high"]
        assert taggram.said.tolist() == [[True, False], [False, True]]
        assert not taggram.is_true.any()
        assert thresholds == []

    def test_of_several_labels_says_what_reaches_its_threshold(self, several: BundleRef) -> None:
        rows = pd.DataFrame({"start_s": [0.0, 1.0], "end_s": [1.0, 2.0]})
        rows[list(LABELS)] = np.array([[0.1, 0.4, 0.9], [0.2, 0.6, 1.0]], dtype=np.float32)
        taggram, thresholds = taggram_of(rows, ["loud", "high"], several.config, most=3)
        assert taggram.labels == ["low", "loud", "high"]
        assert taggram.said.tolist() == [[False, False, True], [False, True, True]]
        assert taggram.is_true.tolist() == [False, True, True]
        assert thresholds == [2.0, 0.5, 0.0]


class TestPage:
    def page(self, folder: Path, bundle: BundleRef, inputs: tuple[Any, Any, Any], **given: Any) -> str:
        predictions, manifest, store = inputs
        asked = params(**given)
        table = taggram_table(bundle, predictions, manifest, store=store, params=asked)
        return taggram_page(
            bundle,
            table,
            predictions,
            manifest,
            recordings=folder,
            limits=AudioLimits(),
            params=asked.taggram,
            model="cnn",
            source={},
        )

    def test_can_be_heard_and_says_where_it_cannot(
        self, tmp_path: Path, bundle: BundleRef, predictions: Any, manifest: Any, store: Any
    ) -> None:
        (tmp_path / "a & <b>").mkdir()
        sf.write(tmp_path / "a & <b>/7.wav", 0.3 * np.sin(np.arange(60_000) / 9), 8_000)
        (tmp_path / "a & <b>/6.wav").write_bytes(b"no sound")
        inputs = (predictions, manifest, store)
        page = self.page(tmp_path, bundle, inputs, count=2, excerpt_seconds=2, labels=1)
        assert page.count("<audio ") == 1
        assert page.count("No sound: cannot be played") == 1
        assert "<b>" not in page
        assert page.count("a &amp; &lt;b&gt;/6.wav") >= 2
        assert len(re.findall(r"<svg ", page)) == 2
        assert "True, and not among the labels shown" in page
        assert "http" not in re.sub(r"http-equiv|http://www\.w3\.org/[\w/]+", "", page)

    def test_of_several_labels_shows_thresholds(
        self, tmp_path: Path, several: BundleRef, predictions: Any, manifest: Any, store: Any
    ) -> None:
        page = self.page(tmp_path, several, (predictions, manifest, store), count=1, window_seconds=0.5)
        assert "never said" in page
        assert "0.500" in page
        assert "single windows scatter more" in page
        assert "not those that this network was trained on" in page

    def test_of_nothing_is_a_page_too(
        self, tmp_path: Path, bundle: BundleRef, predictions: Any, manifest: Any
    ) -> None:
        page = self.page(tmp_path, bundle, (predictions, manifest, []))
        assert "no judged recording" in page
