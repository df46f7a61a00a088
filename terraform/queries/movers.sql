-- What moves today? Assets by how far they rose or fell over 24 hours
-- base string: The asset's canonical symbol
-- quote string: The currency of the price
-- source string: Whose price it is: of the sources that have the asset, that which ranks it or has most volume
-- price decimal(38,18): The newest price
-- change_24h_percent double: Change over 24 hours
-- volume_24h_quote decimal(38,18): Value traded in 24 hours
-- rank int32: Rank by market cap, 1 is the largest
-- observed_at timestamp: When the price was seen, UTC
WITH ranked AS (
  SELECT
    *,
    row_number() OVER (
      PARTITION BY base
      ORDER BY rank NULLS LAST, volume_24h_quote DESC NULLS LAST, source, quote
    ) AS nth
  FROM latest
  WHERE change_24h_percent IS NOT NULL
    AND observed_at >= CAST(current_timestamp AS timestamp) - INTERVAL '1' DAY
)
SELECT
  base,
  quote,
  source,
  price,
  change_24h_percent,
  volume_24h_quote,
  rank,
  observed_at
FROM ranked
WHERE nth = 1
ORDER BY abs(change_24h_percent) DESC, base
