//! What a URL asks for.

use tungstenite::http::Uri;

/// How a connection is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Endpoint {
    /// `/sink`: reads as fast as it can.
    Sink,
    /// `/slow?rate=`: reads so many bytes a second.
    Slow { rate: u64 },
    /// `/deaf?seconds=`: never reads, and cuts the connection after so long.
    Deaf { seconds: u64 },
}

impl Endpoint {
    /// `None` when there is no such endpoint, or a number is missing or makes no sense.
    pub(crate) fn of(uri: &Uri) -> Option<Self> {
        match uri.path() {
            "/sink" => Some(Self::Sink),
            "/slow" => Some(Self::Slow {
                rate: number(uri, "rate").filter(|&rate| rate > 0)?,
            }),
            "/deaf" => Some(Self::Deaf {
                seconds: number(uri, "seconds").filter(|&seconds| seconds <= 600)?,
            }),
            _ => None,
        }
    }
}

fn number(uri: &Uri, name: &str) -> Option<u64> {
    let mut pairs = uri
        .query()?
        .split('&')
        .filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(found, _)| *found == name)?;
    value.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_and_its_number_choose_the_endpoint() {
        let of = |uri| Endpoint::of(&Uri::from_static(uri));
        assert_eq!(of("/sink"), Some(Endpoint::Sink));
        assert_eq!(of("/slow?rate=1024"), Some(Endpoint::Slow { rate: 1024 }));
        assert_eq!(
            of("/deaf?a=1&seconds=2"),
            Some(Endpoint::Deaf { seconds: 2 })
        );
        for wrong in [
            "/",
            "/slow",
            "/slow?rate=0",
            "/slow?rate=x",
            "/deaf?seconds=601",
        ] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }
}
