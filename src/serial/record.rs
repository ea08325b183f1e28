//! Serde for structs with named fields.

/// Implements `Serialize` and `Deserialize` for a struct by a list of its fields.
///
/// Each field is named with the type by which it is read, which converts into its own type.
/// `= is_absent` behind a field leaves it out of formats for people when that is true of it, and
/// makes it its default when it is missing. A function at the end says what is wrong with a value
/// whose fields are sound one by one.
macro_rules! record {
    (
        $name:ident { $($field:ident: $type:ty $(= $absent:path)?),+ $(,)? }
        $(, $flaw:path)?
    ) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                use serde::ser::SerializeStruct as _;
                let people = to.is_human_readable();
                // Only formats that name the fields can do without one.
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
