//! The museum names every story, and every story that it names is there.

use std::path::Path;

/// The stories that the museum names: the last cell of each row of its tables.
fn named() -> Vec<&'static str> {
    include_str!("museum.md")
        .lines()
        .filter_map(|line| line.strip_suffix("` |")?.rsplit_once("| `"))
        .map(|(_, story)| story)
        // Rows of the table of guards end with the name of a switch, in lower case.
        .filter(|story| story.starts_with(|first: char| first.is_ascii_uppercase()))
        .collect()
}

#[test]
fn every_class_has_a_story() {
    for class in "ABCDEFGHIJKMQRS".chars() {
        assert!(named().iter().any(|story| story.starts_with(class)), "class {class}");
    }
}

#[test]
fn every_story_named_is_there_and_every_one_there_is_named() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stories/museum");
    if !Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").exists() {
        return; // a published package has no stories
    }
    let files = std::fs::read_dir(folder).expect("the folder of stories");
    let mut there: Vec<String> = files
        .map(|file| file.expect("a file").path())
        .filter(|path| path.extension().is_some_and(|end| end == "toml"))
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    let mut named = named();
    there.sort();
    named.sort_unstable();
    assert_eq!(named, there);
}
