"""Trainings on altered copies: which are drawn, what is kept of it, and that no copy leaks into a fold."""

import json
import pickle
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from tiny_corpus import MODEL, TRAIN, WINDOW, TinyCorpus

from auricle.audio.limits import AudioLimits
from auricle.audio.store import SpectrogramStore
from auricle.audio.waveform_augment import VariantParams
from auricle.corpora.selection import training_paths
from auricle.errors import CorpusError
from auricle.models.bundle import BundleDraft
from auricle.models.params import ModelParams
from auricle.training.ablation import train_ablation
from auricle.training.ablation_params import AblationParams
from auricle.training.data import CropDataset, Subset
from auricle.training.deep import DeepTraining
from auricle.training.deep_params import DeepParams
from auricle.training.folds import partitions
from auricle.training.stored_variants import StoredVariants
from auricle.training.sweep import sweep_model
from auricle.training.sweep_params import SweepParams
from auricle.training.variants import open_variants
from auricle.training.vocabulary import read_examples

COUNT = 2
PARAMS = VariantParams(count=COUNT)
FRAMES = 16


def copies(
    corpus: TinyCorpus,
    folder: Path,
    *,
    recordings: list[str] | None = None,
    other: tuple[str, ...] = (),
    params: VariantParams = PARAMS,
) -> StoredVariants:
    """Copies of these recordings, by default of all.

    Copy k is the recording, k dB louder and k frames shorter; those of `other` are noise instead.
    """
    digest = params.digest(corpus.front_end.digest)
    names = list(corpus.manifest["recording_id"]) if recordings is None else recordings
    with SpectrogramStore.open(folder, digest, corpus.front_end.n_bands, mode="a") as store:
        for number in range(1, params.count + 1):
            altered = {name: (corpus.store[name] + np.float16(number))[:, number:] for name in names}
            noise = np.random.default_rng(number)
            altered |= {name: noise.normal(-40, 8, altered[name].shape) for name in other}
            store.append(altered, f"variant-{number}")
    return StoredVariants.open(folder, corpus.front_end, params, corpus.manifest)


def whole(corpus: TinyCorpus) -> Subset:
    ids = corpus.manifest["recording_id"].to_numpy(dtype=object)
    return Subset(ids, np.arange(len(ids)))


def crops(corpus: TinyCorpus, variants: StoredVariants | None, frames: int = FRAMES) -> CropDataset:
    return CropDataset(
        corpus.store, whole(corpus), crop_frames=frames, crops_per_recording=1, seed=3, variants=variants
    )


def found_in(corpus: TinyCorpus, variants: StoredVariants, name: str, crop: torch.Tensor) -> list[str]:
    """Which of a recording and its copies hold a crop."""
    sources = {"original": corpus.store[name]}
    sources |= {variant: variants.store.get(name, variant) for variant in variants.store.variants(name)}
    return [
        source
        for source, spectrogram in sources.items()
        for start in range(spectrogram.shape[1] - FRAMES + 1)
        if np.array_equal(spectrogram[:, start : start + FRAMES], crop.numpy())
    ]


def weights(draft: BundleDraft) -> bytes:
    return (draft.path / "model.safetensors").read_bytes()


def training(draft: BundleDraft) -> dict[str, Any]:
    return json.loads((draft.path / "training.json").read_text())  # type: ignore[no-any-return]


class TestCrops:
    def test_without_copies_are_those_that_they_always_were(self, corpus: TinyCorpus) -> None:
        dataset = crops(corpus, None)
        for epoch in range(3):
            for index, name in enumerate(whole(corpus).recording_ids):
                surplus = corpus.store.frames(name) - FRAMES
                start = int(np.random.default_rng((3, epoch, index)).integers(surplus + 1))
                expected = corpus.store.crop(name, start, FRAMES).astype(np.float32)
                assert np.array_equal(dataset[epoch, index]["input_values"].numpy(), expected)

    def test_come_from_the_recording_and_its_own_copies_alike(
        self, corpus: TinyCorpus, tmp_path: Path
    ) -> None:
        variants = copies(corpus, tmp_path)
        dataset, names = crops(corpus, variants), whole(corpus).recording_ids
        heard = [
            found_in(corpus, variants, names[index], dataset[epoch, index]["input_values"])
            for epoch in range(30)
            for index in range(len(names))
        ]
        assert all(len(sources) == 1 for sources in heard)
        counts = np.unique([source for (source,) in heard], return_counts=True)[1]
        assert len(counts) == COUNT + 1
        assert (np.abs(counts / len(heard) - 1 / 3) < 0.07).all()

    def test_depend_on_seed_epoch_and_index_only(self, corpus: TinyCorpus, tmp_path: Path) -> None:
        dataset = crops(corpus, copies(corpus, tmp_path))
        elsewhere = pickle.loads(pickle.dumps(dataset))
        keys = [(5, index) for index in range(len(dataset))]
        batch = dataset.__getitems__(keys)["input_values"]
        assert torch.equal(elsewhere.__getitems__(keys[::-1])["input_values"].flip(0), batch)
        assert not torch.equal(dataset.__getitems__([(6, index) for _, index in keys])["input_values"], batch)

    def test_are_padded_and_measured_by_the_copy_that_they_come_from(
        self, corpus: TinyCorpus, tmp_path: Path
    ) -> None:
        dataset, names = crops(corpus, copies(corpus, tmp_path), frames=100), whole(corpus).recording_ids
        seen = set()
        for epoch in range(10):
            for index, name in enumerate(names):
                crop = dataset[epoch, index]
                shorter = corpus.store.frames(name) - int(crop["lengths"])
                real = crop["input_values"][:, : int(crop["lengths"])].numpy()
                assert np.array_equal(real, (corpus.store[name] + np.float16(shorter))[:, shorter:])
                assert (crop["input_values"][:, int(crop["lengths"]) :] == float(real.min())).all()
                seen.add(shorter)
        assert seen == {0, 1, 2}

    def test_of_a_missing_copy_are_of_the_recording_and_all_others_stay(
        self, corpus: TinyCorpus, tmp_path: Path
    ) -> None:
        names = list(whole(corpus).recording_ids)
        every = crops(corpus, copies(corpus, tmp_path / "every"))
        some = copies(corpus, tmp_path / "some", recordings=names[1:])
        few = crops(corpus, some)
        for epoch in range(10):
            assert found_in(corpus, some, names[0], few[epoch, 0]["input_values"]) == ["original"]
            for index in range(1, len(names)):
                assert torch.equal(few[epoch, index]["input_values"], every[epoch, index]["input_values"])


