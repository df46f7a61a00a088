-- 1 of 3, once, by an administrator of the Snowflake account. Made by `coinlake snowflake sql`.
-- The last two statements tell who Snowflake is in AWS: STORAGE_AWS_IAM_USER_ARN, and the principal of the
-- policy. Write both into the tfvars, load = { snowflake = { user_arn = "…", subscriber_arn = "…" } }, and
-- deploy again before the second file is run.

USE ROLE ACCOUNTADMIN;

CREATE STORAGE INTEGRATION IF NOT EXISTS "COINLAKE_DEV"
  TYPE = EXTERNAL_STAGE STORAGE_PROVIDER = 'S3' ENABLED = TRUE
  STORAGE_AWS_ROLE_ARN = 'arn:aws:iam::123456789012:role/coinlake-dev-snowflake'
  STORAGE_AWS_EXTERNAL_ID = 'coinlake-dev-123456789012'
  STORAGE_ALLOWED_LOCATIONS = ('s3://coinlake-dev-lake-123456789012-us-east-1/handoff/snowflake/', 's3://coinlake-dev-lake-123456789012-us-east-1/handoff/reports/snowflake/');

CREATE ROLE IF NOT EXISTS COINLAKE_LOAD;
CREATE ROLE IF NOT EXISTS COINLAKE_READ;

GRANT ROLE COINLAKE_LOAD TO ROLE SYSADMIN;
GRANT ROLE COINLAKE_READ TO ROLE SYSADMIN;

CREATE DATABASE IF NOT EXISTS "COINLAKE_DEV";

GRANT USAGE, CREATE SCHEMA ON DATABASE "COINLAKE_DEV" TO ROLE COINLAKE_LOAD;
GRANT USAGE ON DATABASE "COINLAKE_DEV" TO ROLE COINLAKE_READ;
GRANT USAGE ON INTEGRATION "COINLAKE_DEV" TO ROLE COINLAKE_LOAD;
GRANT EXECUTE TASK, EXECUTE MANAGED TASK ON ACCOUNT TO ROLE COINLAKE_LOAD;

DESC INTEGRATION "COINLAKE_DEV";

SELECT SYSTEM$GET_AWS_SNS_IAM_POLICY('arn:aws:sns:us-east-1:123456789012:coinlake-dev-handoff');
