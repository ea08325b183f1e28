//! The copy of the tree with all mutants in it that compile.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;
use std::path::Path;
use std::time::Instant;

use crate::list::Mutant;
use crate::{compile, plain, read, tree, weave};

/// What was found out about a text of the library, and need not be again.
#[derive(Default)]
struct Known {
    /// By number, those that are not in the build, and what became of them.
    unwoven: BTreeMap<u32, String>,
    /// Functions that stay `const`.
    constant: BTreeSet<String>,
}

/// Its text and its mutants by number.
type File<'a> = (String, Vec<(u32, &'a Mutant)>);

/// Weaves the texts of a plain tree until what is left compiles. Of those that are left out: what became of them, by number.
pub(crate) fn weave(
    root: &Path,
    plain: &Path,
    target: &Path,
    mutants: &[Mutant],
) -> Result<BTreeMap<u32, String>, String> {
    let mut by_file: BTreeMap<&str, File<'_>> = BTreeMap::new();
    let mut hasher = DefaultHasher::new();
    for (number, mutant) in (1..).zip(mutants) {
        if !by_file.contains_key(&*mutant.file) {
            let text = read(&plain.join(&mutant.file))?;
            text.hash(&mut hasher);
            by_file.insert(&mutant.file, (text, Vec::new()));
        }
        mutant.name.hash(&mut hasher);
        if let Some((_, here)) = by_file.get_mut(&*mutant.file) {
            here.push((number, mutant));
        }
    }
    let kept = target.join("left_out.tsv");
    let mut known = Known::read(&kept, hasher.finish());
    let mut instead = around(root, mutants.len())?;
    loop {
        let began = Instant::now();
        let mut places: BTreeMap<String, Vec<(u32, Range<usize>)>> = BTreeMap::new();
        let mut left_out = Vec::new();
        for (file, (text, here)) in &mut by_file {
            here.retain(|(number, _)| !known.unwoven.contains_key(number));
            let woven = weave::weave(text, here, &known.constant)?;
            instead.insert((*file).to_owned(), woven.text);
            places.insert((*file).to_owned(), woven.places);
            left_out.extend(woven.left_out);
        }
        let copy = target.join("tree");
        tree::copy(root, &copy, &instead)?;
        let left: usize = places.values().map(Vec::len).sum();
        let errors = compile::check(&copy, &places)?;
        println!("{left} mutants, checked in {:.0} s", began.elapsed().as_secs_f64());
        if errors.unviable.is_empty() && errors.constant.is_empty() {
            known.write(&kept, hasher.finish())?;
            known.unwoven.extend(left_out.into_iter().map(|(n, why)| (n, why.to_owned())));
            return Ok(known.unwoven);
        }
        if errors.unviable.is_empty() && errors.constant.is_subset(&known.constant) {
            return Err(format!("a switch stands in a constant: {:?}", errors.constant));
        }
        known.constant.extend(errors.constant);
        let said = errors.unviable.into_iter();
        known.unwoven.extend(said.map(|(n, why)| (n, format!("unviable\t{why}"))));
    }
}

/// What else is not as in the real tree: the switch, and no lints.
fn around(root: &Path, mutants: usize) -> Result<BTreeMap<String, String>, String> {
    let switch = include_str!("switch.txt").replace("COUNT", &mutants.to_string());
    let lib = read(&root.join("src/lib.rs"))?;
    let lib = lib.replacen("extern crate alloc;", "extern crate alloc;\nmod switch;", 1);
    let manifest = plain::manifest(root)?;
    let files = [("src/switch.rs", switch), ("src/lib.rs", lib), ("Cargo.toml", manifest)];
    Ok(files.map(|(name, text)| (name.to_owned(), text)).into())
}

impl Known {
    /// What is in a file, if it is about that text.
    fn read(file: &Path, hash: u64) -> Self {
        let mut known = Self::default();
        let rows = fs::read_to_string(file).unwrap_or_default();
        let mut rows = rows.lines();
        if rows.next() != Some(&*hash.to_string()) {
            return known;
        }
        for (what, why) in rows.filter_map(|row| row.split_once('\t')) {
            match what.parse() {
                Ok(number) => drop(known.unwoven.insert(number, why.to_owned())),
                Err(_) => drop(known.constant.insert(why.to_owned())),
            }
        }
        known
    }

    fn write(&self, file: &Path, hash: u64) -> Result<(), String> {
        let unwoven = self.unwoven.iter().map(|(number, why)| format!("{number}\t{why}\n"));
        let constant = self.constant.iter().map(|name| format!("const\t{name}\n"));
        let rows: String = unwoven.chain(constant).collect();
        fs::write(file, format!("{hash}\n{rows}"))
            .map_err(|error| format!("{}: {error}", file.display()))
    }
}
