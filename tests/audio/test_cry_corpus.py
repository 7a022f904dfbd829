"""The demo corpus of cries: what it promises of its files, its labels and its infants."""

import io
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile as sf
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from auricle.audio.decode import check_readable
from auricle.audio.limits import AudioLimits
from auricle.audio.synthesis import AnyDemoParams, CryDemoParams
from auricle.audio.synthesis.broken import DEFECTS
from auricle.audio.synthesis.cries import KIND_NAMES
from auricle.audio.synthesis.cries.cry import Cry, perform
from auricle.audio.synthesis.cries.metadata import metadata
from auricle.audio.synthesis.cries.plan import CryFile, plan_cries
from auricle.audio.synthesis.render import DemoReceipt, render_demo
from auricle.corpora.layouts import read_layout
from auricle.errors import AudioError

TINY = CryDemoParams(infants=2, cries_per_infant=5, duration_s=(1.5, 2.0))


def whole(params: CryDemoParams) -> list[CryFile]:
    return [file for file in plan_cries(params) if file.defect is None]


def cry(**changes: Any) -> Cry:
    return Cry(**{"seed": 3, "infant_number": 1, "take": 0, "kind": "hungry", "duration_s": 4.0,
                  "contrast": 1.0, **changes})  # fmt: skip


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, DemoReceipt]:
    folder = tmp_path_factory.mktemp("demo") / "demo_cry"
    return folder, render_demo(folder, TINY, workers=2)


@pytest.fixture(scope="module")
def default_table() -> pd.DataFrame:
    params = CryDemoParams(broken_files=False)
    return metadata(plan_cries(params), params)


class TestParams:
    def test_are_those_of_the_kind_of_corpus(self) -> None:
        chosen = AnyDemoParams.model_validate({"kind": "cries", "infants": 4}).root
        assert isinstance(chosen, CryDemoParams)
        assert chosen.infants == 4

    @pytest.mark.parametrize(
        ("wrong", "message"),
        [
            ({"kinds": ()}, "kinds is empty"),
            ({"kinds": ("tired", "tired")}, "names one twice"),
            ({"kinds": ("amused",)}, "'hungry', 'belly_pain'"),
            ({"duration_s": (0.5, 5.0)}, "choose a range within 1.5 to 120 s"),
            ({"duration_s": (5.0, 2.0)}, "the shorter first"),
            ({"contrast": -1.0}, "contrast"),
            ({"clips_per_genre": 3}, "clips_per_genre"),
        ],
    )
    def test_refuse_what_cannot_be(self, wrong: dict[str, Any], message: str) -> None:
        with pytest.raises(ValidationError, match=message):
            CryDemoParams(**wrong)


