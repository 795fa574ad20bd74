-- +goose Up
-- Why something is to be disposed of is people's own text, and sealed like any other. Reasons from before go.
alter table asset_disposal add column reason_sealed @blob;
update asset_disposal set reason = '';
