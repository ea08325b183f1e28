//! Values of the core in messages of an embedder's own: JSON, postcard, bincode by serde, and
//! with the feature `bincode` its `Encode` and `Decode`.
//!
//! | module | what it holds |
//! |---|---|
//! | `formats` | the formats, and what each must do with a value and with bytes |
//! | `values` | fixed values of every type, and strategies for random ones |
//! | `round_trips` | what is written is read back equal, on random values and histories |
//! | `forms` | the JSON that embedders see, letter by letter |
//! | `hostile` | damaged and invented input: an error, no panic, bounded memory |

mod formats;
mod forms;
mod hostile;
mod round_trips;
mod values;

use crate::cases::cases;
use holdall_testkit::{history, strategies};
