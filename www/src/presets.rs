//! The endpoints of the demo's own server.

/// An endpoint to pick.
pub(crate) struct Preset {
    pub(crate) name: &'static str,
    pub(crate) path: &'static str,
    pub(crate) protocols: &'static str,
    pub(crate) note: &'static str,
}

const fn preset(name: &'static str, path: &'static str, note: &'static str) -> Preset {
    Preset {
        name,
        path,
        protocols: "",
        note,
    }
}

/// The picker's entries, in order.
pub(crate) const PRESETS: [Preset; 10] = [
    preset("echo", "/echo", "Sends back what comes."),
    preset(
        "burst",
        "/burst?count=100000&size=64",
        "Sends 100,000 messages as fast as they are read.",
    ),
    preset(
        "slow",
        "/slow?rate=65536",
        "Reads 64 KiB a second. Send a large file to see it wait.",
    ),
    preset(
        "deaf",
        "/deaf",
        "Reads nothing and never answers a close. The crate gives up after two seconds.",
    ),
    preset(
        "sink",
        "/sink",
        "Counts what comes. Send the text “report” to hear it.",
    ),
    preset(
        "close",
        "/close/4001?reason=bye",
        "Opens and closes at once with 4001.",
    ),
    preset("drop", "/drop", "Opens, then cuts the connection."),
    preset("refuse", "/refuse", "Answers the handshake with HTTP 403."),
    preset("hang", "/hang", "Never answers the handshake. Give it up."),
    Preset {
        name: "protocol",
        path: "/protocol?select=first",
        protocols: "chat.v2, chat.v1",
        note: "Selects the first subprotocol asked for.",
    },
];
