"""The rating model: an encoder and a classifier, either of which may be a class of the user's own."""
