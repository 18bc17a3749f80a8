//! How many values were below each of some bounds. Pure.

use super::text::{Kind, Text};

/// Bounds of times until somebody was told, in seconds.
pub(super) const PATIENCE: &[f64] = &[0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0];

/// Bounds of mean opinion scores: from "nobody understands" to the best that G.711 gives.
pub(super) const MOS: &[f64] = &[1.5, 2.0, 2.5, 3.0, 3.25, 3.5, 3.75, 4.0, 4.25, 4.5];

/// The counts.
#[derive(Debug, Clone)]
pub(super) struct Histogram {
    bounds: &'static [f64],
    /// Of each bound, those that are not above it.
    below: Vec<u64>,
    count: u64,
    sum: f64,
}

impl Histogram {
    pub(super) fn new(bounds: &'static [f64]) -> Self {
        Self { bounds, below: vec![0; bounds.len()], count: 0, sum: 0.0 }
    }

    /// Of values that somebody else has counted: how many are above the bound before and not above
    /// each, and after the last how many are above all.
    pub(super) fn counted(bounds: &'static [f64], between: &[u64], sum: f64) -> Self {
        let mut count = 0;
        let sums: Vec<u64> = between
            .iter()
            .map(|more| {
                count += more;
                count
            })
            .collect();
        let below = sums.into_iter().take(bounds.len()).collect();
        Self { bounds, below, count, sum }
    }

    pub(super) fn observe(&mut self, value: f64) {
        for (below, bound) in self.below.iter_mut().zip(self.bounds) {
            *below += u64::from(value <= *bound);
        }
        self.count += 1;
        self.sum += value;
    }

    /// Writes a family of one.
    pub(super) fn write_family(&self, text: &mut Text, name: &str, help: &str) {
        text.family(name, Kind::Histogram, help);
        self.write(text, name, &[]);
    }

    #[expect(clippy::cast_precision_loss, reason = "the format has floats")]
    pub(super) fn write(&self, text: &mut Text, name: &str, labels: &[(&str, &str)]) {
        let bounds = self.bounds.iter().map(ToString::to_string).chain(["+Inf".to_owned()]);
        for (bound, count) in bounds.zip(self.below.iter().chain([&self.count])) {
            let with = [labels, &[("le", bound.as_str())]].concat();
            text.sample(&format!("{name}_bucket"), &with, *count as f64);
        }
        text.sample(&format!("{name}_sum"), labels, self.sum);
        text.sample(&format!("{name}_count"), labels, self.count as f64);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_counted_below_their_bounds() {
        const BOUNDS: &[f64] = &[1.0, 2.0];
        let mut seen = Histogram::new(BOUNDS);
        for value in [0.5, 1.0, 1.5, 9.0] {
            seen.observe(value);
        }
        for histogram in [seen, Histogram::counted(BOUNDS, &[2, 1, 1], 12.0)] {
            let mut text = Text::default();
            histogram.write_family(&mut text, "x", "Things.");
            let text = text.finish().replace("smtp_appliance_", "");
            let lines: Vec<_> = text.lines().skip(2).collect();
            assert_eq!(
                lines,
                [
                    "x_bucket{le=\"1\"} 2",
                    "x_bucket{le=\"2\"} 3",
                    "x_bucket{le=\"+Inf\"} 4",
                    "x_sum 12",
                    "x_count 4"
                ]
            );
        }
    }
}
