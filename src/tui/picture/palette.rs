//! At most 256 colours for a picture: exact for a console's few, median cut for a desktop's many.

use image::RgbImage;

/// Colours, and for each pixel, row by row, which of them it has.
#[derive(Debug)]
pub struct Indexed {
    /// at most 256
    pub colours: Vec<[u8; 3]>,
    /// one for each pixel
    pub indices: Vec<u8>,
}

/// Most colours that a sixel terminal can be asked to hold.
const MAX_COLOURS: usize = 256;
/// Bits of a channel that tell two colours apart; colours that agree in them become their mean.
const BITS: u32 = 5;

/// Pixels whose colours agree in their upper bits.
#[derive(Debug, Clone, Copy, Default)]
struct Bucket {
    number: usize,
    count: u32,
    sum: [u32; 3],
}

impl Bucket {
    fn mean(&self, channel: usize) -> u8 {
        u8::try_from(self.sum[channel] / self.count.max(1)).unwrap_or(u8::MAX)
    }
}

/// Reduces `pixels` to a palette.
pub fn reduce(pixels: &RgbImage) -> Indexed {
    let mut buckets = vec![Bucket::default(); 1 << (3 * BITS)];
    for (number, bucket) in buckets.iter_mut().enumerate() {
        bucket.number = number;
    }
    for pixel in pixels.as_raw().as_chunks::<3>().0 {
        let bucket = &mut buckets[number(*pixel)];
        bucket.count += 1;
        for (sum, channel) in bucket.sum.iter_mut().zip(pixel) {
            *sum += u32::from(*channel);
        }
    }
    buckets.retain(|bucket| bucket.count > 0);
    let mut colours = Vec::with_capacity(MAX_COLOURS);
    let mut index_of = vec![0_u8; 1 << (3 * BITS)];
    for (index, group) in (0..=u8::MAX).zip(median_cut(&mut buckets)) {
        colours.push(mean(group));
        for bucket in group {
            index_of[bucket.number] = index;
        }
    }
    let indices = pixels.as_raw().as_chunks::<3>().0.iter().map(|pixel| index_of[number(*pixel)]).collect();
    Indexed { colours, indices }
}

fn number(pixel: [u8; 3]) -> usize {
    pixel.iter().fold(0, |number, channel| (number << BITS) | usize::from(channel >> (8 - BITS)))
}

/// Median cut: splits the group that spreads farthest, weighted by its pixels, until there are enough.
fn median_cut(buckets: &mut [Bucket]) -> Vec<&[Bucket]> {
    let mut groups: Vec<(u64, usize, &mut [Bucket])> = vec![weighed(buckets)];
    while groups.len() < MAX_COLOURS {
        let widest = groups.iter().enumerate().max_by_key(|(_, (weight, ..))| *weight).map(|(at, _)| at);
        let Some((weight, channel, group)) = widest.map(|at| groups.swap_remove(at)) else { break };
        if weight == 0 {
            groups.push((weight, channel, group));
            break;
        }
        group.sort_unstable_by_key(|bucket| bucket.mean(channel));
        let half = group.iter().map(|bucket| u64::from(bucket.count)).sum::<u64>() / 2;
        let mut seen = 0;
        let middle = group.iter().position(|bucket| {
            seen += u64::from(bucket.count);
            seen > half
        });
        let (low, high) = group.split_at_mut(middle.unwrap_or(0).clamp(1, group.len() - 1));
        groups.push(weighed(low));
        groups.push(weighed(high));
    }
    groups.into_iter().map(|(_, _, group)| &*group).filter(|group| !group.is_empty()).collect()
}

/// How much a group wants to be split, and along which channel; 0 when it is one bucket.
fn weighed(group: &mut [Bucket]) -> (u64, usize, &mut [Bucket]) {
    let spread = |channel: usize| {
        let values = group.iter().map(|bucket| bucket.mean(channel));
        values.clone().max().unwrap_or(0) - values.min().unwrap_or(0)
    };
    let (spread, channel) = (0..3).map(|channel| (spread(channel), channel)).max().unwrap_or((0, 0));
    let pixels: u64 = group.iter().map(|bucket| u64::from(bucket.count)).sum();
    // The square keeps a rare colour far from all others, as a red cross on a grey desktop, from being averaged away.
    let weight = if group.len() < 2 { 0 } else { u64::from(spread).pow(2).max(1) * pixels };
    (weight, channel, group)
}

fn mean(group: &[Bucket]) -> [u8; 3] {
    let count: u64 = group.iter().map(|bucket| u64::from(bucket.count)).sum();
    [0, 1, 2].map(|channel| {
        let sum: u64 = group.iter().map(|bucket| u64::from(bucket.sum[channel])).sum();
        u8::try_from((sum + count / 2) / count.max(1)).unwrap_or(u8::MAX)
    })
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    fn shown(indexed: &Indexed, at: usize) -> [u8; 3] {
        indexed.colours[usize::from(indexed.indices[at])]
    }

    #[test]
    fn the_few_colours_of_a_console_stay_exact() {
        let console = [[0, 0, 0], [170, 170, 170], [255, 255, 255], [0, 0, 168], [170, 85, 0]];
        let pixels = RgbImage::from_fn(100, 10, |x, _| Rgb(console[x as usize % console.len()]));
        let indexed = reduce(&pixels);
        assert_eq!(indexed.colours.len(), console.len());
        for (at, pixel) in pixels.pixels().enumerate() {
            assert_eq!(shown(&indexed, at), pixel.0);
        }
    }

    #[test]
    fn many_colours_come_near() {
        let pixels = RgbImage::from_fn(256, 256, |x, y| Rgb([x as u8, y as u8, (x ^ y) as u8]));
        let indexed = reduce(&pixels);
        assert!(indexed.colours.len() <= 256);
        let worst = pixels.pixels().enumerate().map(|(at, pixel)| {
            let shown = shown(&indexed, at);
            (0..3).map(|channel| shown[channel].abs_diff(pixel.0[channel])).max().unwrap_or(0)
        });
        assert!(worst.max().expect("pixels") < 64);
    }

    #[test]
    fn a_small_spot_keeps_its_colour_among_many() {
        let pixels = RgbImage::from_fn(400, 300, |x, y| match (x, y) {
            (10..14, 10..14) => Rgb([255, 0, 0]),
            _ => Rgb([(x / 2) as u8, (x / 2) as u8, (y / 2 + 40) as u8]),
        });
        let [red, green, blue] = shown(&reduce(&pixels), 12 * 400 + 12);
        assert!(red > 200 && green < 60 && blue < 60, "{red},{green},{blue} is not red");
    }
}
