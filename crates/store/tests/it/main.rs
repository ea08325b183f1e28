//! Durable stores, as an embedder uses them.
//!
//! | module | what it holds |
//! |---|---|
//! | `stores`, `bad_stores` | stores before the conformance suite, good ones and bad ones |
//! | `embedded` | the store in a folder |
//! | `killed` | a store whose process is killed while it writes, and a disk that is full |
//! | `servers` | stores before real servers, if there are any |

mod bad_stores;
mod embedded;
mod folder;
mod killed;
mod servers;
mod stores;
