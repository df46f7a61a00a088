-- How far is each asset below its peak? Drawdown of complete days' closes from the running peak, now and at worst
-- base string: The asset's canonical symbol
-- quote string: The currency of the prices
-- source string: Whose prices they are
-- dt string: The newest complete day, UTC
-- close decimal(38,18): Its last price
-- drawdown_percent double: How far that is below the highest close before, 0 or less
-- deepest_percent double: The worst drawdown in the lake
-- deepest_dt string: The day of the worst drawdown
SELECT
  base,
  quote,
  source,
  max(dt) AS dt,
  max_by(close, dt) AS close,
  100 * max_by(drawdown, dt) AS drawdown_percent,
  100 * min(drawdown) AS deepest_percent,
  min_by(dt, drawdown) AS deepest_dt
FROM asset_days
WHERE drawdown IS NOT NULL
GROUP BY base, quote, source
ORDER BY drawdown_percent
