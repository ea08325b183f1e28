//! What the CRDT engines people would use do with a cart, beside `holdall`.
//!
//! Every subject gets the same edits in the layout that suits it best, is proved right against a
//! plain model on the very workload, and is then measured. See the README for what the rows mean.

pub mod args;
pub mod goals;
pub mod heap;
pub mod measure;
pub mod model;
pub mod report;
pub mod script;
pub mod subject;
pub mod subjects;
pub mod svg;
pub mod workloads;
