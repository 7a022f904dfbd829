"""Evaluation from predictions alone: figures with intervals, fair comparison, report and model card."""
