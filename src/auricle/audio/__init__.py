"""Audio as arrays: decoding, front ends, the spectrogram store and the synthesis of the demo corpus."""
