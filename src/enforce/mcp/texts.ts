import { isUtf8 } from 'node:buffer'
import { isMembers, type Members } from './frame.ts'

/** Every text in a value, names of members among them, in order. What is data in base64 is left to {@link dataTexts}. */
export function textsIn(value: unknown, found: string[] = []): string[] {
  if (typeof value === 'string') found.push(value)
  else if (Array.isArray(value)) for (const each of value) textsIn(each, found)
  else if (isMembers(value)) {
    const isData = isEncoded(value) && !isText(value)
    for (const [name, each] of Object.entries(value)) {
      if (name === 'type' && KINDS.has(each)) continue
      if (!ORDINARY.has(name)) found.push(name)
      if (!(isData && (name === 'data' || name === 'blob'))) textsIn(each, found)
    }
  }
  return found
}

/** The same value with every text changed; the very same one where none was. Data in base64 is not touched. */
export function withTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value)
  if (Array.isArray(value)) {
    const changed = value.map((each: unknown) => withTexts(each, change))
    return changed.some((each, i) => each !== value[i]) ? changed : value
  }
  return isMembers(value) ? withTextsOf(value, change) : value
}

function withTextsOf(value: Members, change: (text: string) => string): Members {
  const isData = isEncoded(value) && !isText(value)
  let isSame = true
  const entries = Object.entries(value).map(([name, each]) => {
    const isKept = isData && (name === 'data' || name === 'blob')
    const next = [ORDINARY.has(name) ? name : change(name), isKept ? each : withTexts(each, change)] as const
    if (next[0] !== name || next[1] !== each) isSame = false
    return next
  })
  // fromEntries makes own members, `__proto__` too
  return isSame ? value : Object.fromEntries(entries)
}

/** Names MCP itself uses, which nobody has to look into. */
const ORDINARY = new Set([
  ...[
    'content',
    'type',
    'text',
    'data',
    'mimeType',
    'resource',
    'uri',
    'blob',
    'name',
    'title',
    'description',
  ],
  ...[
    'structuredContent',
    'isError',
    '_meta',
    'annotations',
    'audience',
    'priority',
    'contents',
    'messages',
    'role',
  ],
  ...['resultType', 'size', 'lastModified', 'icons', 'src', 'message', 'code'],
])

/** Words MCP itself puts beside what a server says: to a reader of texts they would be part of it. */
const KINDS: ReadonlySet<unknown> = new Set(['text', 'image', 'audio', 'resource', 'resource_link'])

/** An image, a sound, or a resource as bytes. */
function isEncoded(value: Members): boolean {
  const { type, mimeType, blob } = value
  return typeof blob === 'string' || ((type === 'image' || type === 'audio') && typeof mimeType === 'string')
}

const TEXT_TYPE = /^(?:text\/|application\/(?:[\w.+-]+\+)?(?:json|xml|yaml|javascript|toml)\b|image\/svg)/i
const BASE64 = /^[A-Za-z0-9+/_-]*={0,2}$/

/** What stands where data should, and is none: a reader takes it as it stands. */
function isText({ blob, data }: Members): boolean {
  const bytes = blob ?? data
  return typeof bytes === 'string' && !/^[A-Za-z0-9+/]*={0,2}$/.test(bytes) // as MCP writes it: keys hold dashes
}

/** What of the data in base64 is text after all, by what its type says or by what it is; and what is no base64. */
export function dataTexts(value: unknown, found: { texts: string[]; isBroken: boolean }): void {
  if (Array.isArray(value)) for (const each of value) dataTexts(each, found)
  if (!isMembers(value)) return
  if (isEncoded(value)) {
    const { mimeType, blob, data } = value
    const bytes = blob ?? data
    if (typeof bytes !== 'string' || !BASE64.test(bytes)) found.isBroken = true
    else found.texts.push(...textOf(Buffer.from(bytes, 'base64'), mimeType))
  }
  for (const each of Object.values(value)) if (typeof each === 'object') dataTexts(each, found)
}

/** Pictures and sounds are never UTF-8; what is, is a text, whatever it is called. */
function textOf(bytes: Buffer, type: unknown): string[] {
  if (bytes.length === 0) return []
  const zeros = bytes.subarray(0, SAMPLE_BYTES).filter((byte) => byte === 0).length
  if (zeros === 0 && isUtf8(bytes)) return [bytes.toString('utf8')]
  if (typeof type === 'string' && !TEXT_TYPE.test(type)) return []
  // two bytes a letter, in either order
  if (zeros * 4 > Math.min(bytes.length, SAMPLE_BYTES)) {
    const even = bytes.subarray(0, bytes.length & ~1)
    return [even.toString('utf16le'), Buffer.from(even).swap16().toString('utf16le')]
  }
  return [bytes.toString('utf8')]
}

const SAMPLE_BYTES = 4096
