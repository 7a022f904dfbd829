"""The page says what was measured, loads nothing, and holds for what users call their classes and files."""

import re
import shutil
import subprocess
from collections.abc import Callable
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from scored_samples import CLASSES, Study, make_study, predict

from auricle.corpora.data_report import describe_corpus
from auricle.corpora.params import IngestParams
from auricle.evaluation.comparison import compare_models
from auricle.evaluation.evaluate import evaluate_model
from auricle.evaluation.mistakes import Mistake, Opinion
from auricle.evaluation.params import EvaluateParams
from auricle.evaluation.report import FLATTERING, SYNTHESIZED, ModelSection, remarks, render_report
from auricle.pipelines.evaluate.nodes import page_in

MakeStudy = Callable[..., Study]
PARAMS = EvaluateParams(bootstrap_samples=100)
COMMANDS = {"random_forest": "train_rf", "cnn": "train_cnn"}
HOSTILE = '<script>alert("x")</script>&$\\frac$'
EPOCH = {"accuracy": 0.5, "macro_f1": 0.4, "learning_rate": 0.001, "seconds": 1.0}
HISTORY = [EPOCH | {"epoch": i, "loss": 1 / i, "eval_loss": 1.2 / i} for i in (1, 2, 3)]
TRAINING: dict[str, Any] = {
    "trained_at": "2026-11-20T23:10:05+00:00",
    "seconds": 341.0,
    "seed": 7,
    "protocol": "holdout",
    "git_revision": "0123abcd",
    "versions": {"torch": "2.11.0"},
    "data": {"digest": "ab12" * 16, "recordings": 600},
    "params": {"train": {"epochs": 3}},
}
IMPORTANCES = [
    {"feature": f"mfcc_{i}_mean", "importance": 0.1 / (i + 1), "deviation": 0.01} for i in range(30)
]


