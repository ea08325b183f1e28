//! Bytes of a trace, whatever they are packed in.

use std::fs::File;
use std::io::{self, BufReader, Read};

use super::error::ReplayError;

/// The first bytes of every gzip stream.
const GZIP: [u8; 2] = [0x1f, 0x8b];
/// The first bytes of every zstd frame.
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Opens a file, or standard input for `-`, and unpacks it.
pub(crate) fn open(path: &str) -> Result<Box<dyn Read>, ReplayError> {
    let fault = |source| ReplayError::Open { file: path.to_owned(), source };
    if path == "-" {
        return unpack(io::stdin()).map_err(fault);
    }
    let file = File::open(path).map_err(fault)?;
    if file.metadata().map_err(fault)?.is_dir() {
        return Err(fault(io::Error::from(io::ErrorKind::IsADirectory)));
    }
    unpack(file).map_err(fault)
}

/// Looks at the content, not at the name: downloads lose their endings, and a plain file is now and
/// then called `.gz`.
pub(crate) fn unpack(mut source: impl Read + 'static) -> io::Result<Box<dyn Read>> {
    let mut head = Vec::with_capacity(ZSTD.len());
    source.by_ref().take(ZSTD.len() as u64).read_to_end(&mut head)?;
    let (gzip, zstd) = (head.starts_with(&GZIP), head.starts_with(&ZSTD));
    let whole = io::Cursor::new(head).chain(source);
    Ok(if gzip {
        // Several members in a row are one file: `cat a.gz b.gz` is legal.
        Box::new(flate2::read::MultiGzDecoder::new(BufReader::new(whole)))
    } else if zstd {
        Box::new(zstd::Decoder::new(whole)?)
    } else {
        Box::new(whole)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn text(bytes: Vec<u8>) -> String {
        let mut out = String::new();
        unpack(io::Cursor::new(bytes)).unwrap().read_to_string(&mut out).unwrap();
        out
    }

    #[test]
    fn packing_is_seen_in_the_content() {
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(b"a,b\n1,2\n").unwrap();
        assert_eq!(text(gz.finish().unwrap()), "a,b\n1,2\n");
        assert_eq!(text(zstd::encode_all(&b"a,b\n1,2\n"[..], 1).unwrap()), "a,b\n1,2\n");
        assert_eq!(text(b"a,b\n1,2\n".to_vec()), "a,b\n1,2\n");
    }

    #[test]
    fn short_files_are_plain() {
        assert_eq!(text(b"".to_vec()), "");
        assert_eq!(text(b"\x1f".to_vec()), "\x1f");
    }

    #[test]
    fn joined_gzip_members_are_one_file() {
        let mut both = Vec::new();
        for part in ["a,b\n", "1,2\n"] {
            let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            gz.write_all(part.as_bytes()).unwrap();
            both.extend(gz.finish().unwrap());
        }
        assert_eq!(text(both), "a,b\n1,2\n");
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let fault = open("/nowhere/at/all.csv").err().unwrap();
        assert!(fault.to_string().starts_with("/nowhere/at/all.csv: cannot be opened"));
        assert_eq!(fault.status(), 2);
        assert!(open("/").is_err());
    }
}
