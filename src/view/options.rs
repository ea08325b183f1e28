//! The options of a view.

use crate::limits;

/// The options of a view, which a deployment chooses.
///
/// ```
/// use holdall::{CartId, LineKey, Quantity, Registry, Replica, ReplicaId, ViewOptions, view};
/// let mut phone = Replica::new(CartId::from_u128(1), ReplicaId::from_u128(2));
/// phone.add(0, &LineKey::sku("TEE")?, Quantity::new(12)?, None)?;
/// let view = view(phone.cart(), &Registry::default(), &ViewOptions { ceiling: 10 });
/// assert_eq!((view.lines[0].quantity, view.lines[0].asked), (10, 12));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ViewOptions {
    /// The most units that a row shows. The cart keeps further units, and the view has a notice.
    pub ceiling: u64,
}

impl Default for ViewOptions {
    /// Returns options with a ceiling of [`limits::CEILING_UNITS`].
    fn default() -> Self {
        Self { ceiling: limits::CEILING_UNITS }
    }
}
