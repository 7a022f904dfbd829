"""Raters in training: every supplied pair, parts of one's own, each loss, a frozen encoder's embeddings."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from transformers import Wav2Vec2Config, Wav2Vec2Model
from waveform_corpus import HEARD, TINY, WaveformCorpus, waveform_corpus

from auricle.audio.frontend import FrontEndParams, LogMelFrontEnd
from auricle.errors import BundleError, ConfigurationError, ContractError, CorpusError
from auricle.inference.classifier import AudioClassifier
from auricle.inference.scoring import score_stored
from auricle.models.bundle import BundleRef, open_bundle, seal
from auricle.models.params import CnnParams
from auricle.models.rating.model import Rater
from auricle.models.rating.params import RaterParams
from auricle.models.rating.plugins import allowing
from auricle.models.registry import build_model, load_deep
from auricle.models.windows import WindowParams
from auricle.training import rating, trainer
from auricle.training.beginnings import beginnings, pair_from_seed
from auricle.training.params import TrainParams
from auricle.training.rating import fit_rater
from tiny_speech import TORCHAUDIO

TRAIN = TrainParams.model_validate(
    {
        "epochs": 1,
        "batch_size": 4,
        "class_weights": False,
        "device": "cpu",
        "precision": "float32",
    }
)
WINDOW = WindowParams(window_seconds=0.5, hop_seconds=0.5, batch_size=8)
AS_THEY_ARE = HEARD.model_copy(update={"do_normalize": False})
SMALL = {"encoder_kwargs": {"embedding_dim": 8, "channels": [4]}}
OWN = """
import torch
from torch import nn
class Energy(nn.Module):
    def __init__(self, width=3):
        super().__init__()
        self.layer = nn.Conv1d(1, width, 64, 32)
        self.requires_grad_({learns})
        self.width = width
        self.window = torch.hann_window(64)  # no buffer: it must be there after loading too
    def get_embedding_dim(self):
        return self.width
    def forward(self, waveforms):
        return (self.layer(waveforms[:, None]) ** 2 + 1e-6).log().mean(dim=2) + self.window.mean()
class Line(nn.Module):
    def __init__(self, embedding_dim):
        super().__init__()
        self.layer = nn.Linear(embedding_dim, 1)
    def forward(self, embeddings):
        return {ending}
