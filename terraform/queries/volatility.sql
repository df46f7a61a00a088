-- Which assets swing most? 30 days' volatility, annualised, by source
-- base string: The asset's canonical symbol
-- quote string: The currency of the prices
-- source string: Whose prices they are
-- dt string: The newest day with at least 20 returns in its 30 days, UTC
-- volatility_percent double: Standard deviation of the daily log returns times the root of 365
-- close decimal(38,18): Last price of that day
SELECT
  base,
  quote,
  source,
  max(dt) AS dt,
  100 * max_by(volatility_30d, dt) AS volatility_percent,
  max_by(close, dt) AS close
FROM asset_days
WHERE month >= substr(CAST(CAST(current_date - INTERVAL '31' DAY AS date) AS varchar), 1, 7)
  AND volatility_30d IS NOT NULL
GROUP BY base, quote, source
ORDER BY volatility_percent DESC