class TestGuard:
    GUARD: ClassVar[Any] = {
        "noise": {"exclude": ["noise"], "why": "It is noise."},
        "sweep": {"exclude": ["pitch", "stretch", "noise"], "why": "Nothing is left."},
    }

    def test_draws_no_copy_that_was_made_without_it(self, corpus: TinyCorpus, tmp_path: Path) -> None:
        params = VariantParams(count=COUNT, guard=self.GUARD)
        variants = copies(corpus, tmp_path, params=params)  # of all, as if nothing were guarded
        learned = list(training_paths(corpus.manifest))
        with SpectrogramStore.open(tmp_path, params.digest(corpus.front_end.digest), 16, mode="a") as store:
            noise = [name for name in learned if name.startswith("noise")]
            store.append({name: corpus.store[name] for name in noise}, "variant-1-without-noise")
        variants = StoredVariants.open(tmp_path, corpus.front_end, params, corpus.manifest)
        random = np.random.default_rng(0)
        drawn: dict[str, set[str | None]] = {}
        for name in learned * 20:
            drawn.setdefault(name.rstrip("0123456789"), set()).add(variants.draw(name, random))
        assert drawn == {
            "noise": {None, "variant-1-without-noise"},
            "pulse": {None, "variant-1", "variant-2"},
            "sweep": {None},
        }
        assert variants.lacking == len(noise)

    def test_trains_anew_where_it_matters_and_only_there(self, corpus: TinyCorpus, tmp_path: Path) -> None:
        plain = copies(corpus, tmp_path)

        def told(**row: Any) -> dict[str, Any]:
            params = VariantParams(count=COUNT, guard=row)
            return StoredVariants.open(tmp_path, corpus.front_end, params, corpus.manifest).told()

        assert told(absent=self.GUARD["noise"]) == plain.told()
        assert told(noise=self.GUARD["noise"])["guard"] == {"noise": ["noise"]}
        reworded = self.GUARD["noise"] | {"why": "Said in other words."}
        assert told(noise=reworded) == told(noise=self.GUARD["noise"])


