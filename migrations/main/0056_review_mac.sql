-- +goose Up
-- What was decided about a line of a review, and whether it was carried out, is bound with the tenant's key: a
-- decision written past the service counts as none (ADR 21). Lines from before are bound once, at the first start.
alter table review_line add column mac @blob;
