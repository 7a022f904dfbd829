"""Commands of the project beside Kedro's own; `auricle.cli` lists them."""
