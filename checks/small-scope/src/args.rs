//! The command line.

/// What to do.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Args {
    /// Fewer of the models, in under a minute.
    pub short: bool,
    /// One JSON object instead of lines.
    pub json: bool,
    /// One line a model instead of one a family.
    pub each: bool,
    /// Only the families whose name has this in it.
    pub only: Option<String>,
}

/// What to say to `--help`.
pub const USAGE: &str = "\
every interleaving of a few replicas of a cart, of a claim and of a retirement

  --short      fewer of the models, in under a minute
  --only TEXT  only the families whose name has TEXT in it
  --each       one line a model instead of one a family
  --json       one JSON object instead of lines

Exit status: 0 all laws hold, 1 one does not and the shortest way there is told, 2 the arguments
cannot be used.
";

/// Reads the arguments; `None` is for help.
///
/// # Errors
/// What is wrong with them, in a sentence.
pub fn parse(args: impl IntoIterator<Item = String>) -> Result<Option<Args>, String> {
    let mut parsed = Args::default();
    let mut args = args.into_iter();
    while let Some(arg) = args.next() {
        match &*arg {
            "--help" | "-h" => return Ok(None),
            "--short" => parsed.short = true,
            "--json" => parsed.json = true,
            "--each" => parsed.each = true,
            "--only" => {
                let text = args.next().ok_or("--only wants a part of a family's name")?;
                parsed.only = Some(text);
            }
            _ => return Err(format!("there is no argument {arg}: see --help")),
        }
    }
    Ok(Some(parsed))
}