class Page(HTMLParser):
    """What a browser would see: ids, links out, tags in balance."""

    VOID = frozenset({"meta", "img", "br", "link", "input", "hr"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.references: list[str] = []
        self.tags: list[str] = []
        self.unbalanced: list[str] = []
        self.images_without_alt = 0
        self._open: list[str] = []
        self.feed(html)
        self.unbalanced += self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.tags.append(tag)
        if identity := values.get("id"):
            self.ids.append(identity)
        self.references += [str(values[name]) for name in ("src", "href", "xlink:href") if name in values]
        self.images_without_alt += tag == "img" and not values.get("alt")
        if tag not in self.VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        if self._open and self._open[-1] == tag:
            self._open.pop()
        else:
            self.unbalanced.append(f"/{tag}")


def render(
    made: Study,
    tables: dict[str, pd.DataFrame | None],
    *,
    source: dict[str, Any] | None = None,
    mistakes: list[Mistake] | None = None,
    near_duplicates: pd.DataFrame | None = None,
    experiments_page: str | None = None,
    **ingest: Any,
) -> str:
    trainings = {
        "cnn": TRAINING | {"history": HISTORY, "best_epoch": 2, "device": "cpu", "padding_share": 0.042},
        "random_forest": TRAINING | {"importances": IMPORTANCES, "importances_from": "validation"},
    }
    sections = {
        name: None
        if table is None
        else ModelSection(
            name,
            evaluate_model(table, made.manifest, PARAMS),
            trainings[name],
            version="2026-11-20T23.10.05.123Z",
        )
        for name, table in tables.items()
    }
    return render_report(
        study="genre",
        source=source or {"synthesized": False, "notes": []},
        data_report=describe_corpus(
            made.manifest,
            IngestParams(**{"group_by": "artist"} | ingest),
            near_duplicates=near_duplicates,
        ),
        comparison=compare_models(tables, made.manifest, PARAMS, commands=COMMANDS),
        models=sections,
        mistakes=mistakes or [],
        experiments_page=experiments_page,
    )


def with_manifest_columns(made: Study) -> Study:
    manifest = made.manifest.assign(instrument=None, rating=float("nan"))
    return Study(manifest, made.strong, made.weak)


@pytest.fixture(scope="module")
def made() -> Study:
    return with_manifest_columns(make_study())


@pytest.fixture(scope="module")
def html(made: Study) -> str:
    opinion = Opinion("cnn", "disco", 0.97, 0.01, right=False)
    mistake = Mistake(
        recording_id="x",
        path="audio/x.wav",
        label="metal",
        opinions=(opinion,),
        audio="data:audio/mpeg;base64,AAAA",
        spectrogram="data:image/png;base64,AAAA",
        duration_s=6.0,
    )
    return render(made, {"random_forest": made.weak, "cnn": made.strong}, mistakes=[mistake])


class TestPage:
    def test_is_self_contained(self, html: str) -> None:
        page = Page(html)
        assert all(reference.startswith(("#", "data:")) for reference in page.references)
        assert "script" not in page.tags
        assert "link" not in page.tags
        assert not re.search(r"url\((?!#)|@import", html)
        assert "default-src 'none'" in html

    def test_links_the_page_of_all_trainings_where_there_is_one(self, made: Study, tmp_path: Path) -> None:
        folder = tmp_path / "experiments"
        assert page_in(folder) is None
        folder.mkdir()
        (folder / "experiments.html").touch()
        found = page_in(folder)
        assert found == "experiments/experiments.html"
        linked = Page(render(made, {"cnn": made.strong}, experiments_page=found))
        assert [each for each in linked.references if not each.startswith(("#", "data:"))] == [found]
        assert linked.unbalanced == []

    def test_is_well_formed(self, html: str) -> None:
        page = Page(html)
        assert page.unbalanced == []
        assert len(page.ids) == len(set(page.ids))
        assert page.images_without_alt == 0
        inner = {reference[1:] for reference in page.references if reference.startswith("#")}
        assert inner <= set(page.ids)

    def test_drawings_take_their_colours_and_font_from_the_page(self, html: str) -> None:
        drawings = re.findall(r"<svg.*?</svg>", html, flags=re.DOTALL)
        assert len(drawings) == 1 + 4 + 2 + 2 + 2  # classes, comparison, training, reliability, coverage
        for drawing in drawings:
            assert "aria-label=" in drawing
            assert not re.search(r"#[0-9a-fA-F]{6}", drawing)
            assert "DejaVu" not in drawing
        assert "prefers-color-scheme: dark" in html

    def test_has_a_verdict_first_and_every_section(self, html: str) -> None:
        assert html.index("The CNN leads, and the lead is shown.") < html.index('id="data"')
        for section in ("data", "models", "training", "confusions", "classes", "calibration", "mistakes"):
            assert f'<section id="{section}">' in html
        assert '<audio controls preload="none" src="data:audio/mpeg' in html
        assert "2026-11-20T23.10.05.123Z" in html
        assert "ab12ab12ab12ab12" in html
        assert "Majority baseline" in html

    def test_shows_the_figures_that_were_measured(self, made: Study, html: str) -> None:
        figures = evaluate_model(made.strong, made.manifest, PARAMS)["figures"]
        for name in ("accuracy", "macro_f1", "roc_auc", "log_loss", "ece", "ece_calibrated"):
            entry = figures[name]
            assert f"{entry['value']:.3f}<small>{entry['low']:.3f}–{entry['high']:.3f}</small>" in html
        assert "4.2% of the frames of an epoch were padding." in html


class TestBrowser:
    @pytest.mark.parametrize("width", [360, 768, 1280])
    def test_the_page_never_scrolls_sideways(self, html: str, width: int, tmp_path: Path) -> None:
        browser = shutil.which("chromium") or shutil.which("google-chrome")
        if browser is None:
            pytest.skip("no Chromium to lay the page out")
        measure = "f.onload=()=>{document.title='width '+f.contentDocument.documentElement.scrollWidth}"
        outer = tmp_path / "outer.html"
        outer.write_text(
            f'<title>-</title><iframe id="f" style="border:0;width:{width}px;height:900px"'
            f' srcdoc="{escape(html)}"></iframe><script>{measure}</script>',
            encoding="utf-8",
        )
        switches = "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking"
        command = [
            browser,
            *switches.split(),
            f"--user-data-dir={tmp_path / 'profile'}",
            "--window-size=1400,1000",
            "--virtual-time-budget=5000",
            "--dump-dom",
            outer.as_uri(),
        ]
        dom = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
        found = re.search(r"<title>width (\d+)</title>", dom)
        assert found is not None
        assert int(found[1]) <= width


class TestStates:
    def test_a_missing_model_is_named_with_its_command(self, made: Study) -> None:
        html = render(made, {"random_forest": None, "cnn": made.strong})
        assert "<code>kedro run --pipelines=train_rf</code>" in html
        assert "there is no other model to compare it with" in html

    def test_without_any_model_the_data_are_still_shown(self, made: Study) -> None:
        html = render(made, {"random_forest": None, "cnn": None})
        assert "Nothing is trained yet." in html
        assert '<section id="data">' in html
        assert '<section id="training">' not in html
        assert Page(html).unbalanced == []

    def test_a_guess_is_warned_of_beside_its_p_values(self, study: MakeStudy) -> None:
        made = with_manifest_columns(study(groups=80))
        guess = predict(made.manifest, CLASSES, skill=0.0, seed=5)
        html = render(made, {"random_forest": guess, "cnn": made.strong})
        learned = html.split("Is anything learned?")[1].split("Is the difference shown?")[0]
        assert "Random Forest: Nothing learned can be shown" in learned
        assert "CNN: Nothing learned" not in learned
        assert learned.count("p = 0.") >= 8
        assert html.count("Nothing learned can be shown") == 1
        assert Page(html).unbalanced == []

    def test_out_of_fold(self, study: MakeStudy) -> None:
        made = with_manifest_columns(study(protocol="grouped_k_fold"))
        html = render(made, {"cnn": made.strong}, protocol="grouped_k_fold")
        assert "out of fold" in html
        assert "fold 4" in html

    def test_quarantine_and_classes_without_a_claim_are_shown(self, study: MakeStudy) -> None:
        made = with_manifest_columns(study(groups=60))
        manifest = made.manifest.copy()
        row = manifest.index[manifest["split"] == "train"][0]
        manifest.loc[row, ["status", "reason"]] = ["quarantined", "truncated: 3.2 s of 10.0 s could be read"]
        html = render(Study(manifest, made.strong, made.weak), {"cnn": made.strong})
        assert "truncated: 3.2 s of 10.0 s could be read" in html
        assert "(no claim)" in html
        assert "nothing is claimed about them" in html

    def test_near_duplicates_are_named_with_what_became_of_them(self, made: Study) -> None:
        group = made.manifest["group"].iloc[0]
        one, two = made.manifest[made.manifest["group"] == group].to_dict("records")[:2]
        other = made.manifest[made.manifest["group"] != group].to_dict("records")[0]
        pairs = [
            {"recording_id": one["recording_id"], "path": one["path"]}
            | {"other_id": second["recording_id"], "other_path": second["path"]}
            | {"share": 0.66, "peaks": 1234, "offset_s": -4.5}
            for second in (two, other)
        ]
        html = render(made, {"cnn": made.strong}, near_duplicates=pd.DataFrame(pairs))
        assert "2 pairs of recordings sound the same, though their bytes differ" in html
        told = "66% of their peaks coincide (1,234), -4.5 s apart"
        assert f"{one['path']} ≈ {two['path']}: {told}; in one group" in html
        assert f"{one['path']} ≈ {other['path']}: {told}; not joined: they are in different groups" in html
        assert Page(html).unbalanced == []
        assert "sound the same" not in render(made, {"cnn": made.strong})

    def test_many_classes_are_not_drawn_as_a_matrix(self, study: MakeStudy) -> None:
        classes = tuple(f"class {i:02d}" for i in range(35))
        made = with_manifest_columns(study(classes=classes, groups=175, per_group=1))
        html = render(made, {"cnn": predict(made.manifest, classes, skill=3, seed=0)})
        assert "35 classes are too many to draw" in html
        assert "Most often:" in html

    def test_names_from_the_data_cannot_become_markup(self, study: MakeStudy) -> None:
        made = with_manifest_columns(study(classes=("dull", HOSTILE)))
        opinion = Opinion("cnn", HOSTILE, 0.9, 0.1, right=False)
        mistake = Mistake(
            recording_id="x", path=f"{HOSTILE}.wav", label=HOSTILE, opinions=(opinion,), note=HOSTILE
        )
        html = render(made, {"cnn": made.strong}, source={"notes": [HOSTILE]}, mistakes=[mistake])
        assert "<script" not in html
        assert "&lt;script&gt;" in html
        assert Page(html).unbalanced == []


class TestRemarks:
    def test_a_synthesized_corpus_says_so(self, made: Study) -> None:
        html = render(made, {"cnn": made.strong}, source={"synthesized": True, "notes": []})
        assert SYNTHESIZED in html
        assert html.index(SYNTHESIZED) < html.index('id="data"')

    def test_recordings_as_groups_flatter(self) -> None:
        assert remarks({}, {"group_by": ["recording"]}) == [FLATTERING]
        assert remarks({}, {"group_by": ["artist"]}) == []

    def test_nothing_is_said_twice(self) -> None:
        notes = ["Artists repeat here: the figures flatter.", "This corpus is synthesized."]
        assert remarks({"synthesized": True, "notes": notes}, {"group_by": ["recording"]}) == notes
