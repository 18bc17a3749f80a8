//! HTML to text a person can read on a telephone: lines for rows and paragraphs, `label: value` for
//! tables of two columns. One pass, no tree: time and memory grow with the length only.

use mail_parser::decoders::html::add_html_token;

/// Stands between the cells of a table row until the row is complete.
const CELL: char = '\u{1f}';
/// Bytes of a tag within which quotes are respected.
const MAX_QUOTED_TAG: usize = 1024;

/// Renders HTML. Tags that HTML does not have are text: some sources do not escape `<`.
pub(super) fn to_text(html: &str) -> String {
    let mut page = Page { rest: html, out: String::with_capacity(html.len() / 4), pre: 0 };
    while let Some(next) = page.rest.find(['<', '&']) {
        let (text, rest) = page.rest.split_at(next);
        page.text(text);
        page.rest = rest;
        if rest.starts_with('&') {
            page.entity();
        } else if !page.markup() {
            page.text("<");
            page.rest = rest.get(1..).unwrap_or_default();
        }
    }
    let rest = page.rest;
    page.text(rest);
    page.out.lines().map(row).collect::<Vec<_>>().join("\n")
}

struct Page<'a> {
    rest: &'a str,
    out: String,
    /// How many `<pre>` are open.
    pre: usize,
}

impl Page<'_> {
    fn text(&mut self, text: &str) {
        if self.pre > 0 {
            self.out.push_str(text);
            return;
        }
        for c in text.chars() {
            if !c.is_whitespace() || c == '\u{a0}' {
                self.out.push(c);
            } else if !self.out.ends_with([' ', '\n', CELL]) {
                self.out.push(' ');
            }
        }
    }

    fn entity(&mut self) {
        let end = self.rest.bytes().take(34).position(|byte| byte == b';');
        let length = end.map_or(1, |end| end + 1);
        let (token, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        add_html_token(&mut self.out, token.as_bytes(), false);
        self.rest = rest;
    }

    /// Consumes a comment, declaration or tag; false if `<` begins none of them.
    fn markup(&mut self) -> bool {
        if let Some(comment) = self.rest.strip_prefix("<!--") {
            self.rest = comment.find("-->").and_then(|end| comment.get(end + 3..)).unwrap_or("");
            return true;
        }
        let closing = self.rest.starts_with("</");
        let inner = self.rest.get(if closing { 2 } else { 1 }..).unwrap_or_default();
        let declaration = inner.starts_with(['!', '?']);
        let name_end = inner
            .find(|c: char| c.is_whitespace() || matches!(c, '>' | '/'))
            .unwrap_or(inner.len());
        let name = inner.get(..name_end).unwrap_or_default();
        let mut lower = [0; 16];
        let Some(lower) = lower.get_mut(..name.len()).filter(|_| name.is_ascii()) else {
            return false;
        };
        lower.copy_from_slice(name.as_bytes());
        lower.make_ascii_lowercase();
        let Some(tag) = Tag::named(lower).or(declaration.then_some(Tag::Ignored)) else {
            return false;
        };
        let Some(end) = tag_end(inner) else { return false };
        self.rest = inner.get(end + 1..).unwrap_or_default();
        self.apply(tag, closing, lower);
        true
    }

    fn apply(&mut self, tag: Tag, closing: bool, name: &[u8]) {
        match tag {
            Tag::Ignored => {}
            Tag::Line => self.line(),
            Tag::Break => self.out.push('\n'),
            Tag::Paragraph => {
                self.line();
                self.out.push('\n');
            }
            Tag::Item => {
                self.line();
                if !closing {
                    self.out.push_str("- ");
                }
            }
            Tag::Cell => {
                if closing {
                    self.out.push(CELL);
                }
            }
            Tag::Pre => {
                self.line();
                self.pre = if closing { self.pre.saturating_sub(1) } else { self.pre + 1 };
            }
            Tag::Hidden if closing => {}
            Tag::Hidden => {
                // Without an end everything after it would be hidden in a browser too.
                let end = find_end(self.rest, name);
                self.rest = end.and_then(|end| self.rest.get(end..)).unwrap_or("");
            }
        }
    }

    fn line(&mut self) {
        if !self.out.ends_with('\n') {
            self.out.push('\n');
        }
    }
}

/// What a tag does to the text.
#[derive(Clone, Copy)]
enum Tag {
    Ignored,
    Line,
    Break,
    Paragraph,
    Item,
    Cell,
    Pre,
    Hidden,
}

