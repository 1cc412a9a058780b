//! What is asked of the browser when a connection is opened, checked first.

use core::fmt;

use crate::{ConnectError, UrlFault};

/// The URL and the subprotocols of a connection.
#[derive(Clone, Default)]
pub(crate) struct Request {
    pub(crate) url: String,
    pub(crate) protocols: Vec<String>,
}

impl Request {
    /// Whether the connection may be opened under this subprotocol. Firefox and WebKitGTK open it
    /// with an empty one when the server selects none, and WebKitGTK with one in another case, where
    /// the specification fails the connection (measured).
    pub(crate) fn accepts(&self, protocol: &str) -> bool {
        self.protocols.is_empty() || self.protocols.iter().any(|asked| asked == protocol)
    }

    /// Finds what every engine refuses, and what engines disagree about, before the browser sees it.
    pub(crate) fn check(&self, page: Page) -> Result<(), ConnectError> {
        self.check_url(page)?;
        self.check_protocols()
    }

    fn check_url(&self, page: Page) -> Result<(), ConnectError> {
        let url = self.url.to_ascii_lowercase().into_bytes();
        if url.is_empty() {
            return Err(self.invalid_url(UrlFault::Empty));
        }
        if url.iter().any(|byte| matches!(byte, b'#')) {
            return Err(self.invalid_url(UrlFault::Fragment));
        }
        let Some((scheme, rest)) = split_scheme(&url) else {
            return Ok(());
        };
        let plain = match scheme {
            b"ws" | b"http" => true,
            b"wss" | b"https" => false,
            _ => return Err(self.invalid_url(UrlFault::Scheme)),
        };
        if plain && page == Page::Secure && !is_loopback(host(rest)) {
            return Err(ConnectError::InsecureContext { url: self.shown() });
        }
        Ok(())
    }

    fn check_protocols(&self) -> Result<(), ConnectError> {
        for (index, name) in self.protocols.iter().enumerate() {
            if !is_token(name) {
                return Err(ConnectError::InvalidProtocol(name.as_str().into()));
            }
            if self.protocols.iter().take(index).any(|other| other == name) {
                return Err(ConnectError::DuplicateProtocol(name.as_str().into()));
            }
        }
        Ok(())
    }

    /// The error for a URL that cannot be used.
    pub(crate) fn invalid_url(&self, fault: UrlFault) -> ConnectError {
        ConnectError::InvalidUrl {
            url: self.shown(),
            fault,
        }
    }

    /// The error for a connection that the browser would not even try.
    pub(crate) fn blocked(&self) -> ConnectError {
        ConnectError::Blocked { url: self.shown() }
    }

    fn shown(&self) -> ShownUrl {
        ShownUrl(self.url.as_str().into())
    }
}

/// The URL without query and credentials, and how many subprotocols: people put tokens there.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("url", &self.shown())
            .field("protocols", &self.protocols.len())
            .finish()
    }
}

/// How the page was loaded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Page {
    /// Over `https:`: plain `ws:` is mixed content.
    Secure,
    /// Any other way.
    Other,
}

/// A URL in an error. It is shown without query, fragment and credentials, where tokens are found;
/// only its scheme is shown when it cannot be told where the credentials end.
#[derive(Clone, PartialEq, Eq)]
pub struct ShownUrl(Box<str>);

impl fmt::Display for ShownUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let url = self.0.split(['?', '#']).next().unwrap_or_default();
        let (scheme, rest) = match url.split_once(':') {
            Some((scheme, rest)) if !scheme.contains(['/', '\\']) => (scheme, rest),
            _ => ("", url),
        };
        let colon = if scheme.is_empty() { "" } else { ":" };
        let path = rest.trim_start_matches(['/', '\\']);
        let slashes = rest.strip_suffix(path).unwrap_or_default();
        if scheme.is_empty() && slashes.len() < 2 {
            return f.write_str(rest); // a path
        }
        let (authority, path) = match path.find(['/', '\\']) {
            Some(index) => path.split_at(index),
            None => (path, ""),
        };
        let host = authority.rsplit('@').next().unwrap_or_default();
        let port = host
            .rsplit(']')
            .next()
            .and_then(|host| host.split_once(':'));
        if port.is_some_and(|(_, port)| !port.bytes().all(|byte| byte.is_ascii_digit())) {
            return write!(f, "{scheme}{colon}{slashes}…");
        }
        write!(f, "{scheme}{colon}{slashes}{host}{path}")
    }
}

impl fmt::Debug for ShownUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

// What follows works on bytes, which `check_url` has in lower case: patterns on `str` would link
// 5 KB, and `contains` 300 bytes.

/// What stands before and after the first colon, if the URL is absolute.
fn split_scheme(url: &[u8]) -> Option<(&[u8], &[u8])> {
    let url = url.trim_ascii_start();
    let colon = url.iter().position(|&byte| byte == b':')?;
    let (scheme, rest) = url.split_at_checked(colon)?;
    let (first, others) = scheme.split_first()?;
    let is_scheme = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    let absolute = first.is_ascii_alphabetic() && others.iter().all(is_scheme);
    absolute.then_some((scheme, rest))
}

/// The host in what follows the scheme of a URL, without credentials and port.
fn host(mut rest: &[u8]) -> &[u8] {
    while let [b'/' | b'\\' | b':', tail @ ..] = rest {
        rest = tail;
    }
    let authority = until(rest, |byte| matches!(byte, b'/' | b'\\' | b'?'));
    let host = authority.rsplit(|&byte| byte == b'@').next();
    match host.unwrap_or_default() {
        [b'[', v6 @ ..] => until(v6, |byte| byte == b']'),
        host => until(host, |byte| byte == b':'),
    }
}

