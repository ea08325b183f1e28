//! Every limit, in one place, with its unit last: of carts, of bytes, of stores, of the service.
//!
//! Those of carts are meant for real wholesale carts: the largest invoice of the UCI Online Retail
//! data has 1,114 lines, and its largest line 80,995 units. A limit is checked where a value is
//! made, so a value that exists is within it; nothing further in re-checks.

/// Longest SKU, bundle, tag, option key, option value and attribute key, in bytes of UTF-8.
pub const NAME_BYTES: usize = 256;
/// Longest note, gift message or attribute value, in bytes of UTF-8.
pub const TEXT_BYTES: usize = 4_096;
/// Identity options of one line.
pub const OPTIONS: usize = 32;
/// Largest quantity one action may carry, in units.
pub const QUANTITY_UNITS: u32 = 1_000_000;
/// Largest quantity a row shows unless a deployment asks for less, in units.
pub const CEILING_UNITS: u64 = 1_000_000;
/// Lines one cart may have, active and saved together.
pub const LINES: usize = 5_000;
/// Live entries on one line.
pub const LINE_ENTRIES: usize = 1_000;
/// Live coupon entries in one cart.
pub const COUPONS: usize = 64;
/// Overrides in one merge policy.
pub const OVERRIDES: usize = 256;
/// Guests that one cart may have merged and not swept.
pub const MERGES: usize = 1_000;
/// Largest encoded state, delta or message, in bytes.
pub const MESSAGE_BYTES: usize = 16 * 1024 * 1024;
/// Items of one list in a value that is read by serde or bincode.
pub const LIST_ITEMS: usize = 1_000_000;
/// Deltas that wait for what they make dead.
pub const WAITING_DELTAS: usize = 1_024;
/// Highest sequence number of a writer, who counts its actions from 1. A writer that has used it
/// writes no more, and bytes with a higher number are refused.
pub const SEQ_MAX: u64 = u32::MAX as u64;
/// Runs of dots, of each writer, that a Set names as replaced. A longer history of one row is named
/// with the gaps between its oldest runs filled. What is in the gaps is about other lines, but for
/// dots of this row that were taken out while others of it stayed.
pub const COVERED_RUNS: usize = 4;
/// Rows that the ends of a link remember before both begin anew.
pub const LINK_ROWS: usize = 16_384;
/// Longest value of a store's slot, in bytes.
pub const SLOT_BYTES: usize = 4_096;
/// Replicas of clients that may be registered in one cart.
pub const WRITERS: usize = 1_000;
/// Replicas of clients that may have been retired in one cart before no more are registered.
pub const RETIRED_WRITERS: usize = 10_000;
/// Devices and shoppers whose rate of commands is remembered.
pub const RATE_BUCKETS: usize = 100_000;
/// How often a command is tried again when other processes changed the cart meanwhile.
pub const ATTEMPTS: usize = 16;
/// Connections that a PostgreSQL store opens unless a deployment asks for another number.
pub const POSTGRES_CONNECTIONS: usize = 16;
/// How long a command waits for a connection to PostgreSQL unless a deployment asks for another time, in milliseconds.
pub const POSTGRES_CONNECT_MS: u64 = 2_000;
/// How long a statement may take in PostgreSQL unless a deployment asks for another time, in milliseconds.
pub const POSTGRES_STATEMENT_MS: u64 = 5_000;
/// How much longer than that its client waits for the answer, in milliseconds.
pub const POSTGRES_GRACE_MS: u64 = 500;
/// Carts that have changed and of which other processes over the same PostgreSQL are still to be told.
pub const CHANGES_UNTOLD: usize = 10_000;
/// Largest Automerge document that is read, in bytes.
pub const DOCUMENT_BYTES: usize = 64 * 1024 * 1024;
/// How long a rendered view is kept unless a deployment asks for another time, in milliseconds.
pub const CACHE_KEEP_MS: u64 = 600_000;
/// Revisions of an archived cart that had been folded away; each is written anew by an import.
pub const ARCHIVED_REVISIONS: u64 = 1_000_000;
/// How long a reader waits for the cache unless a deployment asks for another time, in milliseconds.
pub const CACHE_ANSWER_MS: u64 = 10;
/// How long a connection to the cache may take unless a deployment asks for another time, in milliseconds.
pub const CACHE_CONNECT_MS: u64 = 100;
/// How long a cache that failed is left alone unless a deployment asks for another time, in milliseconds.
pub const CACHE_PAUSE_MS: u64 = 500;
/// Largest view that a cache keeps, in bytes.
pub const CACHE_VIEW_BYTES: usize = 256 * 1024;
/// Deletions that are remembered for a cache that cannot be reached.
pub const CACHE_OWED: usize = 10_000;
/// Of these, how many go into one command.
pub const CACHE_OWED_BATCH: usize = 500;
/// Calls that the embedded store commits together, at most.
pub const GROUP_CALLS: usize = 1_024;
/// What they may write together, in bytes, before the next waits; one call may write more.
pub const GROUP_BYTES: usize = 16 * 1024 * 1024;
/// How long opening an embedded store waits for whoever has it open, in milliseconds.
pub const STORE_LOCK_MS: u64 = 500;
/// Threads of the embedded store that read.
pub const STORE_READERS: usize = 2;
/// Longest body of a request over HTTP that is no delta, in bytes.
pub const BODY_BYTES: usize = 64 * 1024;
/// Longest body of a delta over HTTP, and longest message over WebSocket, in bytes.
pub const DELTA_BODY_BYTES: usize = 1024 * 1024;
/// Requests over HTTP that are worked on at once; more are sent away.
pub const IN_FLIGHT_REQUESTS: usize = 512;
/// How long a request over HTTP may take, its body included, in milliseconds.
pub const REQUEST_MS: u64 = 10_000;
/// How long the head of a request may take to come, and a connection be idle, in milliseconds.
pub const HEAD_MS: u64 = 20_000;
/// Fields in the head of a request.
pub const HEAD_FIELDS: usize = 64;
/// Longest head of a request, in bytes. The id of the longest line, in a path, has room.
pub const HEAD_BYTES: usize = 64 * 1024;
/// Connections to one server.
pub const CONNECTIONS: usize = 25_000;
/// Live connections of one server.
pub const LIVE_CONNECTIONS: usize = 20_000;
/// Live connections about one cart.
pub const LIVE_CONNECTIONS_OF_CART: usize = 64;
/// How often a live connection is asked whether it is still there, in milliseconds.
pub const PING_MS: u64 = 30_000;
/// How long a live connection may take to take what is sent, in milliseconds.
pub const SEND_MS: u64 = 10_000;
/// Longest name of a device in a presence list, in bytes of UTF-8.
pub const DEVICE_NAME_BYTES: usize = 64;
/// Longest key of a request, in bytes.
pub const REQUEST_KEY_BYTES: usize = 255;