"""


BEFORE = object()  # the folder that an encoder begins with


def _nothing(folder: Path, corpus: WaveformCorpus) -> None:
    """Most encoders need no file."""


def _speech_folder(folder: Path, corpus: WaveformCorpus) -> None:
    config = TINY.model_dump() | {"feat_extract_norm": "layer", "conv_bias": True}
    Wav2Vec2Model(Wav2Vec2Config(**config)).save_pretrained(folder)


def _trained_speech(folder: Path, corpus: WaveformCorpus) -> None:
    """A bundle that was trained for an epoch."""
    import shutil

    params = TRAIN.model_copy(update={"batches_by_length": True})
    shutil.copytree(corpus.fit(folder.with_name("speech"), params).path, folder)


def _spectrogram_cnn(folder: Path, corpus: WaveformCorpus) -> None:
    """The bundle of an untrained CNN on log-mel spectrograms, at a rate of its own."""
    torch.manual_seed(0)
    config = CnnParams(channels=(4, 8), hidden_size=16, embedding_size=8).config(
        n_bands=16, vocabulary=("blues", "metal"), window_frames=24, hop_frames=12
    )
    build_model(config).eval().save_pretrained(folder)
    heard = FrontEndParams(sample_rate=4_000, n_mels=16, n_fft=256, hop_length=128)
    LogMelFrontEnd(heard).save_pretrained(folder)
    (folder / "training.json").write_text("{}")
    seal(folder)


# By "class, what is special about it": what it finds, and its arguments.
OTHERS: dict[str, tuple[Callable[[Path, WaveformCorpus], None], dict[str, Any]]] = {
    "SpectrogramEncoder": (
        _nothing,
        {"channels": [4, 8], "n_mels": 16, "n_fft": 512, "hop_length": 256},
    ),
    "CoarseSpectrogramEncoder": (_nothing, {"channels": [4, 8]}),
    "Wav2Vec2Encoder, torchaudio's": (_nothing, {"architecture": TORCHAUDIO}),
    "Wav2Vec2Encoder": (_speech_folder, {"source": BEFORE}),
    "Wav2Vec2Encoder, frozen": (_speech_folder, {"source": BEFORE, "frozen": True}),
    "BundleEncoder, frozen": (_trained_speech, {"bundle": BEFORE}),
    "BundleEncoder, frozen on spectrograms": (_spectrogram_cnn, {"bundle": BEFORE}),
    "BundleEncoder, fine-tuned on spectrograms": (_spectrogram_cnn, {"bundle": BEFORE, "frozen": False}),
}


def network(encoder: str = "WaveformCNN", classifier: str = "MLPClassifier", **changes: Any) -> RaterParams:
    named = {
        "encoder_class": f"auricle.models.encoders:{encoder}",
        "classifier_class": f"auricle.models.classifiers:{classifier}",
    }
    return RaterParams.model_validate(named | (SMALL if encoder == "WaveformCNN" else {}) | changes)


@pytest.fixture(scope="module")
def rated(tmp_path_factory: pytest.TempPathFactory) -> WaveformCorpus:
    """Recordings whose sound tells the label, and whose label the rating; one is not rated yet."""
    corpus = waveform_corpus(tmp_path_factory.mktemp("rated"), heard=AS_THEY_ARE)
    manifest = corpus.manifest
    labels = sorted(manifest["label"].dropna().unique())
    ratings = manifest["label"].map({label: place / (len(labels) - 1) for place, label in enumerate(labels)})
    first = manifest.index[manifest["split"] == "train"][0]
    ratings[first] = np.nan
    manifest = manifest.assign(rating=ratings)
    manifest.loc[first, "split"] = "unlabelled"
    return WaveformCorpus(corpus.folder, manifest, AS_THEY_ARE)


@pytest.fixture
def fit(rated: WaveformCorpus, tmp_path: Path) -> Callable[..., BundleRef]:
    def train(model: RaterParams, workdir: Path | None = None, **changes: Any) -> BundleRef:
        params = TRAIN.model_copy(update=changes)
        draft = fit_rater(
            rated.manifest, rated.store, rated.front_end, model, params, WINDOW, workdir or tmp_path / "work"
        )
        return open_bundle(draft.path)

    return train


@pytest.fixture
def own_pair(tmp_path: Path) -> Callable[..., RaterParams]:
    """A pair in a file outside of the project, under a name of its own."""

    def make(*, learns: bool = True, ending: str = "self.layer(embeddings).sigmoid()") -> RaterParams:
        name = f"pair_of_{abs(hash(str(tmp_path)))}"
        (tmp_path / f"{name}.py").write_text(OWN.format(learns=learns, ending=ending))
        return RaterParams(encoder_class=f"{name}:Energy", classifier_class=f"{name}:Line")

    return make


class TestAPair:
    @pytest.mark.parametrize("classifier", ["MLPClassifier", "DeepClassifier", "ResidualClassifier"])
    def test_of_waveforms_is_trained_and_rates(
        self, fit: Callable[..., BundleRef], rated: WaveformCorpus, classifier: str
    ) -> None:
        bundle = fit(network(classifier=classifier))
        assert bundle.training["history"][0]["mae"] < 1
        predictions, embeddings = score_stored(bundle, rated.store, rated.manifest, device="cpu")
        assert list(predictions) == ["recording_id", "split", "rating"]
        assert predictions["rating"].between(0, 1).all()
        assert "unlabelled" in set(predictions["split"])
        assert len(embeddings["embedding"].iloc[0]) == 8

    @pytest.mark.parametrize("case", sorted(OTHERS))
    @pytest.mark.parametrize(
        "classifier",
        [
            "MLPClassifier",
            pytest.param("DeepClassifier", marks=pytest.mark.long),
            pytest.param("ResidualClassifier", marks=pytest.mark.long),
        ],
    )
    def test_of_other_encoders_is_trained_and_needs_no_other_files(
        self,
        fit: Callable[..., BundleRef],
        rated: WaveformCorpus,
        tmp_path: Path,
        case: str,
        classifier: str,
    ) -> None:
        import shutil

        pytest.importorskip("torchaudio")
        before = tmp_path / "before"
        write, arguments = OTHERS[case]
        write(before, rated)
        told = {name: str(before) if value is BEFORE else value for name, value in arguments.items()}
        pair = network(case.partition(",")[0], classifier, encoder_kwargs=told)
        begun, _ = pair_from_seed(pair, AS_THEY_ARE.sample_rate, TRAIN.seed)
        bundle = fit(pair)
        shutil.rmtree(before, ignore_errors=True)
        predictions, _ = score_stored(bundle, rated.store, rated.manifest, device="cpu")
        assert predictions["rating"].between(0, 1).all()
        frozen = bundle.training["frozen_encoder"]
        assert frozen is ("frozen" in case)
        network_: Any = load_deep(bundle)
        learned = dict(network_.encoder.named_parameters())
        same = [torch.equal(value, learned[name]) for name, value in begun.named_parameters()]
        assert all(same) is frozen

    @pytest.mark.parametrize("learns", [True, False])
    def test_of_ones_own_is_trained_by_configuration_alone(
        self,
        fit: Callable[..., BundleRef],
        own_pair: Callable[..., RaterParams],
        rated: WaveformCorpus,
        tmp_path: Path,
        caplog: pytest.LogCaptureFixture,
        learns: bool,
    ) -> None:
        pair = own_pair(learns=learns)
        module = pair.encoder_class.partition(":")[0]
        with allowing([module], tmp_path):
            bundle = fit(pair, epochs=6, learning_rate=0.02, early_stopping_patience=10)
            predictions, _ = score_stored(bundle, rated.store, rated.manifest, device="cpu")
            assert predictions["rating"].between(0, 1).all()
            assert "has changed" not in caplog.text
            with (tmp_path / f"{module}.py").open("a") as file:
                file.write("# mended\n")
            load_deep(bundle)
            assert "The file of Energy (encoder) has changed since this model was trained" in caplog.text
        # What a bundle names is no permission.
        with pytest.raises(BundleError, match="may not be imported"):
            load_deep(bundle)

    def test_that_breaks_its_contract_is_refused_before_training(
        self,
        fit: Callable[..., BundleRef],
        own_pair: Callable[..., RaterParams],
        tmp_path: Path,
    ) -> None:
        pair = own_pair(ending="self.layer(embeddings)")
        with (
            allowing([pair.encoder_class.partition(":")[0]], tmp_path),
            pytest.raises(ContractError, match="values in"),
        ):
            fit(pair)
        assert not (tmp_path / "work").exists()


class TestAFrozenEncoder:
    def test_gives_the_same_whether_its_embeddings_are_kept_or_made_again(
        self,
        fit: Callable[..., BundleRef],
        own_pair: Callable[..., RaterParams],
        rated: WaveformCorpus,
        tmp_path: Path,
    ) -> None:
        """The bundle hears waveforms; the classifier in it learned from embeddings that were kept."""
        pair = own_pair(learns=False)
        with allowing([pair.encoder_class.partition(":")[0]], tmp_path):
            bundle = fit(pair, epochs=3)
            predictions, _ = score_stored(bundle, rated.store, rated.manifest, device="cpu")
        assert bundle.training["frozen_encoder"] is True
        rows = rated.manifest.set_index("recording_id")["rating"]
        said = predictions.set_index("recording_id")["rating"]
        of_validation = predictions["recording_id"][predictions["split"] == "validation"]
        mae = float((said[of_validation] - rows[of_validation]).abs().mean())
        best = bundle.training["history"][bundle.training["best_epoch"] - 1]
        assert mae == pytest.approx(best["mae"], abs=1e-4)

    def test_is_gone_on_with_after_a_kill_without_training_again(
        self,
        fit: Callable[..., BundleRef],
        own_pair: Callable[..., RaterParams],
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        def killed(*_: Any, **__: Any) -> None:
            raise KeyboardInterrupt

        pair = own_pair(learns=False)
        with allowing([pair.encoder_class.partition(":")[0]], tmp_path):
            whole = fit(pair, tmp_path / "never killed")
            with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
                patch.setattr(rating, "stage_bundle", killed)
                fit(pair)
            monkeypatch.setattr(trainer, "train_from", killed)
            gone_on = fit(pair)
        weights = [(bundle.path / "model.safetensors").read_bytes() for bundle in (whole, gone_on)]
        assert weights[0] == weights[1]

    def test_that_was_trained_anew_meanwhile_is_not_joined_to_a_classifier_of_the_old_one(
        self, fit: Callable[..., BundleRef], rated: WaveformCorpus, tmp_path: Path
    ) -> None:
        import shutil

        encoder = tmp_path / "encoder"
        pair = network("BundleEncoder", encoder_kwargs={"bundle": str(encoder)})
        histories = []
        for seed in (0, 1):
            shutil.rmtree(encoder, ignore_errors=True)
            encoder_of(encoder, seed)
            histories.append([entry["loss"] for entry in fit(pair).training["history"]])
        assert histories[0] != histories[1]
        assert len([each for each in (tmp_path / "work").iterdir() if each.is_dir()]) == 2


def encoder_of(folder: Path, seed: int) -> None:
    """A bundle with other weights for another seed."""
    torch.manual_seed(seed)
    config = network().config_for(sample_rate=8_000, window_frames=4_000, hop_frames=4_000)
    build_model(config).eval().save_pretrained(folder)
    AS_THEY_ARE.make().save_pretrained(folder)
    (folder / "training.json").write_text("{}")
    seal(folder)


class TestGoingOn:
    def run(self, rated: WaveformCorpus, manifest: pd.DataFrame, workdir: Path) -> BundleRef:
        draft = fit_rater(manifest, rated.store, rated.front_end, network(), TRAIN, WINDOW, workdir)
        return open_bundle(draft.path)

    def test_is_not_hindered_by_what_nobody_has_rated(self, rated: WaveformCorpus, tmp_path: Path) -> None:
        """Tags that are written make other files of unrated recordings."""
        self.run(rated, rated.manifest, tmp_path)
        seen = self.run(rated, rated.manifest[rated.manifest["rating"].notna()], tmp_path).recordings
        assert len([each for each in tmp_path.iterdir() if each.is_dir()]) == 1
        assert seen is not None
        assert "unlabelled" not in set(seen["split"])

    def test_begins_afresh_where_a_file_of_a_package_of_ones_own_has_changed(
        self, rated: WaveformCorpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        package = tmp_path / "pair_in_package"
        package.mkdir()
        (package / "__init__.py").write_text("")
        (package / "parts.py").write_text(OWN.format(learns=True, ending="self.layer(embeddings).sigmoid()"))
        (package / "helpers.py").write_text("WIDTH = 3\n")
        monkeypatch.syspath_prepend(str(tmp_path))
        pair = RaterParams(
            encoder_class="pair_in_package.parts:Energy", classifier_class="pair_in_package.parts:Line"
        )
        with allowing(["pair_in_package"]):
            parts = pair_from_seed(pair, 8_000, 0)
            before = beginnings(pair, parts)
            assert before == beginnings(pair, pair_from_seed(pair, 8_000, 0))
            (package / "helpers.py").write_text("WIDTH = 4\n")
            assert before != beginnings(pair, parts)


class TestLosses:
    def rater(self, loss: str, **changes: Any) -> Any:
        torch.manual_seed(0)
        config = network(loss=loss, **changes).config_for(
            sample_rate=8_000, window_frames=4_000, hop_frames=4_000
        )
        return build_model(config)

    @pytest.mark.parametrize("loss", ["mse", "bce", "ordinal"])
    def test_fall_as_ratings_are_learned(self, loss: str) -> None:
        model = self.rater(loss)
        sounds = torch.randn(8, 1, 4_000) * torch.linspace(0.01, 1, 8)[:, None, None]
        wanted = torch.linspace(0, 1, 8)
        optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
        model.train()
        losses = []
        for _ in range(40):
            optimizer.zero_grad()
            output = model(input_values=sounds, labels=wanted)
            output.loss.backward()
            optimizer.step()
            losses.append(output.loss.item())
        assert losses[-1] < 0.9 * losses[0]
        said = model.eval()(input_values=sounds).logits
        assert said.shape == (8, 1)
        assert 0 <= float(said.detach().min()) <= float(said.detach().max()) <= 1

    @pytest.mark.parametrize("loss", ["bce", "ordinal"])
    def test_are_finite_where_a_classifier_is_quite_sure(self, loss: str) -> None:
        model = self.rater(loss)
        torch.nn.init.constant_(model.head.layers[-1].bias, 200.0)
        output = model(input_values=torch.randn(2, 1, 4_000), labels=torch.zeros(2))
        output.loss.backward()
        assert torch.isfinite(output.loss)

    def test_of_an_ordinal_rater_begin_with_steps_as_likely_as_each_other(self) -> None:
        model = self.rater("ordinal", steps=4)
        above = torch.sigmoid(model._above_steps(torch.tensor([[0.5]])))[0]
        torch.testing.assert_close(above, torch.tensor([0.8, 0.6, 0.4, 0.2]))

    def test_are_kept_with_their_steps(self, tmp_path: Path) -> None:
        model = self.rater("ordinal", steps=4)
        with torch.no_grad():
            model.steps += 0.5
        model.save_pretrained(tmp_path)
        again = Rater.from_pretrained(tmp_path).eval()
        sounds = torch.randn(2, 1, 4_000)
        torch.testing.assert_close(
            again(input_values=sounds).logits, model.eval()(input_values=sounds).logits
        )


class TestRefused:
    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"class_weights": True}, "Set class_weights: false"),
            ({"best_metric": "macro_f1"}, "Set best_metric: loss"),
            ({"batches_by_length": True}, "Set batches_by_length: false"),
        ],
    )
    def test_is_what_is_for_classes(
        self, fit: Callable[..., BundleRef], changes: dict[str, Any], message: str
    ) -> None:
        with pytest.raises(ConfigurationError, match=message):
            fit(network(), **changes)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda rows: rows.assign(rating=0.5), "are rated 0.5: there is nothing to tell apart"),
            (lambda rows: rows[rows["split"] != "validation"], "No rated recording is in validation"),
            (lambda rows: rows.assign(fold=0), "the corpus has folds"),
        ],
    )
    def test_is_a_corpus_that_ratings_cannot_be_learned_from(
        self,
        rated: WaveformCorpus,
        tmp_path: Path,
        change: Callable[[pd.DataFrame], pd.DataFrame],
        message: str,
    ) -> None:
        with pytest.raises(CorpusError, match=message):
            fit_rater(
                change(rated.manifest), rated.store, rated.front_end, network(), TRAIN, WINDOW, tmp_path
            )

    def test_is_to_name_classes_with_a_rater(self, fit: Callable[..., BundleRef]) -> None:
        with pytest.raises(ConfigurationError, match="rates recordings and names no class"):
            AudioClassifier(fit(network()), device="cpu")
