"""A small shop: orders in postgres, cached in redis, receipts in S3, confirmations by mail."""
