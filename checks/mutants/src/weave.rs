//! A source file with all its mutants in it, each behind a switch.
//!
//! `a + b` becomes `(if crate::switch::on(7) { a - b } else { a + b })`. What is in the first
//! branch is the text as it was but for the one change, since one mutant is on at a time; what is in
//! the last has its own mutants in turn. A function whose whole body is replaced begins with
//! `if crate::switch::on(8) { return ...; }`, an arm that is taken out has a guard, and an iterator whose
//! type is that of one body is one of two.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use syn::spanned::Spanned;
use syn::visit::{self, Visit};

use crate::list::{Mutant, Offsets};

/// A woven file.
pub(crate) struct Woven {
    pub(crate) text: String,
    /// Where in it each mutant's own text is, by number.
    pub(crate) places: Vec<(u32, Range<usize>)>,
    /// Those that have no place in it, and what became of them.
    pub(crate) left_out: Vec<(u32, &'static str)>,
}

/// A switch cannot stand there, in what is constant.
const APART: &str = "apart\ta switch cannot stand there";

/// `||` beside a `let` can never compile.
const UNVIABLE: &str = "unviable\tan operator beside a let";

/// Inside of an iterator nothing makes a shared reference of an exclusive one.
const EXCLUSIVE: &str = "unviable\tan exclusive reference in an iterator of shared ones";

/// Two types of iterators in one.
const EITHER: &str = "crate::switch::Either";

/// A change at one place, by several mutants.
struct Site {
    /// Number, and what stands there then.
    instead: Vec<(u32, String)>,
    how: How,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum How {
    /// A guard, of whose arm it is.
    AlsoGuarded,
    /// The end of an arm's pattern, which has no guard.
    Guarded,
    /// The beginning of a body.
    Returned,
    /// A `const` before `fn`, which goes, since a switch is read when the program runs.
    Dropped,
    /// A field that is written as its name alone.
    Named,
    /// An iterator that is returned, of whatever type.
    Iterated,
    /// An expression.
    Wrapped,
}

/// The name of a function, and where its `const` is.
type Constant = (String, Range<usize>);

/// What is at which byte of a file.
#[derive(Default)]
struct Syntax<'t> {
    text: &'t str,
    /// By the operator's first byte: the expression, the operator, and whether a `let` is in its chain.
    operators: BTreeMap<usize, (Range<usize>, Range<usize>, bool)>,
    /// By the arm's first byte: the end of its pattern, and its guard.
    arms: BTreeMap<usize, (usize, Option<Range<usize>>)>,
    /// By the first byte of a field beside a base: its value, and that which the base has.
    fields: BTreeMap<usize, (Range<usize>, How, String)>,
    /// Bodies with their braces; of those whose type is `impl ...` also the last expression.
    bodies: Vec<(Range<usize>, Option<Range<usize>>)>,
    /// Where only what is constant may stand; of a function also its name and its `const`.
    constant: Vec<(Range<usize>, Option<Constant>)>,
    /// Closures: what is in one runs, though it stands in a constant.
    closures: Vec<Range<usize>>,
}

/// The file with its mutants. Functions of the names in `constant` stay `const`, others do not.
pub(crate) fn weave(
    text: &str,
    mutants: &[(u32, &Mutant)],
    constant: &BTreeSet<String>,
) -> Result<Woven, String> {
    let syntax = Syntax::of(text)?;
    let offsets = Offsets::of(text);
    let mut woven = Woven { text: String::new(), places: Vec::new(), left_out: Vec::new() };
    // Outer before inner: by where they begin, then the longer first.
    let mut sites: BTreeMap<(usize, usize, How), (Range<usize>, Site)> = BTreeMap::new();
    let key = |range: &Range<usize>, how| (range.start, usize::MAX - range.end, how);
    for (number, mutant) in mutants {
        match syntax.site(constant, &offsets, mutant)? {
            Ok((range, how, instead)) => {
                let at = sites.entry(key(&range, how)).or_insert_with(|| (range, Site::of(how)));
                at.1.instead.push((*number, instead));
            }
            Err(why) => woven.left_out.push((*number, why)),
        }
    }
    for (name, word) in syntax.constant.iter().filter_map(|(_, function)| function.as_ref()) {
        if !constant.contains(name) {
            let how = How::Dropped;
            sites.insert(key(word, how), (word.clone(), Site::of(how)));
        }
    }
    let sites: Vec<(Range<usize>, Site)> = sites.into_values().collect();
    woven.emit(text, 0..text.len(), &sites);
    Ok(woven)
}

impl Site {
    fn of(how: How) -> Self {
        Self { instead: Vec::new(), how }
    }
}

impl Woven {
    /// Writes a stretch of the file with the sites in it.
    fn emit(&mut self, text: &str, stretch: Range<usize>, mut sites: &[(Range<usize>, Site)]) {
        let mut at = stretch.start;
        while let [(range, site), rest @ ..] = sites {
            self.text.push_str(&text[at..range.start]);
            let inner = rest.iter().take_while(|(other, _)| other.start < range.end).count();
            self.site(text, range, site, &rest[..inner]);
            at = range.end;
            sites = &rest[inner..];
        }
        self.text.push_str(&text[at..stretch.end]);
    }

