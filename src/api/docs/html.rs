//! Text as HTML.

/// Text stays text.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
    out
}

pub fn code(text: &str) -> String {
    format!("<code>{}</code>", escape(text))
}

/// Paragraphs, with text between backticks as code.
pub fn prose(text: &str) -> String {
    let paragraphs = text.split("\n\n").map(str::trim).filter(|paragraph| !paragraph.is_empty());
    paragraphs.map(|paragraph| format!("<p>{}</p>", inline(paragraph))).collect()
}

/// One line of prose.
pub fn inline(text: &str) -> String {
    let parts = text.split('`').enumerate();
    parts.map(|(position, part)| if position % 2 == 1 { code(part) } else { escape(part) }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        assert_eq!(prose("a <b> & `x<y`\n\nc"), "<p>a &lt;b&gt; &amp; <code>x&lt;y</code></p><p>c</p>");
        assert_eq!(escape("\"><script>"), "&quot;&gt;&lt;script&gt;");
    }
}