class TestOpening:
    def test_is_nothing_where_none_are_asked_for(self, corpus: TinyCorpus, tmp_path: Path) -> None:
        nothing = open_variants(
            VariantParams(),
            copies=tmp_path,
            recordings=tmp_path,
            manifest=corpus.manifest,
            front_end=corpus.front_end,
            limits=AudioLimits(),
        )
        assert nothing is None

    def test_counts_the_copies_of_training_recordings_that_are_missing(
        self, corpus: TinyCorpus, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        learned = list(training_paths(corpus.manifest))
        variants = copies(corpus, tmp_path, recordings=learned[2:])
        assert variants.lacking == 2 * COUNT
        assert f"4 of {COUNT * len(learned)} altered copies are missing" in caplog.text

    def test_says_which_pipeline_renders_them(self, corpus: TinyCorpus, tmp_path: Path) -> None:
        with pytest.raises(CorpusError, match="cache_spectrograms"):
            StoredVariants.open(tmp_path, corpus.front_end, PARAMS, corpus.manifest)


class TestTraining:
    def test_hears_them_and_the_bundle_says_so(
        self, corpus: TinyCorpus, workdir: Path, tmp_path: Path
    ) -> None:
        plain = corpus.fit(workdir)
        assert "variants" not in training(plain)["params"]
        varied = corpus.fit(workdir, variants=copies(corpus, tmp_path / "copies"))
        asked = PARAMS.model_dump(mode="json", exclude={"altered_share", "guard"})
        assert training(varied)["params"]["variants"] == asked | {"lacking": 0}
        assert weights(varied) != weights(plain)
        assert varied.workdir != plain.workdir

    def test_that_is_to_hear_none_is_the_one_without_them(
        self, corpus: TinyCorpus, workdir: Path, tmp_path: Path
    ) -> None:
        plain = corpus.fit(workdir)
        variants = copies(corpus, tmp_path / "copies")
        deaf = corpus.fit(workdir, TRAIN.model_copy(update={"variants": False}), variants=variants)
        assert weights(deaf) == weights(plain)
        assert deaf.workdir == plain.workdir

    def test_does_not_depend_on_the_number_of_worker_processes(
        self, corpus: TinyCorpus, workdir: Path, tmp_path: Path
    ) -> None:
        variants = copies(corpus, tmp_path / "copies")
        one = corpus.fit(workdir / "one", variants=variants)
        two = corpus.fit(workdir / "two", TRAIN.model_copy(update={"num_workers": 2}), variants=variants)
        assert weights(one) == weights(two)

    def test_of_other_copies_is_never_resumed(
        self, corpus: TinyCorpus, workdir: Path, tmp_path: Path
    ) -> None:
        more = VariantParams(count=COUNT + 1)
        drafts = [
            corpus.fit(workdir, variants=copies(corpus, tmp_path / str(params.count), params=params))
            for params in (PARAMS, more)
        ]
        assert drafts[0].workdir != drafts[1].workdir


class TestNoLeak:
    """A model that would hear a copy of what it is judged by would change with that copy."""

    def test_copies_of_validation_and_test_recordings_change_nothing(
        self, corpus: TinyCorpus, workdir: Path, tmp_path: Path
    ) -> None:
        judging = tuple(corpus.manifest.query("split != 'train'")["recording_id"])
        learned = list(training_paths(corpus.manifest))
        assert not set(judging) & set(learned)
        without = corpus.fit(workdir / "one", variants=copies(corpus, tmp_path / "one", recordings=learned))
        poisoned = corpus.fit(workdir / "two", variants=copies(corpus, tmp_path / "two", other=judging))
        assert weights(poisoned) == weights(without)

    @pytest.mark.parametrize(
        "number", [0, *(pytest.param(fold, marks=pytest.mark.long) for fold in (1, 2)), 3]
    )
    def test_no_fold_hears_copies_of_its_own_validation_and_test_recordings(
        self, folded: TinyCorpus, workdir: Path, tmp_path: Path, number: int
    ) -> None:
        examples = read_examples(folded.manifest)
        part = partitions(examples)[number]
        heard = tuple(examples.recording_ids[part.train])
        unheard = tuple(set(examples.recording_ids) - set(heard))

        def trained(name: str, other: tuple[str, ...]) -> dict[str, torch.Tensor]:
            fold = DeepTraining.of(
                examples,
                folded.store,
                folded.front_end,
                MODEL,
                TRAIN.model_copy(update={"epochs": 2}),
                WINDOW,
                copies(folded, tmp_path / name, other=other),
            )
            return fold.train(part, workdir / name).model.state_dict()  # type: ignore[no-any-return]

        reference, poisoned, changed = (
            trained(name, other)
            for name, other in (("reference", ()), ("poisoned", unheard), ("changed", heard))
        )
        assert all(torch.equal(poisoned[name], value) for name, value in reference.items())
        assert not all(torch.equal(changed[name], value) for name, value in reference.items())


class TestComparing:
    BASE = DeepParams(ModelParams(MODEL), TRAIN.model_copy(update={"epochs": 2}), WINDOW)

    def test_an_ablation_tells_what_copies_are_good_for(
        self, corpus: TinyCorpus, workdir: Path, tmp_path: Path
    ) -> None:
        asked = AblationParams(model="cnn", seeds=1, variants={"recordings only": {"train.variants": False}})
        arguments = (corpus.manifest, corpus.store, corpus.front_end, self.BASE, asked)
        predictions, _ = train_ablation(*arguments, workdir / "with", copies(corpus, tmp_path))
        plain, _ = train_ablation(*arguments, workdir / "without")
        scores = dict(iter(predictions.groupby("variant")["noise"]))
        assert not np.array_equal(scores["baseline"], scores["recordings only"])
        of_plain = plain.loc[plain["variant"] == "baseline", "noise"]
        np.testing.assert_array_equal(scores["recordings only"], of_plain)

    def test_a_sweep_with_copies_is_another_one(
        self, corpus: TinyCorpus, workdir: Path, tmp_path: Path
    ) -> None:
        asked = SweepParams(trials=1, prune=False, space={"train.learning_rate": {"choices": [0.01, 0.01]}})
        arguments = (corpus.manifest, corpus.store, corpus.front_end, self.BASE, asked, workdir)
        plain = sweep_model(*arguments)
        varied = sweep_model(*arguments, copies(corpus, tmp_path))
        assert plain["value"].item() != varied["value"].item()
        assert len([path for path in workdir.iterdir() if path.is_dir()]) == 2
