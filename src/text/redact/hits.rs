//! Hits in their order, none over another.

use super::needles::Hit;

/// Hits, each with the length of the longest that it is made of.
#[derive(Debug, Default)]
pub struct Hits {
    hits: Vec<(Hit, usize)>,
}

impl Hits {
    /// Puts a hit among the others, with the length of the longest that it is made of; those that overlap become one. Those
    /// that only touch do not: the first may be out already. A name says more than `nameless`.
    pub fn put(&mut self, mut hit: Hit, mut longest: usize, nameless: usize) {
        if self.hits.last().is_none_or(|(other, _)| other.end <= hit.start) {
            return self.hits.push((hit, longest));
        }
        let mut from = self.hits.partition_point(|(other, _)| other.end <= hit.start);
        let to = self.hits.partition_point(|(other, _)| other.start < hit.end).max(from);
        for (other, length) in &self.hits[from..to] {
            // Which was found first depends on how the bytes came.
            let named = (other.name != nameless).cmp(&(hit.name != nameless));
            if named.then(length.cmp(&longest)).then(hit.name.cmp(&other.name)).is_ge() {
                (hit.name, longest) = (other.name, *length);
            }
            (hit.start, hit.end) = (hit.start.min(other.start), hit.end.max(other.end));
        }
        if from < to {
            self.hits[from] = (hit, longest);
            from += 1;
            self.hits.drain(from..to);
        } else {
            self.hits.insert(from, (hit, longest));
        }
    }

    /// The name of the one that stands at a place.
    pub fn name_at(&self, at: usize) -> Option<usize> {
        let hit = self.hits.get(self.hits.partition_point(|(hit, _)| hit.end <= at)).map(|(hit, _)| hit)?;
        Some(hit.name).filter(|_| hit.start <= at)
    }

    /// The last.
    pub fn last(&self) -> Option<&Hit> {
        self.hits.last().map(|(hit, _)| hit)
    }

    /// The base64 that goes on behind the last one goes with it, as far as `limit`: its last letters carry bits of the secret.
    /// The limit, where the bytes end before that.
    #[inline]
    pub fn grow(&mut self, limit: usize, bytes: &[u8], last: bool) -> Option<usize> {
        let (hit, _) = self.hits.last_mut()?;
        let code = |byte: &&u8| byte.is_ascii_alphanumeric() || b"+/=-_".contains(byte);
        let until = limit.min(bytes.len());
        if hit.end < until {
            hit.end += bytes[hit.end..until].iter().take_while(code).count();
        }
        Some(limit).filter(|_| !last && hit.end == bytes.len() && hit.end < limit)
    }

    /// How many of the first `settled` bytes can go out: a replacement does as a whole or not at all.
    pub fn whole(&self, settled: usize) -> usize {
        let across = self.hits.iter().rev().take_while(|(hit, _)| hit.end > settled);
        across.fold(settled, |settled, (hit, _)| settled.min(hit.start))
    }

    /// Those of so many bytes that go out.
    pub fn take(&mut self, bytes: usize) -> Vec<Hit> {
        let count = self.hits.partition_point(|(hit, _)| hit.end <= bytes);
        let out = self.hits.drain(..count).map(|(hit, _)| hit).collect();
        for (hit, _) in &mut self.hits {
            (hit.start, hit.end) = (hit.start.saturating_sub(bytes), hit.end.saturating_sub(bytes));
        }
        out
    }
}
