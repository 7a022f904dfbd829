"""Hierarchy, instruments and coverage are on the page and in the card where there is any, and only there."""

from typing import Any

import pandas as pd
import pytest
from hierarchical_samples import LABELS, notes_manifest, notes_predictions
from test_report_page import Page

from auricle.corpora.data_report import describe_corpus
from auricle.corpora.params import IngestParams
from auricle.evaluation.card import model_card
from auricle.evaluation.comparison import compare_models
from auricle.evaluation.evaluate import evaluate_model
from auricle.evaluation.params import EvaluateParams
from auricle.evaluation.report import ModelSection, render_report

PARAMS = EvaluateParams(bootstrap_samples=100, abstain_below=0.6)
SECTIONS = ("levels", "instruments", "coverage")
HOSTILE = "<b>oboe</b> | d'amore"


@pytest.fixture(scope="module")
def manifest() -> pd.DataFrame:
    manifest = notes_manifest()
    return manifest.assign(instrument=manifest["instrument"].replace("flute", HOSTILE))


@pytest.fixture(scope="module")
def predictions(manifest: pd.DataFrame) -> pd.DataFrame:
    return notes_predictions(manifest)


@pytest.fixture(scope="module")
def metrics(manifest: pd.DataFrame, predictions: pd.DataFrame) -> dict[str, Any]:
    return evaluate_model(predictions, manifest, PARAMS, LABELS)


DOMAIN = {"recordings": 40, "auroc": 0.957, "auroc_of": {"tone": 0.999}, "usable": True, "reason": None}
NO_DOMAIN = DOMAIN | {"usable": False, "reason": "it tells <nothing>"}


def page_of(
    metrics: dict[str, Any],
    manifest: pd.DataFrame,
    predictions: pd.DataFrame,
    domain: dict[str, Any] | None = None,
) -> str:
    return render_report(
        study="notes",
        source={"synthesized": False, "notes": []},
        data_report=describe_corpus(manifest, IngestParams()),
        comparison=compare_models({"cnn": predictions}, manifest, PARAMS),
        models={"cnn": ModelSection("cnn", metrics, {"out_of_domain": domain} if domain else {})},
    )


class TestPage:
    def test_shows_what_there_is(
        self, metrics: dict[str, Any], manifest: pd.DataFrame, predictions: pd.DataFrame
    ) -> None:
        html = page_of(metrics, manifest, predictions)
        page = Page(html)
        assert not page.unbalanced
        assert len(page.ids) == len(set(page.ids))
        for name in SECTIONS:
            assert name in page.ids
            assert f"#{name}" in page.references
        assert "wrong class under the right aspect" in html
        assert f"{metrics['levels'][0]['accuracy']['value']:.3f}" in html
        assert f"{metrics['nearness']['nearly_right']['value']:.3f}" in html
        assert f"{metrics['coverage']['abstain_below']['accuracy']['value']:.3f}" in html
        assert HOSTILE not in html
        assert "&lt;b&gt;oboe&lt;/b&gt; | d&#39;amore" in html

    def test_is_silent_of_what_there_is_not(self, manifest: pd.DataFrame, predictions: pd.DataFrame) -> None:
        nameless = manifest.assign(instrument=None)
        plain = evaluate_model(predictions, nameless, PARAMS)
        page = Page(page_of(plain, nameless, predictions))
        assert "levels" not in page.ids
        assert "instruments" not in page.ids
        assert "#levels" not in page.references
        assert "coverage" in page.ids

    def test_says_whether_there_is_an_out_of_domain_score(
        self, metrics: dict[str, Any], manifest: pd.DataFrame, predictions: pd.DataFrame
    ) -> None:
        usable = page_of(metrics, manifest, predictions, DOMAIN)
        assert {"domain"} <= set(Page(usable).ids)
        assert "tone 0.999" in usable
        assert "no: it tells &lt;nothing&gt;" in page_of(metrics, manifest, predictions, NO_DOMAIN)
        assert "domain" not in Page(page_of(metrics, manifest, predictions)).ids

    def test_reads_metrics_of_before_there_was_any_of_it(
        self, metrics: dict[str, Any], manifest: pd.DataFrame, predictions: pd.DataFrame
    ) -> None:
        new = ("nearness", "instruments", "coverage", "min_examples_for_claim")
        old = {name: value for name, value in metrics.items() if name not in new}
        page = Page(page_of(old, manifest, predictions))
        assert not set(SECTIONS) & set(page.ids)


class TestCard:
    def test_says_whether_there_is_an_out_of_domain_score(self, metrics: dict[str, Any]) -> None:
        config = {"model_type": "auricle_spectrogram_cnn"}
        assert "AUROC of 0.957" in model_card(config, {"out_of_domain": DOMAIN}, metrics, {}, {})
        told = model_card(config, {"out_of_domain": NO_DOMAIN}, metrics, {}, {})
        assert "It has no usable out-of-domain score: it tells <nothing>." in told
        assert "out-of-domain" not in model_card(config, {}, metrics, {}, {})

    def test_tells_what_there_is(self, metrics: dict[str, Any]) -> None:
        card = model_card({"model_type": "auricle_spectrogram_cnn"}, {}, metrics, {}, {})
        near, coverage = metrics["nearness"], metrics["coverage"]
        assert f"{near['nearly_right']['value']:.3f} nearly right" in card
        assert f"| aspect | {len(metrics['levels'][1]['labels'])} |" in card
        assert "| <b>oboe</b> \\| d'amore |" in card
        assert f"| as set | 0.600 | {coverage['abstain_below']['coverage']['value']:.3f} (" in card

    def test_is_silent_of_what_there_is_not(self, manifest: pd.DataFrame, predictions: pd.DataFrame) -> None:
        plain = evaluate_model(predictions, manifest.assign(instrument=None), PARAMS)
        card = model_card({"model_type": "auricle_spectrogram_cnn"}, {}, plain, {}, {})
        assert "### Hierarchy" not in card
        assert "### Instruments" not in card
        assert "### Answering only where it is sure" in card
