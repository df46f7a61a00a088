-- How did an asset's price move? Hours of the last seven days, by source
-- base string: The asset's canonical symbol
-- quote string: The currency of the price
-- source string: Whose price it is
-- hour timestamp: Start of the hour, UTC
-- price decimal(38,18): Last price in the hour
-- low decimal(38,18): Lowest snapshot in the hour
-- high decimal(38,18): Highest snapshot in the hour
-- snapshots int64: Number of snapshots in the hour
SELECT
  base,
  quote,
  source,
  date_trunc('hour', observed_at) AS hour,
  max_by(price, observed_at) AS price,
  min(price) AS low,
  max(price) AS high,
  count(*) AS snapshots
FROM quotes
WHERE dt >= CAST(CAST(current_date - INTERVAL '7' DAY AS date) AS varchar)
GROUP BY base, quote, source, date_trunc('hour', observed_at)
ORDER BY base, quote, source, hour DESC
