import { DECODED, NOTHING, textFlow, union, type Flow } from './flow.ts'
import type { Frame, Invocation } from './frame.ts'
import { optionValues } from './match.ts'
import { plainPath } from './path.ts'
import { fileFlow } from './touch.ts'

/** Programs that undo an encoding when told to, and how they are told. */
const DECODERS: Readonly<Record<string, RegExp>> = {
  base64: /(?:^| )(?:-[a-zA-Z]*[dD]\b|--decode|-di)/,
  base32: /(?:^| )(?:-[a-zA-Z]*d\b|--decode)/,
  basenc: /(?:^| )(?:-[a-zA-Z]*d\b|--decode)/,
  uudecode: /^/,
  xxd: /(?:^| )-[a-z]*r/,
  openssl: /(?:^| )(?:-d\b|-base64\b|-a\b|dgst|rsautl|pkeyutl|smime)/,
  gpg: /(?:^| )(?:-d\b|--decrypt)/,
  gunzip: /^/,
  zcat: /^/,
  bunzip2: /^/,
  bzcat: /^/,
  xzcat: /^/,
  unxz: /^/,
  zstdcat: /^/,
  gzip: /(?:^| )(?:-[a-z]*d|--decompress)/,
  bzip2: /(?:^| )-[a-z]*d/,
  xz: /(?:^| )-[a-z]*d/,
  zstd: /(?:^| )-[a-z]*d/,
  rev: /^/,
  tr: /^/,
  iconv: /^/,
  ascii2uni: /^/,
}

/** Programs that hand on what they read, all of it or parts. */
const PASSES =
  /^(?:cat|tee|head|tail|grep|sed|awk|cut|sort|uniq|tac|nl|fold|fmt|dd|pv|less|more|tr|rev|strings|xargs|jq|yq|column|paste|shuf|split|dos2unix|iconv|gzip|bzip2|xz|zstd|tar|base64|base32|xxd|od|hexdump|openssl|gpg|cpio|zip|perl|python|ruby|stdbuf|sponge|ts|mbuffer|buffer|lz4|lzop|7z)$/

const FROM_AFAR =
  /^(?:curl|wget|fetch|aria2c|axel|lwp-request|lwp-download|get|http|https|xh|httpie|curlie|lynx|w3m|links|elinks|nc|socat|telnet|ftp|tftp|lftp|scp|sftp|ssh|rsync|smbclient|dig|nslookup|host|finger|whois|gsutil|s3cmd|rclone|ipfs|gh|youtube-dl|yt-dlp|cadaver|ab)$/

/** What a program writes: a known text where it can be worked out, else where what it writes comes from. */
export function outputOf(
  { name, argv, stdin }: Invocation,
  read: Flow,
  ran: Flow | undefined,
  frame: Frame,
): Flow {
  const args = argv.slice(1)
  const line = args.map(({ text }) => text).join(' ')
  const operands = args.filter(({ text }) => !text.startsWith('-'))
  const files = operands
    .map(({ text }) => frame.files.get(plainPath(text, frame)))
    .filter((flow) => flow !== undefined)
  const source =
    files[0] ??
    (name === 'cat' && operands[0] !== undefined ? fileFlow(operands[0], NOTHING, frame) : stdin) ??
    NOTHING
  if (name === 'cat' && operands.length <= 1)
    return {
      ...union(source, read),
      ...(source.text === undefined ? {} : { text: source.text }),
      ...(source.file === undefined ? {} : { file: source.file }),
    }
  const decoder = Object.hasOwn(DECODERS, name) ? DECODERS[name] : undefined
  if (decoder?.test(line) === true && ran === undefined)
    return decoded(
      name,
      args.map(({ text }) => text),
      union3(source, read),
    )
  if (name === 'env' || name === 'printenv') return { ...NOTHING, secret: operands.length === 0 }
  if (FROM_AFAR.test(name)) return { ...read, network: true }
  if (name === 'aws' && /\bs3 cp s3:.* -$/.test(line)) return { ...read, network: true }
  if (!PASSES.test(name)) return ran ?? { ...NOTHING, secret: read.secret }
  const passed = union(
    union(source, read),
    args.reduce<Flow>((all, { flow }) => union(all, flow), NOTHING),
  )
  // a known text that was changed is no longer known, and may have been changed to be hidden
  return source.text !== undefined && /^(?:sed|awk|perl|python|ruby|cut|tr|rev)$/.test(name)
    ? union(passed, DECODED)
    : passed
}

function union3(source: Flow, read: Flow): Flow {
  return { ...union(source, read), ...(source.text === undefined ? {} : { text: source.text }) }
}

function decoded(name: string, args: readonly string[], source: Flow): Flow {
  const labels = {
    ...union(source, NOTHING),
    decoded: !/^(?:tr|iconv|rev)$/.test(name) || source.text !== undefined,
  }
  const text = source.text === undefined ? undefined : decode(name, args, source.text)
  return text === undefined ? labels : { ...textFlow(text), ...labels, text }
}

function decode(name: string, args: readonly string[], text: string): string | undefined {
  const bare = text.replaceAll(/\s/g, '')
  if (name === 'base64' || (name === 'openssl' && args.some((arg) => /^(?:-base64|-a|base64)$/.test(arg)))) {
    return readable(Buffer.from(bare, 'base64').toString('utf8'))
  }
  if (name === 'xxd') return readable(Buffer.from(bare.replace(/^0x/, ''), 'hex').toString('utf8'))
  if (name === 'rev')
    return text
      .split('\n')
      .map((line) => line.split('').toReversed().join(''))
      .join('\n')
  if (name === 'tr') return translated(args, text)
  return undefined
}

function readable(text: string): string | undefined {
  return text === '' || /[\u0000-\u0008\ufffd]/.test(text) ? undefined : text
}

function translated(args: readonly string[], text: string): string | undefined {
  const operands = args.filter((arg) => !/^-[cdst]+$/.test(arg))
  const [from, to] = operands.map(ranges)
  if (from === undefined) return undefined
  if (args.includes('-d'))
    return text
      .split('')
      .filter((char) => !from.includes(char))
      .join('')
  if (to === undefined || to === '' || args.some((arg) => /^-[cs]/.test(arg))) return undefined
  return text
    .split('')
    .map((char) => {
      const at = from.indexOf(char)
      return at === -1 ? char : (to[at] ?? to.at(-1)!)
    })
    .join('')
}

/** `a-zA-Z` written out. */
function ranges(set: string): string {
  return set.replace(/([\w!-~])-([\w!-~])/g, (whole, first: string, last: string) => {
    const [from, to] = [first.charCodeAt(0), last.charCodeAt(0)]
    if (to < from) return whole
    return String.fromCharCode(...Array.from({ length: to - from + 1 }, (_, i) => from + i))
  })
}

export function hasOption(args: Invocation['argv'], names: string): boolean {
  return names.split(' ').some((name) => optionValues(args, name).length > 0)
}
