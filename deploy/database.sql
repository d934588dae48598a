-- An outside PostgreSQL (15 or newer, with PostGIS) for Anlan; as superuser:
--   psql -v owner_password=… -v app_password=… -f deploy/database.sql
-- Keep the two role names: a backup carries them, so it can be restored on a private or on an outside database alike.
CREATE ROLE anlan_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE anlan_app LOGIN PASSWORD :'app_password';
CREATE DATABASE anlan OWNER anlan_owner ENCODING 'UTF8' TEMPLATE template0 LOCALE 'C.UTF-8';
\connect anlan
CREATE EXTENSION postgis;
CREATE EXTENSION btree_gist;
CREATE EXTENSION pg_trgm;
-- The services get rows, never tables.
GRANT USAGE ON SCHEMA public TO anlan_app;
ALTER DEFAULT PRIVILEGES FOR ROLE anlan_owner IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO anlan_app;
ALTER DEFAULT PRIVILEGES FOR ROLE anlan_owner IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO anlan_app;
ALTER DEFAULT PRIVILEGES FOR ROLE anlan_owner IN SCHEMA public GRANT EXECUTE ON FUNCTIONS TO anlan_app;