    fn site(
        &mut self,
        text: &str,
        range: &Range<usize>,
        site: &Site,
        inner: &[(Range<usize>, Site)],
    ) {
        match site.how {
            How::Wrapped | How::Iterated => self.text.push('('),
            How::Named => self.text.push_str(&format!("{}: (", &text[range.clone()])),
            How::Guarded => self.text.push_str(" if true"),
            How::AlsoGuarded | How::Returned | How::Dropped => {}
        }
        for (number, instead) in &site.instead {
            let begin = self.text.len();
            let on = format!("crate::switch::on({number})");
            self.text.push_str(&match site.how {
                How::Wrapped | How::Named => format!("if {on} {{ {instead} }} else "),
                How::Iterated => {
                    format!("if {on} {{ {EITHER}::Mutant({instead}) }} else {{ {EITHER}::Own(")
                }
                How::Returned => format!(" if {on} {{ return {instead}; }}"),
                How::Guarded => format!(" && !{on}"),
                How::AlsoGuarded => format!("!{on} && "),
                How::Dropped => String::new(),
            });
            self.places.push((*number, begin..self.text.len()));
        }
        match site.how {
            How::Wrapped | How::Named => {
                self.text.push_str("{ ");
                self.emit(text, range.clone(), inner);
                self.text.push_str(" })");
            }
            How::Iterated => {
                self.text.push_str("{ ");
                self.emit(text, range.clone(), inner);
                self.text.push_str(" }");
                self.text.push_str(&") }".repeat(site.instead.len()));
                self.text.push(')');
            }
            How::AlsoGuarded => {
                self.text.push('(');
                self.emit(text, range.clone(), inner);
                self.text.push(')');
            }
            How::Guarded | How::Returned | How::Dropped => {}
        }
    }
}

/// Where, how, and what stands there; or why not.
type Placed = Result<(Range<usize>, How, String), &'static str>;

impl<'t> Syntax<'t> {
    fn of(text: &'t str) -> Result<Self, String> {
        let file = syn::parse_file(text).map_err(|error| error.to_string())?;
        let mut syntax = Self { text, ..Self::default() };
        syntax.visit_file(&file);
        Ok(syntax)
    }

    fn site(
        &self,
        constant: &BTreeSet<String>,
        offsets: &Offsets,
        mutant: &Mutant,
    ) -> Result<Placed, String> {
        let span = offsets.range(&mutant.span);
        let missing =
            || format!("{}: there is no {} at byte {}", mutant.name, mutant.genre, span.start);
        let stays = |function: &Option<Constant>| {
            function.as_ref().is_none_or(|(name, _)| constant.contains(name))
        };
        let runs = |body: &Range<usize>| {
            let mut inside = self.closures.iter().filter(|closure| body.contains(&closure.start));
            inside.any(|closure| closure.contains(&span.start))
        };
        let apart = |(body, function): &(Range<usize>, Option<Constant>)| {
            body.contains(&span.start) && stays(function) && !runs(body)
        };
        if self.constant.iter().any(apart) {
            return Ok(Err(APART));
        }
        match &*mutant.genre {
            "FnValue" => {
                let around = self.bodies.iter().filter(|(body, _)| body.contains(&span.start));
                let (body, opaque) =
                    around.min_by_key(|(body, _)| body.len()).ok_or_else(missing)?;
                if let Some(last) = opaque {
                    if mutant.replacement.contains("Box::leak") {
                        return Ok(Err(EXCLUSIVE));
                    }
                    return Ok(Ok((last.clone(), How::Iterated, mutant.replacement.clone())));
                }
                let begin = body.start + 1;
                Ok(Ok((begin..begin, How::Returned, mutant.replacement.clone())))
            }
            "BinaryOperator" | "UnaryOperator" => {
                let (whole, operator, chained) =
                    self.operators.get(&span.start).ok_or_else(missing)?;
                if *chained {
                    return Ok(Err(UNVIABLE));
                }
                let (before, after) =
                    (&self.text[whole.start..operator.start], &self.text[operator.end..whole.end]);
                let instead = format!("{before}{}{after}", mutant.replacement);
                Ok(Ok((whole.clone(), How::Wrapped, instead)))
            }
            "MatchArm" => match self.arms.get(&span.start).ok_or_else(missing)? {
                (end, None) => Ok(Ok((*end..*end, How::Guarded, String::new()))),
                (_, Some(guard)) => Ok(Ok((guard.clone(), How::AlsoGuarded, String::new()))),
            },
            "StructField" => {
                let field = self.fields.get(&span.start).ok_or_else(missing)?;
                Ok(Ok(field.clone()))
            }
            "MatchArmGuard" => Ok(Ok((span, How::Wrapped, mutant.replacement.clone()))),
            _ => Ok(Err(APART)),
        }
    }

