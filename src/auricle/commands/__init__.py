"""Commands of the project, each in a module of its own: `kedro check-models`."""
