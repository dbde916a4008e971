/** What a resource or pattern may be at most. A larger one is refused, so that no pair of them can take long. */
export const LIMITS = {
  resourceBytes: 4096,
  components: 256,
  componentLength: 255,
  hostLength: 253,
  patternLength: 1024,
  patternComponents: 64,
  stars: 8,
  /** Patterns with neither a fixed head nor a fixed tail, in one cell (one principal, one action). */
  looseInCell: 64,
  /** Patterns with stars under the same fixed head and without a fixed tail, in one cell. */
  sharedHeadInCell: 256,
} as const

const NAME = /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/

/** Whether `host` is a name in lower-case ASCII (an international name in its `xn--` form). */
export function isHostName(host: string): boolean {
  return (
    host.length <= LIMITS.hostLength &&
    host.split('.').every((label) => NAME.test(label)) &&
    !looksNumeric(host)
  )
}

/**
 * Whether the last label is a number: `127.1`, `0x7f.1` and `2130706433` are addresses to some programs (WHATWG URL,
 * section 3.5), so Warder takes none but the canonical form.
 */
export function looksNumeric(host: string): boolean {
  return /(?:^|\.)(?:\d+|0x[0-9a-f]*)$/.test(host)
}

/** Whether `host` is a dotted quad without leading zeros. */
export function isIpv4(host: string): boolean {
  const first = host.charCodeAt(0)
  return (
    first >= 0x30 &&
    first <= 0x39 &&
    /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/.test(host) &&
    !/(?:^|\.)0\d/.test(host)
  )
}

/**
 * An IPv6 address in brackets in its one canonical form (RFC 5952); undefined for what is not one, for zones, and for
 * IPv4-mapped addresses, which reach an IPv4 host under a name no IPv4 entry matches.
 */
export function normalAddress(bracketed: string): string | undefined {
  if (!/^\[[0-9A-Fa-f:.]{2,45}\]$/.test(bracketed)) return undefined
  const url = URL.parse(`http://${bracketed}/`)
  if (url === null || /^\[::ffff:/.test(url.hostname)) return undefined
  return url.hostname
}

/** The port number that is the rest of `text` from `from`, or -1. */
export function readPort(text: string, from: number): number {
  const digits = text.length - from
  if (digits < 1 || digits > 5 || text.charCodeAt(from) === 0x30) return -1
  let port = 0
  for (let i = from; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30
    if (digit < 0 || digit > 9) return -1
    port = port * 10 + digit
  }
  return port <= 65_535 ? port : -1
}
