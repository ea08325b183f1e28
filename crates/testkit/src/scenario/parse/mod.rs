//! From TOML to a story: every key known, exactly one verb a step, every value in its range.

mod duration;
mod expect;
mod parsed;
mod policy;
mod row;
mod step;
mod story_file;
