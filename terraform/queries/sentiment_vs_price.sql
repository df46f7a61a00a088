-- Does the market's mood lead its price? Fear and greed beside bitcoin's days and the day after each
-- dt string: Day, UTC
-- value int32: The index: 0 is extreme fear, 100 extreme greed
-- classification string: The index's own word for the value
-- close decimal(38,18): Bitcoin's last price of the day
-- quote string: The currency of the price
-- source string: Whose price it is, that with the most volume of the day
-- change_percent double: Change of the close since the day before; null unless both days are complete
-- next_change_percent double: Change of the close to the day after, likewise
-- is_complete boolean: Whether nothing of the day is unknown, or yet to come
WITH moods AS (
  SELECT
    CAST(CAST(observed_at AS date) AS varchar) AS dt,
    value,
    classification
  FROM sentiment
  WHERE "index" = 'fear_and_greed'
),
days AS (
  SELECT
    *,
    lead(simple_return) OVER (PARTITION BY source, quote ORDER BY dt) AS next_return,
    row_number() OVER (PARTITION BY dt ORDER BY volume DESC NULLS LAST, source, quote) AS nth
  FROM asset_days
  WHERE base = 'BTC'
)
SELECT
  moods.dt,
  moods.value,
  moods.classification,
  days.close,
  days.quote,
  days.source,
  100 * days.simple_return AS change_percent,
  100 * days.next_return AS next_change_percent,
  days.is_complete
FROM moods
INNER JOIN days ON days.dt = moods.dt AND days.nth = 1
ORDER BY dt DESC
