//! A strict reader of the markup that reports write: every tag closed in order, every attribute
//! quoted, nothing unescaped.

/// Elements that HTML closes by themselves.
const VOID: [&str; 3] = ["meta", "br", "link"];

/// What a page is made of, as far as tests ask.
#[derive(Debug, Default)]
pub struct Read {
    /// Names of all elements in order.
    pub elements: Vec<String>,
    /// Names and values of all attributes.
    pub attributes: Vec<(String, String)>,
    /// All text outside of tags, entities resolved.
    pub text: String,
}

/// Reads a document or says where it is malformed.
pub fn read(source: &str) -> Result<Read, String> {
    let mut read = Read::default();
    let mut open: Vec<String> = Vec::new();
    let mut rest = source;
    while let Some(start) = rest.find('<') {
        let text = &rest[..start];
        let raw = open.last().is_some_and(|o| o == "style");
        if !raw && text.contains('>') {
            return Err(format!("a bare > in {text:?}"));
        }
        read.text += &if raw { String::new() } else { resolve(text)? };
        rest = &rest[start + 1..];
        let end = tag_end(rest).ok_or_else(|| format!("unclosed tag <{}", cut(rest)))?;
        let tag = &rest[..end];
        rest = &rest[end + 1..];
        if tag.starts_with('!') || tag.starts_with('?') {
            continue;
        }
        if let Some(name) = tag.strip_prefix('/') {
            let expected = open.pop();
            if expected.as_deref() != Some(name) {
                return Err(format!("</{name}> closes {expected:?}"));
            }
            continue;
        }
        let (tag, closed) = tag.strip_suffix('/').map_or((tag, false), |t| (t, true));
        let name = tag.split_whitespace().next().unwrap_or_default();
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric()) {
            return Err(format!("a tag named {name:?}"));
        }
        attributes(&tag[name.len()..], &mut read.attributes)?;
        read.elements.push(name.to_owned());
        if !closed && !VOID.contains(&name) {
            open.push(name.to_owned());
        }
    }
    if open.is_empty() && !rest.contains('>') {
        Ok(read)
    } else {
        Err(format!("still open: {open:?}, rest {:?}", cut(rest)))
    }
}

fn cut(text: &str) -> String {
    text.chars().take(60).collect()
}

fn tag_end(text: &str) -> Option<usize> {
    let mut quoted = false;
    text.char_indices().find_map(|(i, c)| {
        quoted ^= c == '"';
        (c == '>' && !quoted).then_some(i)
    })
}

fn attributes(text: &str, found: &mut Vec<(String, String)>) -> Result<(), String> {
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (name, after) = rest
            .split_once("=\"")
            .ok_or_else(|| format!("attribute without a value: {:?}", cut(rest)))?;
        let (value, after) = after
            .split_once('"')
            .ok_or_else(|| format!("unclosed value: {:?}", cut(after)))?;
        let well_named = !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | ':'));
        if !well_named || value.contains('<') {
            return Err(format!("attribute {name:?} with value {:?}", cut(value)));
        }
        found.push((name.to_owned(), resolve(value)?));
        rest = after.trim_start();
    }
    Ok(())
}

fn resolve(text: &str) -> Result<String, String> {
    let mut resolved = String::new();
    let mut rest = text;
    while let Some(start) = rest.find('&') {
        resolved += &rest[..start];
        let (entity, after) = rest[start + 1..].split_once(';').ok_or("a bare &")?;
        resolved.push(match entity {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            other => return Err(format!("entity {:?}", cut(other))),
        });
        rest = after;
    }
    let bad = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    if let Some(c) = text
        .chars()
        .find(|c| bad(*c) || matches!(*c, '\u{ffff}' | '\u{fffe}'))
    {
        return Err(format!("character {c:?}"));
    }
    Ok(resolved + rest)
}
