"""Bundles that stand alone: packed into one folder, pushed to the Hugging Face Hub, and had from there."""
