//! Names that HTML has for letters: those of ASCII's signs and of Latin-1 (HTML standard, named character references).

/// Of signs that occur in passwords.
const SIGNS: &[(&str, char)] = &[
    ("amp", '&'),
    ("apos", '\''),
    ("ast", '*'),
    ("bsol", '\\'),
    ("colon", ':'),
    ("comma", ','),
    ("commat", '@'),
    ("dollar", '$'),
    ("equals", '='),
    ("excl", '!'),
    ("grave", '`'),
    ("gt", '>'),
    ("Hat", '^'),
    ("lbrace", '{'),
    ("lbrack", '['),
    ("lcub", '{'),
    ("lowbar", '_'),
    ("lpar", '('),
    ("lsqb", '['),
    ("lt", '<'),
    ("num", '#'),
    ("percnt", '%'),
    ("period", '.'),
    ("plus", '+'),
    ("quest", '?'),
    ("quot", '"'),
    ("rbrace", '}'),
    ("rbrack", ']'),
    ("rcub", '}'),
    ("rpar", ')'),
    ("rsqb", ']'),
    ("semi", ';'),
    ("sol", '/'),
    ("verbar", '|'),
    ("vert", '|'),
    ("euro", '€'),
    ("Tab", '\t'),
    ("NewLine", '\n'),
];

/// Of U+00A0 and what follows, in order.
const LATIN: &[&str] = &[
    "nbsp", "iexcl", "cent", "pound", "curren", "yen", "brvbar", "sect", "uml", "copy", "ordf", "laquo", "not", "shy",
    "reg", "macr", "deg", "plusmn", "sup2", "sup3", "acute", "micro", "para", "middot", "cedil", "sup1", "ordm",
    "raquo", "frac14", "frac12", "frac34", "iquest", "Agrave", "Aacute", "Acirc", "Atilde", "Auml", "Aring", "AElig",
    "Ccedil", "Egrave", "Eacute", "Ecirc", "Euml", "Igrave", "Iacute", "Icirc", "Iuml", "ETH", "Ntilde", "Ograve",
    "Oacute", "Ocirc", "Otilde", "Ouml", "times", "Oslash", "Ugrave", "Uacute", "Ucirc", "Uuml", "Yacute", "THORN",
    "szlig", "agrave", "aacute", "acirc", "atilde", "auml", "aring", "aelig", "ccedil", "egrave", "eacute", "ecirc",
    "euml", "igrave", "iacute", "icirc", "iuml", "eth", "ntilde", "ograve", "oacute", "ocirc", "otilde", "ouml",
    "divide", "oslash", "ugrave", "uacute", "ucirc", "uuml", "yacute", "thorn", "yuml",
];
/// Letter of the first of them.
const FIRST: u32 = 0xa0;

/// The letter that has this name.
pub fn named(name: &[u8]) -> Option<char> {
    let name = std::str::from_utf8(name).ok()?;
    let sign = SIGNS.iter().find(|(known, _)| *known == name).map(|(_, c)| *c);
    sign.or_else(|| {
        let at = LATIN.iter().position(|known| *known == name)?;
        char::from_u32(FIRST + u32::try_from(at).ok()?)
    })
}

/// The names of a letter.
pub fn names(c: char) -> impl Iterator<Item = &'static str> {
    let latin = (c as u32).checked_sub(FIRST).and_then(|at| LATIN.get(at as usize));
    SIGNS.iter().filter(move |(_, known)| *known == c).map(|(name, _)| *name).chain(latin.copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latin_letters_are_in_their_order() {
        for (name, c) in [("nbsp", '\u{a0}'), ("iquest", '¿'), ("szlig", 'ß'), ("eacute", 'é'), ("yuml", 'ÿ')] {
            assert_eq!(named(name.as_bytes()), Some(c));
            assert!(names(c).any(|known| known == name));
        }
        assert_eq!((named(b"commat"), named(b"nothing")), (Some('@'), None));
    }
}
