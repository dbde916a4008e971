import { randomBytes } from 'node:crypto'
import { lstatSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sha256 } from '../core/canonical.ts'
import { systemCode } from '../core/error.ts'
import { ensurePrivateDirectory, writeFileAtomic } from '../platform/files.ts'
import { CLI_ERRORS, CliError } from './failure.ts'

const TOKEN = /^[A-Za-z0-9_-]{43}$/

export interface ClientToken {
  readonly name: string
  /** The file only its owner can read; where the client takes the token from. */
  readonly path: string
  /** SHA-256 of the token: all that whoever checks it needs to know. */
  readonly digest: string
}

/**
 * The token of one client, made when there is none. It stands in a file of mode 0600 and nowhere else: not in an
 * argument, not in an answer, not in the record.
 *
 * @throws CliError when the file is not one that nobody else can read
 */
export function clientToken(stateDirectory: string, name: string, isNew: boolean): ClientToken {
  const directory = ['mcp', 'clients'].reduce((above, each) => {
    const path = join(above, each)
    ensurePrivateDirectory(path)
    return path
  }, stateDirectory)
  const path = join(directory, `${name}.token`)
  const kept = isNew ? undefined : readToken(path)
  const token = kept ?? randomBytes(32).toString('base64url')
  if (kept === undefined) writeFileAtomic(path, `${token}\n`)
  return { name, path, digest: sha256(token) }
}

function readToken(path: string): string | undefined {
  try {
    const stat = lstatSync(path)
    if (!stat.isFile() || stat.uid !== process.getuid?.() || (stat.mode & 0o077) !== 0)
      throw unsafe(path, 'is not a file that only its owner can read')
    const token = readFileSync(path, 'utf8').trim()
    if (!TOKEN.test(token)) throw unsafe(path, 'holds no token of ours')
    return token
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}

function unsafe(path: string, what: string): CliError {
  return new CliError(CLI_ERRORS, 'USAGE', {
    what: `${path} ${what}`,
    fix: 'look at it, then make another: warder mcp serve --new-tokens',
  })
}
