import { run } from '../../platform/command.ts'
import { SecretsError } from './errors.ts'
import { checkProgram } from './hook.ts'
import { LONGEST_VALUE_BYTES, type ValueStore } from './store.ts'

export interface CommandStoreOptions {
  /** A program by its absolute path and its words; `{name}` stands for the entry. */
  readonly template: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly timeoutMs?: number
}

const TIMEOUT_MS = 30_000
const PLACE = '{name}'

/** Values another program keeps, such as a password manager: asked for by name, read from its standard output. */
export function commandStore({
  template,
  environment,
  timeoutMs = TIMEOUT_MS,
}: CommandStoreOptions): ValueStore {
  const [program = '', ...words] = template
  if (!words.some((word) => word.includes(PLACE))) {
    throw new SecretsError(
      'STORE_UNAVAILABLE',
      `secrets.command does not say where the name goes: ${PLACE} stands in none of its words`,
      `set it to for example /usr/bin/pass,show,warder/${PLACE}`,
    )
  }
  return {
    store: 'command',
    isWritable: false,
    async read({ name, entry = name }) {
      checkEntry(entry)
      checkProgram(program)
      const args = words.map((word) => word.replaceAll(PLACE, () => entry))
      const { reason, code, stdout, stderr } = await run(program, args, {
        environment,
        timeoutMs,
        maxOutputBytes: 2 * LONGEST_VALUE_BYTES,
      })
      stderr.fill(0) // it may quote the value
      const value = firstLine(stdout)
      stdout.fill(0)
      if (reason === 'exited' && code === 0) return value.length === 0 ? undefined : value
      value.fill(0)
      throw new SecretsError(
        'STORE_UNAVAILABLE',
        `${program} gave no value for ${entry}: ${reason === 'exited' ? `exit code ${code}` : reason}`,
        'run it by hand: it must write the value without asking anything',
      )
    },
    write: () => Promise.reject(readOnly()),
    remove: () => Promise.reject(readOnly()),
  }
}

/** Password managers of this kind write the value on the first line, and notes below it. */
function firstLine(output: Buffer): Uint8Array {
  const end = output.indexOf(10)
  const line = end === -1 ? output : output.subarray(0, end)
  return Uint8Array.from(line.at(-1) === 13 ? line.subarray(0, -1) : line)
}

/** An entry is a word among the arguments: it must not be able to become an option, or lead out of its folder. */
function checkEntry(entry: string): void {
  if (/^[A-Za-z0-9_][A-Za-z0-9_.@/-]{0,255}$/.test(entry) && !entry.split('/').includes('..')) return
  throw new SecretsError(
    'SECRET_INVALID',
    `${JSON.stringify(entry.slice(0, 64))} is not a name another program is asked for`,
    'use letters, digits, dot, dash, underscore, at sign and slash, and no ..',
  )
}

function readOnly(): SecretsError {
  return new SecretsError(
    'STORE_REFUSED',
    'values in the store command are put there by its own program',
    'put the value there with that program',
  )
}
