"""What to hear next of a library that is rated in part: unrated recordings, each with its reasons."""
