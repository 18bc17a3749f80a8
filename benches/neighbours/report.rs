//! The table of figures, with the conditions under which they were seen.

use std::fs;

use crate::neighbour::version;

/// What was measured.
pub(crate) struct Value {
    pub(crate) number: f64,
    pub(crate) text: String,
}

impl Value {
    pub(crate) fn new(number: f64, unit: &str) -> Self {
        let digits = usize::from(number.fract() != 0.0);
        Self { number, text: format!("{number:.digits$} {unit}").trim_end().to_owned() }
    }
}

/// Rows as they come; printed at once, and again as Markdown.
#[derive(Default)]
pub(crate) struct Report {
    rows: String,
    notes: String,
}

impl Report {
    pub(crate) fn row(
        &mut self,
        what: &str,
        goal: &str,
        value: &Value,
        reached: impl Fn(f64) -> bool,
    ) {
        let verdict = if reached(value.number) { "yes" } else { "**no**" };
        self.push(what, goal, value, verdict);
    }

    /// What is worth knowing and no goal.
    pub(crate) fn fact(&mut self, what: &str, value: &Value) {
        self.push(what, "", value, "");
    }

    fn push(&mut self, what: &str, goal: &str, value: &Value, verdict: &str) {
        let row = format!("| {what} | {goal} | {} | {verdict} |", value.text);
        say(&row);
        self.rows.push_str(&row);
        self.rows.push('\n');
    }

    pub(crate) fn note(&mut self, note: &str) {
        say(note);
        self.notes.push_str(&["- ", note, "\n"].concat());
    }

    pub(crate) fn markdown(&self) -> String {
        format!(
            "{}\n| what | goal | measured | reached |\n|---|---|---|---|\n{}\n{}",
            conditions(),
            self.rows,
            self.notes
        )
    }
}

/// A line on the terminal; a reader who went away is no reason to stop.
pub(crate) fn say(line: &str) {
    use std::io::Write;
    drop(writeln!(std::io::stdout().lock(), "{line}"));
}

fn conditions() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name\t: "));
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let mounts = read("/proc/mounts");
    let temporary = std::env::temp_dir();
    let mount = mounts
        .lines()
        .filter_map(|line| {
            let mut words = line.split(' ').skip(1);
            Some((words.next()?, words.next()?))
        })
        .filter(|(place, _)| temporary.starts_with(place))
        .max_by_key(|(place, _)| place.len());
    format!(
        "- processor: {} × {cores}, load average at the end {}\n\
         - kernel: {}; file system of the stores: {}\n\
         - {}; Postfix {}; this program {}, {}\n",
        model.unwrap_or("unknown"),
        read("/proc/loadavg").split(' ').next().unwrap_or_default(),
        read("/proc/sys/kernel/osrelease").trim(),
        mount.map_or("unknown", |(_, kind)| kind),
        version("rustc", &["--version"]),
        version("postconf", &["-h", "mail_version"]),
        env!("CARGO_PKG_VERSION"),
        jiff::Timestamp::now().strftime("%Y-%m-%d"),
    )
}

/// The middle one.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The smallest and the greatest.
pub(crate) fn spread(values: &[f64]) -> String {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(0.0, f64::max);
    format!("{least:.2} to {most:.2}")
}
