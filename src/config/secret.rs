//! A secret: named in the pipeline file, never written there, never shown.

use std::{
    io::{self, Read},
    path::Path,
};

use secrecy::SecretString;

use super::{fields::Field, file, keys, reader::Reader, tree::Kind, variable::Reference};

/// What to write in the place of a secret.
pub(super) fn help(key: &str) -> String {
    let variable = if key == "api_key" { "CHATBASE_API_KEY" } else { "NAME_OF_A_VARIABLE" };
    format!("write `{key}: ${{{variable}}}`, `{key}: {{file: PATH}}` or `{key}: {{credential: NAME}}`")
}

/// No key is longer; it keeps a wrong path (a log, a device) from being read whole.
const MAX_FILE: u64 = 16 * 1024;

/// What the placeholder of a secret is worth under `validate --allow-unset`: nothing.
pub(super) const UNSET: &str = "unset";

/// Reads `${VAR}`, `{file: PATH}` or `{credential: NAME}`.
pub(super) fn secret<'a>(reader: &mut Reader<'a>, field: Field<'a>) -> Option<SecretString> {
    let value = match &field.node.kind {
        Kind::Scalar { text, .. } => from_variable(reader, field, text)?,
        Kind::Map(_) => from_file(reader, field)?,
        Kind::List(_) => {
            reader.faults.error(field.at(), format!("`{}` must not be a list", field.key), &help(field.key));
            return None;
        }
    };
    let value =
        value.strip_suffix('\n').map_or(value.as_str(), |value| value.strip_suffix('\r').unwrap_or(value));
    let message = if value.is_empty() {
        "is empty"
    } else if value.chars().any(|c| c.is_control() || c.is_whitespace()) {
        "holds white space or a control character"
    } else if !value.is_ascii() {
        "holds a character that no HTTP header may hold"
    } else {
        return Some(SecretString::from(value));
    };
    reader.faults.error(
        field.at(),
        format!("the secret that `{}` names {message}", field.key),
        "it is one line",
    );
    None
}

fn from_variable<'a>(reader: &mut Reader<'a>, field: Field<'a>, written: &str) -> Option<String> {
    let Some(reference) = Reference::sole(written) else {
        let message = if field.node.is_null() {
            "has no value"
        } else {
            "is a literal: a secret has no place in this file"
        };
        reader.faults.error(field.at(), format!("`{}` {message}", field.key), &help(field.key));
        return None;
    };
    if reference.default.is_some() {
        let message = format!("`{}` has a default: a secret has no place in this file", field.key);
        reader.faults.error(field.at(), message, &help(field.key));
        return None;
    }
    let held = (reader.env.var)(reference.name);
    if held.is_none() {
        if reader.env.allow_unset {
            return Some(UNSET.to_owned());
        }
        let message = format!("the environment variable `{}` is not set", reference.name);
        reader.faults.error(field.at(), message, "set it, or read the key from a file: `{file: PATH}`");
    }
    held
}

fn from_file<'a>(reader: &mut Reader<'a>, field: Field<'a>) -> Option<String> {
    let fields = reader.fields(field.node, &keys::SECRET);
    let (named, path) = match (fields.field("file"), fields.field("credential")) {
        (Some(file), None) => {
            let text = reader.text(file)?;
            if text.unset {
                return Some(UNSET.to_owned());
            }
            (file, reader.folder.join(text.value))
        }
        (None, Some(credential)) => {
            let text = reader.text(credential)?;
            let is_file_name =
                !matches!(text.value.as_str(), "" | "." | "..") && !text.value.contains(['/', '\\', '\0']);
            if !is_file_name {
                let help = "the NAME of systemd's `LoadCredential=NAME:PATH`";
                reader.faults.error(
                    credential.at(),
                    "`credential` must be a plain name, without folders",
                    help,
                );
                return None;
            }
            let Some(folder) = &reader.env.credentials_dir else {
                if reader.env.allow_unset {
                    return Some(UNSET.to_owned());
                }
                let help = "run it as a systemd service with `LoadCredential=`, or use `{file: PATH}`";
                reader.faults.error(credential.at(), "`$CREDENTIALS_DIRECTORY` is not set", help);
                return None;
            };
            (credential, folder.join(text.value))
        }
        _ => {
            reader.faults.error(
                field.at(),
                format!("`{}` needs one of `file` and `credential`", field.key),
                &help(field.key),
            );
            return None;
        }
    };
    reader.inputs.note(&path);
    match read(&path) {
        Ok(secret) => {
            if secret.is_world_readable {
                let message =
                    format!("everyone on this machine may read the file that `{}` names", named.key);
                reader.faults.warn(named.at(), message, "chmod 0600 it");
            }
            Some(secret.text)
        }
        // The path is not shown: it may come from a variable.
        Err(error) => {
            reader.faults.error(
                named.at(),
                format!("cannot read the file that `{}` names: {error}", named.key),
                "",
            );
            None
        }
    }
}

struct SecretFile {
    text: String,
    is_world_readable: bool,
}

fn read(path: &Path) -> io::Result<SecretFile> {
    let file = file::open(path)?;
    let metadata = file.metadata()?;
    let mut text = String::new();
    file.take(MAX_FILE + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_FILE {
        return Err(io::Error::other(format!("larger than {MAX_FILE} bytes")));
    }
    Ok(SecretFile { text, is_world_readable: is_world_readable(&metadata) })
}

#[cfg(unix)]
fn is_world_readable(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & 0o004 != 0
}

#[cfg(not(unix))]
fn is_world_readable(_: &std::fs::Metadata) -> bool {
    false
}