impl Tag {
    fn named(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"br" => Self::Break,
            b"p" | b"h1" | b"h2" | b"h3" | b"h4" | b"h5" | b"h6" | b"blockquote" => Self::Paragraph,
            b"div" | b"table" | b"tr" | b"ul" | b"ol" | b"dl" | b"dt" | b"dd" | b"hr" | b"body"
            | b"center" | b"section" | b"article" | b"header" | b"footer" | b"address"
            | b"caption" | b"form" | b"fieldset" | b"legend" | b"option" | b"main" | b"nav" => {
                Self::Line
            }
            b"li" => Self::Item,
            b"td" | b"th" => Self::Cell,
            b"pre" | b"listing" | b"xmp" => Self::Pre,
            b"style" | b"script" | b"title" | b"template" => Self::Hidden,
            b"html" | b"head" | b"meta" | b"link" | b"base" | b"b" | b"strong" | b"i" | b"em"
            | b"u" | b"s" | b"a" | b"span" | b"font" | b"img" | b"tbody" | b"thead" | b"tfoot"
            | b"col" | b"colgroup" | b"small" | b"big" | b"code" | b"tt" | b"kbd" | b"samp"
            | b"var" | b"sub" | b"sup" | b"abbr" | b"label" | b"input" | b"button" | b"select"
            | b"textarea" | b"q" | b"cite" | b"del" | b"ins" | b"mark" | b"time" | b"wbr"
            | b"noscript" | b"picture" | b"source" | b"svg" | b"path" | b"figure" | b"strike"
            | b"acronym" | b"dfn" | b"map" | b"area" | b"object" | b"iframe" | b"bdo" | b"nobr"
            | b"basefont" | b"figcaption" => Self::Ignored,
            // Microsoft Office: <o:p>, <v:shape>, <w:…>.
            [b'o' | b'v' | b'w', b':', ..] => Self::Ignored,
            _ => return None,
        })
    }
}

/// Position of the `>` that ends a tag.
fn tag_end(inner: &str) -> Option<usize> {
    let mut quote = None;
    for (position, byte) in inner.bytes().enumerate().take(MAX_QUOTED_TAG) {
        match (quote, byte) {
            (None, b'>') => return Some(position),
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), byte) if open == byte => quote = None,
            _ => {}
        }
    }
    inner.find('>')
}

/// Position of `</name` in `text`, whatever its case.
fn find_end(text: &str, name: &[u8]) -> Option<usize> {
    memchr::memmem::find_iter(text.as_bytes(), b"</").find(|&start| {
        let end = text.as_bytes().get(start + 2..start + 2 + name.len());
        end.is_some_and(|end| end.eq_ignore_ascii_case(name))
    })
}

/// A row of cells as a line: `label: value` if there are two, else parted by bars.
fn row(line: &str) -> String {
    if !line.contains(CELL) {
        return line.trim_end().to_owned();
    }
    let cells: Vec<&str> =
        line.split(CELL).map(str::trim).filter(|cell| !cell.is_empty()).collect();
    match cells.as_slice() {
        [label, value] if label.ends_with([':', '=']) => format!("{label} {value}"),
        [label, value] if label.chars().count() <= 40 => format!("{label}: {value}"),
        cells => cells.join(" | "),
    }
}

#[cfg(test)]
mod tests {
    use super::to_text;

    #[test]
    fn renders() {
        let cases = [
            ("<b>Host:</b> web1<br><b>Severity:</b> High<br>", "Host: web1\nSeverity: High"),
            (
                "<p>a &lt; b &amp; c&nbsp;&#8211; d &unknown; &</p>",
                "a < b & c\u{a0}– d &unknown; &",
            ),
            ("usage <5 % of <root@srv> <-", "usage <5 % of <root@srv> <-"),
            ("<style>p{}</style><!-- no --><title>no</title>yes", "yes"),
            (
                "<table><tr><td>Host</td><td>web1</td></tr>\n<tr><th>State:</th><td>x</td></tr></table>",
                "Host: web1\nState: x",
            ),
            ("<tr><td>a</td><td>b</td><td>c</td></tr>", "a | b | c"),
            ("<ul><li>one<li>two</ul>", "- one\n- two"),
            ("<pre>a\n  b</pre>c", "a\n  b\nc"),
            ("<a href=\"x>y\">link</a> <o:p></o:p>", "link"),
            ("<script>if (a<b) {}", ""),
            ("<div", "<div"),
            ("ñ<ñ>&ñ;", "ñ<ñ>&ñ;"),
        ];
        for (html, text) in cases {
            assert_eq!(to_text(html).trim(), text, "{html}");
        }
    }

    #[test]
    fn hostile_pages_end() {
        for unit in ["<div>", "<b><p>", "<a \"'>", "<title>", "<!--", "&", "<td>", "<pre>\n"] {
            let page = unit.repeat(200_000 / unit.len());
            assert!(to_text(&page).len() <= page.len());
        }
    }
}
