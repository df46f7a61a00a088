-- prepare
SELECT nspname FROM pg_namespace WHERE nspname = 'coinlake';
SELECT table_name, table_type FROM svv_tables WHERE table_schema = 'coinlake';
SELECT table_name, column_name, data_type, character_maximum_length, numeric_precision, numeric_scale FROM svv_columns WHERE table_schema = 'coinlake';
CREATE SCHEMA "coinlake";
CREATE TABLE IF NOT EXISTS "coinlake"."loads" (
  "table_name" varchar(256) NOT NULL,
  "partition" varchar(1024) NOT NULL,
  "version" bigint NOT NULL,
  "etag" varchar(256) NOT NULL,
  "rows" bigint NOT NULL,
  "hash" numeric(38,0) NOT NULL,
  "columns" varchar(64) NOT NULL,
  "loaded_at" timestamp NOT NULL
);
CREATE TABLE IF NOT EXISTS "coinlake"."bars" (
  "source" character varying(1024) NOT NULL,
  "base" character varying(1024) NOT NULL,
  "quote" character varying(1024) NOT NULL,
  "open_time" timestamp without time zone NOT NULL,
  "open" numeric(38,18),
  "price" numeric(18,8),
  "trades" bigint,
  "parts" integer,
  "is_closed" boolean,
  "coverage" double precision,
  "interval" character varying(1024) NOT NULL,
  "month" character varying(1024) NOT NULL
) SORTKEY ("open_time");
CREATE OR REPLACE VIEW "coinlake"."discounts" AS
SELECT CAST(slot_time AS DATE) AS day, source, base, quote,
  COUNT(spread_bps) AS slots,
  AVG(spread_bps) AS mean_bps,
  PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY spread_bps) AS median_bps,
  MIN(spread_bps) AS lowest_bps,
  MAX(spread_bps) AS highest_bps
FROM "coinlake"."spreads"
WHERE spread_bps IS NOT NULL
GROUP BY 1, 2, 3, 4;

-- ledger
SELECT "table_name", "partition", "version", "etag", "rows", CAST("hash" AS VARCHAR), "columns" FROM "coinlake"."loads";
SELECT "table_name", "partition", "version", "etag", "rows", CAST("hash" AS VARCHAR), "columns" FROM "coinlake"."loads" WHERE "table_name" = 'bars' AND "partition" = 'interval=1h/month=2026-11';
UPDATE "coinlake"."loads" SET "etag" = '' WHERE "table_name" = 'bars';

-- load
LOCK "coinlake"."loads";
SELECT 1 / CASE WHEN (SELECT COALESCE(MAX("version"), 0) < 17 FROM "coinlake"."loads" WHERE "table_name" = 'bars' AND "partition" = 'interval=1h/month=2026-11') THEN 1 ELSE 0 END;
DELETE FROM "coinlake"."loads" WHERE "table_name" = 'bars' AND "partition" = 'interval=1h/month=2026-11';
CREATE TEMP TABLE coinlake_stage ("source" character varying(1024), "base" character varying(1024), "quote" character varying(1024), "open_time" timestamp without time zone, "open" numeric(38,18), "price" numeric(18,8), "trades" bigint, "parts" integer, "is_closed" boolean, "coverage" double precision);
COPY coinlake_stage FROM 's3://lake/handoff/redshift/bars/interval=1h/month=2026-11/0000000017.0a1b.parquet' IAM_ROLE 'arn:r' FORMAT AS PARQUET;
DELETE FROM "coinlake"."bars" WHERE "interval" = '1h' AND "month" = '2026-11';
INSERT INTO "coinlake"."bars" ("source", "base", "quote", "open_time", "open", "price", "trades", "parts", "is_closed", "coverage", "interval", "month") SELECT "source", "base", "quote", "open_time", "open", "price", "trades", "parts", "is_closed", "coverage", '1h', '2026-11' FROM coinlake_stage;
INSERT INTO "coinlake"."loads" ("table_name", "partition", "version", "etag", "rows", "hash", "columns", "loaded_at") VALUES ('bars', 'interval=1h/month=2026-11', 17, '0a1b', 27360, 123456789012345678901234, 'c0ffee', GETDATE());
SELECT 1 / CASE WHEN (SELECT COUNT(*) = 27360 AND COALESCE(SUM(CAST(STRTOL(SUBSTRING(MD5(COALESCE("source", '~') || '|' || COALESCE("base", '~') || '|' || COALESCE("quote", '~') || '|' || COALESCE(CAST(DATEDIFF(microsecond, TIMESTAMP '1970-01-01 00:00:00', "open_time") AS VARCHAR), '~') || '|' || COALESCE(CAST("open" AS VARCHAR), '~') || '|' || COALESCE(CAST("price" AS VARCHAR), '~') || '|' || COALESCE(CAST("trades" AS VARCHAR), '~') || '|' || COALESCE(CAST("parts" AS VARCHAR), '~') || '|' || COALESCE(CASE WHEN "is_closed" THEN '1' WHEN NOT "is_closed" THEN '0' END, '~') || '|' || COALESCE(CAST(CAST("coverage" AS DECIMAL(38,10)) AS VARCHAR), '~')), 1, 15), 16) AS DECIMAL(38,0))), 0) = 123456789012345678901234 FROM "coinlake"."bars" WHERE "interval" = '1h' AND "month" = '2026-11') THEN 1 ELSE 0 END;

