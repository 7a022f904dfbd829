"""The note analyzer: padding changes nothing; levels, attacks and instruments are heard as asked."""

import json
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from auricle.corpora.labels import MULTI
from auricle.errors import ConfigurationError
from auricle.models.instruments import instrument_codes
from auricle.models.note_analyzer import NoteAnalyzer, NoteAnalyzerConfig
from auricle.models.note_attack import onsets
from auricle.models.note_layers import StridedBlock, duration, in_bands
from auricle.models.params import NoteAnalyzerParams, NoteAnalyzerSmallParams
from auricle.models.spectrogram_model import Maps

FRAMES_PER_SECOND = 22_050 / 128
LENGTHS = (1, 2, 7, 43, 44, 100, 172, 173, 400, 862)


def analyzer(kind: type[Any] = NoteAnalyzerParams, **params: Any) -> NoteAnalyzer:
    """A trained-looking analyzer: no statistic is what it was initialized to."""
    torch.manual_seed(0)
    small = {"channels": (8, 16), "embedding_size": 16, "instrument_size": 4}
    if kind is NoteAnalyzerParams:
        small |= {"kept_bands": 4, "time_channels": 16}
    config = kind(**small | params).config(
        n_bands=33,
        vocabulary=("good", "bad", "worse"),
        window_frames=862,
        hop_frames=862,
        frames_per_second=FRAMES_PER_SECOND,
        instruments=("cello", "flute"),
    )
    model = NoteAnalyzer(config).train()
    for seed in range(3):
        model(notes((60,) * 6, seed), instruments=torch.tensor([0, 1, 2, 0, 1, 2]))
    torch.nn.init.normal_(model.classifier.weight)
    return model.eval()


class TestExpectation:
    """How often an instrument is played so, before a note is heard."""

    COUNTS = np.array([[8, 3, 1], [8, 0, 0], [0, 3, 1]])

    def model(self, share: float, **other: Any) -> NoteAnalyzer:
        small = {"channels": (8, 16), "kept_bands": 4, "time_channels": 16, "embedding_size": 16}
        params = NoteAnalyzerParams(**small | other, instrument_prior=share)
        config = params.config(
            n_bands=33,
            vocabulary=("good", "bad", "worse"),
            window_frames=862,
            hop_frames=862,
            instruments=("cello", "flute"),
            counts=self.COUNTS,
        )
        torch.manual_seed(0)
        model = NoteAnalyzer(config).eval()
        torch.nn.init.zeros_(model.classifier.weight)
        torch.nn.init.zeros_(model.classifier.bias)
        return model

    def test_of_an_instrument_that_is_withheld_is_that_of_none(self) -> None:
        model = self.model(1.0, instrument_dropout=0.5).train()
        cellos = torch.ones(40, dtype=torch.int64)
        with torch.no_grad():
            said = model(notes((60,) * 40), instruments=cellos).logits
            of_none, of_cellos = model.expected.weight[:2]
        as_none, as_cellos = ((said == expected).all(dim=1) for expected in (of_none, of_cellos))
        assert (as_none ^ as_cellos).all()
        assert 0.2 < as_none.float().mean() < 0.8

    def test_is_what_a_model_says_that_has_heard_nothing(self) -> None:
        with torch.no_grad():
            logits = self.model(1.0)(notes((60,) * 3), instruments=torch.tensor([0, 1, 2])).logits
        seen = torch.tensor(self.COUNTS + 0.1)
        torch.testing.assert_close(
            logits.softmax(dim=1), (seen / seen.sum(dim=1, keepdim=True)).float(), atol=1e-3, rtol=0
        )

    def test_is_not_learned_and_comes_back_with_the_weights(self, tmp_path: Path) -> None:
        model = self.model(0.5)
        assert model.expected is not None
        assert not model.expected.weight.requires_grad
        model.save_pretrained(tmp_path)
        again = NoteAnalyzer.from_pretrained(tmp_path)
        assert torch.equal(again.expected.weight, model.expected.weight)

    def test_is_nothing_where_it_is_not_asked_for(self) -> None:
        assert self.model(0.0).expected is None


