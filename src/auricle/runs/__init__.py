"""Runs that nobody watches: their lock, their summary, whom they tell, and how they end."""
