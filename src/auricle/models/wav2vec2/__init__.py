"""Speech encoders of the kind of wav2vec 2.0 (Baevski et al., 2020) as classifiers of waveforms."""
