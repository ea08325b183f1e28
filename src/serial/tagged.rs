//! Serde for enums whose variants have named fields.

use serde::{Deserializer, Serializer};

/// An enum that is serialized as an object with a field that names the variant.
pub(super) trait NamedEnum: Sized {
    /// Serializes the value as an object.
    fn write_named<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error>;

    /// Deserializes the value from an object.
    fn read_named<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error>;
}

/// Implements [`NamedEnum`], given the variants with their names and fields.
macro_rules! named {
    ($name:ident, $tag:literal {
        $($variant:ident = $text:literal { $($field:ident: $type:ty),* $(,)? }),+ $(,)?
    }) => {
        impl $crate::serial::tagged::NamedEnum for $name {
            fn write_named<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeStruct as _;
                match self {
                    $(Self::$variant { $($field),* } => {
                        const FIELDS: &[&str] = &[$tag, $(stringify!($field)),*];
                        let mut record = to.serialize_struct(stringify!($name), FIELDS.len())?;
                        record.serialize_field($tag, $text)?;
                        $(record.serialize_field(stringify!($field), $field)?;)*
                        record.end()
                    })+
                }
            }

            fn read_named<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                #[derive(serde::Deserialize)]
                #[serde(tag = $tag, deny_unknown_fields)]
                enum ReadVariant {
                    $(#[serde(rename = $text)] $variant { $($field: $type),* }),+
                }
                Ok(match <ReadVariant as serde::Deserialize>::deserialize(from)? {
                    $(ReadVariant::$variant { $($field),* } => {
                        Self::$variant { $($field: $field.into()),* }
                    })+
                })
            }
        }
    };
}

/// Implements `Serialize` and `Deserialize`, given the variants with their names and fields.
///
/// Formats for people use [`NamedEnum`]. Binary formats use the number of the variant, which counts
/// from 0 in the order of the list, so a new variant must come last. The last argument is a
/// function that returns the flaw of a value.
macro_rules! tagged {
    ($name:ident, $tag:literal {
        $($variant:ident = $text:literal { $($field:ident: $type:ty),* $(,)? }),+ $(,)?
    }, $flaw:path) => {
        $crate::serial::tagged::named!($name, $tag {
            $($variant = $text { $($field: $type),* }),+
        });

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeStructVariant as _;
                use $crate::serial::tagged::NamedEnum as _;
                if to.is_human_readable() {
                    return self.write_named(to);
                }
                /// The variants, numbered from 0.
                #[derive(Clone, Copy)]
                enum VariantNumber { $($variant),+ }
                match self {
                    $(Self::$variant { $($field),* } => {
                        const FIELDS: &[&str] = &[$(stringify!($field)),*];
                        #[allow(unused_mut)]
                        let mut record = to.serialize_struct_variant(
                            stringify!($name),
                            VariantNumber::$variant as u32,
                            stringify!($variant),
                            FIELDS.len(),
                        )?;
                        $(record.serialize_field(stringify!($field), $field)?;)*
                        record.end()
                    })+
                }
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                use $crate::serial::tagged::NamedEnum as _;
                #[derive(serde::Deserialize)]
                enum ReadVariant { $($variant { $($field: $type),* }),+ }
                let value = if from.is_human_readable() {
                    Self::read_named(from)?
                } else {
                    match <ReadVariant as serde::Deserialize>::deserialize(from)? {
                        $(ReadVariant::$variant { $($field),* } => {
                            Self::$variant { $($field: $field.into()),* }
                        })+
                    }
                };
                match $flaw(&value) {
                    Some(flaw) => Err(serde::de::Error::custom(flaw)),
                    None => Ok(value),
                }
            }
        }
    };
}

pub(super) use {named, tagged};
