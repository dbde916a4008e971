/** Encodings laid over each other: how deep they are taken off, and how much text may come of it. */
const DEEPEST = 3
const MOST_CHARACTERS = 512 * 1024
const ENCODED_RUN = /[A-Za-z0-9+/_-]{16,}={0,2}/g
const HEX_RUN = /(?:[0-9A-Fa-f]{2}){8,}/g

/**
 * A text and what it says once escapes, base64 and hex are taken off, up to three times; each is one character per
 * byte. Work is bounded: a head has at most 16 KiB, and what does not shrink is not looked at twice.
 */
export function unfolded(text: string): string[] {
  const layers = new Set([text])
  let [fresh, size] = [[text], text.length]
  for (let depth = 0; depth < DEEPEST && fresh.length > 0; depth += 1) {
    const next = fresh.flatMap(opened).filter((layer) => layer !== '' && !layers.has(layer))
    for (const layer of next) {
      size += layer.length
      if (size > MOST_CHARACTERS) return [...layers]
      layers.add(layer)
    }
    fresh = next
  }
  return [...layers]
}

function opened(text: string): string[] {
  return [
    text.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, two: string) => character(two)),
    text.replaceAll(/\\u00([0-9A-Fa-f]{2})|\\x([0-9A-Fa-f]{2})/g, (_, four?: string, two?: string) =>
      character(four ?? two ?? '00'),
    ),
    text.replaceAll(/&#(?:x([0-9A-Fa-f]{1,2})|([0-9]{1,3}));/g, (_, hex?: string, digits?: string) =>
      hex === undefined ? String.fromCharCode(Number(digits) & 0xff) : character(hex.padStart(2, '0')),
    ),
    ...(text.match(HEX_RUN) ?? []).map((run) => Buffer.from(run, 'hex').toString('latin1')),
    ...(text.match(ENCODED_RUN) ?? []).map((run) => Buffer.from(run, 'base64').toString('latin1')),
  ]
}

const character = (hex: string): string => String.fromCharCode(Number.parseInt(hex, 16))
