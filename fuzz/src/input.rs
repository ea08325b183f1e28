//! Bytes as a source of choices, and of damaged envelopes.

/// Takes choices off a slice; when it is used up, every choice is 0.
pub(crate) struct Input<'a>(pub(crate) &'a [u8]);

impl Input<'_> {
    pub(crate) fn byte(&mut self) -> u8 {
        match self.0.split_first() {
            Some((first, rest)) => {
                self.0 = rest;
                *first
            }
            None => 0,
        }
    }

    pub(crate) fn below(&mut self, n: u8) -> u8 {
        self.byte() % n
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn short(&mut self) -> usize {
        usize::from(self.byte()) << 8 | usize::from(self.byte())
    }

    /// Damages `sample` in up to `most` places and makes its checksum right again, so that the
    /// damage gets past it. Often it only changes, sometimes it cuts or lengthens.
    pub(crate) fn damage(&mut self, mut sample: Vec<u8>, most: u8) -> Vec<u8> {
        let Some(content) = sample.len().checked_sub(4) else { return sample };
        sample.truncate(content);
        sealed(self.change(sample, most))
    }

    /// Damages `sample` in up to `most` places.
    pub(crate) fn change(&mut self, mut sample: Vec<u8>, most: u8) -> Vec<u8> {
        for _ in 0..self.below(most + 1) {
            if sample.is_empty() {
                break;
            }
            let at = self.short() % sample.len();
            match self.below(8) {
                0 => sample.truncate(at),
                1 => sample.insert(at, self.byte()),
                2 => {
                    sample.remove(at);
                }
                3 => {
                    let to = (at + usize::from(self.below(16))).min(sample.len());
                    sample.extend_from_within(at..to);
                }
                4 => {
                    sample[at] =
                        [0, 1, 0x7f, 0x80, 0xfb, 0xfc, 0xfd, 0xff][usize::from(self.below(8))]
                }
                5 => sample[at] = sample[at].wrapping_add(1),
                _ => sample[at] ^= 1 << self.below(8),
            }
        }
        sample
    }

    /// The rest of the input as the content of an envelope of `kind`.
    pub(crate) fn envelope(&mut self, kind: u8) -> Vec<u8> {
        let mut bytes = b"hd".to_vec();
        bytes.push(0x10 | kind);
        bytes.extend_from_slice(self.0);
        sealed(bytes)
    }
}

fn sealed(mut content: Vec<u8>) -> Vec<u8> {
    let checksum = crc32fast::hash(&content);
    content.extend_from_slice(&checksum.to_le_bytes());
    content
}
