//! Stories as tests, by class and folder, so that a library broken on purpose
//! (`checks/sabotage`) is seen to fail them too. A few schedules each; `holdall scenario` tells
//! them under hundreds.

use std::fs;
use std::path::{Path, PathBuf};

use holdall_testkit::scenario::{Options, Story, tell};

const STORIES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/stories");

/// The stories of a folder whose names begin so and go on with a number.
pub(crate) fn stories(folder: &str, class: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(Path::new(STORIES).join(folder)).expect("a folder of stories");
    let mut files: Vec<PathBuf> = files.map(|file| file.expect("a file").path()).collect();
    files.retain(|file| {
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let rest = name.strip_prefix(class).and_then(|rest| rest.chars().next());
        name.ends_with(".toml") && rest.is_some_and(|c| class.is_empty() || c.is_ascii_digit())
    });
    files.sort();
    assert!(!files.is_empty(), "there is no story of {folder}/{class}");
    files
}

fn tell_all(folder: &str, class: &str) {
    for file in stories(folder, class) {
        let text = fs::read_to_string(&file).expect("a story");
        let story = Story::parse(&text).unwrap_or_else(|error| panic!("{file:?}: {error}"));
        let options = Options { schedules: 8, ..Options::default() };
        if let Err(mismatch) = tell(&story, &options) {
            panic!("{file:?}: {mismatch}");
        }
    }
}

macro_rules! stories {
    ($($test:ident $folder:literal $class:literal)*) => {$(
        #[test]
        fn $test() {
            tell_all($folder, $class);
        }
    )*};
}

stories! {
    museum_a "museum" "A"
    museum_b "museum" "B"
    museum_c "museum" "C"
    museum_d "museum" "D"
    museum_e "museum" "E"
    museum_f "museum" "F"
    museum_g "museum" "G"
    museum_h "museum" "H"
    museum_i "museum" "I"
    museum_j "museum" "J"
    museum_k "museum" "K"
    museum_m "museum" "M"
    museum_q "museum" "Q"
    museum_r "museum" "R"
    museum_s "museum" "S"
    lists "hard-cases/lists" ""
    merge "hard-cases/merge" ""
    orders "hard-cases/orders" ""
    quantities "hard-cases/quantities" ""
    time "hard-cases/time" ""
    transport "hard-cases/transport" ""
}
