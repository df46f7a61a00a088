"""The words every stage shares: keys, tables, events, settings, errors.

Stages know each other only through objects in S3 and through this package;
no stage imports another.
"""
