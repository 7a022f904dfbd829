"""The model classes, their parameters, and the folder (bundle) that a trained one is kept in."""
