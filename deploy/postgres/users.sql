-- PostgreSQL's container runs this once, when its volume is empty, as the superuser, who is not used afterwards. One user owns
-- the tables and runs the service; another, for Grafana, reads the public views. `market-data roles create` grants the rights
-- of the mds_ roles.
\getenv service_password SERVICE_PASSWORD
\getenv grafana_password GRAFANA_PASSWORD

create role market_data login password :'service_password';
create database market_data owner market_data;
create role mds_ingest;
create role mds_relay;
create role mds_consumer;
create role mds_read;
-- So that /health can name the session that holds back the log.
grant pg_read_all_stats to market_data with admin option;

create role grafana login password :'grafana_password' in role mds_read;
alter role grafana set default_transaction_read_only = on;
alter role grafana set statement_timeout = '30s';
