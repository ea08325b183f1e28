-- One store: its form, and the number that was minted when it was made.
CREATE TABLE holdall_store (
    one         boolean PRIMARY KEY DEFAULT true CHECK (one),
    form        integer NOT NULL,
    incarnation uuid    NOT NULL DEFAULT gen_random_uuid()
);
INSERT INTO holdall_store (form) VALUES (1);

-- A cart. Whatever changes the rest of a record changes revision or folded here, in the same
-- statement: so a condition on both is a condition on the whole record.
CREATE TABLE holdall_cart (
    cart       uuid     PRIMARY KEY,
    revision   bigint   NOT NULL,
    at_ms      bigint   NOT NULL,
    class      smallint NOT NULL,
    folded     bigint   NOT NULL, -- the log goes on after this revision
    sum        integer  NOT NULL, -- of cart, revision, at_ms, class
    header     bytea    NOT NULL,
    header_sum integer  NOT NULL
) WITH (fillfactor = 85);
CREATE INDEX holdall_cart_idle ON holdall_cart (class, at_ms, cart);

-- Whole states: 0 is the snapshot, 1 what the folded log came to. Apart from the carts, so that an
-- append does not write them again.
CREATE TABLE holdall_state (
    cart     uuid     NOT NULL,
    kind     smallint NOT NULL,
    revision bigint   NOT NULL,
    bytes    bytea    NOT NULL,
    sum      integer  NOT NULL, -- of cart, kind, revision, bytes
    PRIMARY KEY (cart, kind)
);
-- Dense already: compressing it again would only cost time.
ALTER TABLE holdall_state ALTER COLUMN bytes SET STORAGE EXTERNAL;

CREATE TABLE holdall_log (
    cart      uuid    NOT NULL,
    revision  bigint  NOT NULL,
    at_ms     bigint  NOT NULL,
    delta     bytea   NOT NULL,
    delta_sum integer NOT NULL, -- of cart, revision, delta
    key       uuid,
    body      bytea,
    note      bytea   NOT NULL,
    note_sum  integer NOT NULL, -- of cart, revision, at_ms, key, body, note
    PRIMARY KEY (cart, revision)
);
CREATE UNIQUE INDEX holdall_log_key ON holdall_log (cart, key) WHERE key IS NOT NULL;

CREATE TABLE holdall_slot (
    kind    smallint NOT NULL,
    name    bytea    NOT NULL,
    version bigint   NOT NULL,
    value   bytea    NOT NULL,
    sum     integer  NOT NULL, -- of kind, name, value
    PRIMARY KEY (kind, name)
);
CREATE SEQUENCE holdall_slot_version;
