import { FROM_NETWORK, union, type Flow } from './flow.ts'
import { say, type Frame, type Invocation } from './frame.ts'
import { optionValues } from './match.ts'
import { NETWORK_PROGRAMS } from './rules/network.ts'
import { classOf } from './path.ts'
import { changePath, pathsIn, shown, writePath } from './touch.ts'
import type { Field } from './word.ts'

const NAMES = new Set(NETWORK_PROGRAMS.split(' '))
/** They carry files to where their operands say; a key among those leaves the machine. */
const CARRIERS =
  /^(?:scp|sftp|rsync|ftp|tftp|lftp|smbclient|curl|wget|nc|socat|rclone|gsutil|s3cmd|aws|croc|wormhole|ffsend|magic-wormhole|http|xh|finger|whois|dig|nslookup|host|ping|telnet|mail|mailx|sendmail|mutt|swaks)$/

/** Rates what goes out over the network and what comes in. @returns what the program writes, with where it is from */
export function rateNetwork({ name, argv, stdin, span }: Invocation, read: Flow, frame: Frame): Flow {
  if (!NAMES.has(name)) return read
  const args = argv.slice(1)
  const handed = args.reduce<Flow>((all, { flow }) => union(all, flow), union(stdin ?? read, read))
  const key = CARRIERS.test(name) ? args.flatMap(pathsIn).find((field) => isSecret(field, frame)) : undefined
  if (handed.secret || key !== undefined) {
    const what = key === undefined ? 'what should be kept' : shown(key)
    say(frame, 'flow.secret-to-network', 'critical', `sends ${what} over the network`, span)
  }
  say(frame, 'network.use', 'medium', `${name} uses the network`, span)
  saveDownloads(name, args, frame)
  return read
}

function isSecret(field: Field, frame: Frame): boolean {
  // a remote side (`host:path`) is not ours to lose, nor is the key a connection is made with
  if (/^[\w.-]+@?[\w.-]*:/.test(field.text)) return false
  const place = classOf(field.text, frame)
  return place?.read === 'high' && place.class !== 'disk' && !IDENTITIES.test(place.what)
}

const IDENTITIES = /^(?:passwords and tokens of services|a file of secrets)$/

/** Where a download ends, so that running it later in the same command is seen. */
function saveDownloads(name: string, args: readonly Field[], frame: Frame): void {
  const into = (names: string) =>
    names
      .split(' ')
      .flatMap((option) => optionValues(args, option))
      .flatMap(({ value }) => value ?? [])
  const urls = args.filter(({ text }) => /^(?:https?|ftp):|^[\w.-]+\.[a-z]{2,}\/\S+/i.test(text))
  const base = (field: Field): Field => ({
    ...field,
    text: field.text
      .replace(/[?#].*$/, '')
      .replace(/\/+$/, '')
      .replace(/^.*\//, ''),
  })
  const isNamed =
    name === 'curl' ? args.some(({ text }) => /^-[a-zA-Z]*[OJ]|^--remote-name/.test(text)) : false
  const files =
    name === 'curl'
      ? into('-o --output')
      : name === 'wget'
        ? into('-O --output-document')
        : name === 'aria2c'
          ? into('-o --out')
          : name === 'axel'
            ? into('-o')
            : []
  for (const file of files) if (file.text !== '-') writePath(file, FROM_NETWORK, frame)
  if (isNamed || (/^(?:wget|aria2c|axel)$/.test(name) && files.length === 0)) {
    for (const url of urls) writePath(base(url), FROM_NETWORK, frame)
  }
  if (/^(?:scp|sftp|rsync)$/.test(name)) {
    const last = args.at(-1)
    if (last !== undefined && !last.text.includes(':') && !last.text.startsWith('-'))
      changePath(last, frame, 'writes')
  }
}