class TestLevels:
    """Of good, bad and worse the last two are not good."""

    PARENTS: ClassVar[dict[str, str]] = {"bad": "not good", "worse": "not good"}

    def model(self, **config: Any) -> NoteAnalyzer:
        params = NoteAnalyzerParams(
            channels=(8, 16), kept_bands=4, time_channels=16, embedding_size=16, **config.pop("params", {})
        )
        given = {"vocabulary": ("good", "bad", "worse"), "parents": self.PARENTS} | config
        torch.manual_seed(0)
        return NoteAnalyzer(params.config(n_bands=33, window_frames=862, hop_frames=862, **given)).eval()

    def loss(self, model: NoteAnalyzer) -> tuple[float, torch.Tensor]:
        with torch.no_grad():
            said = model(notes((60, 80)), labels=torch.tensor([2, 0]))
        return float(said.loss), said.logits

    def test_are_a_further_loss_and_nothing_else(self) -> None:
        plain, logits = self.loss(self.model())
        together = logits[:, [1, 2]].logsumexp(1)
        above = logits.logsumexp(1) - torch.stack([together[0], logits[1, 0]])
        leveled, same = self.loss(self.model(params={"level_loss": 0.3}))
        assert torch.equal(same, logits)
        assert plain == float(functional.cross_entropy(logits, torch.tensor([2, 0])))
        assert leveled == pytest.approx(plain + 0.3 * float(above.mean()))

    def test_come_back_with_the_weights(self, tmp_path: Path) -> None:
        model = self.model(params={"level_loss": 0.3})
        model.save_pretrained(tmp_path)
        again = NoteAnalyzer.from_pretrained(tmp_path)
        assert again.config.levels == [[0, 1, 1]]
        assert self.loss(again)[0] == self.loss(model)[0]

    def test_a_bundle_of_before_has_none(self, tmp_path: Path) -> None:
        model = self.model()
        model.save_pretrained(tmp_path)
        file = tmp_path / "config.json"
        told = json.loads(file.read_text())
        old = {name: value for name, value in told.items() if name not in ("level_loss", "levels")}
        assert len(old) < len(told)
        file.write_text(json.dumps(old))
        again = NoteAnalyzer.from_pretrained(tmp_path)
        assert again.config.levels is None
        assert self.loss(again)[0] == self.loss(model)[0]

    def test_that_are_not_known_yet_are_none(self) -> None:
        assert self.model(parents=None, params={"level_loss": 0.3}).config.levels is None

    @pytest.mark.parametrize(
        ("config", "message"),
        [
            ({"parents": {}}, "has no level that takes some of these 3 classes together"),
            ({"parents": {"punk": "rock"}}, "has no level"),
            ({"problem_type": MULTI}, "which is for one class a recording"),
        ],
    )
    def test_that_are_not_there_are_refused(self, config: dict[str, Any], message: str) -> None:
        with pytest.raises(ConfigurationError, match=message):
            self.model(params={"level_loss": 0.3}, **config)
        self.model(**config)

    @pytest.mark.parametrize("numbers", [[0, 1], [0, 2, 2]])
    def test_of_other_classes_are_refused(self, numbers: list[int]) -> None:
        with pytest.raises(ConfigurationError, match="give each class of each level a number"):
            NoteAnalyzerConfig(levels=[numbers], id2label={0: "a", 1: "b", 2: "c"})


class TestDuration:
    def test_is_told_in_octaves(self) -> None:
        found = duration(torch.zeros(3, 4, 200), torch.tensor([50, 100, 200]))
        assert found.flatten().tolist() == [-1.0, 0.0, 1.0]
        assert duration(torch.zeros(1, 4, 200), None).item() == 1.0

    def test_of_a_padded_note_is_its_own(self) -> None:
        model = analyzer(duration_told=True)
        batch, lengths = notes(LENGTHS), torch.tensor(LENGTHS)
        with torch.no_grad():
            together = model(batch, lengths=lengths).logits
            alone = torch.cat(
                [model(note[None, :, :n]).logits for note, n in zip(batch, LENGTHS, strict=True)]
            )
        assert (together - alone).abs().max() < 1e-4


