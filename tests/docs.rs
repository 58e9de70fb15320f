//! The documents say what is so: their links, paths, commands, flags, variables, examples and SQL
//! are compared with the code. Prose is at most 100 columns wide. `words.rs` checks its words.
#![cfg(feature = "ssr")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;
use trainset::domain::catalog::Catalog;
use trainset::domain::document::{Document, Format};
use trainset::domain::json_schema::config_schema;
use trainset::domain::parse::config_from_json;
use trainset::domain::schema::TableSchema;
use trainset::domain::sql::{Request, compile};

/// Columns of a line of prose.
const WIDTH: usize = 100;
/// Bytes of an image: a clone should not grow by its documents.
const IMAGE_BYTES: u64 = 150_000;
/// What commands make, so that it is not in a clone.
const MADE: [&str; 1] = ["end2end/gallery"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A Markdown file, by its path in the clone.
struct Page {
    path: String,
    text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Prose,
    Table,
    /// A block, by its number in the page.
    Code(usize),
}

struct Line<'a> {
    number: usize,
    kind: Kind,
    text: &'a str,
}

/// A block of code between fences.
struct Block<'a> {
    language: &'a str,
    text: String,
}

impl Page {
    fn lines(&self) -> Vec<Line<'_>> {
        let (mut lines, mut block, mut fenced) = (vec![], 0, false);
        for (i, text) in self.text.lines().enumerate() {
            let fence = text.trim_start().starts_with("```");
            let kind = match () {
                () if fence || fenced || text.starts_with("    ") => Kind::Code(block),
                () if text.starts_with('|') => Kind::Table,
                () => Kind::Prose,
            };
            if fence {
                block += usize::from(!fenced);
                fenced = !fenced;
            } else {
                lines.push(Line { number: i + 1, kind, text });
            }
        }
        assert!(!fenced, "{}: a block of code has no end", self.path);
        lines
    }

    fn blocks(&self) -> Vec<Block<'_>> {
        let mut blocks: Vec<Block> = vec![];
        let mut open = false;
        for line in self.text.lines() {
            match line.strip_prefix("```") {
                Some(language) if !open => blocks.push(Block { language, text: String::new() }),
                Some(_) => {}
                None if open => blocks.last_mut().unwrap().text += &format!("{line}\n"),
                None => {}
            }
            open ^= line.starts_with("```");
        }
        blocks
    }

    /// Code within prose and tables, and each line of code.
    fn code(&self) -> Vec<(usize, String)> {
        let of = |line: &Line| match line.kind {
            Kind::Code(_) => vec![(line.number, line.text.trim().to_owned())],
            Kind::Prose | Kind::Table => spans(line.text).into_iter().map(|span| (line.number, span)).collect(),
        };
        self.lines().iter().flat_map(of).collect()
    }

    /// The ids that its headings get.
    fn anchors(&self) -> BTreeSet<String> {
        let headings = self.lines().into_iter().filter(|line| line.kind == Kind::Prose && line.text.starts_with('#'));
        let slug = |line: Line| {
            let title = line.text.trim_start_matches('#').trim().to_lowercase();
            let fits = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
            title.chars().filter(fits).map(|c| if c == ' ' { '-' } else { c }).collect()
        };
        headings.map(slug).collect()
    }
}

/// All documents: those beside Cargo.toml and those in docs/.
fn pages() -> Vec<Page> {
    let mut paths = vec![];
    let mut folders = vec![(root().to_owned(), false), (root().join("docs"), true)];
    while let Some((folder, deep)) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && deep {
                folders.push((path, true));
            } else if path.extension().is_some_and(|ending| ending == "md") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    let page = |path: PathBuf| {
        let path = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
        Page { text: read(&path), path }
    };
    let pages: Vec<Page> = paths.into_iter().map(page).collect();
    assert!(pages.len() >= 15, "{}", pages.len());
    pages
}

fn page(path: &str) -> Page {
    Page { path: path.into(), text: read(path) }
}

/// What stands between backticks.
fn spans(text: &str) -> Vec<String> {
    // Two backticks are around what has one in it.
    let text = text.replace("`` `", "\u{1}").replace("` ``", "\u{1}");
    text.split('`').skip(1).step_by(2).map(|span| span.replace('\u{1}', "`")).collect()
}

