//! The account inside an address, read as govc reads it: govmomi's `soap.ParseURL`, which is Go's `url.Parse` after
//! `https://` where no scheme stands. So `&`, `+`, `=` and `@` are themselves, and what an address has a meaning for
//! (`/ ? # %`) is written as `%` and two digits.

/// What stands before the host.
#[derive(Default)]
pub(super) struct InUrl {
    pub username: Option<String>,
    pub password: Option<String>,
}

/// An address without the account, and the account.
///
/// # Errors
/// What is wrong with it, in words without a value.
pub(super) fn split(text: &str) -> Result<(String, InUrl), &'static str> {
    let scheme = text.find("://").filter(|end| *end > 0 && text[..*end].bytes().all(is_word));
    let (scheme, rest) = scheme.map_or(("https", text), |end| (&text[..end], &text[end + 3..]));
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, behind) = rest.split_at(end);
    let Some((account, host)) = authority.rsplit_once('@') else {
        return Ok((format!("{scheme}://{rest}"), InUrl::default()));
    };
    let (username, password) = account.split_once(':').map_or((account, None), |(name, word)| (name, Some(word)));
    let some = |text: String| Some(text).filter(|text| !text.is_empty());
    let account =
        InUrl { username: some(unescaped(username)?), password: password.map(unescaped).transpose()?.and_then(some) };
    Ok((format!("{scheme}://{host}{behind}"), account))
}

/// `\w` of Go's expressions.
const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn unescaped(text: &str) -> Result<String, &'static str> {
    const BAD: &str = "has an account in which a character must be written as % and two digits (% itself as %25)";
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let digit =
            |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16)).and_then(|d| u8::try_from(d).ok());
        match byte {
            b'%' => match (digit(rest.next()), digit(rest.next())) {
                (Some(high), Some(low)) => bytes.push(high << 4 | low),
                _ => return Err(BAD),
            },
            // Go's `validUserinfo`.
            _ if byte.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=@".contains(&byte) => bytes.push(byte),
            _ => return Err(BAD),
        }
    }
    String::from_utf8(bytes).map_err(|_| BAD)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (String, Option<String>, Option<String>) {
        let (address, account) = split(text).unwrap();
        (address, account.username, account.password)
    }

    #[test]
    fn an_account_is_read_as_govc_reads_it() {
        let some = |text: &str| Some(text.to_owned());
        for (text, name, word) in [
            ("svc:a&b=c+d@vc", "svc", "a&b=c+d"),
            ("https://svc:a%26b%2Bc%25d@vc", "svc", "a&b+c%d"),
            ("https://adm@corp.example:p@ss@vc", "adm@corp.example", "p@ss"),
            ("svc:a:b;c,d!e$f'g(h)i*j~k_l@vc", "svc", "a:b;c,d!e$f'g(h)i*j~k_l"),
            ("https://DOM%5Csvc:%C3%A4%23%2F%3F@vc", "DOM\\svc", "\u{e4}#/?"),
        ] {
            assert_eq!(read(text), ("https://vc".into(), some(name), some(word)), "{text}");
        }
        assert_eq!(read("http://u@127.0.0.1:8989/sdk"), ("http://127.0.0.1:8989/sdk".into(), some("u"), None));
        assert_eq!(read("vc.example.com/sdk?x=a@b"), ("https://vc.example.com/sdk?x=a@b".into(), None, None));
    }

    #[test]
    fn what_govc_refuses_is_refused_without_showing_it() {
        for text in
            ["svc:100%@vc", "svc:a%zz@vc", "svc:a b@vc", "svc:a^b@vc", "svc:a\\b@vc", "svc:%ff@vc", "svc:\u{e4}@vc"]
        {
            assert!(split(text).is_err(), "{text}");
        }
    }
}
