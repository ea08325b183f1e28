//! Sets of dots against the obvious model: a tree of single dots.

use std::collections::BTreeSet;

use holdall::cart::ReplacedDots;
use holdall::dots::{Dots, Run, SharedDots};
use holdall::limits::SEQ_MAX;
use holdall::{Dot, ReplicaId};
use proptest::prelude::*;

use crate::cases::cases;

type Runs = Vec<(u8, u64, u64)>;

fn replica(writer: u8) -> ReplicaId {
    ReplicaId::from_u128(u128::from(writer) << 64 | 7)
}

/// Runs of a few writers, short enough to touch, overlap and leave gaps.
fn runs() -> impl Strategy<Value = Runs> {
    prop::collection::vec((0..4_u8, 0..40_u64, 0..6_u64), 0..24)
}

fn both(runs: &Runs) -> (Dots, BTreeSet<Dot>) {
    let (mut dots, mut model) = (Dots::default(), BTreeSet::new());
    for (writer, first, longer) in runs {
        let (replica, last) = (replica(*writer), first + longer);
        dots.insert_run(replica, Run { first: *first, last });
        if *first > 0 {
            model.extend((*first..=last).map(|seq| Dot::new(replica, seq)));
        }
    }
    (dots, model)
}

fn single(dots: &Dots) -> BTreeSet<Dot> {
    let each = |(replica, run): (ReplicaId, Run)| {
        (run.first..=run.last).map(move |seq| Dot::new(replica, seq))
    };
    dots.runs().flat_map(each).collect()
}

/// Sorted, disjoint and not adjacent: the one form of a set.
fn is_in_its_one_form(dots: &Dots) -> bool {
    let runs: Vec<(ReplicaId, Run)> = dots.runs().collect();
    runs.iter().all(|(_, run)| run.first > 0 && run.first <= run.last)
        && runs.windows(2).all(|pair| match pair {
            [(a, x), (b, y)] => a < b || (a == b && x.last + 1 < y.first),
            _ => true,
        })
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn sets_of_dots_are_sets(a in runs(), b in runs(), one in (0..4_u8, 0..50_u64)) {
        let ((x, in_x), (y, in_y)) = (both(&a), both(&b));
        let mut union = x.clone();
        union.extend(&y);
        let (rest, common) = (x.minus(&y), x.intersection(&y));
        for set in [&x, &y, &union, &rest, &common] {
            prop_assert!(is_in_its_one_form(set), "{set:?}");
        }
        prop_assert_eq!(single(&x), in_x.clone());
        prop_assert_eq!(single(&union), &in_x | &in_y);
        prop_assert_eq!(single(&rest), &in_x - &in_y);
        prop_assert_eq!(single(&common), &in_x & &in_y);
        prop_assert_eq!(x.covers(&y), in_y.is_subset(&in_x));
        prop_assert_eq!(x.count(), in_x.len() as u64);

        let dot = Dot::new(replica(one.0), one.1);
        prop_assert_eq!(x.contains(dot), in_x.contains(&dot));
        let mut more = x.clone();
        prop_assert_eq!(more.insert(dot), one.1 > 0 && !in_x.contains(&dot));
        prop_assert!(is_in_its_one_form(&more));
        prop_assert_eq!(more.contains(dot), one.1 > 0);
        let of_writer = |dot: &&Dot| dot.replica == replica(one.0);
        let last = in_x.iter().filter(of_writer).map(|dot| dot.seq).max().unwrap_or(0);
        prop_assert_eq!(x.last(replica(one.0)), last);
        let others = in_x.iter().filter(|dot| !of_writer(dot)).copied().collect::<BTreeSet<_>>();
        prop_assert_eq!(single(&x.without(replica(one.0))), others);
    }

    /// Filling gaps loses nothing, and the newest runs stay as they are.
    #[test]
    fn at_most_so_many_runs(a in runs(), most in 1..5_usize) {
        let (dots, all) = both(&a);
        let few = dots.clone().with_runs_at_most(most);
        prop_assert!(is_in_its_one_form(&few));
        prop_assert!(few.covers(&dots));
        for ((writer, runs), (_, before)) in few.writers().zip(dots.writers()) {
            prop_assert!(runs.len() <= most, "{writer}");
            let (runs, before): (Vec<Run>, Vec<Run>) = (runs.collect(), before.collect());
            let kept = runs.len().min(most) - 1;
            prop_assert_eq!(&runs[runs.len() - kept..], &before[before.len() - kept..]);
        }
        prop_assert!(all.iter().all(|dot| few.contains(*dot)));
    }
}