class TestInfants:
    @settings(max_examples=25, deadline=None)
    @given(
        seed=st.integers(0, 2**40),
        kinds=st.lists(st.sampled_from(KIND_NAMES), min_size=1, unique=True).map(tuple),
        cries=st.integers(1, 23),
    )
    def test_do_not_give_the_kind_away(self, seed: int, kinds: tuple[Any, ...], cries: int) -> None:
        params = CryDemoParams(seed=seed, kinds=kinds, infants=4, cries_per_infant=cries)
        by_infant: dict[int, Counter[str]] = {}
        for file in whole(params):
            by_infant.setdefault(file.cry.infant_number, Counter())[file.cry.kind] += 1
        for counts in by_infant.values():
            assert {counts[kind] for kind in kinds} <= {cries // len(kinds), -(-cries // len(kinds))}

    def test_are_the_same_whatever_they_cry_for(self) -> None:
        one, other = (perform(cry(kind=kind)).infant for kind in ("hungry", "tired"))
        assert one == other
        assert one != perform(cry(infant_number=2)).infant

    def test_differ_in_pitch_by_more_than_kinds_do(self, default_table: pd.DataFrame) -> None:
        pitch = np.log2(default_table["f0_hz"])
        by_kind = pitch.groupby(default_table["label"]).mean().std()
        by_infant = pitch.groupby(default_table["infant"]).mean().std()
        assert by_infant > 1.5 * by_kind
        assert default_table["f0_hz"].between(150, 900).all()


class TestKinds:
    def test_differ_in_melody_rhythm_and_noise(self, default_table: pd.DataFrame) -> None:
        of = default_table.groupby("label").mean(numeric_only=True)
        assert of["f0_hz"].idxmax() == of["burst_s"].idxmax() == of["roughness"].idxmax() == "belly_pain"
        assert of["burst_s"].idxmin() == "burping"
        assert of["pause_s"].idxmin() == "hungry"
        assert of["f0_hz"].idxmin() == of["pause_s"].idxmax() == of["breath_db"].idxmax() == "tired"

    def test_overlap_in_every_trait(self, default_table: pd.DataFrame) -> None:
        for column in ("f0_hz", "burst_s", "pause_s", "breath_db", "roughness"):
            within = default_table.groupby("label")[column].std().mean()
            means = default_table.groupby("label")[column].mean()
            assert means.max() - means.min() < 4 * within, column

    def test_without_contrast_sound_the_same(self) -> None:
        sounds = [perform(cry(kind=kind, contrast=0.0)).render() for kind in KIND_NAMES]
        assert all(np.array_equal(sounds[0], sound) for sound in sounds[1:])
        assert not np.array_equal(perform(cry(contrast=1.0)).render(), sounds[0])

    def test_shuffled_are_as_frequent_as_before(self) -> None:
        plain, shuffled = (
            metadata(plan_cries(params), params)
            for params in (TINY, TINY.model_copy(update={"shuffle_labels": True}))
        )
        assert Counter(plain["label"]) == Counter(shuffled["label"])
        assert not plain["label"].equals(shuffled["label"])
        assert plain.drop(columns="label").equals(shuffled.drop(columns="label"))

    def test_duration_does_not_tell_them(self, default_table: pd.DataFrame) -> None:
        durations = default_table.groupby("label")["duration_s"].mean()
        assert durations.max() - durations.min() < 1.2
        assert default_table["duration_s"].between(2, 10).all()


class TestSound:
    @pytest.mark.parametrize("kind", KIND_NAMES)
    def test_is_a_cry(self, kind: str) -> None:
        """Most of the power lies at harmonics of the pitch that is said, in expirations with pauses."""
        performed = perform(cry(kind=kind, duration_s=6.0))
        sound = performed.render()
        assert sound.dtype == np.float32
        assert len(sound) == 96_000
        assert 0.01 < np.abs(sound).max() < 0.9
        frames = sound[: len(sound) // 400 * 400].reshape(-1, 400)
        level = 10 * np.log10(np.mean(frames**2, axis=1))
        assert np.percentile(level, 90) - np.percentile(level, 5) > 10

    def test_has_the_pitch_that_the_metadata_say(self) -> None:
        import librosa

        performed = perform(cry(duration_s=6.0, take=2))
        heard = librosa.yin(performed.render(), fmin=120, fmax=1200, sr=16_000, frame_length=1024)
        voiced = performed.gesture.level > 0.3
        meant = performed.infant.hz * 2 ** (performed.gesture.semitones[voiced].mean() / 12)
        loud = np.interp(np.linspace(0, 1, len(heard)), np.linspace(0, 1, len(voiced)), voiced) > 0.9
        assert np.median(heard[loud]) == pytest.approx(meant, rel=0.12)


class TestFiles:
    def test_read_as_an_audio_folder(self, rendered: tuple[Path, DemoReceipt]) -> None:
        folder, receipt = rendered
        assert receipt.files == 10 + len(DEFECTS)
        table = read_layout("audiofolder", folder, {})
        cries = table[~table["path"].isin(receipt.broken)]
        assert cries["label"].value_counts().to_dict() == dict.fromkeys(KIND_NAMES, 2)
        assert cries["meta_infant"].nunique() == 2
        for path, duration in zip(cries["path"], cries["meta_duration_s"], strict=True):
            samples, rate = sf.read(folder / path)
            assert (rate, samples.ndim) == (16_000, 1)
            assert len(samples) / rate == pytest.approx(float(duration), abs=1e-3)

    def test_broken_ones_are_refused_and_only_these(self, rendered: tuple[Path, DemoReceipt]) -> None:
        folder, receipt = rendered
        refused = set()
        for name in pd.read_csv(folder / "metadata.csv")["file_name"]:
            try:
                check_readable(folder / name, AudioLimits())
            except AudioError:
                refused.add(name)
        assert refused == set(receipt.broken)

    def test_the_readme_says_that_it_is_synthesized(self, rendered: tuple[Path, DemoReceipt]) -> None:
        text = (rendered[0] / "README.txt").read_text()
        assert "no infant cried for it" in text
        assert "say nothing about real infants" in text


class TestDeterminism:
    def test_a_second_call_renders_nothing(self, rendered: tuple[Path, DemoReceipt]) -> None:
        assert render_demo(rendered[0], TINY).rendered == 0

    @pytest.mark.parametrize("larger", [{"cries_per_infant": 40}, {"infants": 9}])
    def test_a_larger_corpus_keeps_the_cries_of_the_smaller(
        self, larger: dict[str, object], rendered: tuple[Path, DemoReceipt]
    ) -> None:
        grown = {file.name: file for file in whole(TINY.model_copy(update=larger))}
        assert {file.name for file in whole(TINY)} <= set(grown)
        name = whole(TINY)[0].name
        assert grown[name].contents() == (rendered[0] / "audio" / name).read_bytes()

    def test_another_seed_shares_no_file(self) -> None:
        names = {file.name for file in plan_cries(TINY)}
        assert names.isdisjoint(file.name for file in plan_cries(TINY.model_copy(update={"seed": 99})))

    def test_a_file_holds_the_cry_of_its_plan(self) -> None:
        file = whole(TINY)[0]
        samples, _ = sf.read(io.BytesIO(file.contents()), dtype="float32")
        assert np.abs(samples - perform(file.cry).render()).max() < 1e-3
