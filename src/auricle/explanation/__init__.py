"""What a network listened to and says over time, and how a model sees recordings: to be seen and heard."""
