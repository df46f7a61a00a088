-- What were an asset's days? Open, high, low, close and volume of the last year, by source
-- base string: The asset's canonical symbol
-- quote string: The currency of the prices
-- source string: Whose prices they are
-- dt string: Day, UTC
-- open decimal(38,18): First price
-- high decimal(38,18): Highest price
-- low decimal(38,18): Lowest price
-- close decimal(38,18): Last price
-- volume decimal(38,18): Volume traded, in the asset
-- change_percent double: Change of the close since the day before, a simple return; null unless both days are complete
-- is_complete boolean: Whether nothing of the day is unknown, or yet to come
-- coverage_percent double: Share of the day that is known
SELECT
  base,
  quote,
  source,
  dt,
  open,
  high,
  low,
  close,
  volume,
  100 * simple_return AS change_percent,
  is_complete,
  100 * coverage AS coverage_percent
FROM asset_days
WHERE month >= substr(CAST(CAST(current_date - INTERVAL '365' DAY AS date) AS varchar), 1, 7)
ORDER BY base, quote, source, dt DESC
