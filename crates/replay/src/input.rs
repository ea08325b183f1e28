//! Reads files that may be packed with gzip or zstd.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};

use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

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

/// Unpacks gzip or zstd, and passes everything else through. Looks at the content, not at the name:
/// downloads lose their endings, and a plain file is now and then called `.gz`.
///
/// # Errors
/// The first bytes cannot be read. What is damaged further on is an error of that read.
pub fn unpack(mut source: impl Read + 'static) -> io::Result<Box<dyn Read>> {
    let mut head = Vec::with_capacity(ZSTD.len());
    source.by_ref().take(ZSTD.len() as u64).read_to_end(&mut head)?;
    let (gzip, zstd) = (head.starts_with(&GZIP), head.starts_with(&ZSTD));
    let whole = io::Cursor::new(head).chain(source);
    Ok(if gzip {
        // Several members in a row are one file: `cat a.gz b.gz` is legal.
        Box::new(flate2::read::MultiGzDecoder::new(BufReader::new(whole)))
    } else if zstd {
        Box::new(ZstdFrames::new(BufReader::new(whole)))
    } else {
        Box::new(whole)
    })
}

/// Reads zstd frames, one after the other: `cat a.zst b.zst` is legal.
struct ZstdFrames<R> {
    source: R,
    decoder: FrameDecoder,
    /// Whether the decoder is inside a frame.
    within: bool,
}

impl<R: BufRead> ZstdFrames<R> {
    fn new(source: R) -> Self {
        Self { source, decoder: FrameDecoder::new(), within: false }
    }
}

impl<R: BufRead> Read for ZstdFrames<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if into.is_empty() {
            return Ok(0);
        }
        loop {
            if self.decoder.can_collect() > 0 {
                return self.decoder.read(into);
            }
            if self.within && !self.decoder.is_finished() {
                // A block may be empty, so this may have to be done again.
                let most = BlockDecodingStrategy::UptoBytes(into.len());
                self.decoder.decode_blocks(&mut self.source, most).map_err(damaged)?;
                continue;
            }
            if self.within
                && self.decoder.get_checksum_from_data() != self.decoder.get_calculated_checksum()
                && self.decoder.get_checksum_from_data().is_some()
            {
                return Err(damaged("the checksum does not fit"));
            }
            // A frame ended, or none has begun.
            if self.source.fill_buf()?.is_empty() {
                return Ok(0);
            }
            self.decoder.init(&mut self.source).map_err(damaged)?;
            self.within = true;
        }
    }
}

fn damaged(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
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

    fn zstd(plain: &[u8]) -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(plain, ruzstd::encoding::CompressionLevel::Fastest)
    }

    #[test]
    fn packing_is_seen_in_the_content() {
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(b"a,b\n1,2\n").unwrap();
        assert_eq!(text(gz.finish().unwrap()), "a,b\n1,2\n");
        assert_eq!(text(zstd(b"a,b\n1,2\n")), "a,b\n1,2\n");
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
    fn joined_zstd_frames_are_one_file() {
        let long = "x,".repeat(300_000);
        let both: Vec<u8> = [&b"a,b\n"[..], b"", long.as_bytes()].map(zstd).concat();
        assert_eq!(text(both), format!("a,b\n{long}"));
    }

    #[test]
    fn damaged_zstd_is_an_error() {
        let long: String = (0..40_000).map(|n| format!("{n},")).collect();
        let whole = zstd(long.as_bytes());
        let read = |bytes: Vec<u8>| {
            let mut out = Vec::new();
            unpack(io::Cursor::new(bytes)).unwrap().read_to_end(&mut out).map(|_| out)
        };
        assert_eq!(read(whole.clone()).unwrap(), long.as_bytes());
        for at in [5, 9, whole.len() / 2, whole.len() - 5, whole.len() - 1] {
            assert!(read(whole[..at].to_vec()).is_err(), "cut at {at}");
        }
        // What is not found out as it is decoded, the checksum at the end finds.
        for at in [whole.len() / 4, whole.len() / 2, whole.len() - 1] {
            let mut flipped = whole.clone();
            flipped[at] ^= 0x55;
            assert!(read(flipped).is_err(), "flipped at {at}");
        }
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let fault = open("/nowhere/at/all.csv").err().unwrap();
        assert!(fault.to_string().starts_with("/nowhere/at/all.csv: cannot be opened"));
        assert_eq!(fault.status(), 2);
        assert!(open("/").is_err());
    }
}
