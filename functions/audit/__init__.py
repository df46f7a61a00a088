"""audit: every candle bucket that should exist is accounted for, and holes are refilled."""
