import { refuse, type Checked } from './form.ts'

/** 1 to 65535. */
export type Port = Checked<number, 'Port'>
/** A network in its one canonical form: `10.0.0.0/8`, `2001:db8::/32`; no bit set behind the prefix. */
export type CidrBlock = Checked<string, 'CidrBlock'>

const HIGHEST_PORT = 65_535

export function isPort(value: unknown): value is Port {
  return typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= HIGHEST_PORT
}

/** @throws FormError `FORM_INVALID` for anything but plain digits without a leading zero */
export function parsePort(text: string): Port {
  const port = /^[1-9][0-9]{0,4}$/.test(text) ? Number(text) : 0
  return isPort(port) ? port : refuse('a port', text, `write a number from 1 to ${HIGHEST_PORT}`)
}

export function isCidrBlock(value: unknown): value is CidrBlock {
  return typeof value === 'string' && canonicalBlock(value) === value
}

/** @throws FormError `FORM_INVALID`; when a block was meant and badly written, the fix shows how to write it */
export function parseCidrBlock(text: string): CidrBlock {
  if (isCidrBlock(text)) return text
  const meant = typeof text === 'string' ? canonicalBlock(text) : undefined
  return refuse(
    'a network in its canonical form',
    text,
    meant === undefined
      ? 'write an address and a prefix, such as 10.0.0.0/8 or 2001:db8::/32'
      : `if this network was meant, write ${meant}`,
  )
}

/** The block a text means, in canonical form; undefined when it means none, or different ones to different readers. */
function canonicalBlock(text: string): string | undefined {
  const [, address, prefix] = /^([0-9A-Fa-f:.]{2,45})\/(0|[1-9][0-9]{0,2})$/.exec(text) ?? []
  if (address === undefined) return undefined
  const groups = address.includes(':') ? groupsOf6(address) : groupsOf4(address)
  const width = address.includes(':') ? 16 : 8
  const bits = Number(prefix)
  if (groups === undefined || bits > groups.length * width) return undefined
  const kept = groups.map((group, index) => group & ~rest(width, bits - index * width))
  return width === 8 ? `${kept.join('.')}/${bits}` : `${short6(kept)}/${bits}`
}

/** The bits of a group that lie behind the prefix. */
function rest(width: number, prefixBits: number): number {
  const inPrefix = Math.max(0, Math.min(width, prefixBits))
  return 2 ** (width - inPrefix) - 1
}

/** A leading zero is refused: to some readers it begins an octal number. */
function groupsOf4(address: string): number[] | undefined {
  const groups = address.split('.')
  const isPlain = groups.every((group) => /^(?:0|[1-9][0-9]{0,2})$/.test(group) && Number(group) <= 255)
  return isPlain && groups.length === 4 ? groups.map(Number) : undefined
}

/** IPv4-mapped addresses are refused: they reach an IPv4 host under a name no IPv4 rule matches. */
function groupsOf6(address: string): number[] | undefined {
  const host = URL.parse(`http://[${address}]/`)?.hostname.slice(1, -1)
  if (host === undefined || host.startsWith('::ffff:')) return undefined
  const [head = '', tail] = host.split('::')
  const read = (part: string) =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16))
  const [before, after] = [read(head), read(tail ?? '')]
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after]
}

/** RFC 5952, section 4, which is what the URL parser writes. */
function short6(groups: readonly number[]): string | undefined {
  const long = groups.map((group) => group.toString(16)).join(':')
  return URL.parse(`http://[${long}]/`)?.hostname.slice(1, -1)
}
