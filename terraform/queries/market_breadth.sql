-- How does the market do? Assets up and down, total market cap, dominance and mood by day
-- dt string: Day, UTC
-- breadth_percent double: Share of the assets that rose; null for a day without complete ones, as that which still runs
-- assets int32: How many assets with a complete day are known to have risen, fallen or stayed
-- assets_up int32: How many rose
-- assets_down int32: How many fell
-- total_market_cap decimal(38,18): Sum of the market caps of the source's assets in the lake
-- btc_dominance_percent double: Bitcoin's share in it
-- eth_dominance_percent double: Ether's share in it
-- sentiment int32: Fear and greed index: 0 is extreme fear, 100 extreme greed
-- classification string: The index's own word for it
-- quote string: The currency of the market caps
-- source string: Whose prices and market caps these are
-- coverage_percent double: Share of the assets whose day is complete
SELECT
  dt,
  100 * breadth AS breadth_percent,
  assets,
  assets_up,
  assets_down,
  total_market_cap,
  100 * btc_dominance AS btc_dominance_percent,
  100 * eth_dominance AS eth_dominance_percent,
  sentiment,
  classification,
  quote,
  source,
  100 * coverage AS coverage_percent
FROM market_days
ORDER BY dt DESC