/// Of one writer and of several, and up to the highest numbers.
fn covered() -> impl Strategy<Value = Runs> {
    prop_oneof![
        runs(),
        runs().prop_map(|all| all.into_iter().map(|(_, first, n)| (1, first, n)).collect()),
        // Far apart, and long: in more than one byte, of which the lower may be empty.
        runs().prop_map(|all| all.into_iter().map(|(_, first, _)| (1, first * 65, 0)).collect()),
        runs().prop_map(|all| {
            all.into_iter().map(|(_, first, n)| (1, first * 500, n * 64)).collect()
        }),
        runs().prop_map(|all| {
            all.into_iter().map(|(w, first, n)| (w / 3, first + SEQ_MAX - 50, n)).collect()
        }),
    ]
}

proptest! {
    #![proptest_config(cases(400))]

    /// What a Set covers is held small, and means the same.
    #[test]
    fn what_is_covered_is_a_set(a in covered(), one in (0..4_u8, 0..50_u64)) {
        let (dots, all) = both(&a);
        let covers = ReplacedDots::from(&dots);
        prop_assert_eq!(&covers.to_dots(), &dots);
        prop_assert_eq!(covers.is_empty(), all.is_empty());
        let mut runs: Vec<_> = covers.runs().collect();
        runs.sort_unstable();
        prop_assert_eq!(runs, dots.runs().collect::<Vec<_>>());
        for seq in [one.1, one.1 + SEQ_MAX - 50] {
            let dot = Dot::new(replica(one.0), seq);
            prop_assert_eq!(covers.contains(dot), all.contains(&dot));
        }
        prop_assert!(all.iter().all(|dot| covers.contains(*dot)));
        prop_assert_eq!(all.iter().copied().collect::<ReplacedDots>(), covers.clone());
        prop_assert_eq!(format!("{covers:?}"), format!("{dots:?}"));
    }
}

/// Numbers that no action has are in no set.
#[test]
fn numbers_are_from_1_to_the_last() {
    let (mut dots, one) = (Dots::default(), replica(1));
    for seq in [0, SEQ_MAX + 1, u64::MAX] {
        assert!(!dots.insert(Dot::new(one, seq)), "{seq}");
        dots.insert_run(one, Run { first: seq, last: u64::MAX });
        dots.push_run(one, Run { first: seq, last: seq });
        assert!(dots.is_empty(), "{seq}");
    }
    dots.insert_run(one, Run { first: SEQ_MAX - 1, last: u64::MAX });
    let last = Run { first: SEQ_MAX - 1, last: SEQ_MAX };
    assert_eq!(dots.runs().collect::<Vec<_>>(), [(one, last)]);
    dots.push_run(one, Run { first: SEQ_MAX, last: u64::MAX });
    dots.push_run(replica(2), Run { first: SEQ_MAX, last: u64::MAX });
    assert_eq!(dots.count(), 3);
    assert!(!dots.insert(Dot::new(one, SEQ_MAX)));
}

/// A failed assertion shows them.
#[test]
fn sets_of_dots_are_shown_by_writer() {
    let run = |first, last| Run { first, last };
    let mut dots = Dots::default();
    dots.insert_run(replica(1), run(1, 4));
    dots.insert_run(replica(1), run(6, 6));
    let says = format!("{{{:?}: {:?}}}", replica(1), [run(1, 4), run(6, 6)]);
    assert_eq!(
        (format!("{dots:?}"), format!("{:?}", SharedDots::from(dots))),
        (says.clone(), says)
    );
}

/// An error names a dot, and somebody has to find it in a log.
#[test]
fn a_dot_is_told_by_its_writer_and_number() {
    let dot = Dot::new(replica(3), 5);
    let says = format!("{}:5", replica(3));
    assert_eq!((dot.to_string(), format!("{dot:?}")), (says.clone(), says));
}
