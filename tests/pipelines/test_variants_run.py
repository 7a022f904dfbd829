"""Altered copies in the project: of training recordings only, rendered once, off unless asked for."""

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile

from auricle.audio.front_ends import FrontEndChoice
from auricle.audio.frontend import FrontEndParams, LogMelFrontEnd
from auricle.audio.limits import AudioLimits
from auricle.audio.store import SpectrogramStore
from auricle.audio.waveform_augment import VariantParams
from auricle.corpora.labels import LabelParams
from auricle.corpora.params import IngestParams
from auricle.datasets.spectrograms import SpectrogramStoreDataset
from auricle.errors import CorpusError
from auricle.pipelines.cache_spectrograms.nodes import render_variants

Run = Callable[..., dict[str, Any]]
RATE = 8_000
FRONT_END = FrontEndParams(sample_rate=RATE, n_fft=256, hop_length=128, n_mels=16)
SPLITS = ["train", "validation", "test", "unlabelled", "train", "train", None]


def store_of(root: Path, params: VariantParams) -> SpectrogramStore:
    return SpectrogramStore.open(root, params.digest(LogMelFrontEnd(FRONT_END).digest), FRONT_END.n_mels)


@pytest.fixture
def manifest(tmp_path: Path) -> pd.DataFrame:
    """A recording of each split, two more to learn from, and one in quarantine."""
    rng = np.random.default_rng(0)
    for number in range(len(SPLITS)):
        soundfile.write(tmp_path / f"{number}.wav", rng.normal(scale=0.1, size=RATE // 4), RATE)
    rows = [
        {
            "recording_id": f"{number:016x}",
            "path": f"{number}.wav",
            "split": split,
            "status": "ok" if split else "quarantined",
        }
        for number, split in enumerate(SPLITS)
    ]
    return pd.DataFrame(rows)


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Child processes are tested where they are made; here they would only cost time."""
    if "project" in request.fixturenames:
        return

    def mapped(
        function: Callable[[Any], Any], items: Iterable[Any], **_: Any
    ) -> Iterator[tuple[Any, np.ndarray]]:
        return ((item, function(item)) for item in items)

    monkeypatch.setattr("auricle.audio.variants.map_isolated", mapped)


def render(
    manifest: pd.DataFrame,
    root: Path,
    count: int,
    most_chunks: int | None = None,
    guard: Any = None,
    labels: LabelParams = LabelParams(),  # noqa: B008  (frozen)
) -> int:
    """Save what the node yields, up to so many chunks; returns how many copies it made."""
    dataset = SpectrogramStoreDataset(filepath=str(root / "variants"))
    made = 0
    chunks = render_variants(
        root,
        manifest,
        dataset.load(),
        FrontEndChoice(FRONT_END),
        VariantParams(count=count, guard=guard),
        AudioLimits(),
        IngestParams(layout="audiofolder"),
        labels,
    )
    for number, chunk in enumerate(chunks, start=1):
        dataset.save(chunk)
        made += len(chunk.records)
        if number == most_chunks:
            break
    return made


class TestNode:
    def test_alters_training_recordings_and_no_other(self, manifest: pd.DataFrame, tmp_path: Path) -> None:
        assert render(manifest, tmp_path, count=2) == 6
        store = store_of(tmp_path / "variants", VariantParams(count=2))
        learned = {f"{number:016x}" for number in (0, 4, 5)}
        assert set(store.ids("variant-1")) == set(store.ids("variant-2")) == learned
        assert len(store) == 6

    def test_alters_every_recording_that_has_a_fold(self, manifest: pd.DataFrame, tmp_path: Path) -> None:
        folded = manifest[manifest["status"] == "ok"].assign(split="train", fold=range(6))
        assert render(folded, tmp_path, count=1) == 6

    def test_makes_nothing_unless_asked_to(self, manifest: pd.DataFrame, tmp_path: Path) -> None:
        assert render(manifest, tmp_path, count=0) == 0
        assert not (tmp_path / "variants").exists()

    def test_renders_only_what_is_missing(self, manifest: pd.DataFrame, tmp_path: Path) -> None:
        assert render(manifest, tmp_path, count=1) == 3
        first = {key: value.copy() for key, value in self.copies(tmp_path, "variant-1").items()}
        assert render(manifest, tmp_path, count=1) == 0
        assert render(manifest, tmp_path, count=3) == 6
        assert self.copies(tmp_path, "variant-1").keys() == first.keys()
        for key, value in self.copies(tmp_path, "variant-1").items():
            np.testing.assert_array_equal(value, first[key])
        assert render(manifest, tmp_path, count=2) == 0

    @pytest.mark.parametrize("count", [2, 1, 0])
    def test_leaves_no_copy_of_what_is_judged_after_a_new_split(
        self, manifest: pd.DataFrame, tmp_path: Path, count: int
    ) -> None:
        assert render(manifest, tmp_path, count=2) == 6
        before = self.copies(tmp_path, "variant-2")[f"{4:016x}"].copy()
        splits = ["test", "train", "train", "unlabelled", "train", "validation", None]
        anew = manifest.assign(split=splits)
        assert render(anew, tmp_path, count=count) == 2 * count
        store = store_of(tmp_path / "variants", VariantParams(count=2))
        held = {key for name in store.all_variants for key in store.ids(name)}
        assert held == {f"{number:016x}" for number in ((1, 2, 4) if count else (4,))}
        np.testing.assert_array_equal(self.copies(tmp_path, "variant-2")[f"{4:016x}"], before)
        assert not store.verify()
        assert render(anew, tmp_path, count=count) == 0

    def test_drops_copies_that_other_parameters_made(self, manifest: pd.DataFrame, tmp_path: Path) -> None:
        assert render(manifest, tmp_path, count=1) == 3
        (made,) = (tmp_path / "variants").iterdir()
        made.rename(made.with_name("fedcba987654"))
        (tmp_path / "variants" / "fedcba987654.kept").mkdir()  # of a run that was killed
        assert render(manifest.assign(split="test"), tmp_path, count=1) == 0
        store = SpectrogramStore.open(tmp_path / "variants", "fedcba987654", FRONT_END.n_mels)
        assert len(store) == 0
        assert not list((tmp_path / "variants").glob("*.kept"))

    def test_goes_on_where_it_was_killed(
        self, manifest: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("auricle.pipelines.cache_spectrograms.nodes.CHUNK_SIZE", 2)
        assert render(manifest, tmp_path, count=2, most_chunks=1) == 2
        assert render(manifest, tmp_path, count=2) == 4

    def test_alters_what_the_guard_leaves(self, manifest: pd.DataFrame, tmp_path: Path) -> None:
        labels = [["air-inside"], ["good"], ["good"], ["good"], ["shy", "air-inside"], ["good"], []]
        guarded: dict[str, Any] = {
            "guard": {
                "air": {"exclude": ["noise"], "why": "Noise passes for air."},
                "shy": {"exclude": ["pitch", "stretch"], "why": "Nothing else is left."},
            },
            "labels": LabelParams(parents={"air-inside": "air"}),
        }
        called = manifest.assign(labels=labels)
        assert render(called, tmp_path, count=8) == 24
        assert render(called, tmp_path, count=8, **guarded) == 8
        store = store_of(tmp_path / "variants", VariantParams())
        assert [store.ids(f"variant-{number}-without-noise") for number in range(1, 9)] == [{f"{0:016x}"}] * 8
        assert render(called, tmp_path, count=8, **guarded) == 0
        # Called something else, it has copies as before; called so again, those that are there.
        corrected = called.assign(labels=[["good"], *labels[1:]])
        assert render(corrected, tmp_path, count=8, **guarded) == 0

    def test_refuses_a_guard_of_no_label(self, manifest: pd.DataFrame, tmp_path: Path) -> None:
        guard = {"airr": {"exclude": ["noise"], "why": "A typing error."}}
        with pytest.raises(CorpusError, match="'airr', which there is not"):
            render(manifest.assign(labels=[["air"]] * len(SPLITS)), tmp_path, count=1, guard=guard)
        assert not (tmp_path / "variants").exists()

    @staticmethod
    def copies(root: Path, variant: str) -> dict[str, np.ndarray]:
        store = store_of(root / "variants", VariantParams())
        return {key: store.get(key, variant) for key in store.ids(variant)}


class TestRun:
    def test_trains_on_copies_of_the_split_train(self, ready: Path, run: Run) -> None:
        run(ready, ["train_cnn"], params={"genre.variants.count": 1}, to_nodes=["genre.cnn.fit"])
        (folder,) = (ready / "data/ci/04_feature/genre/variants").iterdir()
        manifest = pd.read_parquet(ready / "data/ci/02_intermediate/genre/manifest.parquet")
        store = SpectrogramStore.open(folder.parent, folder.name, 128)
        assert set(store.ids("variant-1")) == set(manifest.loc[manifest["split"] == "train", "recording_id"])
        (bundle,) = (ready / "data/ci/06_models/genre/cnn/bundle").glob("*/bundle/training.json")
        kept = json.loads(bundle.read_text())["params"]["variants"]
        assert (kept["count"], kept["lacking"]) == (1, 0)

    @pytest.mark.long
    def test_trains_on_crops_that_are_altered_on_the_fly(self, ready: Path, run: Run) -> None:
        params = {"genre.variants.mode": "on_the_fly", "genre.cnn.train.num_workers": 1}
        run(ready, ["train_cnn"], params=params, to_nodes=["genre.cnn.fit"])
        assert not (ready / "data/ci/04_feature/genre/variants").exists()
        (bundle,) = (ready / "data/ci/06_models/genre/cnn/bundle").glob("*/bundle/training.json")
        kept = json.loads(bundle.read_text())["params"]["variants"]
        assert (kept["mode"], kept["altered_share"]) == ("on_the_fly", 0.75)

    @pytest.mark.parametrize(
        ("pipeline", "params", "message"),
        [
            ("train_cnn", {"genre.variants.stretch": [1.2, 0.8]}, "stretch .* must rise"),
            ("train_cnn", {"genre.variants.pitch": 1}, "pitch"),
            (
                "train_cnn",
                {
                    "genre.variants": {
                        "count": 1,
                        "pitch_semitones": 0,
                        "stretch": [1, 1],
                        "noise_snr_db": None,
                    }
                },
                "change nothing",
            ),
            (
                "ablation",
                {"genre.ablation.variants": {"no": {"train.variants": False}}},
                "variants.count is 0",
            ),
            (
                "train_cnn",
                {"genre.variants": {"mode": "on_the_fly", "count": 3}},
                "count is 3, but mode is on_the",
            ),
            ("sweep", {"genre.variants.mode": "on_the_fly", "genre.variants.count": 1}, "set count: 0"),
            (
                "train_cnn",
                {"genre.variants.guard": {"live": {"exclude": ["echo"], "why": "x"}}},
                "'pitch', 'stretch' or 'noise'",
            ),
            (
                "train_cnn",
                {
                    "genre.variants": {"count": 1, "guard": {"rokc": {"exclude": ["noise"], "why": "x"}}},
                    "genre.labels.parents": {"punk": "rock"},
                },
                "'rokc', which there is not.* Near to it: rock",
            ),
            ("sweep", {"genre.sweep.space": {"train.variants": {"choices": [True, False]}}}, "count is 0"),
        ],
    )
    def test_contradictions_are_refused_before_any_node(
        self, project: Path, run: Run, pipeline: str, params: dict[str, Any], message: str
    ) -> None:
        with pytest.raises(Exception, match=rf"(?s){message}"):
            run(project, [pipeline], params=params)
        assert not (project / "data/ci/02_intermediate").exists()
