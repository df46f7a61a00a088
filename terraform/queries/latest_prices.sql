-- What does everything cost now? The newest price of each market
-- base string: The asset's canonical symbol
-- quote string: The currency of the price
-- source string: Whose price it is
-- price decimal(38,18): The price
-- change_24h_percent double: Change over 24 hours
-- volume_24h_quote decimal(38,18): Value traded in 24 hours
-- market_cap decimal(38,18): Price times circulating supply, as the source gives it
-- rank int32: Rank by market cap, 1 is the largest
-- observed_at timestamp: When the price was seen, UTC
-- age_minutes int64: How long ago that was
SELECT
  base,
  quote,
  source,
  price,
  change_24h_percent,
  volume_24h_quote,
  market_cap,
  rank,
  observed_at,
  CAST(
    floor(date_diff('second', CAST(observed_at AS timestamp), CAST(current_timestamp AS timestamp)) / 60.0) AS bigint
  ) AS age_minutes
FROM latest
ORDER BY rank NULLS LAST, base, quote, source
