//! Names: carts, replicas, products, lines. Each is parsed once and bounded, so what exists is
//! valid.

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
