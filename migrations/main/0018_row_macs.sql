-- +goose Up
-- What a row that opens a door says is bound with the tenant's key, so that one written past the service
-- opens nothing. Rows from before are bound once, when the service first starts with this schema.
alter table tenant add column mac @blob;
alter table identity_accounts add column mac @blob;
alter table identity_accounts add column grants_mac @blob; -- over the whole set: a missing grant can widen the others
alter table identity_sessions add column mac @blob;
alter table identity_devices add column mac @blob;
alter table identity_email_changes add column mac @blob;
