"""From lists of files and labels to a judged model in a folder that stands alone."""

import logging
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pandas as pd

from auricle.audio.descriptors import DescriptorExtractor
from auricle.audio.frontend import FrontEnd
from auricle.corpora.places import UNLABELLED
from auricle.corpora.selection import having
from auricle.corpora.shards import read_shards
from auricle.corpora.split_lists import split_lists
from auricle.errors import ConfigurationError
from auricle.fitting.corpus import FEATURES_KEY, Corpus, fill, ingest, open_cache, open_store
from auricle.fitting.judge import judge
from auricle.fitting.lists import Listed, check_enough, read_lists
from auricle.fitting.params import FOREST, FitParams, fit_params
from auricle.inference.classifier import AudioClassifier
from auricle.models.backbones.packages import needed
from auricle.models.bundle import CONFIG, BundleDraft, BundleRef, open_bundle
from auricle.models.forest import rows_of
from auricle.models.params import ForestParams
from auricle.models.provenance import manifest_digest
from auricle.training.deep import fit_deep
from auricle.training.forest import fit_random_forest
from auricle.training.install import install_draft
from auricle.training.params import TrainParams
from auricle.training.vocabulary import labels_for_digest

logger = logging.getLogger(__name__)

LEAST_GROUPS = 3  # to learn from, to choose by, to judge on
EXTRA = "pipelines"


def fit(
    files: Iterable[str | Path],
    labels: Iterable[Any],
    *,
    model: str,
    out: str | Path,
    groups: Iterable[Any] | None = None,
    instruments: Iterable[Any] | None = None,
    cache: str | Path | None = None,
    **parameters: Any,
) -> AudioClassifier:
    """Train, judge and load a model; see `auricle.fit`."""
    place = Path(out).expanduser().absolute()
    listed = read_lists(files, labels, groups, instruments)
    params = fit_params(model, parameters, several=listed.several, grouped=listed.grouped)
    _check_packages(model)
    _check_place(place)
    alone = listed.table["meta_group"].fillna("file:" + listed.table["path"])
    check_enough(listed.table.assign(group=alone), params.labels, LEAST_GROUPS, of="listed files")
    folder = place.with_name(f"{place.name}.cache") if cache is None else Path(cache).expanduser().absolute()
    if folder == place or place in folder.parents:
        raise ConfigurationError(
            f"cache is {folder}, which lies in out, {place}: a bundle holds nothing but the model. Name a"
            " folder beside it."
        )
    bundle = _judged(listed, params, place, folder)
    device = params.train.device if isinstance(params.train, TrainParams) else "cpu"
    return AudioClassifier(bundle, device=device)


def _judged(listed: Listed, params: FitParams, place: Path, cache: Path) -> BundleRef:
    extractor = params.hearing.make()
    with open_cache(cache):
        corpus = ingest(listed, cache, params)
        usable = corpus.manifest[corpus.manifest["status"] == "ok"]
        learnt = usable[usable["split"] != UNLABELLED]
        check_enough(learnt, params.labels, LEAST_GROUPS, of="files that can be used")
        _list_splits(corpus.manifest, cache / "split_lists")
        fill(corpus, cache, extractor, params)
    with ExitStack() as stack:
        if isinstance(extractor, DescriptorExtractor):
            heard: Any = read_shards(cache / "features.parquet", FEATURES_KEY)
            there: Any = rows_of(heard, extractor.digest).index
        else:
            heard = there = stack.enter_context(open_store(cache, extractor))
        rows = having(corpus.manifest, there, what="input", pipeline="ingest")
        corpus = Corpus(corpus.root, rows, corpus.report)
        bundle = _finished(place, corpus, extractor, params)
        if bundle is None:
            draft = _trained(corpus, heard, extractor, params, cache / "work")
            if place.is_dir():  # and empty
                place.rmdir()
            install_draft(draft, place)
            bundle = open_bundle(place)
        metrics = judge(bundle, heard, corpus, params)
    _log(metrics, place)
    return bundle


def _trained(
    corpus: Corpus, heard: Any, extractor: FrontEnd | DescriptorExtractor, params: FitParams, work: Path
) -> BundleDraft:
    if isinstance(extractor, DescriptorExtractor):
        assert isinstance(params.train, ForestParams)
        return fit_random_forest(corpus.manifest, heard, extractor, params.train, work, params.labels)
    assert isinstance(params.train, TrainParams) and params.model is not None and params.windows is not None
    return fit_deep(
        corpus.manifest,
        heard,
        extractor,
        params.model.root,
        params.train,
        params.windows,
        work,
        params.labels,
    )


def _finished(
    place: Path, corpus: Corpus, extractor: FrontEnd | DescriptorExtractor, params: FitParams
) -> BundleRef | None:
    """The model of an earlier call with the same arguments; None where there is none yet.

    Raises:
        ConfigurationError: there is the model of other arguments.
    """
    if not (place / CONFIG).is_file():
        return None
    bundle = open_bundle(place)
    said = bundle.training
    expected = params.plain | labels_for_digest(params.labels)
    kept = {name: said.get("params", {}).get(name) for name in expected}
    wrong = [
        told
        for told, same in (
            ("other recordings, labels, groups or splits", _digest(said) == manifest_digest(corpus.manifest)),
            ("another front end", said.get("front_end_digest") == extractor.digest),
            ("other parameters", kept == expected),
        )
        if not same
    ]
    if wrong:
        raise ConfigurationError(
            f"out is {place}, where a model lies that was trained with {' and '.join(wrong)}. A model is"
            " never overwritten: name another folder, or remove this one."
        )
    logger.info("%s was trained by an earlier call with the same arguments.", place)
    return bundle


def _digest(training: dict[str, Any]) -> Any:
    return training.get("data", {}).get("digest")


def _check_place(place: Path) -> None:
    if not place.exists() or (place / CONFIG).is_file() or (place.is_dir() and not any(place.iterdir())):
        return
    what = "which holds something else than a model" if place.is_dir() else "which is a file"
    raise ConfigurationError(f"out is {place}, {what}. Name a folder that does not exist yet.")


def _check_packages(model: str) -> None:
    """Refuse to begin without what training needs beyond prediction."""
    packages = ["jinja2", "huggingface_hub"]  # the card
    packages += [] if model == FOREST else ["accelerate"]
    packages += ["datasets"] if model == "wav2vec2" else []
    for package in packages:
        needed(package, extra=EXTRA, by="auricle.fit")


def _list_splits(manifest: pd.DataFrame, folder: Path) -> None:
    """Which file is in which split, to be looked at."""
    for name, rows in split_lists(manifest).items():
        file = folder / f"{name}.csv"
        file.parent.mkdir(parents=True, exist_ok=True)
        rows.to_csv(file, index=False)


def _log(metrics: dict[str, Any], place: Path) -> None:
    for name in ("accuracy", "mean_average_precision", "macro_f1"):
        entry = metrics["figures"].get(name)
        if entry and entry["value"] is not None:
            within = "" if entry["low"] is None else f" ({entry['low']:.3f} to {entry['high']:.3f})"
            logger.info(
                "%s: %s %.3f%s, baseline %.3f",
                metrics["split"],
                name,
                entry["value"],
                within,
                entry["majority"],
            )
    logger.info("The model is in %s", place)
