"""The out-of-domain score: fitted in training, kept in the bundle, and only said where it is of use."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from safetensors.numpy import load_file
from test_forest import EXTRACTOR, PARAMS, features_of
from tiny_corpus import TinyCorpus

from auricle.audio.outsiders import KINDS, OF_EACH_KIND, outsiders
from auricle.errors import BundleError
from auricle.inference.load import load
from auricle.models.bundle import open_bundle
from auricle.models.domain import DOMAIN, FACTS, Domain, OutOfDomain, load_domain, together
from auricle.training import domain as fitting
from auricle.training.domain import fit_domain, sampled, spread
from auricle.training.forest import fit_random_forest

FloatArray = npt.NDArray[np.float32]


def cloud(count: int, *, seed: int, shift: float = 0.0) -> FloatArray:
    """Points of one covariance: the first two numbers are nearly the same, the third is constant."""
    random = np.random.default_rng(seed)
    values = random.normal(size=(count, 4))
    values[:, 1] = values[:, 0] + 0.1 * random.normal(size=count)
    values[:, 2] = 1.0
    values[:, 3] += shift
    return values.astype(np.float32)


def of_the_cloud() -> Domain:
    return fit_domain(cloud(400, seed=0), rows(cloud(50, seed=1)), {"far": rows(cloud(5, seed=2))}).domain


def rows(values: FloatArray) -> list[FloatArray]:
    return [row[None] for row in values]


class TestFit:
    def test_tells_what_lies_elsewhere(self) -> None:
        fitted = fit_domain(
            cloud(400, seed=0), rows(cloud(200, seed=1)), {"far": rows(cloud(20, seed=2, shift=9))}
        )
        assert fitted.facts["usable"] is True
        assert fitted.facts["reason"] is None
        assert fitted.facts["auroc_of"] == {"far": pytest.approx(fitted.facts["auroc"])}
        said = [fitted.domain.judge(row) for row in rows(cloud(200, seed=3))]
        quantiles = [each.quantile for each in said]
        assert np.mean(quantiles) == pytest.approx(0.5, abs=0.07)
        assert np.mean([each.distance > 1 for each in said]) == pytest.approx(0.05, abs=0.04)  # type: ignore[operator]
        assert fitted.domain.judge(cloud(1, seed=4, shift=9)).quantile == 1.0

    def test_knows_which_directions_are_common(self) -> None:
        domain = of_the_cloud()
        along, across = (np.float32([[1.5, second, 1, 0]]) for second in (1.5, -1.5))
        assert domain.distance(across) > 5 * domain.distance(along)

    def test_length_is_no_distance(self) -> None:
        domain = of_the_cloud()
        long, short = (
            np.mean([domain.distance(cloud(count, seed=seed)) for seed in range(100)]) for count in (40, 2)
        )
        assert long == pytest.approx(short, rel=0.1)

    def test_is_not_usable_where_it_tells_nothing(self) -> None:
        facts = fit_domain(
            cloud(100, seed=0), rows(cloud(50, seed=1)), {"near": rows(cloud(50, seed=2))}
        ).facts
        assert facts["usable"] is False
        assert "AUROC of 0." in facts["reason"]

    def test_is_not_usable_where_few_recordings_check_it(self) -> None:
        far = {"far": rows(cloud(20, seed=2, shift=9))}
        facts = fit_domain(cloud(100, seed=0), rows(cloud(9, seed=1)), far).facts
        assert facts["usable"] is False
        assert "there are 9, fewer than 10" in facts["reason"]

    def test_bears_embeddings_that_are_all_one(self) -> None:
        same = np.ones((20, 3), dtype=np.float32)
        fitted = fit_domain(same, rows(same), {"same": rows(same)})
        assert np.isfinite(fitted.domain.whitening).all()
        assert fitted.facts["usable"] is False

    def test_takes_so_many_windows_and_recordings_at_most(self, monkeypatch: pytest.MonkeyPatch) -> None:
        windows = np.arange(100, dtype=np.float32)[:, None]
        assert spread(windows)[[0, -1], 0].tolist() == [0, 99]
        assert len(spread(windows)) == fitting.MOST_WINDOWS
        assert spread(windows[:3]).tolist() == windows[:3].tolist()
        monkeypatch.setattr(fitting, "MOST_RECORDINGS", 5)
        chosen = sampled(np.arange(3, 60), seed=0)
        assert len(set(chosen.tolist())) == 5
        assert set(chosen.tolist()) <= set(range(3, 60))


class TestOutsiders:
    def test_are_audible_finite_and_of_the_length(self) -> None:
        for rate in (2_000, 22_050):
            sounds = outsiders(rate, 0.5)
            assert set(sounds) == set(KINDS)
            for waveform in (waveform for kind in sounds.values() for waveform in kind):
                assert waveform.dtype == np.float32
                assert len(waveform) == rate // 2
                assert 0 < np.abs(waveform).max() <= 0.5
        assert all(len(kind) == OF_EACH_KIND for kind in sounds.values())


class TestTogether:
    def test_is_the_mean_of_those_that_have_one(self) -> None:
        said = together([OutOfDomain(0.5, 1.0), OutOfDomain(reason="no"), OutOfDomain(1.0, 3.0)])
        assert said == OutOfDomain(0.75, 2.0)

    def test_of_none_says_why(self) -> None:
        said = together([OutOfDomain(reason="too few"), OutOfDomain(reason="too few")])
        assert said.quantile is None
        assert said.reason == "no member has a usable score: too few"


class TestBundle:
    def test_of_a_forest_has_the_score_of_its_training_split(
        self, corpus: TinyCorpus, workdir: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(fitting, "LEAST_UNHEARD", 3)
        draft = fit_random_forest(corpus.manifest, features_of(corpus), EXTRACTOR, PARAMS, workdir)
        bundle = open_bundle(draft.path)
        facts = bundle.training[FACTS]
        splits = corpus.manifest["split"].value_counts()
        assert (facts["windows"], facts["recordings"]) == (splits["train"], splits["validation"])
        assert facts["usable"] is True
        noise = np.random.default_rng(0).normal(0, 0.3, EXTRACTOR.sample_rate).astype(np.float32)
        said = load(draft.path, device="cpu").predict(noise, sampling_rate=EXTRACTOR.sample_rate)
        assert said.out_of_domain == 1.0
        assert said.domain_distance is not None
        assert said.domain_distance > 1
        assert said.out_of_domain_reason is None

    def test_of_a_network_says_why_there_is_none(self, corpus: TinyCorpus, workdir: Path) -> None:
        draft = corpus.fit(workdir)
        noise = np.random.default_rng(0).normal(0, 0.3, 8000).astype(np.float32)
        said = load(draft.path, device="cpu").predict(noise, sampling_rate=8000)
        assert said.out_of_domain is None
        assert "fewer than 10" in str(said.out_of_domain_reason)
        assert said.to_dict()["out_of_domain_reason"] == said.out_of_domain_reason
        kept = load_file(draft.path / DOMAIN)
        assert kept["whitening"].shape == (8, 8)

    def test_of_before_there_was_one_still_loads(self, corpus: TinyCorpus, workdir: Path) -> None:
        draft = fit_random_forest(corpus.manifest, features_of(corpus), EXTRACTOR, PARAMS, workdir)
        bundle = open_bundle(draft.path)
        vars(bundle)["training"] = {name: value for name, value in bundle.training.items() if name != FACTS}
        assert "older Auricle" in str(load_domain(bundle).reason)

    def test_that_is_damaged_is_refused(self, corpus: TinyCorpus, workdir: Path) -> None:
        draft = fit_random_forest(corpus.manifest, features_of(corpus), EXTRACTOR, PARAMS, workdir)
        bundle = open_bundle(draft.path)
        bundle.training[FACTS]["usable"] = True
        (draft.path / DOMAIN).write_bytes(b"nothing")
        with pytest.raises(BundleError, match=r"domain\.safetensors is damaged"):
            load_domain(bundle)


def test_a_domain_is_what_it_was_saved_as(tmp_path: Path) -> None:
    domain = fit_domain(cloud(50, seed=0), rows(cloud(20, seed=1)), {"far": rows(cloud(5, seed=2))}).domain
    domain.save_pretrained(tmp_path)
    again = Domain(**load_file(tmp_path / DOMAIN))
    windows = cloud(3, seed=5)
    assert again.judge(windows) == domain.judge(windows)
