"""Synthesized notes: pitch, spectrum, dynamics and envelope of each instrument are as they should be."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from note_measures import between_harmonics_db, cents_track, harmonics_db, level_db

from auricle.audio.synthesis.notes.curves import SAMPLE_RATE, points, to_samples, wander, window
from auricle.audio.synthesis.notes.gesture import Colour
from auricle.audio.synthesis.notes.instruments import INSTRUMENTS
from auricle.audio.synthesis.notes.labels import GOOD, labels_of
from auricle.audio.synthesis.notes.note import Note, Played, play
from auricle.audio.synthesis.notes.params import INSTRUMENT_NAMES, InstrumentName
from auricle.audio.synthesis.notes.players import make_player
from auricle.audio.synthesis.notes.spectrum import make_spectrum


@cache
def takes(instrument: InstrumentName) -> list[Played]:
    """Notes of all over the range, the lowest first."""
    notes = (Note(6, instrument, take % 8, take, 1.2, GOOD, 0.0) for take in range(24))
    return sorted((play(note) for note in notes), key=lambda played: played.hz)


def steady(played: Played) -> np.ndarray:
    """From the end of the attack to the release."""
    return played.render()[int(0.45 * SAMPLE_RATE) : int(played.gesture.stop_s * SAMPLE_RATE)]


@pytest.fixture(params=INSTRUMENT_NAMES)
def instrument(request: pytest.FixtureRequest) -> InstrumentName:
    return request.param


class TestPitch:
    @pytest.mark.parametrize("place", [0, 12, 23])
    def test_is_what_it_says(self, instrument: InstrumentName, place: int) -> None:
        """Autocorrelation finds the octave, the phase of the fundamental the cents."""
        played = takes(instrument)[place]
        sound = steady(played).astype(np.float64)
        spectrum = np.abs(np.fft.rfft(sound, 2 * len(sound))) ** 2
        similarity = np.fft.irfft(spectrum)
        lags = np.arange(int(SAMPLE_RATE / 5000), int(SAMPLE_RATE / 25))
        peaks = lags[(similarity[lags] > similarity[lags - 1]) & (similarity[lags] >= similarity[lags + 1])]
        period = peaks[similarity[peaks] > 0.8 * similarity[peaks].max()][0]
        assert SAMPLE_RATE / period == pytest.approx(played.hz, rel=max(0.03, 0.7 * played.hz / SAMPLE_RATE))
        assert abs(np.median(cents_track(sound, played.hz)[4:-4])) < 12

    def test_lies_in_the_range_and_is_named(self, instrument: InstrumentName) -> None:
        low, high = INSTRUMENTS[instrument].pitches
        for played in takes(instrument):
            assert low <= played.midi <= high
            assert abs(1200 * np.log2(played.hz / (440 * 2 ** ((played.midi - 69) / 12)))) < 20
        assert takes(instrument)[-1].midi - takes(instrument)[0].midi > 0.6 * (high - low)

    def test_middle_c_is_c4_and_440_hz_is_a4(self) -> None:
        names = {p.midi: (p.name, p.octave) for name in INSTRUMENT_NAMES for p in takes(name)}
        assert names[60] == ("C", 4)
        assert names[69] == ("A", 4)


class TestSpectrum:
    def test_a_low_clarinet_has_odd_harmonics_and_a_saxophone_all(self) -> None:
        clarinet = make_spectrum(INSTRUMENTS["clarinet"], 160.0, 0.5, Colour()).amplitude
        saxophone = make_spectrum(INSTRUMENTS["sax_tenor"], 160.0, 0.5, Colour()).amplitude
        assert 20 * np.log10(clarinet[1] / clarinet[2]) < -15
        assert saxophone[1] > saxophone[2]

    def test_odd_and_even_are_alike_above_the_tone_holes_cutoff(self) -> None:
        clarinet = make_spectrum(INSTRUMENTS["clarinet"], 160.0, 0.5, Colour()).amplitude
        assert clarinet[19] / clarinet[18] > 0.8

    def test_brass_brightens_most_with_level(self) -> None:
        def gain(name: InstrumentName) -> float:
            soft, loud = (make_spectrum(INSTRUMENTS[name], 440.0, x, Colour()) for x in (0.0, 1.0))
            return float(np.sum(loud.power[3:]) / np.sum(soft.power[3:]))

        assert max(INSTRUMENT_NAMES, key=gain) == "trumpet"
        assert gain("violin") > 1

    def test_has_one_power_whatever_the_pitch(self, instrument: InstrumentName) -> None:
        for hz in (100.0, 700.0, 4000.0):
            spectrum = make_spectrum(INSTRUMENTS[instrument], hz, 0.5, Colour())
            assert spectrum.power.sum() == pytest.approx(1)
            assert spectrum.number[-1] * hz <= 10000

    def test_a_recorded_low_clarinet_lacks_even_harmonics(self) -> None:
        lowest = takes("clarinet")[0]
        levels = harmonics_db(steady(lowest), lowest.hz, 5)
        assert levels[1] < levels[2] - 6
        assert levels[3] < levels[2] - 3

    def test_flutes_breathe_more_than_oboes(self) -> None:
        def noise(name: InstrumentName) -> float:
            return float(np.median([between_harmonics_db(steady(p), p.hz) for p in takes(name)[6:18]]))

        assert noise("flute") > noise("oboe") + 5

    def test_a_free_string_is_stretched(self) -> None:
        """f_n = n f0 sqrt(1 + B n^2): the twelfth partial of a bass rings 15 cents sharp without the bow."""
        played = next(p for p in takes("bass") if p.dynamic in {"f", "ff", "mf"})
        stop = int((played.gesture.stop_s + 0.02) * SAMPLE_RATE)
        free = played.render()[stop : stop + 4400] * np.hanning(4400)
        power = np.abs(np.fft.rfft(free, 16 * len(free)))
        hz = np.fft.rfftfreq(16 * len(free), 1 / SAMPLE_RATE)
        power[np.abs(hz - 12 * played.hz) > 0.4 * played.hz] = 0
        expected = 600 * np.log2(1 + INSTRUMENTS["bass"].stiffness * 12**2)
        assert 1200 * np.log2(hz[power.argmax()] / (12 * played.hz)) == pytest.approx(expected, abs=5)


class TestEnvelope:
    def test_begins_and_ends_where_it_says(self, instrument: InstrumentName) -> None:
        for played in takes(instrument)[::8]:
            levels = level_db(played.render(), 256, 64)
            loud = levels > np.max(levels) - 12
            gesture = played.gesture
            first = np.argmax(loud) * 64 / SAMPLE_RATE
            last = (len(loud) - np.argmax(loud[::-1])) * 64 / SAMPLE_RATE
            assert gesture.start_s - 0.015 <= first <= gesture.start_s + gesture.rise_s + 0.03
            assert gesture.stop_s - 0.15 <= last <= gesture.stop_s + gesture.fall_s + 0.1

    def test_low_strings_speak_later_than_oboes(self) -> None:
        rise = {name: np.median([p.gesture.rise_s for p in takes(name)]) for name in INSTRUMENT_NAMES}
        assert rise["oboe"] < rise["violin"] < rise["cello"] < rise["bass"]
        assert rise["clarinet"] < rise["flute"]

    def test_the_shortest_note_has_all_its_parts(self, instrument: InstrumentName) -> None:
        for label in labels_of(INSTRUMENTS[instrument].family):
            played = play(Note(6, instrument, 0, 3, 0.25, label, 1.0))
            gesture = played.gesture
            assert 0 < gesture.start_s < gesture.stop_s < 0.25
            sound = played.render()
            assert len(sound) == round(0.25 * SAMPLE_RATE)
            assert np.isfinite(sound).all()
            assert np.abs(sound).max() > 10 * np.abs(sound[[0, -1]]).max()


class TestLevel:
    def test_dynamics_are_levels(self) -> None:
        levels: dict[str, list[float]] = {}
        for name in INSTRUMENT_NAMES:
            for played in takes(name)[::3]:
                levels.setdefault(played.dynamic, []).append(float(np.median(level_db(steady(played)))))
        means = [np.mean(levels[dynamic]) for dynamic in ("pp", "p", "mf", "f", "ff")]
        assert (np.diff(means) > 2.5).all()

    def test_nothing_clips_and_nothing_is_lost(self, instrument: InstrumentName) -> None:
        for take, label in enumerate(labels_of(INSTRUMENTS[instrument].family)):
            sound = play(Note(6, instrument, take % 8, take, 0.6, label, 1.0)).render()
            assert sound.dtype == np.float32
            assert np.isfinite(sound).all()
            assert np.abs(sound).max() < 0.9
            assert np.sqrt(np.mean(sound**2)) > 1e-3
            assert abs(sound.mean()) < 1e-2


class TestPlayers:
    def test_have_habits_of_their_own(self) -> None:
        assert make_player(6, "oboe", 0) == make_player(6, "oboe", 0)
        assert make_player(6, "oboe", 0) != make_player(6, "oboe", 1)
        assert all(5 <= make_player(6, "oboe", number).vibrato_hz <= 6.3 for number in range(20))

    def test_a_good_note_is_not_perfect(self) -> None:
        """What good players do overlaps with weak faults, so that no threshold tells the two apart."""
        wavering = [np.std(cents_track(steady(p), p.hz)[8:-8]) for p in takes("violin")]
        assert min(wavering) > 1
        assert max(wavering) > 7

    def test_the_label_leaves_pitch_and_dynamic_alone(self) -> None:
        note = Note(6, "oboe", 0, 0, 0.5, GOOD, 0.5)
        good, bad = play(note), play(replace(note, label="bad-attack"))
        assert (good.hz, good.dynamic) == (bad.hz, bad.dynamic)


class TestCurves:
    def test_chance_has_mean_0_and_deviation_1(self) -> None:
        curve = wander(points(SAMPLE_RATE), 3.0, np.random.default_rng(0))
        assert curve.mean() == pytest.approx(0, abs=1e-9)
        assert curve.std() == pytest.approx(1)

    def test_at_full_rate_a_curve_goes_through_its_points(self) -> None:
        time = points(1000)
        np.testing.assert_allclose(to_samples(time, 1000), np.arange(1000) / SAMPLE_RATE, atol=1e-6)
        assert to_samples(np.stack([time, time], axis=1), 1000).shape == (1000, 2)

    def test_a_window_is_1_inside_and_0_outside(self) -> None:
        curve = window(np.array([0.0, 0.2, 0.5, 0.8, 1.0]), 0.2, 0.8, 0.1)
        np.testing.assert_allclose(curve, [0, 0, 1, 0, 0], atol=1e-12)
