-- Where are candles missing, and why? Buckets of each market by what became of them
-- source string: Whose candles
-- base string: The asset's canonical symbol
-- quote string: The currency of the prices
-- interval string: Length of the bucket
-- since timestamp: Start of the first bucket that was looked at, UTC
-- buckets int64: Buckets that were looked at
-- present int64: Those that are there
-- no_trade int64: Those without a trade, by evidence
-- venue_outage int64: Those of the venue's own outages, by evidence
-- our_outage int64: Those that we missed
-- unfillable int64: Those that the source no longer has
-- pending int64: Those that are not yet settled
-- not_listed int64: Those before the market was listed, or after
-- explained_percent double: Share of what should exist that is there, or known not to exist
SELECT
  source,
  base,
  quote,
  "interval",
  min(open_time) AS since,
  CAST(sum(buckets) AS bigint) AS buckets,
  CAST(coalesce(sum(buckets) FILTER (WHERE state = 'present'), 0) AS bigint) AS present,
  CAST(coalesce(sum(buckets) FILTER (WHERE state = 'no_trade'), 0) AS bigint) AS no_trade,
  CAST(coalesce(sum(buckets) FILTER (WHERE state = 'venue_outage'), 0) AS bigint) AS venue_outage,
  CAST(coalesce(sum(buckets) FILTER (WHERE state = 'our_outage'), 0) AS bigint) AS our_outage,
  CAST(coalesce(sum(buckets) FILTER (WHERE state = 'unfillable'), 0) AS bigint) AS unfillable,
  CAST(coalesce(sum(buckets) FILTER (WHERE state = 'pending'), 0) AS bigint) AS pending,
  CAST(coalesce(sum(buckets) FILTER (WHERE state = 'not_listed'), 0) AS bigint) AS not_listed,
  100 * CAST(coalesce(sum(buckets) FILTER (WHERE state IN ('present', 'no_trade', 'venue_outage')), 0) AS double)
    / CAST(nullif(sum(buckets) FILTER (WHERE state NOT IN ('not_listed', 'pending')), 0) AS double) AS explained_percent
FROM gaps
GROUP BY source, base, quote, "interval"
ORDER BY explained_percent, source, base, quote, "interval"