def notes(lengths: tuple[int, ...], seed: int = 0) -> torch.Tensor:
    """Spectrograms in dB, each padded with its own minimum to the longest."""
    generator = torch.Generator().manual_seed(seed)
    alone = [torch.rand(33, frames, generator=generator) * 60 - 70 for frames in lengths]
    return torch.stack(
        [functional.pad(note, (0, max(lengths) - note.shape[1]), value=float(note.min())) for note in alone]
    )


@pytest.mark.parametrize("kind", [NoteAnalyzerParams, NoteAnalyzerSmallParams])
@pytest.mark.parametrize("pooling", ["mean", "mean_max", "statistics", "attention"])
@pytest.mark.parametrize("normalization", ["corpus", "note_with_level"])
@pytest.mark.parametrize("attack_ms", [0.0, 100.0])
def test_a_padded_note_gives_what_it_gives_alone(kind, pooling, normalization, attack_ms) -> None:
    model = analyzer(kind, pooling=pooling, normalization=normalization, attack_ms=attack_ms)
    batch, lengths = notes(LENGTHS), torch.tensor(LENGTHS)
    players = torch.tensor([0, 1, 2, 0, 1, 2, 0, 1, 2, 0])
    with torch.no_grad():
        together = model(batch, lengths=lengths, instruments=players).logits
        alone = [
            model(note[None, :, :length], instruments=player[None]).logits
            for note, length, player in zip(batch, LENGTHS, players, strict=True)
        ]
    assert (together - torch.cat(alone)).abs().max() < 1e-4
    assert together.std() > 1e-2


def test_the_forms_that_are_documented() -> None:
    full, small = (
        NoteAnalyzer(
            params.config(
                n_bands=257,
                vocabulary=[str(number) for number in range(49)],
                window_frames=862,
                hop_frames=862,
                instruments=[str(number) for number in range(12)],
            )
        )
        for params in (NoteAnalyzerParams(), NoteAnalyzerSmallParams())
    )
    assert [block[0].out_channels for block in full.blocks] == [64, 128, 256]
    assert full.over_frames[0].weight.shape == (512, 2048, 3)
    assert full.instrument.weight.shape == (13, 64)
    assert full.fusion.weight.shape == (512, 512 + 64)
    assert len(small.blocks) == 2
    assert small.instrument.weight.shape == (13, 32)
    assert small.fusion.out_features == 256


def test_a_renormalized_network_answers_as_any_with_its_weights(tmp_path: Path) -> None:
    model, plain = analyzer(renormalized=True), analyzer()
    assert not [type(part) for part in model.modules() if type(part) in (nn.BatchNorm1d, nn.BatchNorm2d)]
    plain.load_state_dict(model.state_dict())
    model.save_pretrained(tmp_path)
    with torch.no_grad():
        expected = model(notes((60,))).logits
        torch.testing.assert_close(plain(notes((60,))).logits, expected)
        torch.testing.assert_close(NoteAnalyzer.from_pretrained(tmp_path)(notes((60,))).logits, expected)


@pytest.mark.parametrize("frames", range(1, 20))
def test_lengths_are_those_of_the_convolutions(frames: int) -> None:
    made = StridedBlock(1, 1)(Maps(torch.zeros(1, 1, 9, frames), torch.tensor([frames])))
    assert made.lengths is not None
    assert made.lengths.item() == made.values.shape[3]


@pytest.mark.parametrize("bands", [8, 9, 33, 65])
def test_ranges_of_bands_are_those_of_adaptive_pooling(bands: int) -> None:
    maps = torch.randn(2, 3, bands, 5, generator=torch.Generator().manual_seed(bands))
    pooled = functional.adaptive_avg_pool2d(maps, (8, 5)).flatten(1, 2)
    torch.testing.assert_close(in_bands(maps.contiguous(memory_format=torch.channels_last), 8), pooled)


class TestLevel:
    """Ten dB more, which is what tells a crescendo's end from its beginning."""

    def change(self, normalization: str) -> float:
        model, batch = analyzer(normalization=normalization), notes((60, 60))
        with torch.no_grad():
            return float((model(batch + 10).logits - model(batch).logits).abs().max())

    def test_is_hidden_by_normalization_by_note(self) -> None:
        assert self.change("note") < 1e-4

    @pytest.mark.parametrize("normalization", ["corpus", "note_with_level"])
    def test_is_heard_otherwise(self, normalization: str) -> None:
        assert self.change(normalization) > 1e-2


