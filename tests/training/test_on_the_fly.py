"""Crops altered while training: reproducible, other in each epoch, and of what is learned from only."""

import pickle
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sounding_corpus import ALTERED, LIMITS, SoundingCorpus
from tiny_corpus import MODEL, TRAIN, WINDOW, TinyCorpus
from torch.utils.data import DataLoader

from auricle.audio.limits import AudioLimits
from auricle.audio.variants import Copy, render_copy
from auricle.audio.waveform_augment import VariantParams, change_of
from auricle.corpora.labels import MULTI, LabelParams
from auricle.corpora.selection import training_paths
from auricle.errors import CorpusError
from auricle.models.bundle import BundleDraft, open_bundle
from auricle.models.params import ModelParams
from auricle.training import on_the_fly
from auricle.training.ablation import train_ablation
from auricle.training.ablation_params import AblationParams
from auricle.training.data import CropDataset, Subset, keep_batch
from auricle.training.deep import DeepTraining
from auricle.training.deep_params import DeepParams
from auricle.training.folds import partitions
from auricle.training.on_the_fly import OnTheFlyVariants
from auricle.training.sampling import EpochSampler
from auricle.training.sweep import sweep_model
from auricle.training.sweep_params import SweepParams
from auricle.training.variants import open_variants
from auricle.training.vocabulary import read_examples

FRAMES = 16
ALWAYS = VariantParams(mode="on_the_fly", altered_share=1.0)
GUARD = {
    "noise": {"exclude": ["noise"], "why": "It is noise."},
    "sweep": {"exclude": ["pitch", "stretch", "noise"], "why": "Nothing is left."},
}
BRIEF = TRAIN.model_copy(update={"epochs": 2})


def learned(corpus: TinyCorpus) -> Subset:
    """The recordings to learn from, each a class of its own."""
    ids = np.array(list(training_paths(corpus.manifest)), dtype=object)
    return Subset(ids, np.arange(len(ids)))


def crops(
    corpus: SoundingCorpus, params: VariantParams = ALWAYS, *, seed: int = 3, frames: int = FRAMES
) -> CropDataset:
    return CropDataset(
        corpus.store,
        learned(corpus),
        crop_frames=frames,
        crops_per_recording=1,
        seed=seed,
        variants=corpus.variants(params),
    )


def epoch_of(dataset: CropDataset, epoch: int) -> torch.Tensor:
    return dataset.__getitems__([(epoch, index) for index in range(len(dataset))])["input_values"]


def weights(draft: BundleDraft) -> bytes:
    return (draft.path / "model.safetensors").read_bytes()


@pytest.fixture
def mortal(sounding: SoundingCorpus, tmp_path: Path) -> SoundingCorpus:
    """A copy of the corpus whose recordings may be lost."""
    shutil.copytree(sounding.folder, tmp_path / "mortal")
    return SoundingCorpus(tmp_path / "mortal", sounding.manifest)


