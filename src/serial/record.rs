//! Serde for structs with named fields.

/// Implements `Serialize` and `Deserialize` for a struct, given its fields.
///
/// Each field has the type that it is read as, which converts into the type of the field. An
/// absence test may follow: formats for people leave the field out if the test returns `true`, and
/// a missing field gets its default. The last argument is a function that returns the flaw of a
/// value whose fields are valid one by one.
macro_rules! record {
    (
        $name:ident { $($field:ident: $type:ty $(= $absent:path)?),+ $(,)? }
        $(, $flaw:path)?
    ) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeStruct as _;
                let people = to.is_human_readable();
                // Binary formats do not name fields and need all of them.
                let skips = [$(people && (false $(|| $absent(&self.$field))?)),+];
                let fields = skips.iter().filter(|skip| !**skip).count();
                let mut record = to.serialize_struct(stringify!($name), fields)?;
                let mut skips = skips.into_iter();
                $(
                    if skips.next() == Some(true) {
                        record.skip_field(stringify!($field))?;
                    } else {
                        record.serialize_field(stringify!($field), &self.$field)?;
                    }
                )+
                record.end()
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                mod read {
                    use super::*;

                    #[derive(serde::Deserialize)]
                    #[serde(deny_unknown_fields)]
                    pub(super) struct $name {
                        $(
                            $(#[serde(default)] #[doc = stringify!($absent)])?
                            pub(super) $field: $type,
                        )+
                    }
                }
                let parts = read::$name::deserialize(from)?;
                // Convert the fields, then check the value as a whole.
                let record = Self { $($field: parts.$field.into()),+ };
                $(
                    if let Some(flaw) = $flaw(&record) {
                        return Err(serde::de::Error::custom(flaw));
                    }
                )?
                Ok(record)
            }
        }
    };
}

pub(super) use record;
