//! Plots as SVG, made here. Pure. The same figures stand in a table beside, for who cannot see them.

use maud::{Markup, html};

/// Size of the plot, in units of its own.
const WIDTH: u64 = 720;
const HEIGHT: u64 = 220;
const LEFT: u64 = 40;
const BOTTOM: u64 = 28;
const TOP: u64 = 10;

/// Most labels under the axis.
const MOST_LABELS: usize = 8;

/// Bars, each with its label. `title` is read to who cannot see it.
pub(super) fn bars(title: &str, values: &[(String, u64)]) -> Markup {
    let top = round_up(values.iter().map(|(_, value)| *value).max().unwrap_or(0));
    let count = (values.len() as u64).max(1);
    let step = (WIDTH - LEFT) / count;
    let inside = HEIGHT - BOTTOM - TOP;
    let height = |value: u64| value * inside / top;
    let every = values.len().div_ceil(MOST_LABELS).max(1);
    html! {
        svg.plot viewBox={ "0 0 " (WIDTH) " " (HEIGHT) } role="img" aria-label=(title) {
            @for part in 0..=4u64 {
                @let y = TOP + inside - inside * part / 4;
                line.grid-line x1=(LEFT) x2=(WIDTH) y1=(y) y2=(y) {}
                text x=(LEFT - 6) y=(y + 4) text-anchor="end" { (label(top, part)) }
            }
            @for (index, (name, value)) in (0u64..).zip(values) {
                @let x = LEFT + index * step;
                rect.bar x=(x + 1) y=(TOP + inside - height(*value)) width=(step.saturating_sub(2).max(1))
                    height=(height(*value)) { title { (name) ": " (value) } }
                @if index % (every as u64) == 0 {
                    text x=(x) y=(HEIGHT - 8) { (name) }
                }
            }
            line.axis x1=(LEFT) x2=(WIDTH) y1=(TOP + inside) y2=(TOP + inside) {}
        }
    }
}

/// The number at a quarter of the axis; a broken one is left out.
fn label(top: u64, part: u64) -> String {
    if (top * part).is_multiple_of(4) { (top * part / 4).to_string() } else { String::new() }
}

/// The next number that divides well.
fn round_up(value: u64) -> u64 {
    let mut scale = 1;
    loop {
        for step in [4, 8, 12, 20, 40] {
            if value <= step * scale {
                return step * scale;
            }
        }
        scale *= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_at_round_numbers() {
        for (value, top) in [(0, 4), (4, 4), (5, 8), (13, 20), (39, 40), (41, 80), (12_345, 20_000)]
        {
            assert_eq!(round_up(value), top, "{value}");
        }
    }

    #[test]
    fn a_plot_is_escaped_and_has_a_bar_for_each() {
        let values = [("<script>".to_owned(), 3), ("b".to_owned(), 0)];
        let plot = bars("alerts & more", &values).into_string();
        assert_eq!(plot.matches("<rect").count(), 2);
        assert!(!plot.contains("<script>") && plot.contains("alerts &amp; more"));
        assert!(!bars("x", &[]).into_string().contains("<rect"));
    }
}
