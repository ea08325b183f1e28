//! What makes two lines the same line.

use alloc::sync::Arc;
use alloc::vec::Vec;
use core::cmp::Ordering;
use core::fmt;

use super::text::{Bundle, OptionKey, OptionValue, Sku, Tag, TextError};
use crate::limits;

/// Why a line's identity could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineError {
    /// One of its names is not one.
    #[error(transparent)]
    Text(#[from] TextError),
    /// An option key is there twice.
    #[error("option {key:?} is given twice: keep one")]
    OptionTwice {
        /// The key.
        key: OptionKey,
    },
    /// More options than [`limits::OPTIONS`].
    #[error("{options} options, the limit is {limit}: move what does not tell lines apart to attributes", limit = limits::OPTIONS)]
    TooManyOptions {
        /// How many.
        options: usize,
    },
}

/// A line's identity: SKU, options, bundle and tag. Cheap to clone; order of options has no
/// meaning and is settled here, once.
///
/// ```
/// use holdall::LineKey;
/// let a = LineKey::parse("TEE", [("size", "M"), ("colour", "red")])?;
/// let b = LineKey::parse("TEE", [("colour", "red"), ("size", "M")])?;
/// assert_eq!(a, b);
/// assert_ne!(a, LineKey::sku("TEE")?);
/// assert_eq!(a.to_string(), "TEE (colour red, size M)");
/// # Ok::<(), holdall::LineError>(())
/// ```
#[derive(Clone)]
pub struct LineKey {
    /// The first eight bytes of the SKU, which mostly tell two lines apart.
    begin: u64,
    identity: Arc<Identity>,
}

impl PartialEq for LineKey {
    fn eq(&self, other: &Self) -> bool {
        // Lines of one cart mostly share their one allocation.
        Arc::ptr_eq(&self.identity, &other.identity)
            || (self.begin == other.begin && self.identity == other.identity)
    }
}

impl Eq for LineKey {}

impl core::hash::Hash for LineKey {
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
        self.identity.hash(state);
    }
}

impl serde::Serialize for LineKey {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.identity.serialize(serializer)
    }
}

impl Ord for LineKey {
    #[inline]
    fn cmp(&self, other: &Self) -> Ordering {
        match self.begin.cmp(&other.begin) {
            Ordering::Equal if Arc::ptr_eq(&self.identity, &other.identity) => Ordering::Equal,
            Ordering::Equal => self.identity.cmp(&other.identity),
            different => different,
        }
    }
}

impl PartialOrd for LineKey {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
struct Identity {
    sku: Sku,
    #[serde(serialize_with = "options_as_map")]
    options: Vec<(OptionKey, OptionValue)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bundle: Option<Bundle>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag: Option<Tag>,
}

fn options_as_map<S: serde::Serializer>(
    options: &[(OptionKey, OptionValue)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(options.iter().map(|(k, v)| (k, v)))
}

impl LineKey {
    /// A line from its checked parts; options may come in any order.
    ///
    /// # Errors
    /// An option key twice, or more than [`limits::OPTIONS`] of them.
    pub fn new(
        sku: Sku,
        options: impl IntoIterator<Item = (OptionKey, OptionValue)>,
        bundle: Option<Bundle>,
        tag: Option<Tag>,
    ) -> Result<Self, LineError> {
        // One more than allowed is enough to know; the rest is not read.
        let mut options: Vec<_> = options.into_iter().take(limits::OPTIONS + 1).collect();
        if options.len() > limits::OPTIONS {
            return Err(LineError::TooManyOptions { options: options.len() });
        }
        options.sort();
        if let Some(pair) = options.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(LineError::OptionTwice { key: pair[0].0.clone() });
        }
        // No SKU has a byte 0, so what is short sorts as the SKU itself does.
        let mut begin = [0; 8];
        for (to, from) in begin.iter_mut().zip(sku.as_str().bytes()) {
            *to = from;
        }
        let identity = Arc::new(Identity { sku, options, bundle, tag });
        Ok(Self { begin: u64::from_be_bytes(begin), identity })
    }

    /// A line of a plain product.
    ///
    /// # Errors
    /// The SKU is not one.
    pub fn sku(sku: &str) -> Result<Self, LineError> {
        Self::new(Sku::new(sku)?, [], None, None)
    }

    /// A line of a product with options.
    ///
    /// # Errors
    /// A name is not one, an option is there twice, or there are too many.
    pub fn parse<'a>(
        sku: &str,
        options: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, LineError> {
        let options: Result<Vec<_>, TextError> = options
            .into_iter()
            .take(limits::OPTIONS + 1)
            .map(|(key, value)| Ok((OptionKey::new(key)?, OptionValue::new(value)?)))
            .collect();
        Self::new(Sku::new(sku)?, options?, None, None)
    }

    /// The product.
    #[must_use]
    pub fn product(&self) -> &Sku {
        &self.identity.sku
    }

    /// The identity options, sorted by key.
    #[must_use]
    pub fn options(&self) -> &[(OptionKey, OptionValue)] {
        &self.identity.options
    }

    /// The bundle it belongs to.
    #[must_use]
    pub fn bundle(&self) -> Option<&Bundle> {
        self.identity.bundle.as_ref()
    }

    /// What keeps it separate.
    #[must_use]
    pub fn tag(&self) -> Option<&Tag> {
        self.identity.tag.as_ref()
    }
}

impl fmt::Display for LineKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.identity.sku.as_str())?;
        for (at, (key, value)) in self.identity.options.iter().enumerate() {
            write!(f, "{}{key} {value}", if at == 0 { " (" } else { ", " })?;
        }
        if !self.identity.options.is_empty() {
            f.write_str(")")?;
        }
        if let Some(bundle) = &self.identity.bundle {
            write!(f, " in {bundle}")?;
        }
        if let Some(tag) = &self.identity.tag {
            write!(f, " #{tag}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for LineKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LineKey({self})")
    }
}
