"""An encoder of wav2vec 2.0's shape with a handful of weights."""

GEOMETRY = {
    "conv_dim": (8, 12),
    "conv_kernel": (10, 4),
    "conv_stride": (5, 4),
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 24,
    "num_conv_pos_embeddings": 4,
    "num_conv_pos_embedding_groups": 4,
}
