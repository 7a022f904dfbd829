"""What of a configuration cannot work, found before any node runs."""

from collections.abc import Container, Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from auricle.audio.waveform_augment import VariantParams
from auricle.audio.waveform_front_end import WaveformParams
from auricle.corpora.guard import check_known
from auricle.corpora.labels import MULTI, LabelParams
from auricle.corpora.params import IngestParams
from auricle.errors import ConfigurationError
from auricle.evaluation.params import EvaluateParams
from auricle.explanation.params import ExplainParams
from auricle.models.architecture import ArchitectureParams
from auricle.models.params import ModelParams, WindowParams
from auricle.similarity.params import SimilarityParams
from auricle.training.params import SelectionMetric, TrainParams

if TYPE_CHECKING:
    from auricle.models.bundle import BundleRef

PREFIX = "params:"
OF_ONE_CLASS = ("balanced_sampling", "focal_gamma")
LEARNED_OF_ONE_CLASS = ("instrument_prior", "level_loss")
UNKNOWN_OF_SEVERAL = ("accuracy",)
UNKNOWN_OF_ONE = ("mean_average_precision",)


def check_started_once(environment: Mapping[str, str]) -> None:
    """Refuse a run that a launcher of processes started several times over, all in one `run_root`.

    The processes of a training are launched by the node that trains, and run no pipeline.

    Args:
        environment: variables of this process.

    Raises:
        ConfigurationError: which says how to have several processes.
    """
    started = environment.get("WORLD_SIZE", "")
    if started.isdecimal() and int(started) > 1:
        raise ConfigurationError(
            f"WORLD_SIZE is {started}: a launcher such as torchrun has started this run {started} times, and"
            " each would run the whole pipeline in the same run_root. Start `kedro run` once, without it, and"
            f" set processes: {started} in the model's train parameters"
            f" (--params=genre.resnet.train.processes={started}): the training starts them itself. Where"
            " something else has set WORLD_SIZE, unset it."
        )


def check_names(parameters: Mapping[str, Any], read: Iterable[str]) -> None:
    """Refuse parameters that no node reads: they are misspelt, or stand in the wrong place.

    What stands inside of a parameter that a node reads is for its type to judge.

    Args:
        parameters: the whole tree.
        read: names that nodes read, such as `params:genre.cnn.train`.

    Raises:
        ConfigurationError: a name that is not known, with the nearest that is.
    """
    known = {name.removeprefix(PREFIX) for name in read if name.startswith(PREFIX)}
    ancestors = {name[:place] for name in known for place, letter in enumerate(name) if letter == "."}
    unknown = sorted(_unknown(parameters, "", known, ancestors))
    if not unknown:
        return
    near = get_close_matches(unknown[0], known | ancestors, n=3, cutoff=0.4)
    raise ConfigurationError(
        f"Unknown parameter {unknown[0]!r}"
        + (f" (and {len(unknown) - 1} more: {', '.join(unknown[1:4])})" if len(unknown) > 1 else "")
        + f": no node reads it. Near to it: {', '.join(near) or ', '.join(sorted(known)[:3])}. (A value that"
        " only others refer to begins with _, or stands in globals.yml.)"
    )


def _unknown(tree: Mapping[str, Any], prefix: str, known: set[str], ancestors: set[str]) -> Iterator[str]:
    for key, value in tree.items():
        name = f"{prefix}{key}"
        if name in known or key.startswith("_"):  # _name: for interpolation only
            continue
        if name in ancestors and isinstance(value, Mapping):
            yield from _unknown(value, f"{name}.", known, ancestors)
        else:
            yield name


