//! Random identifiers of 128 bits: [`CartId`] and [`ReplicaId`].

use core::fmt;

use uuid::Uuid;

macro_rules! random_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $name([u64; 2]);

        impl $name {
            /// Makes an id from 128 random bits. The caller draws them: this library has no source
            /// of chance.
            #[must_use]
            pub const fn from_u128(bits: u128) -> Self {
                Self([(bits >> 64) as u64, bits as u64])
            }

            /// Returns the 128 bits as a number.
            #[must_use]
            #[inline]
            pub const fn as_u128(self) -> u128 {
                (self.0[0] as u128) << 64 | self.0[1] as u128
            }
        }

        impl Ord for $name {
            #[inline]
            fn cmp(&self, other: &Self) -> core::cmp::Ordering {
                self.as_u128().cmp(&other.as_u128())
            }
        }

        impl PartialOrd for $name {
            #[inline]
            fn partial_cmp(&self, other: &Self) -> Option<core::cmp::Ordering> {
                Some(self.cmp(other))
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self::from_u128(uuid.as_u128())
            }
        }

        impl core::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                Uuid::parse_str(text).map(Self::from)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&Uuid::from_u128(self.as_u128()), f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

    };
}

random_id!(
    /// Identifier of a cart, and the scope of every entry written in it.
    ///
    /// A cart id is a random capability: whoever knows it may read the cart. Never derive it from a
    /// user's name, an address or a clock.
    ///
    /// ```
    /// use holdall::CartId;
    /// let cart: CartId = "9a8b7c6d-0000-4000-8000-000000000001".parse()?;
    /// assert_eq!(cart.to_string(), "9a8b7c6d-0000-4000-8000-000000000001");
    /// # Ok::<(), uuid::Error>(())
    /// ```
    CartId
);
random_id!(
    /// Identifier of one writer of one cart: a client's incarnation, a browser tab or a server
    /// region.
    ///
    /// Mint it once from 128 random bits. Never reuse it, clone it or restore it from a backup: two
    /// writers with one id would give two contents to one [`Dot`](crate::Dot).
    ///
    /// ```
    /// use holdall::ReplicaId;
    /// let tab: ReplicaId = "00000000-0000-4000-8000-00000000000a".parse()?;
    /// assert_eq!(tab, ReplicaId::from_u128(0x4000_8000_0000_0000_000a));
    /// assert_eq!(tab.to_string(), "00000000-0000-4000-8000-00000000000a");
    /// # Ok::<(), uuid::Error>(())
    /// ```
    ReplicaId
);