class TestCrops:
    def test_are_the_same_in_any_process_and_order(self, sounding: SoundingCorpus) -> None:
        dataset = crops(sounding)
        elsewhere = pickle.loads(pickle.dumps(dataset))
        keys = [(5, index) for index in range(len(dataset))]
        again = elsewhere.__getitems__(keys[::-1])["input_values"].flip(0)
        assert torch.equal(again, epoch_of(dataset, 5))

    def test_differ_between_epochs_and_seeds(self, sounding: SoundingCorpus) -> None:
        first = epoch_of(crops(sounding), 0)
        others = [
            epoch_of(crops(sounding), 1),
            epoch_of(crops(sounding, seed=4), 0),
            epoch_of(crops(sounding, ALWAYS.model_copy(update={"seed": 1})), 0),
        ]
        for other in others:
            assert not any(torch.equal(*pair) for pair in zip(first, other, strict=True))

    def test_of_what_is_shorter_than_a_crop_are_the_copies_that_the_store_would_hold(
        self, sounding: SoundingCorpus, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        drawn: list[Copy] = []

        def noted(params: VariantParams, *copy: Any) -> Any:
            drawn.append(Copy(*copy))
            return change_of(params, *copy)

        monkeypatch.setattr(on_the_fly, "change_of", noted)
        dataset = crops(sounding, frames=200)
        paths, kinds = training_paths(sounding.manifest), set()
        for epoch in range(3):
            for index, name in enumerate(learned(sounding).recording_ids):
                crop = dataset[epoch, index]
                assert drawn[-1].recording_id == name
                stored = render_copy(
                    (sounding.recordings / paths[name], drawn[-1]),
                    front_end=sounding.front_end,
                    params=VariantParams(count=3),
                    limits=LIMITS,
                )
                assert int(crop["lengths"]) == stored.shape[1]
                found = crop["input_values"][:, : stored.shape[1]].numpy()
                np.testing.assert_array_equal(found, stored.astype(np.float32))
                kinds.add(change_of(ALWAYS, *drawn[-1]).kind)
        assert kinds == {"pitch", "stretch", "noise"}

    def test_are_altered_as_often_as_asked_and_else_those_of_the_recording(
        self, sounding: SoundingCorpus
    ) -> None:
        dataset, names = crops(sounding, ALTERED), learned(sounding).recording_ids
        plain = 0
        for epoch in range(20):
            for name, crop in zip(names, epoch_of(dataset, epoch), strict=True):
                whole = sounding.store[name].astype(np.float32)
                starts = range(max(1, whole.shape[1] - FRAMES + 1))
                length = min(FRAMES, whole.shape[1])
                plain += any(np.array_equal(whole[:, s : s + length], crop[:, :length]) for s in starts)
        assert plain / (20 * len(names)) == pytest.approx(1 - ALTERED.altered_share, abs=0.08)

    def test_come_from_loader_workers_as_well(self, sounding: SoundingCorpus) -> None:
        dataset, sampler = crops(sounding), EpochSampler(len(learned(sounding)), seed=0)
        batches = [
            list(
                DataLoader(dataset, batch_size=4, sampler=sampler, collate_fn=keep_batch, num_workers=workers)
            )
            for workers in (0, 2)
        ]
        for one, two in zip(*batches, strict=True):
            assert torch.equal(one["input_values"], two["input_values"])


class TestGuard:
    GUARDED = ALWAYS.model_copy(
        update={"guard": VariantParams(guard=GUARD).guard}  # type: ignore[arg-type]
    )

    def test_keeps_a_label_from_the_changes_that_it_excludes(
        self, sounding: SoundingCorpus, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made: dict[str, set[str]] = {}

        def noted(params: VariantParams, recording_id: str, *rest: Any) -> Any:
            change = change_of(params, recording_id, *rest)
            made.setdefault(recording_id.rstrip("0123456789"), set()).add(change.kind)
            return change

        monkeypatch.setattr(on_the_fly, "change_of", noted)
        dataset = crops(sounding, self.GUARDED)
        for epoch in range(6):
            epoch_of(dataset, epoch)
        assert made == {"noise": {"pitch", "stretch"}, "pulse": {"pitch", "stretch", "noise"}}

    def test_a_label_that_nothing_is_left_of_is_heard_as_it_was_recorded(
        self, sounding: SoundingCorpus
    ) -> None:
        dataset = crops(sounding, self.GUARDED)
        for index, name in enumerate(learned(sounding).recording_ids):
            if name.startswith("sweep"):
                whole = sounding.store[name].astype(np.float32)
                length = min(FRAMES, whole.shape[1])
                crop = dataset[0, index]["input_values"][:, :length]
                starts = range(max(1, whole.shape[1] - FRAMES + 1))
                assert any(np.array_equal(whole[:, s : s + length], crop) for s in starts)

    def test_of_other_labels_changes_nothing(self, sounding: SoundingCorpus) -> None:
        free = crops(sounding)
        guarded = crops(sounding, self.GUARDED)
        for index, name in enumerate(learned(sounding).recording_ids):
            if name.startswith("pulse"):
                one, other = (dataset[2, index]["input_values"] for dataset in (free, guarded))
                assert torch.equal(one, other)

    def test_is_told_by_the_bundle_where_it_matters(self, sounding: SoundingCorpus) -> None:
        told = sounding.variants(self.GUARDED).told()
        assert told["guard"] == {"noise": ["noise"], "sweep": ["pitch", "stretch", "noise"]}
        assert "guard" not in sounding.variants().told()


class TestTraining:
    def test_hears_them_and_the_bundle_says_so(self, sounding: SoundingCorpus, workdir: Path) -> None:
        plain = sounding.fit(workdir, BRIEF, variants=None)
        altered = sounding.fit(workdir, BRIEF)
        told = open_bundle(altered.path).training["params"]["variants"]
        assert told == ALTERED.model_dump(mode="json", exclude={"count", "guard"})
        assert weights(altered) != weights(plain)
        assert altered.workdir != plain.workdir

    def test_does_not_depend_on_the_number_of_worker_processes(
        self, sounding: SoundingCorpus, workdir: Path
    ) -> None:
        one = sounding.fit(workdir / "one", BRIEF)
        two = sounding.fit(workdir / "two", BRIEF.model_copy(update={"num_workers": 2}))
        assert weights(one) == weights(two)

    def test_of_several_labels(self, sounding: SoundingCorpus, workdir: Path) -> None:
        labels = LabelParams(problem_type=MULTI)
        plain = sounding.fit(workdir / "plain", BRIEF, labels=labels, variants=None)
        altered = sounding.fit(workdir / "altered", BRIEF, labels=labels)
        assert weights(altered) != weights(plain)

    def test_by_an_ablation_and_a_sweep(self, sounding: SoundingCorpus, workdir: Path) -> None:
        base = DeepParams(ModelParams(MODEL), BRIEF, WINDOW)
        given = (sounding.manifest, sounding.store, sounding.front_end, base)
        asked = AblationParams(model="cnn", seeds=1, variants={"as recorded": {"train.variants": False}})
        predictions, _ = train_ablation(*given, asked, workdir / "ablation", sounding.variants())
        scores = dict(iter(predictions.groupby("variant")["noise"]))
        assert not np.array_equal(scores["baseline"], scores["as recorded"])
        space = {"train.learning_rate": {"choices": [0.01, 0.01]}}
        search = SweepParams(trials=1, prune=False, space=space)
        plain = sweep_model(*given, search, workdir / "sweep")
        altered = sweep_model(*given, search, workdir / "sweep", sounding.variants())
        assert plain["value"].item() != altered["value"].item()


class TestNoLeak:
    @pytest.fixture
    def heard(self, monkeypatch: pytest.MonkeyPatch) -> set[str]:
        """The paths of everything that is decoded, and the recordings of everything that is altered."""
        found: set[str] = set()
        altered_crop, render, change = on_the_fly.altered_crop, on_the_fly.render_copy, on_the_fly.change_of

        def crop(path: Path, *arguments: Any, **options: Any) -> Any:
            found.add("/".join(path.parts[-2:]))
            return altered_crop(path, *arguments, **options)

        def copy(item: tuple[Path, Copy], **options: Any) -> Any:
            found.add("/".join(item[0].parts[-2:]))
            return render(item, **options)

        def of(params: VariantParams, recording_id: str, *rest: Any) -> Any:
            found.add(recording_id)
            return change(params, recording_id, *rest)

        for name, replacement in (("altered_crop", crop), ("render_copy", copy), ("change_of", of)):
            monkeypatch.setattr(on_the_fly, name, replacement)
        return found

    def test_of_a_whole_training_only_what_is_learned_from_is_altered(
        self, sounding: SoundingCorpus, workdir: Path, heard: set[str]
    ) -> None:
        sounding.fit(workdir, BRIEF)
        paths = training_paths(sounding.manifest)
        assert heard == set(paths) | set(paths.values())
        assert len(paths) == 12

    @pytest.mark.parametrize("number", range(4))
    def test_of_a_fold_only_what_it_learns_from_is_altered(
        self, sounding_folds: SoundingCorpus, workdir: Path, heard: set[str], number: int
    ) -> None:
        examples = read_examples(sounding_folds.manifest)
        part = partitions(examples)[number]
        given = (sounding_folds.store, sounding_folds.front_end, MODEL, BRIEF, WINDOW)
        training = DeepTraining.of(examples, *given, sounding_folds.variants(ALWAYS))
        trained = training.fold if len(part.test) else training.train
        trained(part, workdir)
        assert {name for name in heard if "/" not in name} == set(examples.recording_ids[part.train])

    def test_no_other_recording_is_read(self, mortal: SoundingCorpus, workdir: Path) -> None:
        whole = mortal.fit(workdir / "whole", BRIEF)
        for path in mortal.manifest.query("split != 'train'")["path"]:
            (mortal.recordings / path).unlink()
        assert weights(mortal.fit(workdir / "bereft", BRIEF)) == weights(whole)

    def test_no_copy_of_another_recording_can_be_had(self, sounding: SoundingCorpus) -> None:
        variants, random = sounding.variants(), np.random.default_rng(0)
        for name in sounding.manifest.query("split != 'train'")["recording_id"]:
            with pytest.raises(KeyError):
                variants.crop(name, sounding.store, FRAMES, random)


class TestLostRecordings:
    def lost(self, corpus: SoundingCorpus, count: int) -> list[str]:
        """Overwrite so many training recordings, from the second one on, which is longer than a crop."""
        paths = list(training_paths(corpus.manifest).values())[1 : 1 + count]
        for path in paths:
            (corpus.recordings / path).write_bytes(b"RIFF")
        return paths

    @pytest.mark.parametrize("workers", [0, 2])
    def test_one_is_heard_as_it_was_cached_and_counted_once(
        self, mortal: SoundingCorpus, workers: int, caplog: pytest.LogCaptureFixture
    ) -> None:
        whole = crops(mortal)
        dataset = crops(mortal)
        before = epoch_of(whole, 0)
        (path,) = self.lost(mortal, 1)
        sampler = EpochSampler(len(dataset), seed=0)
        loader = DataLoader(
            dataset, batch_size=3, sampler=sampler, collate_fn=keep_batch, num_workers=workers
        )
        found = {}
        for batch in [*loader, *loader]:
            found |= dict(zip(batch["labels"].tolist(), batch["input_values"], strict=True))
        assert [int(name) for name in dataset._variants.failed.nonzero()] == [1]  # type: ignore[union-attr]
        others = set(range(len(dataset))) - {1}
        assert all(torch.equal(found[index], before[index]) for index in others)
        cached = mortal.store[learned(mortal).recording_ids[1]].astype(np.float32)
        assert any(
            np.array_equal(cached[:, start : start + FRAMES], found[1]) for start in range(cached.shape[1])
        )
        if not workers:
            (record,) = [record for record in caplog.records if "cannot be altered" in record.message]
            assert record.message.startswith(f"{path} cannot be altered: ")
            assert "1 of 12 recordings so far" in record.message

    def test_many_end_the_training(self, mortal: SoundingCorpus, workdir: Path) -> None:
        variants = mortal.variants()
        paths = self.lost(mortal, 11)
        with pytest.raises(CorpusError, match=r"2 of 12 training recordings .* goes on where") as caught:
            mortal.fit(workdir, BRIEF, variants=variants)
        assert any(path in str(caught.value) for path in paths)

    def test_that_are_not_there_are_told_before_training(self, mortal: SoundingCorpus) -> None:
        shutil.rmtree(mortal.recordings / "noise")
        with pytest.raises(CorpusError, match=r"4 of 12 training recordings .*noise/\d.wav: is not there"):
            mortal.variants()

    def test_are_no_matter_where_copies_are_stored_or_not_wanted(
        self, mortal: SoundingCorpus, tmp_path: Path
    ) -> None:
        given = {
            "copies": tmp_path,
            "recordings": tmp_path / "nowhere",
            "manifest": mortal.manifest,
            "front_end": mortal.front_end,
            "limits": AudioLimits(),
        }
        assert open_variants(VariantParams(), **given) is None  # type: ignore[arg-type]
        with pytest.raises(CorpusError, match="cannot be altered"):
            open_variants(ALTERED, **given)  # type: ignore[arg-type]
        with pytest.raises(CorpusError, match="cache_spectrograms"):
            open_variants(VariantParams(count=1), **given)  # type: ignore[arg-type]


def test_open_variants_alters_the_recordings_of_the_folder(sounding: SoundingCorpus, tmp_path: Path) -> None:
    opened = open_variants(
        ALTERED,
        copies=tmp_path,
        recordings=sounding.recordings,
        manifest=sounding.manifest,
        front_end=sounding.front_end,
        limits=LIMITS,
    )
    assert isinstance(opened, OnTheFlyVariants)
    assert opened.paths == training_paths(sounding.manifest)