class TestAttack:
    def test_begins_where_the_note_does(self) -> None:
        silent_first = torch.full((3, 33, 50), -80.0)
        for note, onset in enumerate((0, 7, 20)):
            silent_first[note, 5, onset:] = -10.0
        assert onsets(silent_first, torch.tensor([50, 50, 50])).tolist() == [0, 7, 20]

    def test_is_measured_in_milliseconds(self) -> None:
        assert analyzer(attack_ms=100.0).config.attack_frames == round(0.1 * FRAMES_PER_SECOND)

    def test_hears_nothing_of_what_comes_later(self) -> None:
        branch = analyzer(attack_ms=50.0).attack
        assert branch is not None
        values = torch.randn(1, 1, 33, 60)
        decibels = torch.full((1, 33, 60), -10.0)
        later, sooner = values.clone(), values.clone()
        later[..., branch.frames :] += 5
        sooner[..., branch.frames - 1] += 5
        from auricle.models.spectrogram_model import Maps

        with torch.no_grad():
            before, after_later, after_sooner = (
                branch(Maps(values, None), decibels) for values in (values, later, sooner)
            )
        assert torch.equal(before, after_later)
        assert not torch.equal(before, after_sooner)

    def test_lasts_a_frame_at_least(self) -> None:
        assert analyzer(attack_ms=1.0).config.attack_frames == 1

    def test_needs_to_know_how_long_a_frame_is(self) -> None:
        with pytest.raises(ConfigurationError, match="attack_ms"):
            NoteAnalyzerParams(attack_ms=50.0).config(
                n_bands=33, vocabulary=("a", "b"), window_frames=10, hop_frames=10
            )


class TestInstrument:
    def test_changes_what_is_said(self) -> None:
        model, batch = analyzer(), notes((60,)).expand(3, -1, -1)
        with torch.no_grad():
            said = model(batch, instruments=torch.tensor([0, 1, 2])).logits
            unknown = model(batch[:1]).logits
        assert not torch.allclose(said[0], said[1])
        assert not torch.allclose(said[1], said[2])
        torch.testing.assert_close(unknown, said[:1])

    def test_is_sometimes_withheld_in_training(self) -> None:
        model = analyzer(instrument_dropout=0.5)
        instruments, features = torch.ones(400, dtype=torch.int64), torch.zeros(400, 1)
        told = model.train()._told(instruments, features)
        assert 0.4 < (told == 0).float().mean() < 0.6
        assert ((told == 0) | (told == 1)).all()
        assert (model.eval()._told(instruments, features) == 1).all()

    def test_is_supplied_by_the_head_where_it_is_not_told(self) -> None:
        model = analyzer(instrument_loss=1.0, unknown_instrument="predicted")
        assert model.instrument_head is not None
        torch.nn.init.zeros_(model.instrument_head.weight)
        model.instrument_head.bias.data = torch.tensor([-50.0, 50.0])  # always sure of the second
        with torch.no_grad():
            unknown, second = (
                model(notes((60,)), instruments=torch.tensor([code])).logits for code in (0, 2)
            )
        torch.testing.assert_close(unknown, second)

    def test_unknown_ones_teach_the_head_nothing(self) -> None:
        model = analyzer(instrument_loss=1.0)
        batch, labels = notes((60, 60)), torch.tensor([0, 1])

        def loss(*codes: int) -> float:
            return float(model(batch, labels=labels, instruments=torch.tensor(codes)).loss.detach())

        plain = functional.cross_entropy(model(batch, instruments=torch.tensor([0, 0])).logits, labels).item()
        assert loss(0, 0) == pytest.approx(plain, rel=1e-5)
        assert loss(1, 0) > loss(0, 0)

    def test_that_a_head_without_a_loss_would_guess_is_refused(self) -> None:
        with pytest.raises(ConfigurationError, match="instrument_loss"):
            analyzer(unknown_instrument="predicted")

    def test_names_become_numbers(self) -> None:
        names = ["flute", None, "cello", float("nan"), "kazoo"]
        assert instrument_codes(names, ("cello", "flute")).tolist() == [2, 0, 1, 0, 0]
