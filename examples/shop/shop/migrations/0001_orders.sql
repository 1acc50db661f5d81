CREATE TABLE orders (
    id             bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer_email text        NOT NULL,
    item           text        NOT NULL,
    quantity       integer     NOT NULL CHECK (quantity > 0),
    status         text        NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'confirmed')),
    created_at     timestamptz NOT NULL DEFAULT now()
);
