import { dirname, resolve } from 'node:path'
import { sha256 } from '../../core/canonical.ts'
import { importApprovals, withImported, type Imported } from '../../decide/policy/index.ts'
import { ensurePrivateDirectory, readSmallFile, writeFileAtomic } from '../../platform/files.ts'
import { command } from '../command.ts'
import { CLI_ERRORS, CliError } from '../failure.ts'
import { argument, flag, option } from '../param.ts'
import { readText } from '../text-file.ts'

const EMPTY = 'version: 1\n'

export const policyImport = command({
  name: 'policy import',
  about: 'take over what another gate allowed: exec-approvals.json, version 1',
  details: [
    'Prints the policy with the agents and rules of that file in it, and on stderr what was not taken over and why. Nothing is written without --write, and nothing is in force before warder policy reload. What the file allowed without an end is left out; what it forbade and has no rule here is named.',
    'A policy that changed since it was looked at is not written over: --if names the SHA-256 it had (--json shows it), and between reading and writing the same is looked at again.',
  ],
  examples: [
    { run: 'warder policy import ~/.aleph/exec-approvals.json', does: 'what would come of it' },
    { run: 'warder policy import exec-approvals.json --write', does: 'and into the policy with it' },
  ],
  args: { file: argument('the file of approvals', { completes: 'file' }) },
  options: {
    write: flag('write it into the policy file; the one before is kept as policy.yaml.old'),
    if: option('write only if the policy file still is this', { value: 'SHA256' }),
  },
  exits: ['conflict', 'unavailable'],
  async run({ file, write, if: expected }, { config, cwd, out }) {
    const source = resolve(cwd, file)
    const imported = importApprovals(readText(source), source)
    const path = config.values['policy.file']
    const before = readSmallFile(path)
    const digest = digestOf(before)
    if (expected !== undefined && expected !== digest) throw changed(path)
    const text = withImported(before?.toString() ?? EMPTY, path, imported)
    for (const each of imported.left) out.warn(`not taken over: ${each}`)
    if (!write) return out.result(answer(imported, digest, { text }), text.trimEnd())
    ensurePrivateDirectory(dirname(path))
    if (before !== undefined) writeFileAtomic(`${path}.old`, before)
    // an editor may have saved it meanwhile
    if (digestOf(readSmallFile(path)) !== digest) throw changed(path)
    writeFileAtomic(path, text)
    out.result(
      answer(imported, digest, { written: path }),
      `written: ${path} (${imported.rules.length} rules)`,
    )
    out.note('look at it, then: warder policy check, warder policy reload')
  },
})

function answer({ agents, rules, left }: Imported, before: string, more: object): object {
  return { agents, rules: rules.map(({ id }) => id), left, before, ...more }
}

/** Of the file's bytes; of one that is not there, of none. */
function digestOf(bytes: Uint8Array | undefined): string {
  return sha256(bytes ?? '')
}

function changed(path: string): CliError {
  return new CliError(CLI_ERRORS, 'FILE_CHANGED', {
    what: `${path} is not what it was when it was looked at; nothing was written`,
    fix: 'look at it again, then repeat the command',
    where: path,
  })
}
