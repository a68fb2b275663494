use std::fmt::Write;

/// Cases shown in a table of examples.
const N_EXAMPLES: usize = 20;

const STYLE: &str = "
:root { color-scheme: light dark; --ink: light-dark(#222, #ddd); --bar: light-dark(#5b5fb0, #a5a8f0);
        --faint: light-dark(#666, #999); --line: light-dark(#ddd, #333); --page: light-dark(#fffef8, #16181d) }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page);
       max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
p { color: var(--faint) } .wide { overflow-x: auto }
table { border-collapse: collapse; width: 100% } caption { text-align: left; font-weight: 600; padding: 1rem 0 .3rem }
th, td { text-align: right; padding: .25rem .6rem; border-bottom: 1px solid var(--line); white-space: nowrap }
th:first-child, td:first-child { text-align: left } code { font-size: 13px; white-space: pre-wrap; overflow-wrap: anywhere }
.cases th, .cases td { text-align: left; vertical-align: top; white-space: normal }
svg { width: 100%; height: auto } svg text { fill: var(--ink) } svg rect, svg circle { fill: var(--bar) }
svg line { stroke: var(--line) }";

/// A report being written: a page that needs nothing from elsewhere, for light and dark screens.
pub(crate) struct Page {
    text: String,
}

impl Page {
    /// A page with nothing but its title and what it is about.
    pub(crate) fn new(title: &str, about: &str) -> Page {
        let text = format!(
            "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\">\n<meta name=\"viewport\" \
             content=\"width=device-width\">\n<title>{0}</title>\n<style>{STYLE}</style>\n<h1>{0}</h1>\n<p>{1}</p>\n",
            escape(title),
            escape(about)
        );
        Page { text }
    }

    /// A table of figures; the first cell of a row is its name.
    pub(crate) fn table(mut self, caption: &str, header: &[&str], rows: &[Vec<String>]) -> Page {
        let head = header.iter().map(|name| format!("<th>{}", escape(name))).collect::<String>();
        let _ = write!(
            self.text,
            "<div class=\"wide\"><table><caption>{}</caption>\n<tr>{head}\n",
            escape(caption)
        );
        for row in rows {
            let cells = row.iter().map(|cell| format!("<td>{}", escape(cell))).collect::<String>();
            let _ = writeln!(self.text, "<tr>{cells}");
        }
        self.text += "</table></div>\n";
        self
    }

    /// Horizontal bars from 0 to 1.
    pub(crate) fn bars(mut self, title: &str, values: &[(String, f64)]) -> Page {
        let mut rows = String::new();
        for (idx, (name, value)) in values.iter().enumerate() {
            let (y, width) = (24 * idx, 640.0 * value.clamp(0.0, 1.0));
            let _ = writeln!(
                rows,
                "<text x=\"135\" y=\"{}\" text-anchor=\"end\" font-size=\"13\">{}</text><rect x=\"142\" y=\"{y}\" \
                 width=\"{width:.1}\" height=\"16\" rx=\"2\"/><text x=\"{:.1}\" y=\"{0}\" font-size=\"12\">{value:.3}</text>",
                y + 13,
                escape(name),
                148.0 + width
            );
        }
        let _ = writeln!(
            self.text,
            "<h2>{0}</h2>\n<svg viewBox=\"0 0 860 {1}\" role=\"img\" aria-label=\"{0}\">\n{rows}</svg>",
            escape(title),
            24 * values.len()
        );
        self
    }

    /// Named points over two axes from 0 on; the best are at the upper left.
    pub(crate) fn points(
        mut self,
        title: &str,
        [x_name, y_name]: [&str; 2],
        points: &[(String, [f64; 2])],
    ) -> Page {
        let top = |axis: usize| {
            let largest = points.iter().map(|(_, at)| at[axis]).fold(0.0, f64::max);
            if largest > 0.0 { largest * 1.15 } else { 1.0 }
        };
        let [x_top, y_top] = [top(0), top(1)];
        let [x_of, y_of]: [&dyn Fn(f64) -> f64; 2] =
            [&|x| 70.0 + 560.0 * x / x_top, &|y| 260.0 - 240.0 * y / y_top];
        let mut marks = String::new();
        for quarter in 0..=4 {
            let share = f64::from(quarter) / 4.0;
            let (x, y) = (x_of(share * x_top), y_of(share * y_top));
            let _ = writeln!(
                marks,
                "<line x1=\"70\" x2=\"630\" y1=\"{y:.1}\" y2=\"{y:.1}\"/><text x=\"62\" y=\"{:.1}\" \
                 text-anchor=\"end\" font-size=\"11\">{:.2}</text><text x=\"{x:.1}\" y=\"276\" \
                 text-anchor=\"middle\" font-size=\"11\">{:.0}</text>",
                y + 4.0,
                share * y_top,
                share * x_top
            );
        }
        for (name, [x, y]) in points {
            let (x, y) = (x_of(*x), y_of(*y));
            // What lies to the right has its name on the left.
            let (name_x, anchor) = if x > 400.0 { (x - 9.0, "end") } else { (x + 9.0, "start") };
            let _ = writeln!(
                marks,
                "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"5\"/><text x=\"{name_x:.1}\" y=\"{:.1}\" \
                 text-anchor=\"{anchor}\" font-size=\"13\">{}</text>",
                y + 4.0,
                escape(name)
            );
        }
        let _ = writeln!(
            self.text,
            "<h2>{0}</h2>\n<svg viewBox=\"0 0 860 300\" role=\"img\" aria-label=\"{0}\">\n{marks}\
             <text x=\"350\" y=\"296\" text-anchor=\"middle\" font-size=\"12\">{1}</text>\
             <text x=\"70\" y=\"12\" text-anchor=\"start\" font-size=\"12\">{2}</text></svg>",
            escape(title),
            escape(x_name),
            escape(y_name)
        );
        self
    }

    /// Some of `rows`: a place, then code.
    pub(crate) fn cases(
        mut self,
        caption: &str,
        header: [&str; 3],
        rows: impl Iterator<Item = [String; 3]>,
    ) -> Page {
        let head = header.map(|name| format!("<th>{name}")).concat();
        let _ = write!(self.text, "<table class=\"cases\"><caption>{caption}</caption>\n<tr>{head}\n");
        for [place, first, second] in rows.take(N_EXAMPLES) {
            let _ = writeln!(
                self.text,
                "<tr><td>{}<td><code>{}</code><td><code>{}</code>",
                escape(&place),
                escape(&first),
                escape(&second)
            );
        }
        self.text += "</table>\n";
        self
    }

    /// The page as HTML.
    pub(crate) fn into_html(self) -> String {
        self.text
    }
}

/// Three digits, or a dash for what is not known.
pub fn fraction(value: impl Into<Option<f64>>) -> String {
    value.into().map_or_else(|| "–".to_string(), |value| format!("{value:.3}"))
}

/// Millions of bytes, or a dash for what is not known.
pub fn megabytes(n_bytes: Option<u64>) -> String {
    n_bytes.map_or_else(|| "–".to_string(), |n_bytes| format!("{:.1}", n_bytes as f64 / 1e6))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
