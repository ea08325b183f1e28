//! A CSV file with known columns: what the two readers share.

use std::io::Read;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::error::{ReplayError, RowError};
use super::event::{self, NameTable};

/// Longest product name that is taken; real ones have a dozen characters.
const NAME_BYTES: usize = 64;
/// Longest piece of a bad value that is quoted in an error.
const QUOTED_CHARS: usize = 40;

/// A column: its usual name first, then names that other copies of the data use.
pub(crate) type TableColumn = &'static [&'static str];

/// An open table of which `N` columns are wanted.
pub(crate) struct TextTable<const N: usize> {
    file: String,
    reader: csv::Reader<Box<dyn Read>>,
    wanted: [TableColumn; N],
    places: [usize; N],
    width: usize,
    row: csv::ByteRecord,
}

impl<const N: usize> TextTable<N> {
    /// Reads the header and finds the wanted columns in it, in whatever order.
    ///
    /// `hint` says what to do when one is missing, given the header that was found.
    pub(crate) fn open(
        file: &str,
        source: Box<dyn Read>,
        wanted: [TableColumn; N],
        hint: impl Fn(&csv::ByteRecord) -> String,
    ) -> Result<Self, ReplayError> {
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(source);
        let header = reader.byte_headers().map_err(|fault| read_fault(file, 1, fault))?.clone();
        let mut places = [0; N];
        for (place, column) in places.iter_mut().zip(wanted) {
            let found = header.iter().position(|name| {
                column.iter().any(|known| name.trim_ascii().eq_ignore_ascii_case(known.as_bytes()))
            });
            *place = found.ok_or_else(|| ReplayError::Header {
                file: file.to_owned(),
                column: column[0],
                fix: hint(&header),
            })?;
        }
        let width = header.len();
        Ok(Self {
            file: file.to_owned(),
            reader,
            wanted,
            places,
            width,
            row: csv::ByteRecord::new(),
        })
    }

    /// Goes to the next row; false at the end.
    pub(crate) fn advance(&mut self) -> Result<bool, ReplayError> {
        let line = self.reader.position().line();
        let more = self
            .reader
            .read_byte_record(&mut self.row)
            .map_err(|fault| read_fault(&self.file, line, fault))?;
        if more && self.row.len() != self.width {
            return Err(
                self.fault(RowError::Columns { found: self.row.len(), expected: self.width })
            );
        }
        Ok(more)
    }

    /// Returns the row's text in a wanted column, without spaces around it.
    pub(crate) fn text(&self, column: usize) -> Result<&str, ReplayError> {
        let bytes = self.row.get(self.places[column]).unwrap_or_default().trim_ascii();
        std::str::from_utf8(bytes)
            .map_err(|_| self.fault(RowError::Encoding { column: self.wanted[column][0] }))
    }

    /// Returns the row's digest, by which a repeated row is noticed.
    pub(crate) fn digest(&self) -> u64 {
        event::digest(&self.row)
    }

    /// Returns the row's time, in milliseconds since 1970.
    pub(crate) fn time(&self, column: usize) -> Result<u64, ReplayError> {
        let text = self.text(column)?;
        parse_time(text).ok_or_else(|| {
            self.value_fault(
                column,
                "write a UTC time after 1970 such as `2022-10-01 00:00:00 UTC`",
            )
        })
    }

    /// Returns true if the row's price is above zero.
    pub(crate) fn price_is_positive(&self, column: usize) -> Result<bool, ReplayError> {
        match self.text(column)? {
            "" => Ok(false),
            text => match text.parse::<f64>() {
                Ok(price) => Ok(price > 0.0),
                Err(_) => Err(self.value_fault(column, "write a decimal number such as `2.62`")),
            },
        }
    }

    /// Returns the number of the row's product.
    pub(crate) fn product(&self, column: usize, names: &mut NameTable) -> Result<u32, ReplayError> {
        let text = self.text(column)?;
        if text.is_empty() || text.len() > NAME_BYTES || text.chars().any(char::is_control) {
            return Err(self.value_fault(
                column,
                "name the product in 1 to 64 bytes without control characters",
            ));
        }
        self.number(names, text, "products")
    }

    /// Returns the number of a name.
    pub(crate) fn number(
        &self,
        names: &mut NameTable,
        name: &str,
        what: &'static str,
    ) -> Result<u32, ReplayError> {
        names.number(name).ok_or_else(|| ReplayError::TooMany {
            file: self.file.clone(),
            line: self.line(),
            what,
            most: u32::MAX,
        })
    }

    /// Makes an error about this row's value in a wanted column.
    pub(crate) fn value_fault(&self, column: usize, fix: &'static str) -> ReplayError {
        let bytes = self.row.get(self.places[column]).unwrap_or_default();
        let value = String::from_utf8_lossy(bytes).chars().take(QUOTED_CHARS).collect();
        self.fault(RowError::Value { column: self.wanted[column][0], value, fix })
    }

    fn fault(&self, fault: RowError) -> ReplayError {
        ReplayError::Row { file: self.file.clone(), line: self.line(), fault }
    }

    fn line(&self) -> u64 {
        self.row.position().map_or(0, csv::Position::line)
    }
}

/// Makes an error about a failed read. The reader is flexible and hands out bytes, so only reading
/// can fail.
fn read_fault(file: &str, line: u64, fault: csv::Error) -> ReplayError {
    let source = match fault.into_kind() {
        csv::ErrorKind::Io(source) => source,
        other => std::io::Error::other(format!("{other:?}")),
    };
    ReplayError::Read { file: file.to_owned(), line, source }
}

/// Parses a time: `2022-10-01 00:00:00 UTC` and its ISO relatives, or the American dates of older
/// copies of Online Retail (`12/1/2010 8:26`).
fn parse_time(text: &str) -> Option<u64> {
    let bare =
        text.strip_suffix("UTC").or_else(|| text.strip_suffix('Z')).unwrap_or(text).trim_end();
    let civil =
        bare.parse::<DateTime>().or_else(|_| DateTime::strptime("%m/%d/%Y %H:%M", bare)).ok()?;
    u64::try_from(civil.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond()).ok()
}

#[cfg(test)]
mod tests {
    use super::parse_time;

    #[test]
    fn times_of_the_known_files() {
        assert_eq!(parse_time("2022-10-01 00:00:00 UTC"), Some(1_664_582_400_000));
        assert_eq!(parse_time("2022-10-01T00:00:00Z"), Some(1_664_582_400_000));
        assert_eq!(parse_time("2010-12-01 08:26:00"), Some(1_291_191_960_000));
        assert_eq!(parse_time("12/1/2010 8:26"), Some(1_291_191_960_000));
    }

    #[test]
    fn what_is_not_a_time() {
        for text in
            ["", "yesterday", "1969-12-31 23:59:59 UTC", "2022-13-01 00:00:00 UTC", "1664582400"]
        {
            assert_eq!(parse_time(text), None, "{text}");
        }
    }
}
