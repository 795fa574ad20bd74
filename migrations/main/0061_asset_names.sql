-- +goose Up
-- Names of keys told whose they are: a customer's name in open text, which outlived the customer. The next look
-- enters the code instead.
update asset_entry set name = '契約先の鍵' where kind = 'key' and name not like '契約先 %';