def check_deep_model(model: Any, train: Any, windows: Any, front_end: Any) -> None:
    """Refuse an architecture that contradicts itself or the front end.

    Args:
        model: of `ModelParams`, or what it is made from; so are the others.
        train: of `TrainParams`.
        windows: of `WindowParams`.
        front_end: of `FrontEndChoice`, or a `WaveformParams`.

    Raises:
        ConfigurationError: which says what to change.
    """
    from auricle.audio.front_ends import FrontEndChoice
    from auricle.training.checks import check_architecture

    if not isinstance(front_end, WaveformParams):
        front_end = FrontEndChoice.model_validate(front_end)

    training = TrainParams.model_validate(train)
    network = check_architecture(
        ModelParams.model_validate(model).root,
        front_end.make(),
        WindowParams.model_validate(windows),
        training.crop_seconds,
    )
    if training.batches_by_length and not getattr(network.config, "any_length", False):
        raise ConfigurationError(
            f"batches_by_length is for networks that hear clips whole, and this {type(network).__name__}"
            " hears windows of one length. Set it to false."
        )
    if training.processes > 1 and getattr(network.config, "gradual_unfreezing", None):
        raise ConfigurationError(
            f"gradual_unfreezing is for one process, and processes is {training.processes}: several agree at"
            " the start on what learns. Set gradual_unfreezing: 0, or processes: 1."
        )
    told = getattr(network.config, "encoder_settings", None) or {}
    skips = told.get("layerdrop") or (told.get("mask_feature_prob") and not told.get("mask_time_prob"))
    if training.processes > 1 and skips and not network.config.freeze_encoder:
        raise ConfigurationError(
            "layerdrop, and mask_feature_prob without mask_time_prob, leave weights out of a step, on which"
            f" several processes cannot agree, and processes is {training.processes}. Set layerdrop: 0 and"
            " mask_time_prob above 0, or processes: 1."
        )
    if training.gradient_checkpointing and not network.supports_gradient_checkpointing:
        raise ConfigurationError(
            f"gradient_checkpointing is not possible for this {type(network).__name__}. Set it to false."
        )


def check_waveform_training(train: Any, variants: Any) -> None:
    """Refuse for a network on waveforms what is made for spectrograms.

    Args:
        train: of `TrainParams`, or what it is made from.
        variants: of `VariantParams`, or what it is made from.

    Raises:
        ConfigurationError: which says what to set instead.
    """
    training = TrainParams.model_validate(train)
    if training.augment.enabled:
        raise ConfigurationError(
            "train.augment varies spectrograms, and this network hears waveforms: it masks by itself, see"
            " model.mask_time_prob. Set train.augment.enabled: false."
        )
    if training.variants and VariantParams.model_validate(variants).enabled:
        raise ConfigurationError(
            "variants asks for altered copies, which are made for networks on spectrograms, and this one"
            " hears waveforms. Set train.variants: false for it: it then learns from what was recorded."
        )


def check_rating(model: Any, train: Any, windows: Any, front_end: Any, ingest: Any) -> None:
    """Refuse what ratings cannot be learned with, and classes that do not do what they promise.

    Both classes are made and run on a small batch of two lengths, which takes seconds.

    Args:
        model: of `RaterParams`, or what it is made from; so are the others.
        train: of `TrainParams`.
        windows: of `WindowParams`.
        front_end: of `WaveformParams`.
        ingest: of `IngestParams`.

    Raises:
        ConfigurationError: which says what to change, or that a class cannot be had.
        ContractError: a class does not do what it promises.
    """
    from auricle.models.rating.pair import checked_pair
    from auricle.models.rating.params import RaterParams
    from auricle.training.device import resolve_device
    from auricle.training.rating import check_as_they_are, check_training

    training, heard = TrainParams.model_validate(train), WaveformParams.model_validate(front_end)
    WindowParams.model_validate(windows)
    check_device(training)
    check_training(training)
    check_as_they_are(heard)
    if (protocol := IngestParams.model_validate(ingest).protocol) != "holdout":
        raise ConfigurationError(
            f"ingest.protocol is {protocol}, and ratings are learned from one training split. Set"
            " ingest.protocol: holdout."
        )
    checked_pair(RaterParams.model_validate(model), heard.sample_rate, device=resolve_device(training.device))


