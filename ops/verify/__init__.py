"""A deployed stack, tried from raw to a question's answer, and left as it was."""
