"""Training on plain lists of files and labels, without a project, by the code that the pipelines run."""
