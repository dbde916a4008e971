/**
 * The nft program, the only way this room speaks to the kernel's filter. Everything goes in whole, as one transaction;
 * nothing is pasted into a command line.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run, type CommandResult } from '../../platform/command.ts'
import { refuse } from './errors.ts'
import { FAMILY, TABLE, type Batch } from './model.ts'

export interface Nft {
  /** @throws FirewallError `FIREWALL_REFUSED`: the kernel would not take it; nothing is changed either way */
  check(input: NftInput): Promise<void>
  /** All of it or none. @throws FirewallError `FIREWALL_REFUSED` */
  load(input: NftInput): Promise<void>
  /** Our table as nft writes it, with what its sets hold, fit to be loaded again; undefined when there is none. */
  text(): Promise<string | undefined>
}

/** A batch of ours, or a text that nft itself wrote. */
export type NftInput = Batch | { readonly text: string }

const PLACES = ['/usr/sbin/nft', '/sbin/nft', '/usr/bin/nft']
const MEMORY = '/dev/shm'
/** The output may be a table with full sets of sources. */
const LIMITS = { timeoutMs: 20_000, maxOutputBytes: 64 * 1024 * 1024 }

/** Checks in a network namespace of its own, which any user may make: rules can be tried without rights. */
export const IN_SCRATCH = ['/usr/bin/unshare', '--map-root-user', '--net', '--'] as const

/**
 * @param through the program and words nft is started by, when it is not to work in the network of this process
 * @throws FirewallError `FIREWALL_UNSUPPORTED` when there is no nft
 */
export function openNft(through: readonly string[] = []): Nft {
  const nft = PLACES.find((place) => existsSync(place))
  if (nft === undefined || process.platform !== 'linux') {
    refuse(
      'FIREWALL_UNSUPPORTED',
      'nftables (the program nft) is not on this machine',
      'install it: apt install nftables',
    )
  }
  const [file, ...before] = through.length === 0 ? [nft] : [...through, nft]
  const call = (words: readonly string[]): Promise<CommandResult> => run(file, [...before, ...words], LIMITS)
  const give = async (words: readonly string[], input: NftInput): Promise<void> => {
    const [form, text] = 'text' in input ? [[], input.text] : [['--json'], JSON.stringify(input)]
    const result = await asFile(text, (path) => call([...form, ...words, '--file', path]))
    if (result.code !== 0) {
      refuse(
        'FIREWALL_REFUSED',
        `nft refused the rules: ${said(result)}`,
        'nothing was changed; the message names what it did not take',
      )
    }
  }
  return {
    check: (input) => give(['--check'], input),
    load: (input) => give([], input),
    async text() {
      const result = await call(['list', 'table', FAMILY, TABLE])
      if (result.code === 0) return result.stdout.toString('utf8')
      if (/No such file or directory/.test(result.stderr.toString('utf8'))) return undefined
      return refuse(
        'FIREWALL_RIGHTS',
        `the firewall cannot be read: ${said(result)}`,
        'run it as root: sudo warder firewall status',
      )
    },
  }
}

/**
 * nft opens its input by name, which a socket does not have. In memory, so that a full disk cannot keep a change from
 * being taken back.
 */
async function asFile<T>(text: string, use: (path: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(existsSync(MEMORY) ? MEMORY : tmpdir(), 'warder-nft-'))
  try {
    const path = join(directory, 'rules')
    writeFileSync(path, text, { mode: 0o600 })
    return await use(path)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

function said({ stderr, reason }: CommandResult): string {
  const line = stderr
    .toString('utf8')
    .split('\n')
    .find((each) => each.trim() !== '')
  return line?.trim() ?? (reason === 'exited' ? 'it gave no reason' : `it was ended (${reason})`)
}
