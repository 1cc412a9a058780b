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
    /// Finds what every engine refuses, and what engines disagree about, before the browser sees it.
    pub(crate) fn check(&self, page: Page) -> Result<(), ConnectError> {
        self.check_url(page)?;
        self.check_protocols()
    }

    fn check_url(&self, page: Page) -> Result<(), ConnectError> {
        if self.url.is_empty() {
            return Err(self.invalid_url(UrlFault::Empty));
        }
        if self.url.contains('#') {
            return Err(self.invalid_url(UrlFault::Fragment));
        }
        match scheme(&self.url) {
            Some(scheme) if !is_one_of(scheme, &["ws", "wss", "http", "https"]) => {
                Err(self.invalid_url(UrlFault::Scheme))
            }
            Some(scheme)
                if page == Page::Secure
                    && is_one_of(scheme, &["ws", "http"])
                    && !is_loopback(host(&self.url)) =>
            {
                Err(ConnectError::InsecureContext {
                    url: redact(&self.url).into(),
                })
            }
            _ => Ok(()),
        }
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

    /// The error for a URL that the browser refused too.
    pub(crate) fn invalid_url(&self, fault: UrlFault) -> ConnectError {
        ConnectError::InvalidUrl {
            url: redact(&self.url).into(),
            fault,
        }
    }

    /// The error for a connection that the browser would not even try.
    pub(crate) fn blocked(&self) -> ConnectError {
        ConnectError::Blocked {
            url: redact(&self.url).into(),
        }
    }
}

/// The URL without query and credentials.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("url", &redact(&self.url))
            .field("protocols", &self.protocols)
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

/// A URL as it may be shown: without query, fragment and credentials, where tokens are found.
pub(crate) fn redact(url: &str) -> String {
    let end = url.find(['?', '#']).unwrap_or(url.len());
    let url = url.get(..end).unwrap_or_default();
    let start = url.find("//").map_or(0, |index| index + 2);
    let (scheme, rest) = url.split_at_checked(start).unwrap_or(("", url));
    let authority = rest.find(['/', '\\']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(authority).unwrap_or((rest, ""));
    let host = authority.rsplit('@').next().unwrap_or_default();
    [scheme, host, path].concat()
}

/// What stands before the first colon, if the URL is absolute.
fn scheme(url: &str) -> Option<&str> {
    let (scheme, _) = url.trim_start().split_once(':')?;
    let mut bytes = scheme.bytes();
    let first = bytes.next()?;
    let rest = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    (first.is_ascii_alphabetic() && bytes.all(rest)).then_some(scheme)
}

/// The host of an absolute URL, without port and credentials.
fn host(url: &str) -> &str {
    let rest = url.split_once(':').map_or(url, |(_, rest)| rest);
    let rest = rest.trim_start_matches(['/', '\\']);
    let authority = rest.split(['/', '\\', '?']).next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    }
}

/// Whether browsers treat the host as this machine, which an `https:` page may reach by `ws:`
/// ([Secure Contexts, 3.1](https://www.w3.org/TR/secure-contexts/#is-origin-trustworthy)).
fn is_loopback(host: &str) -> bool {
    let name = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    name == "localhost"
        || name.ends_with(".localhost")
        || host == "::1"
        || host
            .parse::<std::net::Ipv4Addr>()
            .is_ok_and(|address| address.is_loopback())
}

fn is_one_of(scheme: &str, names: &[&str]) -> bool {
    names.iter().any(|name| scheme.eq_ignore_ascii_case(name))
}

/// Whether a subprotocol is a token
/// ([RFC 9110, 5.6.2](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2)).
fn is_token(name: &str) -> bool {
    let is_token_byte =
        |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
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
        assert_eq!(
            redact("wss://user:pw@host:1/path?token=x#y"),
            "wss://host:1/path"
        );
        assert_eq!(redact("wss://host?token=x"), "wss://host");
        assert_eq!(redact("/path?token=x"), "/path");
        assert_eq!(redact("//user@host/p@q"), "//host/p@q");
        assert_eq!(redact("wss://a:b@c@host\\p"), "wss://host\\p");
        let request = Request {
            url: "wss://u:p@h/?token=x".into(),
            protocols: vec!["a".into()],
        };
        assert_eq!(
            format!("{request:?}"),
            r#"Request { url: "wss://h/", protocols: ["a"] }"#
        );
    }
}
