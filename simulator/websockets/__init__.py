"""Live feeds: connections, what is sent when, and the disruptions that ``/_streams`` orders."""