/// Words of a command, as a shell splits them.
fn arguments(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (vec![], String::new(), false);
    for c in line.split(" #").next().unwrap_or_default().chars() {
        match c {
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(std::mem::take(&mut word)),
            c => word.push(c),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

fn trainset(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_trainset"));
    let ours = std::env::vars().map(|(name, _)| name).filter(|name| name.starts_with("TRAINSET_"));
    for name in ours {
        command.env_remove(name);
    }
    command.env("XDG_DATA_HOME", folder).current_dir(root()).args(arguments).output().unwrap()
}

fn help(arguments: &[&str]) -> String {
    let folder = TempDir::new().unwrap();
    let output = trainset(folder.path(), &[arguments, &["--help"]].concat());
    assert!(output.status.success(), "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// The flags of a help, each with its variable and default.
fn flags(help: &str) -> BTreeMap<String, (Option<String>, Option<String>)> {
    let mut flags: BTreeMap<String, (Option<String>, Option<String>)> = BTreeMap::new();
    let mut last = None;
    let within = |text: &str, begin: &str, end: char| {
        let rest = text.split(begin).nth(1)?;
        Some(rest.split(end).next().unwrap_or_default().to_owned())
    };
    for line in help.lines() {
        let text = line.trim_start();
        let long = text.strip_prefix("-h, ").or_else(|| text.strip_prefix("-V, ")).unwrap_or(text);
        if long.starts_with("--") {
            let name: String = long.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
            last = Some(name.clone());
            flags.insert(name, (None, None));
        }
        let Some(flag) = last.as_ref().and_then(|name| flags.get_mut(name)) else { continue };
        flag.0 = flag.0.take().or_else(|| within(text, "[env: ", '='));
        flag.1 = flag.1.take().or_else(|| within(text, "[default: ", ']'));
    }
    flags
}

/// The commands of the program, each with its help; the program itself is "".
fn commands() -> BTreeMap<String, String> {
    let whole = help(&[]);
    let listed = whole.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let names = listed.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next()).filter(|name| *name != "help");
    let mut commands: BTreeMap<String, String> = names.map(|name| (name.to_owned(), help(&[name]))).collect();
    commands.insert(String::new(), whole);
    assert!(commands.contains_key("serve") && commands.contains_key("schema"), "{:?}", commands.keys());
    commands
}

#[track_caller]
fn nothing(wrong: Vec<String>) {
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn links_and_images_exist() {
    let pages = pages();
    let mut wrong = vec![];
    for page in &pages {
        let folder = Path::new(&page.path).parent().unwrap();
        let prose: String = page
            .lines()
            .iter()
            .filter(|line| !matches!(line.kind, Kind::Code(_)))
            .map(|line| line.text.split('`').step_by(2).collect::<Vec<_>>().join(" ") + "\n")
            .collect();
        for target in prose.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            if target.starts_with("https://") {
                continue;
            }
            let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
            let path = if file.is_empty() { PathBuf::from(&page.path) } else { folder.join(file) };
            // `docs/../tests` is `tests`.
            let path = path.components().fold(PathBuf::new(), |path, part| match part {
                std::path::Component::ParentDir => path.parent().unwrap().to_owned(),
                part => path.join(part),
            });
            let found = fs::metadata(root().join(&path));
            let anchored = |page: &&Page| Path::new(&page.path) == path && page.anchors().contains(anchor);
            match found {
                Err(_) => wrong.push(format!("{}: {target} is not there", page.path)),
                Ok(_) if !anchor.is_empty() && !pages.iter().any(|page| anchored(&page)) => {
                    wrong.push(format!("{}: {target} has no such heading", page.path));
                }
                Ok(meta) if path.extension().is_some_and(|e| e == "png") && meta.len() > IMAGE_BYTES => {
                    wrong.push(format!("{}: {target} has {} bytes", page.path, meta.len()));
                }
                Ok(_) => {}
            }
        }
    }
    nothing(wrong);
}

#[test]
fn paths_that_are_named_exist() {
    const FOLDERS: [&str; 9] =
        ["benches/", "docs/", "end2end/", "migrations/", "public/", "scripts/", "src/", "style/", "tests/"];
    let mut wrong = vec![];
    for page in pages() {
        for (number, code) in page.code() {
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '.');
            // A placeholder is no path.
            let is_path =
                FOLDERS.iter().any(|folder| code.starts_with(folder)) && code.chars().all(plain) && !code.contains("NN");
            let is_known = MADE.contains(&code.as_str());
            if is_path && !is_known && !root().join(&code).exists() {
                wrong.push(format!("{}:{number}: {code} is not there", page.path));
            }
        }
    }
    nothing(wrong);
}

#[test]
fn targets_of_make_are_in_the_makefile() {
    let makefile = read("Makefile");
    let targets: BTreeSet<&str> =
        makefile.lines().filter(|line| line.contains(": ##")).filter_map(|line| line.split(':').next()).collect();
    assert!(targets.contains("run") && targets.contains("test"), "{targets:?}");
    let mut wrong = vec![];
    for page in pages() {
        for (number, code) in page.code() {
            if let Some(target) = code.strip_prefix("make ").and_then(|rest| rest.split_whitespace().next())
                && !targets.contains(target)
            {
                wrong.push(format!("{}:{number}: make has no target {target}", page.path));
            }
        }
    }
    nothing(wrong);
}

#[test]
fn commands_and_flags_are_those_of_the_program() {
    let commands = commands();
    let all: BTreeSet<String> = commands.values().flat_map(|help| flags(help).into_keys()).collect();
    let mut wrong = vec![];
    for page in pages() {
        for (number, code) in page.code() {
            let words = arguments(&code);
            let mut report = |what: String| wrong.push(format!("{}:{number}: {code}: {what}", page.path));
            match words.first().map(String::as_str) {
                Some("trainset") => {
                    let name = words.get(1).filter(|word| !word.starts_with('-')).map_or("", String::as_str);
                    let Some(help) = commands.get(name) else {
                        report(format!("there is no command {name}"));
                        continue;
                    };
                    let known = flags(help);
                    let used = words.iter().filter(|word| word.starts_with("--"));
                    used.filter(|flag| !known.contains_key(*flag)).for_each(|flag| report(format!("there is no flag {flag}")));
                }
                Some(flag) if flag.starts_with("--") && !all.contains(flag) => report("no command has it".into()),
                _ => {}
            }
        }
    }
    nothing(wrong);
}

#[test]
fn the_flags_of_serve_are_listed_with_their_variables_and_defaults() {
    let text = page("docs/operating.md");
    let rows: Vec<Vec<String>> =
        text.lines().iter().filter(|line| line.text.starts_with("| `--")).map(|line| spans(line.text)).collect();
    let mut wrong = vec![];
    let mut known = flags(&help(&["serve"]));
    known.retain(|name, _| name != "--help");
    for (name, (variable, default)) in &known {
        let Some(row) = rows.iter().find(|row| row[0] == *name) else {
            wrong.push(format!("{name} is not listed"));
            continue;
        };
        if row.get(1) != variable.as_ref() {
            wrong.push(format!("{name} has the variable {variable:?}"));
        }
        // A default that depends on the machine is stated in words.
        if let Some(default) = default.as_ref().filter(|default| !default.contains(' '))
            && !row.contains(default)
        {
            wrong.push(format!("{name} has the default {default}"));
        }
    }
    let listed = rows.iter().map(|row| &row[0]);
    wrong.extend(listed.filter(|name| !known.contains_key(*name)).map(|name| format!("serve has no {name}")));
    nothing(wrong);
}

#[test]
fn commands_are_all_listed() {
    let text = read("docs/operating.md");
    let missing = commands().into_keys().filter(|name| !text.contains(&format!("`trainset {name}")));
    nothing(missing.filter(|name| !name.is_empty()).collect());
}

#[test]
fn documented_variables_are_read() {
    let mut known: String = commands().into_values().collect();
    for folder in ["scripts", "scripts/setup", "tests", "tests/fuzz", "tests/bigquery"] {
        let files = fs::read_dir(root().join(folder)).unwrap().map(|entry| entry.unwrap().path());
        let files = files.filter(|path| path.is_file() && !path.ends_with("docs.rs"));
        files.filter_map(|path| fs::read_to_string(path).ok()).for_each(|text| known += &text);
    }
    let mut wrong = vec![];
    for page in pages() {
        for (number, code) in page.code() {
            let is_name = |c: char| c.is_ascii_uppercase() || c == '_';
            let names = code.split(|c| !is_name(c)).filter(|name| name.starts_with("TRAINSET_"));
            let unknown = names.filter(|name| !known.contains(*name));
            wrong.extend(unknown.map(|name| format!("{}:{number}: nothing reads {name}", page.path)));
        }
    }
    nothing(wrong);
}

/// The walk that a newcomer makes.
#[test]
fn the_commands_of_the_readme_work() {
    let folder = TempDir::new().unwrap();
    let shop = folder.path().join("demo-shop");
    let readme = page("README.md");
    let lines = readme.lines().into_iter().filter(|line| matches!(line.kind, Kind::Code(_)));
    let walk: Vec<Vec<String>> =
        lines.map(|line| arguments(line.text)).filter(|words| words.first().is_some_and(|word| word == "trainset")).collect();
    assert!(walk.len() >= 4, "{walk:?}");
    for words in walk {
        let placed = |word: &String| if word == "demo-shop" { shop.to_str().unwrap().to_owned() } else { word.clone() };
        let words: Vec<String> = words.iter().skip(1).map(placed).collect();
        let output = trainset(folder.path(), &words.iter().map(String::as_str).collect::<Vec<_>>());
        let [out, err] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
        assert!(output.status.success(), "{words:?}\n{out}\n{err}");
    }
}

fn demo_shop() -> Catalog {
    let schemas: Vec<TableSchema> = serde_json::from_str(&read("tests/goldens/catalog.json")).unwrap();
    Catalog::new(None, schemas)
}

/// The first example is a whole file; the others are parts that replace its own.
#[test]
fn examples_of_configs_compile() {
    let text = page("docs/config.md");
    let catalog = demo_shop();
    let mut whole: Option<Value> = None;
    let mut count = 0;
    for block in text.blocks() {
        let format = match block.language {
            "yaml" => Format::Yaml,
            "json" => Format::Json,
            _ => continue,
        };
        count += 1;
        let read = Document::read(&block.text, format).unwrap_or_else(|error| panic!("{error}\n{}", block.text)).value;
        let config = match &whole {
            None => {
                assert_eq!(block.text, self::read("docs/examples/order_lines.yaml"));
                whole.insert(read["config"].clone()).clone()
            }
            Some(whole) => {
                config_from_json(read.clone()).unwrap_or_else(|errors| panic!("{errors:?}\n{}", block.text));
                let (mut config, parts) = (whole.clone(), read.as_object().unwrap().clone());
                parts.into_iter().for_each(|(part, value)| config[part] = value);
                config
            }
        };
        let config = config_from_json(config).unwrap_or_else(|errors| panic!("{errors:?}\n{}", block.text));
        let compiled = compile(&config, &catalog, &Request::default());
        assert!(compiled.is_ok(), "{compiled:?}\n{}", block.text);
    }
    assert!(count >= 10, "{count}");
}

#[test]
fn every_key_and_value_of_a_config_is_explained() {
    fn names(schema: &Value, found: &mut BTreeSet<String>) {
        match schema {
            Value::Object(map) => {
                found.extend(map.get("properties").and_then(Value::as_object).into_iter().flat_map(|map| map.keys().cloned()));
                let texts = map.get("enum").and_then(Value::as_array).into_iter().flatten().chain(map.get("const"));
                found.extend(texts.filter_map(|text| text.as_str().map(str::to_owned)));
                map.values().for_each(|value| names(value, found));
            }
            Value::Array(items) => items.iter().for_each(|item| names(item, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let mut found = BTreeSet::new();
    names(&config_schema(), &mut found);
    assert!(found.contains("top_revenue_percent") && found.contains("leave_last") && found.contains("not_in"), "{found:?}");
    let text = page("docs/config.md");
    let code: BTreeSet<String> = text
        .code()
        .into_iter()
        .flat_map(|(_, code)| {
            let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '<' | '>' | '=' | '!');
            code.split(move |c| !is_name(c)).map(str::to_owned).collect::<Vec<_>>()
        })
        .collect();
    nothing(found.difference(&code).cloned().collect());
}

#[test]
fn the_limits_of_a_config_are_those_that_hold() {
    use trainset::domain::limits::*;
    let text = read("docs/config.md");
    let listed = text.split("## Limits").nth(1).unwrap().replace(',', "");
    let numbers: BTreeSet<&str> = listed.split(|c: char| !c.is_ascii_digit()).collect();
    let limits = [MAX_TABLES, MAX_COLUMNS, MAX_JOIN_KEYS, MAX_ORDER_KEYS, MAX_ROW_FILTERS, MAX_VALUES, MAX_ALL_VALUES];
    let limits = limits.into_iter().chain([MAX_TEXT_CHARS, MAX_DEPTH]).map(|limit| limit.to_string());
    nothing(limits.filter(|limit| !numbers.contains(limit.as_str())).collect());
}

#[test]
fn documented_sql_is_from_a_golden() {
    let text = page("docs/sql.md");
    let golden = read("tests/goldens/68-everything.sql");
    let blocks: Vec<Block> = text.blocks().into_iter().filter(|block| block.language == "sql").collect();
    assert!(blocks.len() >= 6, "{}", blocks.len());
    nothing(blocks.into_iter().filter(|block| !golden.contains(block.text.trim_end())).map(|block| block.text).collect());
}

#[test]
fn prose_keeps_its_width_and_pages_their_length() {
    let mut wrong = vec![];
    for page in pages() {
        let long = |line: &&Line| line.kind == Kind::Prose && line.text.chars().count() > WIDTH;
        wrong.extend(page.lines().iter().filter(long).map(|line| format!("{}:{} is wider than {WIDTH}", page.path, line.number)));
        let most = match page.path.as_str() {
            "README.md" => 80,
            path if path.starts_with("docs/decisions/") => 40,
            _ => usize::MAX,
        };
        if page.text.lines().count() > most {
            wrong.push(format!("{} has more than {most} lines", page.path));
        }
    }
    nothing(wrong);
}
