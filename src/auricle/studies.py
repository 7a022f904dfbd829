"""The table of studies: which models are trained on which corpus, and by which pipeline."""

# A corpus and the models trained on it. A new corpus is one line here and one parameters file.
STUDIES: dict[str, tuple[str, ...]] = {
    "genre": ("random_forest", "cnn", "hybrid", "resnet", "cnn_lstm", "transfer"),
}

# The pipeline that trains a model, in every study that lists it: `kedro run --pipelines=train_cnn`.
TRAINED_BY: dict[str, str] = {
    "random_forest": "train_rf",
    "cnn": "train_cnn",
    "hybrid": "train_hybrid",
    "resnet": "train_resnet",
    "cnn_lstm": "train_cnn_lstm",
    "transfer": "train_transfer",
}
