import { randomBytes } from 'node:crypto'
import { createReadStream, lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { systemCode } from '../../core/error.ts'
import { RISK_LEVELS } from '../../core/risk.ts'
import {
  createSecretScanner,
  DEFAULT_FAMILIES,
  type SecretScanner,
} from '../../decide/inspect/secret/index.ts'
import { command } from '../command.ts'
import { EXIT } from '../exit.ts'
import { CLI_ERRORS, CliError } from '../failure.ts'
import { choiceOption, flag, manyArguments } from '../param.ts'
import { findIn, isBad, textFor, type Scanned } from './secret-found.ts'

/** What is made by machines and read by none: a copy of what stands elsewhere. */
const SKIPPED = new Set(['.git', 'node_modules'])

export const scanSecret = command({
  name: 'scan secret',
  about: 'find secrets and personal numbers in files',
  details: [
    'Files are read as they are, directories with all that is in them but .git and node_modules; symbolic links are not followed. A hyphen is standard input. Nothing is recorded, no value is ever shown, and no daemon is needed.',
    'Each finding has a place, a type and a tag: equal values have equal tags within one run of this command. Low is a placeholder or a weak sign and shown with --all; medium and high want a look; critical is a private key. What is not found is not proved to be absent (docs/redaction.md).',
    'Exit 0 when nothing reaches --fail-at (default: medium), 8 when something does, and 8 when a file could not be read.',
  ],
  examples: [
    { run: 'warder scan secret .', does: 'everything below this directory' },
    { run: 'git diff --staged | warder scan secret -', does: 'what is about to be committed' },
    { run: 'warder scan secret --json --fail-at high config.yaml', does: 'one file, for a program to read' },
  ],
  args: {
    paths: manyArguments('a file, a directory, or - for standard input', {
      value: 'PATH',
      completes: 'file',
    }),
  },
  options: {
    failAt: choiceOption('exit 8 from this risk on', RISK_LEVELS),
    all: flag('show placeholders and weak signs as well'),
    contacts: flag('look for e-mail addresses, telephone numbers and addresses of hosts, too (low)'),
  },
  exits: ['unverified'],
  needsConfig: false,
  async run({ paths, failAt = 'medium', all, contacts }, { out, stdin }) {
    const scanner = createSecretScanner({
      key: randomBytes(32),
      families: contacts ? [...DEFAULT_FAMILIES, 'contact'] : DEFAULT_FAMILIES,
      minimum: all || contacts || failAt === 'low' ? 'low' : 'medium',
    })
    const scanned: Scanned = { findings: [], unread: [], files: 0 }
    for (const path of paths) await scanPath(path, { scanner, scanned, stdin })
    out.result(scanned, textFor(scanned, out))
    return isBad(scanned, failAt) ? EXIT.unverified : EXIT.ok
  },
})

interface Work {
  readonly scanner: SecretScanner
  readonly scanned: Scanned
  readonly stdin: NodeJS.ReadableStream
}

/** @throws CliError `FILE_INVALID` for a path that is named and not there */
async function scanPath(path: string, work: Work): Promise<void> {
  if (path === '-') return await scanBytes('-', work.stdin, work)
  const about = lstatSync(path, { throwIfNoEntry: false })
  if (about === undefined) {
    throw new CliError(CLI_ERRORS, 'FILE_INVALID', {
      what: `there is no file ${path}`,
      fix: 'name an existing file or directory, or - for standard input',
      where: path,
    })
  }
  if (about.isDirectory()) return await scanDirectory(path, work)
  if (about.isFile()) return await scanFile(path, work)
  work.scanned.unread.push({ path, why: 'it is neither a file nor a directory' })
}

async function scanDirectory(path: string, work: Work): Promise<void> {
  try {
    const entries = readdirSync(path, { withFileTypes: true }).toSorted((a, b) => (a.name < b.name ? -1 : 1))
    for (const entry of entries) {
      if (entry.isDirectory() && !SKIPPED.has(entry.name)) await scanDirectory(join(path, entry.name), work)
      if (entry.isFile()) await scanFile(join(path, entry.name), work)
    }
  } catch (error) {
    work.scanned.unread.push({ path, why: systemCode(error) ?? 'it cannot be listed' })
  }
}

async function scanFile(path: string, work: Work): Promise<void> {
  try {
    await scanBytes(path, createReadStream(path), work)
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    work.scanned.unread.push({ path, why: systemCode(error)! })
  }
}

async function scanBytes(
  path: string,
  input: NodeJS.ReadableStream,
  { scanner, scanned }: Work,
): Promise<void> {
  const found = await findIn(path, input, scanner)
  scanned.files++
  scanned.findings.push(...found)
}