fn until(text: &[u8], stop: fn(u8) -> bool) -> &[u8] {
    text.split(|&byte| stop(byte)).next().unwrap_or_default()
}

/// Whether browsers treat the host as this machine, which an `https:` page may reach by `ws:`
/// ([Secure Contexts, 3.1](https://www.w3.org/TR/secure-contexts/#is-origin-trustworthy)).
fn is_loopback(host: &[u8]) -> bool {
    let name = host.strip_suffix(b".").unwrap_or(host);
    let is_ipv4 = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
    name == b"localhost"
        || name.ends_with(b".localhost")
        || host == b"::1"
        || (host.starts_with(b"127.") && host.iter().all(is_ipv4))
}

/// Whether a subprotocol is a token
/// ([RFC 9110, 5.6.2](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2)).
fn is_token(name: &str) -> bool {
    let is_token_byte = |byte: u8| match byte {
        b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~' => true,
        _ => byte.is_ascii_alphanumeric(),
    };
    !name.is_empty() && name.bytes().all(is_token_byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, page: Page) -> Result<(), ConnectError> {
        Request {
            url: url.into(),
            protocols: Vec::new(),
        }
        .check(page)
    }

    fn fault(url: &str) -> Option<UrlFault> {
        match check(url, Page::Other) {
            Err(ConnectError::InvalidUrl { fault, .. }) => Some(fault),
            _ => None,
        }
    }

    #[test]
    fn urls_that_no_engine_takes_are_named() {
        assert_eq!(fault(""), Some(UrlFault::Empty));
        assert_eq!(fault("ws://h/#"), Some(UrlFault::Fragment));
        assert_eq!(fault("ws://h/#x"), Some(UrlFault::Fragment));
        assert_eq!(fault("ftp://h/"), Some(UrlFault::Scheme));
        assert_eq!(fault("javascript:alert(1)"), Some(UrlFault::Scheme));
        for url in [
            "ws://h",
            "WSS://h",
            "http://h",
            "https://h",
            "/path",
            "//h/path",
            "a:80/b",
        ] {
            assert_eq!(
                fault(url),
                (url == "a:80/b").then_some(UrlFault::Scheme),
                "{url}"
            );
        }
    }

    #[test]
    fn a_secure_page_may_only_reach_its_own_machine_without_tls() {
        let insecure = [
            "ws://example.com/x",
            "HTTP://example.com",
            "ws://127.0.0.1.evil.example",
            "ws:\\\\a@example.com",
        ];
        for url in insecure {
            assert!(
                matches!(
                    check(url, Page::Secure),
                    Err(ConnectError::InsecureContext { .. })
                ),
                "{url}"
            );
            assert_eq!(check(url, Page::Other), Ok(()));
        }
        let fine = [
            "wss://example.com",
            "ws://localhost:1/",
            "ws://a.localhost",
            "ws://127.9.9.9:80",
            "ws://[::1]:80/",
            "/relative",
        ];
        for url in fine {
            assert_eq!(check(url, Page::Secure), Ok(()), "{url}");
        }
    }

    #[test]
    fn protocols_are_distinct_tokens() {
        let check = |names: &[&str]| {
            Request {
                url: "/".into(),
                protocols: names.iter().map(|&name| name.into()).collect(),
            }
            .check(Page::Other)
        };
        assert_eq!(check(&["a", "A", "chat.v2"]), Ok(()));
        assert_eq!(
            check(&["a", "b", "a"]),
            Err(ConnectError::DuplicateProtocol("a".into()))
        );
        for name in ["", "a b", "a,b", "a/b", "a:b", "é", "a\0", "(a)"] {
            assert_eq!(
                check(&[name]),
                Err(ConnectError::InvalidProtocol(name.into()))
            );
        }
    }

    #[test]
    fn what_is_shown_of_a_url_has_no_secrets() {
        let shown = |url: &str| ShownUrl(url.into()).to_string();
        assert_eq!(
            shown("wss://user:pw@host:1/path?token=x#y"),
            "wss://host:1/path"
        );
        assert_eq!(shown("wss://host?token=x"), "wss://host");
        assert_eq!(shown("/path?token=x"), "/path");
        assert_eq!(shown("//user@host/p@q"), "//host/p@q");
        assert_eq!(shown("wss://a:b@c@host\\p"), "wss://host\\p");
        assert_eq!(shown(""), "");
        assert_eq!(shown("wss://[::1]:80/a?b"), "wss://[::1]:80/a");
        let tricky = [
            r"ws:\user:secret@host/x",
            "ws:/user:secret@host/x",
            "ws:///user:secret@host/x",
            "ws://user:sec/ret@host/",
            "wss://user:se?cret@h/",
            "ws:user:secret@h//x",
            r"//\user:secret@h/",
            "user:secret@h/",
        ];
        for url in tricky {
            let shown = shown(url);
            let leaks = ["secret", ":se", "sec"]
                .iter()
                .any(|part| shown.contains(part));
            assert!(!leaks, "{url} is shown as {shown}");
        }
        let request = Request {
            url: "wss://u:p@h/?token=x".into(),
            protocols: vec!["a".into()],
        };
        assert_eq!(
            format!("{request:?}"),
            r#"Request { url: "wss://h/", protocols: 1 }"#
        );
        let error = request.blocked();
        assert!(!format!("{error:?} {error}").contains("token"), "{error:?}");
    }
}
