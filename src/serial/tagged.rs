//! Serde for enums whose variants have named fields.

use serde::{Deserializer, Serializer};

/// An enum as an object with a field that names its variant.
pub(super) trait Named: Sized {
    /// Writes it.
    fn write_named<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error>;

    /// Reads it.
    fn read_named<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error>;
}

/// Implements [`Named`] by a list of the variants, each with its name and its fields.
macro_rules! named {
    ($name:ident, $tag:literal {
        $($variant:ident = $text:literal { $($field:ident: $type:ty),* $(,)? }),+ $(,)?
    }) => {
        impl $crate::serial::tagged::Named for $name {
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
                enum Read {
                    $(#[serde(rename = $text)] $variant { $($field: $type),* }),+
                }
                Ok(match <Read as serde::Deserialize>::deserialize(from)? {
                    $(Read::$variant { $($field),* } => {
                        Self::$variant { $($field: $field.into()),* }
                    })+
                })
            }
        }
    };
}

/// Implements `Serialize` and `Deserialize` by such a list: [`Named`] in formats for people, by
/// the variant's number in binary formats. Numbers count from 0 in the order of the list, so a
/// new variant comes last. A function at the end says what is wrong with a value.
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
                use $crate::serial::tagged::Named as _;
                if to.is_human_readable() {
                    return self.write_named(to);
                }
                /// The numbers of the variants.
                #[derive(Clone, Copy)]
                enum Number { $($variant),+ }
                match self {
                    $(Self::$variant { $($field),* } => {
                        const FIELDS: &[&str] = &[$(stringify!($field)),*];
                        #[allow(unused_mut)]
                        let mut record = to.serialize_struct_variant(
                            stringify!($name),
                            Number::$variant as u32,
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
                use $crate::serial::tagged::Named as _;
                #[derive(serde::Deserialize)]
                enum Read { $($variant { $($field: $type),* }),+ }
                let value = if from.is_human_readable() {
                    Self::read_named(from)?
                } else {
                    match <Read as serde::Deserialize>::deserialize(from)? {
                        $(Read::$variant { $($field),* } => {
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
