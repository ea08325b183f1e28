//! Settings of a deployment for views.

use crate::limits;

/// Settings of a deployment for what is shown.
///
/// ```
/// use holdall::{CartId, LineKey, Quantity, Replica, ReplicaId, ViewOptions};
/// let mut phone = Replica::new(CartId::from_u128(1), ReplicaId::from_u128(2))
///     .with_options(ViewOptions { ceiling: 10 });
/// let tee = LineKey::sku("TEE")?;
/// phone.add(0, &tee, Quantity::new(12)?, None)?;
/// assert_eq!(phone.view().quantity(&tee), 10);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ViewOptions {
    /// Most units that a row shows. Units above it are kept, and a notice tells of them.
    pub ceiling: u64,
}

impl Default for ViewOptions {
    /// Returns options with the ceiling [`limits::CEILING_UNITS`].
    fn default() -> Self {
        Self { ceiling: limits::CEILING_UNITS }
    }
}
