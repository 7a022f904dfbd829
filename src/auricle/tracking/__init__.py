"""What is logged of trained models for MLflow. Nothing here imports it unless a run asks for it."""
