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
svg { width: 100%; height: auto } svg text { fill: var(--ink) } svg rect { fill: var(--bar) }";

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

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