def check_labels(model: Any, train: Any, labels: Any) -> None:
    """Refuse what such labels do not have: a figure to choose the best epoch by, or a hierarchy to learn.

    Args:
        model: of `ModelParams`, or what it is made from; so are the others.
        train: of `TrainParams`.
        labels: of `LabelParams`.

    Raises:
        ConfigurationError: which says what there is.
    """
    network, training = ModelParams.model_validate(model).root, TrainParams.model_validate(train)
    asked = LabelParams.model_validate(labels)
    metric = training.best_metric
    if asked.is_multi:
        _check_several(network, training)
    elif (weight := getattr(network, "level_loss", 0)) and not asked.parents:
        raise ConfigurationError(
            f"level_loss is {weight:g}, but labels.parents is empty: there are no levels above the classes."
            " Set level_loss: 0, or labels.parents to the hierarchy of the labels."
        )
    if metric in (UNKNOWN_OF_SEVERAL if asked.is_multi else UNKNOWN_OF_ONE):
        others = [name for name in get_args(SelectionMetric) if name != metric]
        raise ConfigurationError(
            f"best_metric is {metric}, which {asked.problem_type} does not have. Choose another of"
            f" {', '.join(others)}."
        )


def _check_several(network: ArchitectureParams, training: TrainParams) -> None:
    """Refuse what is for one class a recording where there may be several labels, all of it at once."""
    asked = [(training, name) for name in OF_ONE_CLASS] + [(network, name) for name in LEARNED_OF_ONE_CLASS]
    wrong = {name: value for params, name in asked if (value := getattr(params, name, 0))}
    if wrong:
        raise ConfigurationError(
            f"{' and '.join(f'{name} is {value:g}' for name, value in wrong.items())}, which"
            f" {'is' if len(wrong) == 1 else 'are'} for one class a recording, and problem_type is {MULTI}."
            f" Set {', '.join(f'{name}: 0' for name in wrong)}; pos_weight is the remedy for rare labels."
        )


def check_evaluation(evaluation: Any, labels: Any) -> None:
    """Refuse to judge abstention where a model says several labels, or none.

    Args:
        evaluation: of `EvaluateParams`, or what it is made from.
        labels: of `LabelParams`, or what it is made from.

    Raises:
        ConfigurationError: which says what to change.
    """
    below = EvaluateParams.model_validate(evaluation).abstain_below
    if below is not None and LabelParams.model_validate(labels).is_multi:
        raise ConfigurationError(
            f"evaluation.abstain_below is {below}, and of several labels each has a threshold of its own."
            " Leave abstain_below out, or see labels.threshold."
        )


def check_guard(variants: Any, labels: Any, ingest: Any) -> None:
    """Refuse a guard of labels that there are not: a typing error must not guard nothing.

    Args:
        variants: of `VariantParams`, or what it is made from; so are the others.
        labels: of `LabelParams`.
        ingest: of `IngestParams`.

    Raises:
        ConfigurationError: which names the label, and those near to it.
    """
    vocabulary = IngestParams.model_validate(ingest).vocabulary
    check_known(
        VariantParams.model_validate(variants), LabelParams.model_validate(labels).parents, vocabulary
    )


def check_sweep(sweep: Any, labels: Any, variants: Any, of_models: Mapping[str, Any]) -> None:
    """Refuse a search over what is no parameter, or over values that cannot be.

    Args:
        sweep: of `SweepParams`, or what it is made from; so are the others.
        labels: of `LabelParams`.
        variants: of `VariantParams`.
        of_models: `model_<name>`, `train_<name>` and `windows_<name>` of every deep model.

    Raises:
        ConfigurationError: which says what is wrong with which.
    """
    from auricle.training.deep_params import deep_params_of
    from auricle.training.sweep_params import THE_SPACE, SweepParams, check_space

    params = SweepParams.model_validate(sweep)
    base = deep_params_of(params.model, of_models, labels, by="The sweep")
    check_device(base.train)
    check_labels(base.model.root, base.train, base.labels)
    for tried in check_space(base, params):
        check_labels(tried.model.root, tried.train, tried.labels)
    _check_copies(THE_SPACE, params.space, variants)


