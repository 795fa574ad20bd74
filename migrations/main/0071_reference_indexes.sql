-- +goose Up
-- Deleting an account asks each table that refers to it; without these every deletion read a customer's whole share of
-- the table (50,000 accounts: minutes instead of seconds on PostgreSQL).
create index identity_devices_account on identity_devices (tenant_id, account_id);
create index sso_links_person on sso_links (tenant_id, account_id);
create index scim_acts_account on scim_acts (tenant_id, account_id);
