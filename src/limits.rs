//! Every limit of the cart, its bytes, the stores and the service, each with its unit as the last
//! word of its name.
//!
//! The limits of carts leave room for wholesale carts: the largest invoice of the UCI Online Retail
//! data has 1,114 lines, and its largest line 80,995 units. A constructor checks its limit, so a
//! value that exists is within it and later code does not check again.

/// Longest SKU, bundle, tag, option key, option value or attribute key, in bytes of UTF-8.
pub const NAME_BYTES: usize = 256;
/// Longest note, gift message or attribute value, in bytes of UTF-8.
pub const TEXT_BYTES: usize = 4_096;
/// Most identity options of one line.
pub const OPTIONS: usize = 32;
/// Largest quantity that one action may carry, in units.
pub const QUANTITY_UNITS: u32 = 1_000_000;
/// Largest quantity that a row shows unless a deployment asks for less, in units.
pub const CEILING_UNITS: u64 = 1_000_000;
/// Most lines in one cart, active and saved together.
pub const LINES: usize = 5_000;
/// Most live entries on one line.
pub const LINE_ENTRIES: usize = 1_000;
/// Most live coupon entries in one cart.
pub const COUPONS: usize = 64;
/// Most overrides in one merge policy.
pub const OVERRIDES: usize = 256;
/// Most guest carts that one cart may have merged and not yet swept.
pub const MERGES: usize = 1_000;
/// Largest encoded state, delta or message, in bytes.
pub const MESSAGE_BYTES: usize = 16 * 1024 * 1024;
/// Most items of one list in a value that serde or bincode reads.
pub const LIST_ITEMS: usize = 1_000_000;
/// Most deltas that an inbox holds back until the entries they remove have arrived.
pub const WAITING_DELTAS: usize = 1_024;
/// Highest sequence number of a writer. Writers count their actions from 1. A writer that has used
/// this number writes nothing more, and decoders refuse bytes with a higher number.
pub const SEQ_MAX: u64 = u32::MAX as u64;
/// Most runs of dots of each writer that a Set names as replaced. For a row with a longer history
/// the gaps between the oldest runs are filled. The dots in such gaps belong to other lines, or to
/// removed entries of this row.
pub const COVERED_RUNS: usize = 4;
/// Most rows that both ends of a link remember before they start again with empty tables.
pub const LINK_ROWS: usize = 16_384;
/// Longest value of a store's slot, in bytes.
pub const SLOT_BYTES: usize = 4_096;
/// Most client replicas registered in one cart.
pub const WRITERS: usize = 1_000;
/// Most retired client replicas of one cart. Once it is reached, no more replicas can be
/// registered.
pub const RETIRED_WRITERS: usize = 10_000;
/// Most devices and shoppers whose command rate is remembered.
pub const RATE_BUCKETS: usize = 100_000;
/// Most tries of one command while other processes keep changing the cart.
pub const ATTEMPTS: usize = 16;
/// Connections that a PostgreSQL store opens unless a deployment sets another number.
pub const POSTGRES_CONNECTIONS: usize = 16;
/// Longest wait of a command for a connection to PostgreSQL, in milliseconds, unless a deployment
/// sets another time.
pub const POSTGRES_CONNECT_MS: u64 = 2_000;
/// Longest run of one statement in PostgreSQL, in milliseconds, unless a deployment sets another
/// time.
pub const POSTGRES_STATEMENT_MS: u64 = 5_000;
/// Extra wait of the client beyond the statement timeout of PostgreSQL, in milliseconds.
pub const POSTGRES_GRACE_MS: u64 = 500;
/// Most changed carts that wait to be announced to other processes on one PostgreSQL database.
pub const CHANGES_UNTOLD: usize = 10_000;
/// Largest Automerge document that is read, in bytes.
pub const DOCUMENT_BYTES: usize = 64 * 1024 * 1024;
/// Time for which a rendered view is cached, in milliseconds, unless a deployment sets another
/// time.
pub const CACHE_KEEP_MS: u64 = 600_000;
/// Most compacted revisions of an archived cart that an import takes. An import writes each of them
/// again.
pub const ARCHIVED_REVISIONS: u64 = 1_000_000;
/// Longest wait of a reader for the cache, in milliseconds, unless a deployment sets another time.
pub const CACHE_ANSWER_MS: u64 = 10;
/// Longest wait for a connection to the cache, in milliseconds, unless a deployment sets another
/// time.
pub const CACHE_CONNECT_MS: u64 = 100;
/// Pause before a cache that failed is tried again, in milliseconds, unless a deployment sets
/// another time.
pub const CACHE_PAUSE_MS: u64 = 500;
/// Largest view that the cache stores, in bytes.
pub const CACHE_VIEW_BYTES: usize = 256 * 1024;
/// Most deletions that are remembered while the cache cannot be reached.
pub const CACHE_OWED: usize = 10_000;
/// Most of the remembered cache deletions that go into one command.
pub const CACHE_OWED_BATCH: usize = 500;
/// Most calls that the embedded store commits in one group.
pub const GROUP_CALLS: usize = 1_024;
/// Size of a group of the embedded store after which further calls wait, in bytes. One call may
/// write more.
pub const GROUP_BYTES: usize = 16 * 1024 * 1024;
/// Longest wait for another process to close an embedded store, in milliseconds.
pub const STORE_LOCK_MS: u64 = 500;
/// Reader threads of the embedded store.
pub const STORE_READERS: usize = 2;
/// Longest HTTP request body other than a delta, in bytes.
pub const BODY_BYTES: usize = 64 * 1024;
/// Longest delta over HTTP and longest message over WebSocket, in bytes.
pub const DELTA_BODY_BYTES: usize = 1024 * 1024;
/// Most HTTP requests handled at once; further requests are refused.
pub const IN_FLIGHT_REQUESTS: usize = 512;
/// Longest duration of an HTTP request, its body included, in milliseconds.
pub const REQUEST_MS: u64 = 10_000;
/// Longest wait for the head of a request, and longest idle time of a connection, in milliseconds.
pub const HEAD_MS: u64 = 20_000;
/// Most fields in the head of a request.
pub const HEAD_FIELDS: usize = 64;
/// Longest head of a request, in bytes. A path with the id of the longest line fits.
pub const HEAD_BYTES: usize = 64 * 1024;
/// Most connections to one server.
pub const CONNECTIONS: usize = 25_000;
/// Most live connections of one server.
pub const LIVE_CONNECTIONS: usize = 20_000;
/// Most live connections for one cart.
pub const LIVE_CONNECTIONS_OF_CART: usize = 64;
/// Interval between pings on a live connection, in milliseconds.
pub const PING_MS: u64 = 30_000;
/// Longest time that a live connection may take to accept a message, in milliseconds.
pub const SEND_MS: u64 = 10_000;
/// Longest device name in a presence list, in bytes of UTF-8.
pub const DEVICE_NAME_BYTES: usize = 64;
/// Longest idempotency key of a request, in bytes.
pub const REQUEST_KEY_BYTES: usize = 255;
