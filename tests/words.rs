//! Published texts use the field's words: documents, the help of the command line, the API document
//! and the interface. A word that this project once used in a sense of its own fails here.
#![cfg(feature = "ssr")]

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

// Other tests use more of it.
#[allow(dead_code)]
#[path = "support/program.rs"]
mod program;

use program::{Program, command, write_events};

/// Each is a whole word or a phrase of whole words. A word that is also ordinary English stands
/// only in a phrase in which it can have no other sense. Names in code are contracts and may have
/// any of them, so text between backticks is not read.
const NOT_OURS: &[&str] = &[
    // reference date
    "as-of",
    "counted back",
    // entities
    "member",
    "members",
    "membership",
    // cached
    "kept answer",
    "kept answers",
    "kept from before",
    "kept until",
    "known answer",
    "known answers",
    "known from before",
    // in flight, request, cache key
    "asked again",
    "not asked",
    "question about",
    "questions about",
    "that asks",
    "who asks",
    // verify, join statistics
    "evidence",
    "weigh",
    "weighed",
    "weighing",
    "weighs",
    // metrics, summary, filter impact, query kind
    "brief",
    "facts",
    "filter effect",
    "shape",
    "shapes",
    // validation error
    "fault",
    "faults",
    // connectivity, offline
    "are gone",
    "is gone",
    "whoever reaches",
    // route
    "has no place",
    // codec
    "wire",
    // reported, formatted, received
    "heard",
    "said",
    "told",
    // permit, retry policy, readiness timeout
    "pace",
    "patience",
    "their turn",
    // middleware
    "gate",
    "gates",
    // resolve
    "settle",
    "settled",
    "settles",
    // export, remove
    "one away",
    "take away",
    "taken away",
    "takes away",
    "took away",
    // layers, crate, module, client and server
    "both halves",
    "browser's half",
    "door",
    "floor",
    "floors",
    "house",
    "server's half",
    // items
    "thing",
    "things",
    // per user, per day, per key
    "a file a table",
    "a row a",
    "interactions a",
    "matches a row",
    "one a table",
    "one query a",
    "one row a",
    "query a split",
    "row a key",
    "rows a day",
    "rows a key",
    "rows a product",
    "rows a user",
    "table a file",
    // from the previous run, out of date
    "of before",
    // riddles of the interface
    "find a partner",
    "finds a partner",
    "it is there",
    "leaks aside",
    "left behind",
    "need a look",
    "of the most",
    "partner",
    "partners",
    "who decides",
    "who stays",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files of a folder, and of the folders in it where `deep`, by their ending.
fn files(folder: &Path, ending: &str, deep: bool) -> Vec<PathBuf> {
    let mut found = vec![];
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && deep {
            found.extend(files(&path, ending, deep));
        } else if path.extension().is_some_and(|own| own == ending) {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// The words of a text, without code and without the targets of links.
fn words(text: &str) -> Vec<String> {
    let plain: Vec<&str> = text.split('`').step_by(2).collect();
    let mut plain = plain.join(" … ").replace('’', "'");
    while let Some(at) = plain.find("](") {
        let end = plain[at..].find(')').map_or(plain.len(), |end| at + end + 1);
        plain.replace_range(at..end, " ");
    }
    let is_word = |c: char| c.is_alphanumeric() || matches!(c, '-' | '\'' | '…');
    plain.split(|c| !is_word(c)).filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

/// Where a text has one of the words, with the words around it.
fn wrong(place: &str, text: &str) -> Vec<String> {
    let words = words(text);
    let mut wrong = vec![];
    for at in 0..words.len() {
        let is_here = |phrase: &str| phrase.split(' ').enumerate().all(|(i, word)| words.get(at + i).is_some_and(|w| w == word));
        for phrase in NOT_OURS.iter().filter(|phrase| is_here(phrase)) {
            let context = words[at.saturating_sub(5)..(at + 6).min(words.len())].join(" ");
            wrong.push(format!("{place}: {phrase:?} in: {context}"));
        }
    }
    wrong
}

#[track_caller]
fn nothing(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

/// A page's prose, tables and headings: what is not in a block of code.
fn prose(page: &str) -> Vec<(usize, &str)> {
    let mut fenced = false;
    let mut lines = vec![];
    for (i, line) in page.lines().enumerate() {
        let fence = line.trim_start().starts_with("```");
        fenced ^= fence;
        if !fence && !fenced && !line.starts_with("    ") {
            lines.push((i + 1, line));
        }
    }
    lines
}

#[test]
fn documents_use_the_glossary() {
    let pages = [files(root(), "md", false), files(&root().join("docs"), "md", true)].concat();
    assert!(pages.len() >= 15, "{}", pages.len());
    let mut found = vec![];
    for path in pages {
        let page = read(&path);
        let lines = prose(&page);
        // A phrase can go on in the next line.
        let text: Vec<&str> = lines.iter().map(|(_, line)| *line).collect();
        found.extend(wrong(&shown(&path), &text.join("\n")));
        // Numbers of a list that readers do not have.
        for (number, line) in lines {
            let is_number =
                |word: &String| word.strip_prefix("g-").is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
            found.extend(
                words(line).iter().filter(|word| is_number(word)).map(|word| format!("{}:{number}: {word}", shown(&path))),
            );
        }
    }
    nothing(&found);
}

fn help(arguments: &[&str]) -> String {
    let folder = TempDir::new().unwrap();
    let output = command(folder.path()).args(arguments).arg("--help").output().unwrap();
    assert!(output.status.success(), "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// A help without names of variables and values, which are contracts.
fn without_names(help: &str) -> String {
    let mut text = help.to_owned();
    for (begin, end) in [("[env: ", ']'), ("<", '>')] {
        while let Some(at) = text.find(begin) {
            let after = text[at..].find(end).map_or(text.len(), |length| at + length + 1);
            text.replace_range(at..after, "…");
        }
    }
    text
}

#[test]
fn the_help_uses_the_glossary() {
    let whole = help(&[]);
    let listed = whole.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let names = listed.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names: Vec<&str> = names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help").collect();
    assert!(names.contains(&"serve") && names.contains(&"sql"), "{names:?}");
    let mut found = wrong("trainset --help", &without_names(&whole));
    for name in names {
        found.extend(wrong(&format!("trainset {name} --help"), &without_names(&help(&[name]))));
    }
    nothing(&found);
}

/// The descriptions and summaries of a document, each with its place.
fn descriptions(value: &Value, place: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let place = format!("{place}/{key}");
                match value {
                    Value::String(text) if key == "description" || key == "summary" => found.push((place, text.clone())),
                    value => descriptions(value, &place, found),
                }
            }
        }
        Value::Array(items) => {
            for (i, value) in items.iter().enumerate() {
                descriptions(value, &format!("{place}/{i}"), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_api_document_uses_the_glossary() {
    let folder = TempDir::new().unwrap();
    write_events(folder.path());
    let program = Program::start(folder.path());
    let mut texts = vec![];
    for path in ["/api/openapi.json", "/api/config-schema.json"] {
        let reply = program.client().get(path).await.unwrap();
        assert_eq!(reply.status, 200, "{path}");
        descriptions(&reply.body, path, &mut texts);
    }
    assert!(texts.len() > 100, "{}", texts.len());
    let found: Vec<String> = texts.iter().flat_map(|(place, text)| wrong(place, text)).collect();
    nothing(&found);
}

/// The string literals of a module, each with its line; without its tests. Values that are put in
/// are an ellipsis.
fn literals(module: &str) -> Vec<(usize, String)> {
    let module = module.split("#[cfg(test)]").next().unwrap_or_default();
    let mut found = vec![];
    let mut literal: Option<(usize, String)> = None;
    for (i, line) in module.lines().enumerate() {
        let mut chars = line.chars().peekable();
        // A literal goes on in the next line after a backslash, without its indent.
        while literal.is_some() && chars.next_if(|c| c.is_whitespace()).is_some() {}
        while let Some(c) = chars.next() {
            match (&mut literal, c) {
                (None, '/') if chars.peek() == Some(&'/') => break,
                // The quote as a character.
                (None, '\'') if chars.peek() == Some(&'"') => drop(chars.next()),
                (None, '"') => literal = Some((i + 1, String::new())),
                (None, _) => {}
                (Some(_), '"') => found.extend(literal.take()),
                (Some((_, text)), '\\') => match chars.next() {
                    Some('n') => text.push('\n'),
                    escaped => text.extend(escaped),
                },
                (Some((_, text)), '{') => {
                    while chars.next().is_some_and(|c| c != '}') {}
                    text.push('…');
                }
                (Some((_, text)), c) => text.push(c),
            }
        }
    }
    assert_eq!(literal, None, "a literal has no end");
    found
}

#[test]
fn the_interface_uses_the_glossary() {
    let modules = files(&root().join("src/ui/texts"), "rs", true);
    assert!(modules.len() >= 12, "{}", modules.len());
    let mut found = vec![];
    let mut count = 0;
    for path in modules {
        for (line, text) in literals(&read(&path)) {
            count += 1;
            found.extend(wrong(&format!("{}:{line}", shown(&path)), &text));
        }
    }
    assert!(count > 400, "{count}");
    nothing(&found);
}

/// What validation, analysis and services report is shown in the interface and by the command line.
#[test]
fn messages_use_the_glossary() {
    let domain = root().join("src/domain");
    let mut modules = files(&domain, "rs", false);
    for folder in ["analysis", "dataset", "joins", "validate"] {
        modules.extend(files(&domain.join(folder), "rs", true));
    }
    modules.extend(files(&root().join("src/service"), "rs", true));
    modules.retain(|path| path.file_name().is_some_and(|name| name != "tests.rs"));
    let mut found = vec![];
    for path in modules {
        // A sentence has blanks; names of keys and columns have none.
        let sentences = literals(&read(&path)).into_iter().filter(|(_, text)| text.trim().contains(' '));
        found.extend(sentences.flat_map(|(line, text)| wrong(&format!("{}:{line}", shown(&path)), &text)));
    }
    nothing(&found);
}

#[test]
fn literals_are_found_and_words_are_whole() {
    let module = "//! Not \"this\".\npub const A: &str = \"One \\\n    two\"; // \"nor this\"\nformat!(\"{n} of \\\"it\\\"\")\n";
    assert_eq!(literals(module), [(2, "One two".to_owned()), (4, "… of \"it\"".to_owned())]);
    assert_eq!(wrong("here", "The members, as-of now").len(), 2);
    // Parts of words, code and targets of links are none of them.
    assert_eq!(wrong("here", "A briefing of `members` in [these pages](docs/gate.md), remembered"), Vec::<String>::new());
}