def check_ablation(
    ablation: Any, labels: Any, front_end: Any, variants: Any, of_models: Mapping[str, Any]
) -> None:
    """Refuse variants that cannot be trained, each of them.

    Args:
        ablation: of `AblationParams`, or what it is made from; so are the others.
        labels: of `LabelParams`.
        front_end: of `FrontEndChoice`.
        variants: of `VariantParams`.
        of_models: `model_<name>`, `train_<name>` and `windows_<name>` of every deep model.

    Raises:
        ConfigurationError: which says what is wrong with which.
    """
    from auricle.training.ablation_params import THE_ABLATION, AblationParams
    from auricle.training.deep_params import deep_params_of

    params = AblationParams.model_validate(ablation)
    base = deep_params_of(params.model, of_models, labels, by=THE_ABLATION)
    for name, chosen in params.chosen(base).items():
        try:
            check_device(chosen.train)
            check_labels(chosen.model.root, chosen.train, chosen.labels)
            check_deep_model(chosen.model.root, chosen.train, chosen.windows, front_end)
        except ConfigurationError as error:
            raise ConfigurationError(f"The variant {name!r} of the ablation: {error}") from error
    _check_copies(THE_ABLATION, set().union(*params.variants.values()), variants)


def _check_copies(who: str, varied: Container[str], variants: Any) -> None:
    """Refuse to vary whether altered copies are heard where there are none."""
    if "train.variants" in varied and not VariantParams.model_validate(variants).enabled:
        raise ConfigurationError(
            f"{who} varies train.variants, but variants.count is 0: there are no altered copies to hear. Set"
            " variants.count, or variants.mode: on_the_fly, or leave train.variants out."
        )


def check_taggram(params: ExplainParams, champion: Any) -> None:
    """Refuse windows that a trained model does not take.

    Args:
        params: of `ExplainParams`.
        champion: the bundle that is explained, or None where the model is not trained.

    Raises:
        ConfigurationError: which says what to change.
    """
    from auricle.explanation.taggram import taggram_windows

    asked = params.taggram
    if champion is not None and (asked.window_seconds is not None or asked.hop_seconds is not None):
        taggram_windows(champion, asked)


def check_note_sequence(params: Any, labels: Any, bundle: Any, *, is_made: bool) -> None:
    """Refuse a sequence model that nothing can be learned for.

    Args:
        params: of `NoteSequenceParams`, or what it is made from.
        labels: of `LabelParams`, or what it is made from.
        bundle: of the analyzer, or None where it is not trained.
        is_made: whether the analyzer is trained in the same run.

    Raises:
        ConfigurationError: which says what to change.
    """
    from auricle.models.bundle import labels_of
    from auricle.training.device import resolve_device
    from auricle.training.note_sequence_params import NoteSequenceParams, untrained

    resolve_device(NoteSequenceParams.model_validate(params).device)
    asked = LabelParams.model_validate(labels)
    if not asked.is_multi and not is_made:
        if bundle is None:
            raise untrained()
        asked = labels_of(bundle.config)
    if asked.is_multi:
        raise ConfigurationError(
            f"problem_type is {asked.problem_type}, and the sequence model corrects one class a note. Set"
            " labels.problem_type: single_label_classification, and train the analyzer with it."
        )


def check_retraining(rule: Any, labels: Any) -> None:
    """Refuse a rule of promotion by a figure that such labels do not have.

    Args:
        rule: of `RuleParams`, or what it is made from.
        labels: of `LabelParams`, or what it is made from.

    Raises:
        ConfigurationError: which says what there is.
    """
    from auricle.evaluation.evaluate import kind_of
    from auricle.retraining.params import RuleParams
    from auricle.retraining.rule import figure_of

    figure_of(RuleParams.model_validate(rule), kind_of(LabelParams.model_validate(labels)))


def check_prediction(params: Any, run_root: Path) -> None:
    """Refuse a prediction that has no files or no model, or asks of the model what it cannot give.

    Args:
        params: of `PredictParams`, or what it is made from.
        run_root: where the environment keeps its models.

    Raises:
        AuricleError: which says what to change.
    """
    from auricle.inference.bulk.job import plan
    from auricle.inference.bulk.params import PredictParams

    plan(PredictParams.model_validate(params), run_root)


