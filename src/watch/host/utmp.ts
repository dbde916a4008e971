/** One record of utmp, wtmp or btmp: see utmp(5). What people typed is in it; nothing of it is believed but where it stands. */
export interface SessionRecord {
  readonly type: 'began' | 'ended' | 'other'
  /** When, in milliseconds since 1970. */
  readonly at: number
  readonly pid: number
  /** The terminal, such as `pts/0`. */
  readonly line: string
  readonly account: string
  readonly host: string
  /** Absent for who is at the machine itself. */
  readonly address?: string
}

interface Layout {
  readonly recordBytes: number
  readonly secondsAt: number
  readonly hasLongTime: boolean
  readonly addressAt: number
}

/** glibc keeps 32-bit times where a 32-bit program may share the file, and 64-bit times elsewhere. */
const SHORT: Layout = { recordBytes: 384, secondsAt: 340, hasLongTime: false, addressAt: 348 }
const LONG: Layout = { recordBytes: 400, secondsAt: 344, hasLongTime: true, addressAt: 360 }
export const UTMP_LAYOUTS = { short: SHORT, long: LONG } as const
export const UTMP_HERE: Layout = process.arch === 'arm64' ? LONG : SHORT

const BEGAN = 7
const ENDED = 8

/** Whole records; what is left over at the end is no record yet. */
export function parseSessions(bytes: Buffer, layout: Layout = UTMP_HERE): SessionRecord[] {
  const count = Math.floor(bytes.length / layout.recordBytes)
  return Array.from({ length: count }, (_, i) =>
    parseRecord(bytes.subarray(i * layout.recordBytes, (i + 1) * layout.recordBytes), layout),
  )
}

function parseRecord(record: Buffer, { secondsAt, hasLongTime, addressAt }: Layout): SessionRecord {
  const type = record.readInt16LE(0)
  const seconds = hasLongTime ? Number(record.readBigInt64LE(secondsAt)) : record.readUInt32LE(secondsAt)
  const address = addressIn(record.subarray(addressAt, addressAt + 16))
  return {
    type: type === BEGAN ? 'began' : type === ENDED ? 'ended' : 'other',
    at: seconds * 1000,
    pid: record.readInt32LE(4),
    line: textIn(record, 8, 32),
    account: textIn(record, 44, 32),
    host: textIn(record, 76, 256),
    ...(address === undefined ? {} : { address }),
  }
}

/** Up to the first NUL, with a mark for whatever is no letter of a line. */
function textIn(record: Buffer, from: number, length: number): string {
  const field = record.subarray(from, from + length)
  const end = field.indexOf(0)
  return field
    .toString('utf8', 0, end === -1 ? length : end)
    .replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g, '?')
}

/** Four bytes are an IPv4 address where the other twelve are none. */
function addressIn(bytes: Buffer): string | undefined {
  if (bytes.every((byte) => byte === 0)) return undefined
  if (bytes.subarray(4).every((byte) => byte === 0)) return [...bytes.subarray(0, 4)].join('.')
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16)).join(':')
  // one spelling for each address, so that the same one counts as the same
  const plain = new URL(`http://[${groups}]`).hostname.slice(1, -1)
  return /^::ffff:/.test(plain) ? [...bytes.subarray(12)].join('.') : plain
}
