//! Identifiers of carts, replicas, products and lines. Each is checked and bounded when it is made,
//! so a value that exists is valid.

mod line;
mod random_id;
mod text;

pub use line::{LineError, LineKey};
pub(crate) use line::{LinesBuilder, position};
pub use random_id::{CartId, ReplicaId};
pub(crate) use text::is_plain;
pub use text::{
    AttributeKey, Bundle, CouponCode, OptionKey, OptionValue, OrderId, RuleName, ShippingOption,
    Sku, Tag, Text, TextError,
};
