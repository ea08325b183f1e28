//! A durable store in a folder of this machine, for one process.
//!
//! ```
//! use holdall_store::{Append, Appended, Class, EmbeddedStore, Store};
//! use holdall::CartId;
//! # let folder = std::env::temp_dir().join(format!("holdall-doc-{}", std::process::id()));
//! // 128 random bits: the incarnation of this store if it is made now.
//! let store = EmbeddedStore::open(&folder, 0x5eed)?;
//! let append = Append::new(CartId::from_u128(1), 0, 1_700_000_000_000, Class::Guest);
//! let appended = futures_lite::future::block_on(store.append(append))?;
//! assert_eq!(appended, Appended::Done { revision: 1 }); // it is on the disk
//! # futures_lite::future::block_on(store.close())?;
//! # std::fs::remove_dir_all(&folder).ok();
//! # Ok::<(), holdall_store::StoreError>(())
//! ```
//!
//! # How it works
//!
//! **One thread writes.** It takes all the calls that wait (at most [`GROUP_CALLS`](holdall::limits::GROUP_CALLS) of them), holds each to
//! its condition, writes them in one transaction, syncs, and only then answers. So a sync is shared by all who
//! came while the one before was under way, and no answer, a conflict neither, tells of what could still be
//! lost. **[`STORE_READERS`](holdall::limits::STORE_READERS) threads read**, each by a connection of its own, so that nothing ever waits for a disk on the caller's
//! thread. **One thread tidies**: it puts the pages of the write-ahead log in their places while the writing one goes on, which for a log of 16 MB would stand still
//! for 15 ms. Revisions, idle carts and the list of carts are answered from memory. No runtime is needed: futures are woken from those
//! threads, whatever executor polls them.
//!
//! **Where everything is, is held in memory**: for each cart its revision, class and activity, and the positions of its
//! records, about 200 bytes and 16 for each append that is not folded. Records are keyed in the order of their arrival, so that a group
//! is written in one place whichever carts are in it.
//! Opening reads and checks every record, and makes that index anew.
//!
//! When the disk is full a group is taken back, its calls are tried one by one, and those that do not
//! fit get [`StoreError::Full`](crate::StoreError::Full); the store goes on as soon as there is room. When a sync fails the calls of that group get
//! [`StoreError::Unknown`](crate::StoreError::Unknown): trying again is right.
//!
//! On Linux have SQLite built with `LIBSQLITE3_FLAGS=-DHAVE_FDATASYNC=1` in the environment (or in `[env]` of `.cargo/config.toml`, as this
//! repository has it). Without it each commit calls `fsync`, which writes the file's times too and waits for that.
//!
//! # In the folder
//!
//! `lock` is locked while the store is open, and refuses a second opener. `carts.sqlite`, with `-wal` and `-shm`
//! beside it, is an SQLite database: a write-ahead log, `synchronous = FULL`, `secure_delete = ON`.
//! Its `application_id` is `0x686f6c64` and its `user_version` the version of this format, **1**; anything else is
//! [`StoreError::Foreign`](crate::StoreError::Foreign) and is not touched. Numbers in records are little-endian, ids and keys big-endian.
//!
//! | table | columns | what |
//! |---|---|---|
//! | `meta` | `name`, `value` | `incarnation`: 16 bytes. `version`: the last version that any slot was given, 8 bytes, big-endian |
//! | `records` | `position`, `cart`, `record` | positions ascend in the order of arrival; `cart`: its 16 bytes, a second time |
//! | `slots` | `name`, `version`, `value`, `sum` | the name: a byte for the kind (1 claim, 2 lease, 3 account), then 16 or 32 bytes; the CRC-32 of name, version (big-endian) and value |
//!
//! A record is a lead, a body, and a checksum of all before it:
//!
//! | bytes | what |
//! |---|---|
//! | 1 | kind: 1 entry, 2 header, 3 snapshot, 4 base |
//! | 1 | the cart's class with it |
//! | 16 | the cart |
//! | 8 | the revision |
//! | 8 | the activity, in milliseconds since 1970 |
//! | 8 | the revision of the header that the cart has then, 0 if it has none |
//! | 4 | CRC-32 of the 42 bytes so far |
//! | .. | the body |
//! | 4 | CRC-32 of everything so far |
//!
//! The body of a header, a snapshot and a base is their bytes. That of an entry is: a byte, 1 if there is a request key and
//! else 0; if so, the key's 16 bytes and its digest's 32; the delta's length in 4 bytes; the delta; the note.
//!
//! A cart has an entry for each revision after its base, or from 1 on if it has none, and at most one header, one
//! snapshot and one base. What takes the place of another deletes it in the same transaction, so the file never holds what is not
//! live. A cart's revision, class and activity are those of its record of the highest revision. A base of class
//! 4 at a cart's own revision is the marker of an erasure.
//!
//! # Damage
//!
//! Each record has checksums, so a record that is not what was written is found when the store is opened, or when it is read, and is
//! told with its cart, as [`StoreError::Damaged`](crate::StoreError::Damaged): [`EmbeddedStore::opened`] lists what was found. Other carts are not concerned. Such a cart can
//! be erased or removed, and nothing else. If whole pages cannot be read it is told which positions are lost; a cart
//! that lacks records in the middle is then found to be damaged, and one that lacks only its last is not.
//!
//! A folder that is restored from a backup is opened by [`EmbeddedStore::restore`], once: it gives the store another incarnation.

mod commit;
mod file;
mod format;
mod index;
mod read;
mod recovery;
mod shared;
mod store;
mod transaction;

pub use recovery::{Damage, Opened};
pub use store::EmbeddedStore;