    fn function(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let body = block.span().byte_range();
        let opaque = match &signature.output {
            syn::ReturnType::Type(_, written) => has_impl(written),
            syn::ReturnType::Default => false,
        };
        if let Some(word) = &signature.constness {
            let function = (signature.ident.to_string(), word.span.byte_range());
            self.constant.push((body.clone(), Some(function)));
        }
        let last = block.stmts.last().filter(|_| opaque);
        self.bodies.push((body, last.map(|last| last.span().byte_range())));
    }
}

/// Whether a type is `impl ...`, or has one in it.
fn has_impl(written: &syn::Type) -> bool {
    struct Looking(bool);
    impl<'ast> Visit<'ast> for Looking {
        fn visit_type_impl_trait(&mut self, _: &'ast syn::TypeImplTrait) {
            self.0 = true;
        }
    }
    let mut looking = Looking(false);
    looking.visit_type(written);
    looking.0
}

/// Whether a `let` is in the chain that an expression is a part of.
fn has_let(expr: &syn::Expr) -> bool {
    match expr {
        syn::Expr::Let(_) => true,
        syn::Expr::Binary(binary) => has_let(&binary.left) || has_let(&binary.right),
        _ => false,
    }
}

impl<'ast> Visit<'ast> for Syntax<'_> {
    fn visit_expr_binary(&mut self, node: &'ast syn::ExprBinary) {
        let operator = node.op.span().byte_range();
        let chained = has_let(&node.left) || has_let(&node.right);
        self.operators.insert(operator.start, (node.span().byte_range(), operator, chained));
        visit::visit_expr_binary(self, node);
    }

    fn visit_expr_unary(&mut self, node: &'ast syn::ExprUnary) {
        let operator = node.op.span().byte_range();
        self.operators.insert(operator.start, (node.span().byte_range(), operator, false));
        visit::visit_expr_unary(self, node);
    }

    fn visit_arm(&mut self, node: &'ast syn::Arm) {
        let guard = node.guard.as_ref().map(|(_, guard)| guard.span().byte_range());
        self.arms.insert(node.span().byte_range().start, (node.pat.span().byte_range().end, guard));
        visit::visit_arm(self, node);
    }

    fn visit_expr_struct(&mut self, node: &'ast syn::ExprStruct) {
        if let Some(base) = &node.rest {
            let base = base.span().byte_range();
            for field in &node.fields {
                let (whole, value) = (field.span().byte_range(), field.expr.span().byte_range());
                let how = if field.colon_token.is_some() { How::Wrapped } else { How::Named };
                let name = match &field.member {
                    syn::Member::Named(name) => name.to_string(),
                    syn::Member::Unnamed(index) => index.index.to_string(),
                };
                let instead = format!("({}).{name}", &self.text[base.clone()]);
                self.fields.insert(whole.start, (value, how, instead));
            }
        }
        visit::visit_expr_struct(self, node);
    }

    fn visit_item_fn(&mut self, node: &'ast syn::ItemFn) {
        self.function(&node.sig, &node.block);
        visit::visit_item_fn(self, node);
    }

    fn visit_impl_item_fn(&mut self, node: &'ast syn::ImplItemFn) {
        self.function(&node.sig, &node.block);
        visit::visit_impl_item_fn(self, node);
    }

    fn visit_trait_item_fn(&mut self, node: &'ast syn::TraitItemFn) {
        if let Some(block) = &node.default {
            self.function(&node.sig, block);
        }
        visit::visit_trait_item_fn(self, node);
    }

    fn visit_impl_item_const(&mut self, node: &'ast syn::ImplItemConst) {
        self.constant.push((node.expr.span().byte_range(), None));
    }

    fn visit_item_const(&mut self, node: &'ast syn::ItemConst) {
        self.constant.push((node.expr.span().byte_range(), None));
    }

    fn visit_item_static(&mut self, node: &'ast syn::ItemStatic) {
        self.constant.push((node.expr.span().byte_range(), None));
        visit::visit_item_static(self, node);
    }

    fn visit_expr_closure(&mut self, node: &'ast syn::ExprClosure) {
        self.closures.push(node.span().byte_range());
        visit::visit_expr_closure(self, node);
    }
}
