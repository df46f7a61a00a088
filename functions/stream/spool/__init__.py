"""Frames on disk, from the moment they are acknowledged until S3 has them."""