def check_recommendation(
    recommendation: Any, ingest: Any, champion: "BundleRef | None", tags: Path, name: str, *, is_made: bool
) -> None:
    """Refuse recommendations by nobody, and ratings written otherwise than they are read, or never listed.

    Args:
        recommendation: of `RecommendationParams`, or what it is made from.
        ingest: of `IngestParams`, or what it is made from.
        champion: the rater's, or None.
        tags: the folder of dry runs.
        name: of the rater, such as `ratings.rater`.
        is_made: whether the same run trains it.

    Raises:
        ConfigurationError: which says what to change.
        MissingPackageError: tags are asked for, and mutagen is not installed.
    """
    from auricle.inference.tag_files import check_installed
    from auricle.recommendation.corpus import check_trained
    from auricle.recommendation.params import RecommendationParams
    from auricle.recommendation.tags import BY, check_dry_run, style_of
    from auricle.training.device import resolve_device

    params, corpus = RecommendationParams.model_validate(recommendation), IngestParams.model_validate(ingest)
    resolve_device(params.device)
    if params.tags.mode != "none":
        check_installed(by=BY)
        style_of(params.tags, corpus.layout, corpus.layout_options)
    if is_made:
        if params.tags.mode == "write":
            raise ConfigurationError(
                f"{BY}.mode is write, and this run trains {name}: its ratings were never listed. Train first,"
                f" then run the pipeline recommend with {BY}.mode=dry_run, and then with write."
            )
        return
    check_dry_run(tags / check_trained(champion, name).version, params.tags)


def check_ensemble(ensemble: Any, labels: Any, candidates: Mapping[str, Any]) -> None:
    """Refuse an ensemble of what is unknown, untrained or too little, or a method that such labels lack.

    Args:
        ensemble: of `EnsembleParams`, or what it is made from.
        labels: of `LabelParams`, or what it is made from.
        candidates: by model of the study its bundle; None where it is not trained, True where the same run
            trains it.

    Raises:
        ConfigurationError: which says what to change.
    """
    from auricle.models.bundle import BundleRef
    from auricle.training.ensemble import rank_mean_refused, too_few, untrained
    from auricle.training.ensemble_params import EnsembleParams
    from auricle.training.member_table import check_vocabulary

    params = EnsembleParams.model_validate(ensemble)
    if params.method == "rank_mean" and not LabelParams.model_validate(labels).is_multi:
        raise ConfigurationError(rank_mean_refused())
    for name in params.members or ():
        if name not in candidates:
            near = get_close_matches(name, candidates, n=1)
            raise ConfigurationError(
                f"ensemble.members names {name!r}, which the study does not have"
                f"{f'; {near[0]!r} is near' if near else ''}. There are {', '.join(candidates)}."
            )
        if candidates[name] is None:
            raise ConfigurationError(untrained(name))
    there = {name: candidates[name] for name in params.members or candidates if candidates[name] is not None}
    if len(there) < 2:
        raise ConfigurationError(too_few(there))
    bundles = {name: bundle for name, bundle in there.items() if isinstance(bundle, BundleRef)}
    for name, bundle in bundles.items():
        first = next(iter(bundles))
        check_vocabulary(first, bundles[first].vocabulary, name, bundle.vocabulary)


def check_device(params: Any) -> None:
    """Refuse a device or a precision that this machine lacks.

    Args:
        params: of `TrainParams`, or what it is made from; of `ExplainParams` or `SimilarityParams`.

    Raises:
        ConfigurationError: which says what there is.
    """
    from auricle.training.device import (
        check_compiled,
        check_processes,
        resolve_device,
        resolve_precision,
    )

    if isinstance(params, ExplainParams | SimilarityParams):
        resolve_device(params.device)
        return
    training = TrainParams.model_validate(params)
    device = resolve_device(training.device)
    check_compiled(training.compile, device, resolve_precision(training.precision, device))
    check_processes(training.processes, device)
