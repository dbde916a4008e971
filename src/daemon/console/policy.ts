import { createHash } from 'node:crypto'
import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { ensurePrivateDirectory, readSmallFile, writeFileAtomic } from '../../platform/files.ts'
import type { Caller } from '../http/app.ts'
import type { ConsoleWorld } from './console.ts'
import { consoleError } from './errors.ts'

export interface PolicyChange {
  readonly text: string
  /** SHA-256 (hex) of the policy it was made from. */
  readonly before: string
}

export interface PolicyPut {
  readonly digest: string
  readonly epoch: number
  readonly rules: number
  readonly changed: boolean
  /** Where the one before is. */
  readonly kept?: string
}

/** What is in force where there is no file. */
const NOTHING = Buffer.from('version: 1\n')

/**
 * Writes the policy file as the owner would with an editor, and has it read. It is checked before anything is written;
 * where the file is not what the change was made from nothing is; and what is not put in force is taken back, so that
 * file and policy never differ because of it. Whether the owner is fresh is the caller's to ask.
 *
 * @throws PolicyError, ConsoleError `CONSOLE_POLICY_CHANGED`, DeniedError, FileError; whatever the reload throws
 */
export async function putPolicy(
  { people, handlers, acts }: Pick<ConsoleWorld, 'people' | 'handlers' | 'acts'>,
  { text, before }: PolicyChange,
  caller: Caller,
): Promise<PolicyPut> {
  const path = people.settings['policy.file']
  await handlers.policyCheck({ text, file: path }, caller)
  const asked = {
    ...{
      credential: caller.credential,
      namespace: 'policy',
      verb: 'write',
      resource: '',
      risk: 'high' as const,
    },
    input: { file: path, before, after: sha256(Buffer.from(text)) },
    reason: `from ${before} to ${sha256(Buffer.from(text))}`,
  }
  const { value: old } = await acts.act(asked, 'policy', () => write(path, text, before))
  try {
    const put = await handlers.policyReload({}, caller)
    return { ...put, ...(old === undefined ? {} : { kept: `${path}.old` }) }
  } catch (error) {
    takeBack(path, old)
    throw error
  }
}

/** @returns what was there. @throws ConsoleError `CONSOLE_POLICY_CHANGED`; FileError */
function write(path: string, text: string, before: string): Buffer | undefined {
  const old = readSmallFile(path)
  if (sha256(old ?? NOTHING) !== before) {
    throw consoleError(
      'CONSOLE_POLICY_CHANGED',
      `${path} is not the policy this change was made from`,
      'look at what is in the file now, read it again (warder policy reload), and make the change anew',
    )
  }
  if (old === undefined) ensurePrivateDirectory(dirname(path))
  else writeFileAtomic(`${path}.old`, old)
  writeFileAtomic(path, text)
  return old
}

function takeBack(path: string, old: Buffer | undefined): void {
  if (old === undefined) rmSync(path, { force: true })
  else writeFileAtomic(path, old)
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
