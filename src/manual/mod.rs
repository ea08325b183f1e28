//! The manual: why this library is as it is, and from what it was learned. Nothing here but
//! documentation; its examples are compiled and run with all others.

pub mod design {
    //! The reasons.
    #![doc = include_str!("../../DESIGN.md")]
}

pub mod museum {
    //! Faults of other carts.
    #![doc = include_str!("museum.md")]
}

pub mod messages {
    //! Put a cart in a message of your own.
    #![doc = include_str!("messages.md")]
}

#[cfg(all(test, feature = "std"))]
mod tests;
