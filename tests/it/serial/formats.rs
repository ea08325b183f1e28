//! The formats, and what each must do with a value and with bytes.

use std::fmt::Debug;

use bincode::config::standard;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What every value of the core can do.
#[cfg(feature = "bincode")]
pub(super) trait Value:
    Serialize + DeserializeOwned + bincode::Encode + bincode::Decode<()> + PartialEq + Debug
{
}

#[cfg(feature = "bincode")]
impl<T> Value for T where
    T: Serialize + DeserializeOwned + bincode::Encode + bincode::Decode<()> + PartialEq + Debug
{
}

/// What every value of the core can do.
#[cfg(not(feature = "bincode"))]
pub(super) trait Value: Serialize + DeserializeOwned + PartialEq + Debug {}

#[cfg(not(feature = "bincode"))]
impl<T> Value for T where T: Serialize + DeserializeOwned + PartialEq + Debug {}

/// A format.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Format {
    Json,
    Postcard,
    /// bincode 2 through serde.
    Bincode,
    /// `Encode` and `Decode` of bincode 2.
    #[cfg(feature = "bincode")]
    Native,
}

impl Format {
    pub(super) const ALL: &[Self] = &[
        Self::Json,
        Self::Postcard,
        Self::Bincode,
        #[cfg(feature = "bincode")]
        Self::Native,
    ];

    pub(super) fn write<T: Value>(self, value: &T) -> Vec<u8> {
        match self {
            Self::Json => serde_json::to_vec(value).expect("JSON"),
            Self::Postcard => postcard::to_allocvec(value).expect("bytes"),
            Self::Bincode => bincode::serde::encode_to_vec(value, standard()).expect("bytes"),
            #[cfg(feature = "bincode")]
            Self::Native => bincode::encode_to_vec(value, standard()).expect("bytes"),
        }
    }

    /// Reads a value that is all of the bytes.
    pub(super) fn read<T: Value>(self, bytes: &[u8]) -> Result<T, String> {
        let (value, rest) = match self {
            Self::Json => (serde_json::from_slice(bytes).map_err(|e| e.to_string())?, 0),
            Self::Postcard => {
                let (value, rest) =
                    postcard::take_from_bytes(bytes).map_err(|error| error.to_string())?;
                (value, rest.len())
            }
            Self::Bincode => {
                let read = bincode::serde::decode_from_slice(bytes, standard());
                let (value, count) = read.map_err(|error| error.to_string())?;
                (value, bytes.len() - count)
            }
            #[cfg(feature = "bincode")]
            Self::Native => {
                let read = bincode::decode_from_slice(bytes, standard());
                let (value, count) = read.map_err(|error| error.to_string())?;
                (value, bytes.len() - count)
            }
        };
        if rest == 0 { Ok(value) } else { Err(format!("{rest} bytes are left")) }
    }
}

/// Writes a value in every format and reads it back.
pub(super) fn there_and_back<T: Value>(value: &T) -> Result<(), String> {
    for format in Format::ALL {
        let bytes = format.write(value);
        let back: T = format.read(&bytes).map_err(|error| format!("{format:?}: {error}"))?;
        if back != *value {
            return Err(format!("{format:?}: {value:?} came back as {back:?}"));
        }
    }
    // Readers that hand out text of their own, and text that they keep.
    let json = serde_json::to_value(value).map_err(|error| error.to_string())?;
    let back: T = serde_json::from_value(json).map_err(|error| error.to_string())?;
    if back != *value {
        return Err(format!("a JSON value: {value:?} came back as {back:?}"));
    }
    let legacy = bincode::config::legacy();
    let bytes = bincode::serde::encode_to_vec(value, legacy).map_err(|error| error.to_string())?;
    let mut input = &bytes[..];
    let mut source = Borrowed(&mut input);
    let back: T = bincode::serde::decode_from_reader(&mut source, legacy)
        .map_err(|error| error.to_string())?;
    if back != *value || !input.is_empty() {
        return Err(format!("fixed numbers: {value:?} came back as {back:?}"));
    }
    native(value)
}

/// A reader that lends nothing.
struct Borrowed<'a, 'b>(&'a mut &'b [u8]);

impl bincode::de::read::Reader for &mut Borrowed<'_, '_> {
    fn read(&mut self, into: &mut [u8]) -> Result<(), bincode::error::DecodeError> {
        let additional = into.len().saturating_sub(self.0.len());
        let Some((read, rest)) = self.0.split_at_checked(into.len()) else {
            return Err(bincode::error::DecodeError::UnexpectedEnd { additional });
        };
        into.copy_from_slice(read);
        *self.0 = rest;
        Ok(())
    }
}

/// `Encode` writes what serde writes, and every way of bincode reads it.
#[cfg(feature = "bincode")]
fn native<T: Value>(value: &T) -> Result<(), String> {
    let bytes = Format::Native.write(value);
    if bytes != Format::Bincode.write(value) {
        return Err(format!("two forms in bincode: {value:?}"));
    }
    let mut input = &bytes[..];
    let read = bincode::decode_from_reader(&mut Borrowed(&mut input), standard());
    let back: T = read.map_err(|error| error.to_string())?;
    let limited = standard().with_limit::<{ 16 << 20 }>();
    let (again, _): (T, usize) =
        bincode::decode_from_slice(&bytes, limited).map_err(|error| error.to_string())?;
    if back == *value && again == *value { Ok(()) } else { Err(format!("not equal: {value:?}")) }
}

#[cfg(not(feature = "bincode"))]
fn native<T: Value>(_: &T) -> Result<(), String> {
    Ok(())
}

/// A fixed value of some type.
pub(super) trait Case {
    fn write(&self, format: Format) -> Vec<u8>;

    /// Reads bytes as a value of its type, and holds the value to what a sound one does: it is
    /// written and read back equal. True if it is this one.
    fn reads(&self, format: Format, bytes: &[u8]) -> Result<bool, String>;

    /// Reads bytes as a value of its type, and writes and reads it in every format.
    fn reads_everywhere(&self, format: Format, bytes: &[u8]) -> Result<(), String>;

    fn there_and_back(&self) -> Result<(), String>;
}

impl<T: Value> Case for T {
    fn write(&self, format: Format) -> Vec<u8> {
        format.write(self)
    }

    fn reads(&self, format: Format, bytes: &[u8]) -> Result<bool, String> {
        let value: T = format.read(bytes)?;
        let back: T = format.read(&format.write(&value)).expect("what was read is written");
        assert_eq!(back, value, "{format:?}: what was read is not read again");
        Ok(value == *self)
    }

    fn reads_everywhere(&self, format: Format, bytes: &[u8]) -> Result<(), String> {
        let value: T = format.read(bytes)?;
        assert_eq!(there_and_back(&value), Ok(()), "{format:?}: read, and not sound");
        Ok(())
    }

    fn there_and_back(&self) -> Result<(), String> {
        there_and_back(self)
    }
}
