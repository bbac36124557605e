//! What is wrong with a file, where, and the way out.

use std::{fmt, path::PathBuf};

/// One fault or doubt about a pipeline file.
///
/// Its text never holds a secret, nor the value of an environment variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The file as the caller named it: a relative path stays relative.
    pub file: PathBuf,
    /// Counted from 1; none when the fault is not at a place in the file.
    pub line: Option<u64>,
    /// In characters, counted from 1.
    pub column: Option<u64>,
    /// Whether the pipeline can be used in spite of it.
    pub severity: Severity,
    /// What is wrong, with the limits in numbers.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

/// How bad a [`Diagnostic`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The pipeline cannot be used.
    Error,
    /// The pipeline can be used; the user should know.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        })
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.file.display())?;
        if let (Some(line), Some(column)) = (self.line, self.column) {
            write!(f, "{line}:{column}:")?;
        }
        write!(f, " {}: {}", self.severity, self.message)?;
        match &self.help {
            Some(help) => write!(f, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}

/// A place in a file; line and column (in characters) count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mark {
    pub(super) line: u64,
    pub(super) column: u64,
}

/// At most this many faults of one file are told; a file of rubbish would otherwise fill the terminal.
const MAX_TOLD: usize = 100;

/// Gathers everything that is wrong with one file.
#[derive(Debug)]
pub(super) struct Faults {
    file: PathBuf,
    told: Vec<Diagnostic>,
    untold: usize,
}

impl Faults {
    pub(super) fn new(file: PathBuf) -> Faults {
        Faults { file, told: Vec::new(), untold: 0 }
    }

    pub(super) fn error(&mut self, at: impl Into<Option<Mark>>, message: impl Into<String>, help: &str) {
        self.add(Severity::Error, at.into(), message.into(), help);
    }

    pub(super) fn warn(&mut self, at: impl Into<Option<Mark>>, message: impl Into<String>, help: &str) {
        self.add(Severity::Warning, at.into(), message.into(), help);
    }

    /// An empty `help` means that the message says it all.
    fn add(&mut self, severity: Severity, at: Option<Mark>, message: String, help: &str) {
        let (line, column) = (at.map(|at| at.line), at.map(|at| at.column));
        let help = (!help.is_empty()).then(|| help.to_owned());
        let fault = Diagnostic { file: self.file.clone(), line, column, severity, message, help };
        // A value that is used twice, by an alias or a merge, has its faults once.
        if self.told.contains(&fault) {
            return;
        }
        if self.is_full() {
            self.untold += 1;
        } else {
            self.told.push(fault);
        }
    }

    /// Whether further faults would only be counted, so that finding a good help for them is wasted.
    pub(super) fn is_full(&self) -> bool {
        self.told.len() >= MAX_TOLD
    }

    pub(super) fn has_errors(&self) -> bool {
        self.untold > 0 || self.told.iter().any(|told| told.severity == Severity::Error)
    }

    /// Everything found, in the order of the file.
    pub(super) fn into_diagnostics(mut self) -> Vec<Diagnostic> {
        self.told.sort_by_key(|told| (told.line, told.column));
        if self.untold > 0 {
            let message = format!("and {} more faults", self.untold);
            let (line, column) = (None, None);
            let (file, severity) = (self.file, Severity::Error);
            self.told.push(Diagnostic { file, line, column, severity, message, help: None });
        }
        self.told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_diagnostic_reads_as_file_line_column_message_and_help() {
        let mut faults = Faults::new("pipelines/docs.yaml".into());
        faults.error(Mark { line: 12, column: 9 }, "unknown key `max_page`", "did you mean `max_pages`?");
        faults.warn(None, "a doubt", "");
        let texts: Vec<String> = faults.into_diagnostics().iter().map(ToString::to_string).collect();
        assert_eq!(
            texts,
            [
                "pipelines/docs.yaml: warning: a doubt",
                "pipelines/docs.yaml:12:9: error: unknown key `max_page`\n  help: did you mean `max_pages`?",
            ]
        );
    }

    #[test]
    fn more_than_a_hundred_faults_are_counted_not_told() {
        let mut faults = Faults::new("a.yaml".into());
        for line in 1..=130 {
            faults.error(Mark { line, column: 1 }, "x", "");
        }
        let diagnostics = faults.into_diagnostics();
        assert_eq!(diagnostics.len(), 101);
        assert_eq!(diagnostics[100].message, "and 30 more faults");
    }
}
