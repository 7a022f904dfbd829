"""Encoders of wav2vec 2.0's shape with a handful of weights: transformers', and torchaudio's."""

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

TORCHAUDIO = {
    "extractor_mode": "group_norm",
    "extractor_conv_layer_config": [[8, 20, 10], [16, 8, 8]],
    "extractor_conv_bias": False,
    "encoder_embed_dim": 16,
    "encoder_projection_dropout": 0.1,
    "encoder_pos_conv_kernel": 8,
    "encoder_pos_conv_groups": 4,
    "encoder_num_layers": 2,
    "encoder_num_heads": 2,
    "encoder_attention_dropout": 0.1,
    "encoder_ff_interm_features": 32,
    "encoder_ff_interm_dropout": 0.1,
    "encoder_dropout": 0.1,
    "encoder_layer_norm_first": False,
    "encoder_layer_drop": 0.1,
    "aux_num_out": None,
}
