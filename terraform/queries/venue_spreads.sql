-- Where is an asset cheap or dear? Each source's newest price against the median of all
-- base string: The asset's canonical symbol
-- quote string: The currency of the price; only prices in the same one are compared
-- source string: Whose price it is
-- price decimal(38,18): The source's price
-- median decimal(38,18): Median of the sources' prices in this currency
-- spread_bps double: Distance from the median in basis points: above 0 a premium, below 0 a discount
-- usd_spread_bps double: Distance from the median in USD, for prices in another currency
-- venues int32: How many sources have a price in this currency
-- slot_time timestamp: End of the five minutes that are compared, UTC
WITH timed AS (
  SELECT
    *,
    max(slot_time) OVER (PARTITION BY base, quote) AS newest
  FROM spreads
  WHERE month >= substr(CAST(CAST(current_date - INTERVAL '1' DAY AS date) AS varchar), 1, 7)
)
SELECT
  base,
  quote,
  source,
  price,
  median,
  spread_bps,
  usd_spread_bps,
  venues,
  slot_time
FROM timed
WHERE slot_time = newest
  AND (spread_bps IS NOT NULL OR usd_spread_bps IS NOT NULL)
ORDER BY abs(spread_bps) DESC NULLS LAST, base, quote, source
