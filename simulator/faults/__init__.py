"""What can be made to go wrong on demand: the plan, and the middleware that carries it out."""
