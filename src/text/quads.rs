//! Finds the places of a text where any of many strings may begin, at close to the speed of memory.
//!
//! Every string has at least four bytes. At each place of the text the next four are hashed and looked up in a table of
//! bits that lies in the first cache: no step waits for the one before, as the steps of an automaton do.

/// Bytes that are looked at; no string is shorter.
pub const QUAD: usize = 4;
/// Bits of the hash.
const BITS: u32 = 17;

/// What begins with which four bytes.
#[derive(Debug)]
pub struct Quads<T> {
    /// for each hash: whether anything begins so
    bits: Box<[u64; 1 << (BITS - 6)]>,
    /// for each hash: number of its group
    slots: Box<[u16; 1 << BITS]>,
    groups: Vec<Vec<T>>,
}

impl<T> Default for Quads<T> {
    fn default() -> Self {
        Self { bits: Box::new([0; 1 << (BITS - 6)]), slots: Box::new([0; 1 << BITS]), groups: Vec::new() }
    }
}

impl<T> Quads<T> {
    /// Enters something that begins with these bytes.
    pub fn enter(&mut self, begins: [u8; QUAD], what: T) {
        let hash = hash(begins);
        if !self.begins(hash) {
            self.bits[hash / 64] |= 1 << (hash % 64);
            self.groups.push(Vec::new());
            // Should there ever be more groups than numbers, those beyond share one.
            self.slots[hash] = u16::try_from(self.groups.len() - 1).unwrap_or(u16::MAX);
        }
        self.groups[usize::from(self.slots[hash])].push(what);
    }

    /// The first place at or behind `from` where something may begin, and what. The caller compares.
    pub fn next(&self, bytes: &[u8], from: usize) -> Option<(usize, &[T])> {
        let mut quads = bytes.get(from..)?.windows(QUAD).filter_map(<[u8]>::first_chunk);
        let at = from + quads.position(|quad| self.begins(hash(*quad)))?;
        let group = self.slots[hash(*bytes.get(at..)?.first_chunk()?)];
        Some((at, self.groups.get(usize::from(group))?))
    }

    fn begins(&self, hash: usize) -> bool {
        self.bits[hash / 64] >> (hash % 64) & 1 == 1
    }
}

fn hash(bytes: [u8; QUAD]) -> usize {
    (u32::from_le_bytes(bytes).wrapping_mul(0x9E37_79B1) >> (32 - BITS)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_where_something_begins_is_found() {
        let mut quads = Quads::default();
        quads.enter(*b"TASK", 1);
        quads.enter(*b"fata", 2);
        let text = b"xx TASK fatal: TASK";
        let mut seen = Vec::new();
        let mut from = 0;
        while let Some((at, what)) = quads.next(text, from) {
            if text[at..].starts_with(b"TASK") || text[at..].starts_with(b"fata") {
                seen.push((at, what.to_vec()));
            }
            from = at + 1;
        }
        assert_eq!(seen, [(3, vec![1]), (8, vec![2]), (15, vec![1])]);
        assert!(Quads::<u8>::default().next(b"nothing to find", 0).is_none());
    }
}
