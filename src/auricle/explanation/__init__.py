"""What a network listened to: heat maps on spectrograms, attention over time, and the sound of both."""
