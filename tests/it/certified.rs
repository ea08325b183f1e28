//! The merge rules of this library, and bad ones, before the test kit.

use std::time::Instant;

use holdall::policy::builtin;
use holdall::testkit::strategies::tales;
use holdall::testkit::{Certification, Law, Subject};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

#[test]
fn timing() {
    let subject = Subject::new(builtin().nth(1).unwrap()).unwrap();
    let mut runner = TestRunner::deterministic();
    let strategy = tales();
    let began = Instant::now();
    let all: Vec<_> = (0..100).map(|_| strategy.new_tree(&mut runner).unwrap().current()).collect();
    println!("generate {:?}", began.elapsed());
    for law in Law::OF_A_RULE.into_iter().chain(Law::CLAIMED) {
        let began = Instant::now();
        for tale in &all {
            let _ = subject.check(law, tale);
        }
        println!("{law} {:?}", began.elapsed());
    }
}

#[test]
fn every_rule_of_the_library_is_certified() {
    for rule in builtin() {
        let began = Instant::now();
        match Certification::default().check(rule) {
            Ok(certificate) => println!("{certificate} in {:?}", began.elapsed()),
            Err(breach) => println!("{breach}\n in {:?}", began.elapsed()),
        }
    }
}
