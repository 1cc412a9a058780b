// /hang: takes the TCP connection and never answers the handshake.

const MAX_LIFETIME_MS = 10 * 60_000;

export function createHang() {
  return {
    pattern: "/hang",
    neverAnswers: true,
    run: (connection) => connection.limitLifetime(MAX_LIFETIME_MS),
  };
}
