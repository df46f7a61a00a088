"""The deployed stack under load: ``make load-test``. (The stage that loads warehouses is functions/load.)"""