-- keep
LOCK "coinlake"."loads";
SELECT 1 / CASE WHEN (SELECT COALESCE(MAX("version"), 0) < 17 FROM "coinlake"."loads" WHERE "table_name" = 'bars' AND "partition" = 'interval=1h/month=2026-11') THEN 1 ELSE 0 END;
DELETE FROM "coinlake"."loads" WHERE "table_name" = 'bars' AND "partition" = 'interval=1h/month=2026-11';
INSERT INTO "coinlake"."loads" ("table_name", "partition", "version", "etag", "rows", "hash", "columns", "loaded_at") VALUES ('bars', 'interval=1h/month=2026-11', 17, '0a1b', 27360, 123456789012345678901234, 'c0ffee', GETDATE());
SELECT 1 / CASE WHEN (SELECT COUNT(*) = 27360 AND COALESCE(SUM(CAST(STRTOL(SUBSTRING(MD5(COALESCE("source", '~') || '|' || COALESCE("base", '~') || '|' || COALESCE("quote", '~') || '|' || COALESCE(CAST(DATEDIFF(microsecond, TIMESTAMP '1970-01-01 00:00:00', "open_time") AS VARCHAR), '~') || '|' || COALESCE(CAST("open" AS VARCHAR), '~') || '|' || COALESCE(CAST("price" AS VARCHAR), '~') || '|' || COALESCE(CAST("trades" AS VARCHAR), '~') || '|' || COALESCE(CAST("parts" AS VARCHAR), '~') || '|' || COALESCE(CASE WHEN "is_closed" THEN '1' WHEN NOT "is_closed" THEN '0' END, '~') || '|' || COALESCE(CAST(CAST("coverage" AS DECIMAL(38,10)) AS VARCHAR), '~')), 1, 15), 16) AS DECIMAL(38,0))), 0) = 123456789012345678901234 FROM "coinlake"."bars" WHERE "interval" = '1h' AND "month" = '2026-11') THEN 1 ELSE 0 END;

-- remove
LOCK "coinlake"."loads";
SELECT 1 / CASE WHEN (SELECT COALESCE(MAX("version"), 0) < 17 FROM "coinlake"."loads" WHERE "table_name" = 'bars' AND "partition" = 'interval=1h/month=2026-11') THEN 1 ELSE 0 END;
DELETE FROM "coinlake"."loads" WHERE "table_name" = 'bars' AND "partition" = 'interval=1h/month=2026-11';
DELETE FROM "coinlake"."bars" WHERE "interval" = '1h' AND "month" = '2026-11';

-- check
SELECT CAST(COUNT(*) AS VARCHAR), CAST(COALESCE(SUM(CAST(STRTOL(SUBSTRING(MD5(COALESCE("source", '~') || '|' || COALESCE("base", '~') || '|' || COALESCE("quote", '~') || '|' || COALESCE(CAST(DATEDIFF(microsecond, TIMESTAMP '1970-01-01 00:00:00', "open_time") AS VARCHAR), '~') || '|' || COALESCE(CAST("open" AS VARCHAR), '~') || '|' || COALESCE(CAST("price" AS VARCHAR), '~') || '|' || COALESCE(CAST("trades" AS VARCHAR), '~') || '|' || COALESCE(CAST("parts" AS VARCHAR), '~') || '|' || COALESCE(CASE WHEN "is_closed" THEN '1' WHEN NOT "is_closed" THEN '0' END, '~') || '|' || COALESCE(CAST(CAST("coverage" AS DECIMAL(38,10)) AS VARCHAR), '~')), 1, 15), 16) AS DECIMAL(38,0))), 0) AS VARCHAR) FROM "coinlake"."bars" WHERE "interval" = '1h' AND "month" = '2026-11';

-- probe
CREATE TEMP TABLE coinlake_stage ("source" character varying(1024), "base" character varying(1024), "quote" character varying(1024), "open_time" timestamp without time zone, "open" numeric(38,18), "price" numeric(18,8), "trades" bigint, "parts" integer, "is_closed" boolean, "coverage" double precision);
COPY coinlake_stage FROM 's3://lake/handoff/redshift/bars/interval=1h/month=2026-11/0000000017.0a1b.parquet' IAM_ROLE 'arn:r' FORMAT AS PARQUET;
SELECT CAST(COUNT(*) AS VARCHAR), CAST(COALESCE(SUM(CAST(STRTOL(SUBSTRING(MD5(COALESCE("source", '~') || '|' || COALESCE("base", '~') || '|' || COALESCE("quote", '~') || '|' || COALESCE(CAST(DATEDIFF(microsecond, TIMESTAMP '1970-01-01 00:00:00', "open_time") AS VARCHAR), '~') || '|' || COALESCE(CAST("open" AS VARCHAR), '~') || '|' || COALESCE(CAST("price" AS VARCHAR), '~') || '|' || COALESCE(CAST("trades" AS VARCHAR), '~') || '|' || COALESCE(CAST("parts" AS VARCHAR), '~') || '|' || COALESCE(CASE WHEN "is_closed" THEN '1' WHEN NOT "is_closed" THEN '0' END, '~') || '|' || COALESCE(CAST(CAST("coverage" AS DECIMAL(38,10)) AS VARCHAR), '~')), 1, 15), 16) AS DECIMAL(38,0))), 0) AS VARCHAR) FROM coinlake_stage WHERE TRUE;
