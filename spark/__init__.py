"""A rebuild on Spark, whose executors run the stages' own code; README.md says when that is worth it."""
