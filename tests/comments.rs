//! Comments are readable where they stand: at most 100 columns wide, and with their reasons in
//! words. Numbers of a list elsewhere mean nothing to a reader without it.

use std::fs;
use std::path::{Path, PathBuf};

/// Columns of a line that is a comment alone, its indentation included.
const WIDTH: usize = 100;
/// Folders with code whose comments are checked.
const FOLDERS: [&str; 6] = ["src", "tests", "benches", "end2end", "scripts", "style"];
/// Files with comments, by their extensions.
const COMMENTED: [&str; 8] = ["rs", "ts", "mjs", "css", "sh", "py", "c", "toml"];
/// The letter of the numbers. Composed with the dash below, so that this file does not find itself.
const LETTER: char = 'G';

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files below these folders with one of these extensions, in order.
fn files(folders: &[&str], extensions: &[&str]) -> Vec<PathBuf> {
    let mut files = vec![];
    let mut open: Vec<PathBuf> = folders.iter().map(|folder| root().join(folder)).collect();
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if !path.ends_with("node_modules") {
                    open.push(path);
                }
            } else if path.extension().is_some_and(|own| extensions.iter().any(|extension| own == *extension)) {
                files.push(path);
            }
        }
    }
    files.sort();
    assert!(files.len() >= 100, "{}", files.len());
    files
}

/// `path:line` of each line for which a check holds.
fn lines(files: &[PathBuf], check: impl Fn(&str) -> bool) -> Vec<String> {
    let mut found = vec![];
    for path in files {
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let name = path.strip_prefix(root()).unwrap().display();
        let lines = text.lines().enumerate().filter(|(_, line)| check(line));
        found.extend(lines.map(|(number, _)| format!("{name}:{}", number + 1)));
    }
    found
}

/// Whether a line is a comment alone, and too wide. Comments after code go as far as code does.
fn is_wide(line: &str) -> bool {
    line.trim_start().starts_with("//") && line.chars().count() > WIDTH
}

/// Whether a line has a number of a list that its readers do not have.
fn has_mark(line: &str) -> bool {
    let is_word = |at: usize| !line[..at].ends_with(char::is_alphanumeric);
    let is_numbered = |at: usize| {
        let rest = line[at + LETTER.len_utf8()..].strip_prefix('-');
        rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
    };
    line.match_indices(LETTER).any(|(at, _)| is_word(at) && is_numbered(at))
}

#[track_caller]
fn nothing(wrong: Vec<String>, what: &str) {
    assert!(wrong.is_empty(), "{what}:\n{}", wrong.join("\n"));
}

#[test]
fn comments_keep_their_width() {
    let wide = lines(&files(&["src", "tests", "benches"], &["rs"]), is_wide);
    nothing(wide, "comments wider than 100 columns");
}

#[test]
fn comments_have_reasons_instead_of_numbers() {
    let mut all = files(&FOLDERS, &COMMENTED);
    // What each golden config is about.
    all.extend(files(&["tests/goldens"], &["json", "sql"]));
    let marked = lines(&all, has_mark);
    nothing(marked, "numbers instead of reasons");
}

#[test]
fn the_checks_find_what_they_look_for() {
    let comment = |width: usize| format!("    // {}", "ä".repeat(width - 7));
    assert!(!is_wide(&comment(100)) && is_wide(&comment(101)));
    assert!(!is_wide(&format!("let text = \"{}\"; // short", "x".repeat(100))));
    let mark = |before: &str, after: &str| format!("{before}{LETTER}-{after}");
    assert!(has_mark(&mark("// ", "07")) && has_mark(&mark("/* (", "70a: a reason */")));
    assert!(!has_mark(&mark("// RN", "7")) && !has_mark(&mark("// ", "force")) && !has_mark("// G is a letter"));
}
