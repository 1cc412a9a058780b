//! The house rules, as far as a text search can see them.
#![cfg(not(target_family = "wasm"))]

use std::fs;
use std::path::{Path, PathBuf};

/// Every Rust file below a folder of the project, with its text.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    files(folder, ".rs")
}

/// Every file below a folder of the project whose name ends so, with its text.
fn files(folder: &str, ending: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    assert!(!found.is_empty(), "nothing in {folder}");
    found
}

/// The lines of code: no comments, and nothing from the first `#[cfg(test)]` module on.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    code.lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

fn forbid(folder: &str, words: &[&str], allowed: impl Fn(&Path) -> bool) {
    let mut offences = Vec::new();
    for (path, text) in sources(folder) {
        if allowed(&path) {
            continue;
        }
        for (number, line) in code(&text) {
            for word in words.iter().filter(|&&word| line.contains(word)) {
                offences.push(format!("{}:{number}: {word}", path.display()));
            }
        }
    }
    assert!(offences.is_empty(), "{}", offences.join("\n"));
}

fn is_test(path: &Path) -> bool {
    path.ends_with("tests.rs")
        || path
            .parent()
            .is_some_and(|folder| folder.ends_with("tests"))
}

#[test]
fn the_machine_is_pure() {
    let words = [
        "web_sys",
        "js_sys",
        "wasm_bindgen",
        "Instant",
        "SystemTime",
        "random",
        "Rc",
        "RefCell",
        "Cell<",
        "async",
        "Waker",
        "std::thread",
        "println!",
    ];
    forbid("src/machine", &words, |_| false);
}

#[test]
fn the_machine_knows_only_the_vocabulary() {
    forbid(
        "src/machine",
        &[
            "crate::driver",
            "crate::browser",
            "crate::socket",
            "crate::stream",
        ],
        |_| false,
    );
}

#[test]
fn only_the_browser_layer_names_the_browser() {
    let browser = |path: &Path| path.components().any(|part| part.as_os_str() == "browser");
    forbid("src", &["web_sys", "js_sys", "wasm_bindgen"], browser);
}

#[test]
fn nothing_can_panic_on_purpose_or_leak() {
    let words = [
        ".unwrap()",
        ".expect(",
        "panic!",
        "unreachable!",
        "todo!",
        "unimplemented!",
        "dbg!",
        "unwrap_throw",
        "expect_throw",
        "mem::forget",
        ".forget()",
        "into_js_value",
        "unsafe ",
    ];
    forbid("src", &words, is_test);
}

#[test]
fn the_public_names_are_listed_one_by_one() {
    let (_, text) = sources("src")
        .into_iter()
        .find(|(path, _)| path.ends_with("lib.rs"))
        .unwrap();
    assert!(!text.contains("::*"), "lib.rs re-exports by a glob");
    let logic = code(&text).find(|(_, line)| line.contains("fn ") || line.contains("impl "));
    assert_eq!(logic, None, "lib.rs has logic");
}

#[test]
fn every_file_says_what_it_is_and_is_short_enough_to_read() {
    for folder in ["src", "www/src", "tests", "benches"] {
        for (path, text) in sources(folder) {
            assert!(
                text.starts_with("//! "),
                "{} does not begin with `//! `",
                path.display()
            );
            let lines = text.lines().count();
            assert!(lines <= 650, "{} has {lines} lines", path.display());
        }
    }
}

#[test]
fn the_crate_depends_on_five_crates() {
    let manifest = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")).unwrap();
    let (_, section) = manifest.split_once("\n[dependencies]\n").unwrap();
    let section = section.split("\n[").next().unwrap();
    let names: Vec<&str> = section
        .lines()
        .filter(|line| !line.starts_with([' ', ']']))
        .filter_map(|line| line.split_once(" = "))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(
        names,
        [
            "futures-core",
            "futures-sink",
            "js-sys",
            "wasm-bindgen",
            "web-sys"
        ]
    );
}

/// What was measured in WebKitGTK says nothing of Safari.
#[test]
fn webkitgtk_is_called_by_its_name() {
    let mut texts = sources("src");
    for name in [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        let text = fs::read_to_string(&path).unwrap();
        texts.push((path, text));
    }
    let mut untested = false;
    for (path, text) in texts {
        for (index, line) in text.lines().enumerate() {
            let place = format!("{}:{}: {line}", path.display(), index + 1);
            for (start, name) in line.match_indices("WebKit") {
                let rest = &line[start + name.len()..];
                let whole = ["GTK", "WebDriver"].iter().any(|end| rest.starts_with(end));
                assert!(whole, "{place}");
            }
            if line.contains("Safari") {
                assert!(
                    line.contains("untested") || line.contains("not Safari"),
                    "{place}"
                );
                untested |= path.ends_with("README.md") && line.contains("untested");
            }
        }
    }
    assert!(untested, "the README does not say that Safari is untested");
}

/// Every name in the table of promises is a test that exists: a function, or a sentence of a test in
/// JavaScript.
#[test]
fn every_promise_names_its_tests() {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/ARCHITECTURE.md")).unwrap();
    let (_, table) = text.split_once("## Promises and their tests").unwrap();
    let rows: Vec<&str> = table
        .lines()
        .filter_map(|line| line.strip_prefix("| "))
        .skip(1)
        .collect();
    assert!(rows.len() > 15, "{} rows", rows.len());
    let mut code = String::new();
    for folder in ["src", "tests"] {
        code.extend(sources(folder).into_iter().map(|(_, text)| text));
    }
    let scripts = files("tests", ".test.js").into_iter().map(|(_, text)| text);
    let scripts: String = scripts.collect();
    for row in rows {
        let (_, tests) = row.split_once(" | ").unwrap();
        let names: Vec<&str> = tests.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "no test for: {row}");
        for name in names {
            let exists = match name.contains(' ') {
                true => ["\"", "`"]
                    .iter()
                    .any(|quote| scripts.contains(&format!("test({quote}{name}"))),
                false => code.contains(&format!("fn {name}(")),
            };
            assert!(exists, "there is no test {name}");
        }
    }
}
