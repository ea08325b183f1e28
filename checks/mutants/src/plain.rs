//! The tree in which mutants are looked for: without the switches of `checks/sabotage`.
//!
//! `cargo mutants` does not look into macros, so the right code of `sabotage!("name", right, wrong)`
//! would have no mutants. Here `right` stands in the macro's place, and nothing in the place of
//! `sabotage!("name", { ... });`, as without `--cfg holdall_sabotage`.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use proc_macro2::{Group, TokenStream, TokenTree};
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Expr, LitStr, Token};

use crate::{read, tree};

/// Where the macro is defined, and not used.
const DEFINED_IN: &str = "src/sabotage.rs";

/// What is between the parentheses: a name, and one expression or two.
struct Arguments(Punctuated<Expr, Token![,]>);

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        input.parse::<LitStr>()?;
        input.parse::<Token![,]>()?;
        Punctuated::parse_terminated(input).map(Self)
    }
}

/// Copies the tree, as a workspace of what the tests of the core need, without switches.
pub(crate) fn copy(root: &Path, to: &Path) -> Result<(), String> {
    let mut instead = BTreeMap::from([("Cargo.toml".to_owned(), manifest(root)?)]);
    let folder = root.join("src");
    let mut files = Vec::new();
    tree::list(&folder, &folder, &mut files)?;
    for file in files {
        let name = Path::new("src").join(&file).to_string_lossy().into_owned();
        if name.ends_with(".rs") && name != DEFINED_IN {
            let text = read(&root.join(&name))?;
            let text = without_switches(&text).map_err(|error| format!("{name}: {error}"))?;
            instead.insert(name, text);
        }
    }
    tree::copy(root, to, &instead)
}

/// The manifest without the members that are not copied, and without lints.
pub(crate) fn manifest(root: &Path) -> Result<String, String> {
    let manifest = read(&root.join("Cargo.toml"))?;
    let members = manifest.lines().find(|line| line.starts_with("members = ["));
    let members = members.ok_or("the workspace has no members")?;
    const LINTS: &str = "[lints]\nworkspace = true\n";
    if !manifest.contains(LINTS) {
        return Err("the root package has no lints".into());
    }
    let manifest = manifest.replacen(members, "members = [\".\", \"crates/*\"]", 1);
    Ok(manifest.replacen(LINTS, "", 1))
}

/// A text with the right code in place of each `sabotage!`.
fn without_switches(text: &str) -> Result<String, String> {
    let tokens: TokenStream = text.parse().map_err(|error| format!("{error}"))?;
    let mut calls = Vec::new();
    find(tokens, &mut calls);
    let (mut plain, mut at) = (String::new(), 0);
    for (range, group) in calls {
        plain.push_str(&text[at..range.start]);
        at = range.end;
        let arguments: Arguments =
            syn::parse2(group.stream()).map_err(|error| error.to_string())?;
        match arguments.0.iter().collect::<Vec<_>>()[..] {
            [Expr::Block(_)] => {}
            [right, _] => {
                let right_text = without_switches(&text[right.span().byte_range()])?;
                let stands_alone = matches!(
                    right,
                    Expr::Array(_)
                        | Expr::Call(_)
                        | Expr::Field(_)
                        | Expr::Index(_)
                        | Expr::Lit(_)
                        | Expr::Macro(_)
                        | Expr::MethodCall(_)
                        | Expr::Path(_)
                        | Expr::Struct(_)
                        | Expr::Try(_)
                );
                match stands_alone {
                    true => plain.push_str(&right_text),
                    false => plain.push_str(&format!("({right_text})")),
                }
            }
            _ => return Err("a switch has a block, or right and wrong code".into()),
        }
    }
    plain.push_str(&text[at..]);
    Ok(plain)
}

/// Finds the calls of the macro that are in no other, and where each is.
fn find(tokens: TokenStream, calls: &mut Vec<(Range<usize>, Group)>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at..] {
            [TokenTree::Ident(name), TokenTree::Punct(mark), TokenTree::Group(group), ..]
                if name == "sabotage" && mark.as_char() == '!' =>
            {
                let range = name.span().byte_range().start..group.span().byte_range().end;
                calls.push((range, group.clone()));
                at += 3;
            }
            [TokenTree::Group(group), ..] => {
                find(group.stream(), calls);
                at += 1;
            }
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_plain(text: &str, wanted: &str) {
        assert_eq!(without_switches(text).as_deref(), Ok(wanted));
    }

    #[test]
    fn the_right_code_stays() {
        assert_plain("fn f() { g(sabotage!(\"a\", x.y(), z)); h() }", "fn f() { g(x.y()); h() }");
        assert_plain(
            "fn f() -> bool { !sabotage!(\n    \"a\",\n    x < y,\n    x > y,\n) }",
            "fn f() -> bool { !(x < y) }",
        );
    }

    #[test]
    fn a_statement_goes() {
        assert_plain("fn f() { sabotage!(\"a\", { return; }); g() }", "fn f() { ; g() }");
    }

    #[test]
    fn switches_in_each_other_and_in_macros_go() {
        assert_plain(
            "fn f() { sabotage!(\"a\", sabotage!(\"b\", x(), y()), z()) }",
            "fn f() { x() }",
        );
        assert_plain(
            "fn f() { matches!(a, [b] if sabotage!(\"a\", b(), true)) }",
            "fn f() { matches!(a, [b] if b()) }",
        );
    }

    #[test]
    fn what_is_no_switch_is_an_error() {
        assert!(without_switches("fn f() { sabotage!(\"a\") }").is_err());
        assert!(without_switches("fn f() { sabotage!(\"a\", x) }").is_err());
        assert!(without_switches("fn f() { sabotage!(a, x, y) }").is_err());
    }
}
