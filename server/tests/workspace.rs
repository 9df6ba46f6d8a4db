//! What holds for the workspace as a whole: files that must agree, and crates that must not meet.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its files has failed")]

use std::{fs, path::Path, process::Command};

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn leptos_settings(file: &str) -> toml::Table {
    let table: toml::Table = fs::read_to_string(root().join(file)).unwrap().parse().unwrap();
    table["workspace"]["metadata"]["leptos"][0].as_table().unwrap().clone()
}

#[test]
fn the_settings_file_of_a_deployed_dashboard_repeats_the_workspaces_own() {
    let (truth, copy) = (leptos_settings("Cargo.toml"), leptos_settings("Leptos.toml"));
    for (key, value) in copy.iter().filter(|(key, _)| *key != "env") {
        assert_eq!(truth.get(key), Some(value), "{key} in Leptos.toml");
    }
    assert_eq!(copy["env"].as_str(), Some("PROD"));
}

#[test]
fn leptos_itself_can_read_the_settings_file() {
    let options = leptos::config::get_configuration(Some(root().join("Leptos.toml").to_str().unwrap()));
    assert_eq!(options.unwrap().leptos_options.output_name.as_ref(), "tidegate");
}

#[test]
fn nothing_of_the_server_is_compiled_into_the_browsers_half() {
    let tree = Command::new(env!("CARGO"))
        .current_dir(root())
        .args([
            "tree",
            "-p",
            "frontend",
            "--target",
            "wasm32-unknown-unknown",
            "-e",
            "normal",
            "--prefix",
            "none",
            "--offline",
        ])
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let tree = String::from_utf8(tree.stdout).unwrap();
    assert!(tree.contains("leptos v"));
    for crate_name in
        ["tokio", "sqlx", "axum", "hyper", "reqwest", "argon2", "store", "signature", "tidegate"]
    {
        assert!(
            !tree.lines().any(|line| line.starts_with(&format!("{crate_name} v"))),
            "{crate_name} in the browser"
        );
    }
}

#[test]
fn migrations_come_in_pairs() {
    let names = |dir: &str| {
        let mut names: Vec<String> = fs::read_dir(root().join("migrations").join(dir))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names("sqlite"), names("postgres"));
}
