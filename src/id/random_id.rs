//! Names of 128 random bits: carts and replicas.

use core::fmt;

use uuid::Uuid;

macro_rules! random_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $name([u64; 2]);

        impl $name {
            /// From 128 random bits. This library draws no random bits of its own.
            #[must_use]
            pub const fn from_u128(bits: u128) -> Self {
                Self([(bits >> 64) as u64, bits as u64])
            }

            /// The 128 bits.
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
    /// A cart, and so also the scope of what is written in it. A random capability, never derived
    /// from a user's name, an address or a clock.
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
    /// One writer of one cart: a client's incarnation, a tab, a server region. Minted once, never
    /// reused, cloned or restored from a backup.
    ReplicaId
);
