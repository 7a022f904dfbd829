"""Using trained models: loading, prediction on files, scoring of a whole corpus; no Kedro needed."""
