import { randomBytes } from 'node:crypto'
import { basename, resolve } from 'node:path'
import { isAllowedSecret } from '../../core/allowed-secret.ts'
import { RISK_LEVELS } from '../../core/risk.ts'
import { createSecretScanner, type SecretScanner } from '../../decide/inspect/secret/index.ts'
import { command } from '../command.ts'
import { EXIT } from '../exit.ts'
import { choiceOption, flag, optionalArgument } from '../param.ts'
import {
  blobsOf,
  commitOf,
  readBlobs,
  repositoryAt,
  type Blob,
  type Extent,
  type ReadBlob,
} from './repository.ts'
import { findIn, isBad, textFor, type Scanned, type Shown } from './secret-found.ts'

/** Files that hold secrets by what they are called; never what is called an example. */
const KEPT_BACK =
  /^(?:\.env(?:\..+)?|credentials\.enc|\.netrc|\.pgpass|\.git-credentials|id_(?:rsa|dsa|ecdsa|ed25519)|.+\.(?:pem|key|p12|pfx|jks|keystore|kdbx))$/i
const EXAMPLE = /\.(?:example|sample|template|dist|pub)$/i

export const scanRepository = command({
  name: 'scan repository',
  about: 'find secrets in what a git repository keeps',
  details: [
    'Looks at every file git knows here, as it stands in the index; with --staged at what the next commit would change, with --history at every version of every file in every branch and tag. Git runs nothing that the repository names: no hook, filter or other program. Nothing is recorded, no value is ever shown, and no daemon is needed.',
    'A file that holds secrets by what it is called (.env, a private key, a password store) is a finding as well, unless it is called an example.',
    'A line may say that it is known, until a day: warder:allow-secret until=2030-01-31 and why. In the history nothing is let pass: what was committed once is known to everybody who has a copy, and must be changed where it is used.',
    'Exit 0 when nothing reaches --fail-at (default: medium), 8 when something does, and 8 when something could not be read.',
  ],
  examples: [
    { run: 'warder scan repository', does: 'all files git knows here' },
    {
      run: 'warder scan repository --staged',
      does: 'what is about to be committed; warder setup git has it done each time',
    },
    { run: 'warder scan repository --history --json ../old-project', does: 'all that was ever committed' },
  ],
  args: {
    directory: optionalArgument('a directory in the repository (default: this one)', { completes: 'file' }),
  },
  options: {
    staged: flag('only what the next commit would change'),
    history: flag('every version of every file'),
    failAt: choiceOption('exit 8 from this risk on', RISK_LEVELS),
  },
  exits: ['missing', 'unverified'],
  needsConfig: false,
  async run({ directory, staged, history, failAt = 'medium' }, { out, cwd, environment }) {
    const extent: Extent = history ? 'history' : staged ? 'staged' : 'tracked'
    const repository = await repositoryAt(resolve(cwd, directory ?? '.'), environment)
    const scanner = createSecretScanner({
      key: randomBytes(32),
      minimum: failAt === 'low' ? 'low' : 'medium',
    })
    const scanned: Scanned = { findings: [], unread: [], files: 0 }
    const blobs = await blobsOf(repository, extent)
    scanned.findings.push(...named(blobs))
    const isAllowed = history ? () => false : (line: string) => isAllowedSecret(line, Date.now())
    for await (const blob of readBlobs(repository, blobs)) {
      const found = await look(blob, scanned, scanner, isAllowed)
      const from = history && found.length > 0 ? `${await commitOf(repository, blob)}:` : ''
      scanned.findings.push(...found.map((each) => ({ ...each, path: `${from}${each.path}` })))
    }
    out.result({ repository: repository.root, extent, ...scanned }, textFor(scanned, out))
    return isBad(scanned, failAt) ? EXIT.unverified : EXIT.ok
  },
})

/** What is found by name alone, each name once. */
function named(blobs: readonly Blob[]): Shown[] {
  const paths = new Set(blobs.map(({ path }) => path).filter((path) => isKeptBack(basename(path))))
  return [...paths].map((path) => ({
    ...{ path, line: 1, column: 1, lengthBytes: 0, tag: '', family: 'assigned' as const },
    ...{ rule: 'file-name', risk: 'medium' as const },
    note: 'a file of this name holds secrets; keep it out of the repository (.gitignore)',
  }))
}

function isKeptBack(name: string): boolean {
  return KEPT_BACK.test(name) && !EXAMPLE.test(name)
}

async function look(
  { path, bytes, why }: ReadBlob,
  scanned: Scanned,
  scanner: SecretScanner,
  isAllowed: (line: string) => boolean,
): Promise<Shown[]> {
  if (bytes === undefined) {
    scanned.unread.push({ path, why: why ?? 'it cannot be read' })
    return []
  }
  scanned.files++
  const found = await findIn(path, one(bytes), scanner)
  if (found.length === 0) return found
  const lines = bytes.toString('utf8').split('\n')
  return found.filter(({ line }) => !isAllowed(lines[line - 1] ?? ''))
}

async function* one(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes
}
