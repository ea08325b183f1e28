use super::{InjectedBug, SoakWorld, story};

#[test]
fn a_seed_means_the_same_world() {
    let of = |seed| {
        let mut world = SoakWorld::new(seed, 0, None);
        world.live();
        world
    };
    let (a, b) = (of(3), of(3));
    assert_eq!((a.actions(), a.hours(), a.faults()), (b.actions(), b.hours(), b.faults()));
    assert_ne!(a.actions(), of(4).actions());
}

/// Every world is written as a valid story.
#[test]
fn a_world_is_written_as_a_story() {
    let mut world = SoakWorld::new(1, 3, None);
    world.live();
    let text = story::write(&world, "a world").unwrap().to_string();
    let story = crate::scenario::Story::parse(&text);
    let story = story.unwrap_or_else(|error| panic!("{error}: {text}"));
    // In this world it does not matter in which packets things came.
    let told = crate::scenario::tell(&story, &crate::scenario::Options::default());
    assert!(told.is_ok(), "{told:?}: {text}");
    assert_eq!(story::of(&world, "a world"), None, "it ended well");
}

/// A check that cannot fail is worse than none: each injected bug is found.
#[test]
fn injected_bugs_are_found() {
    for bug in [InjectedBug::Unsaved, InjectedBug::CutShort] {
        let finds = |number| {
            let mut world = SoakWorld::new(1, number, Some(bug));
            world.live();
            !world.findings().is_empty()
        };
        assert!((0..30).any(finds), "{bug:?}");
    }
}

/// In this world a shopper moves units that a cloned writer put in. The twin wrote other units
/// under that dot, and finds them moved, so exact effects cannot be asked of it. All replicas must
/// still end alike.
#[test]
fn a_cloned_writer_ends_as_all_do() {
    let mut world = SoakWorld::new(20_261_121, 1_299, None);
    world.live();
    assert_eq!(world.faults().get("cloned writer"), Some(&1));
    assert_eq!(world.findings(), []);
}
