import { closeSync, constants, fstatSync, openSync } from 'node:fs'
import { messageOf } from '../../core/error.ts'
import { run, type CommandResult } from '../../platform/command.ts'
import { SecretValue } from '../../platform/secret-value.ts'
import { SecretsError } from './errors.ts'
import type { RotationHooks } from './rotation.ts'
import { LONGEST_VALUE_BYTES } from './store.ts'

const TIMEOUT_MS = 60_000
const WRITABLE_BY_OTHERS = 0o022

/**
 * Rotation by a program of the owner's. It is run as `PROGRAM STEP NAME` with a clean environment; values come on its
 * standard input, each as one line of base64, so that they are in no argument and no environment: first the value the
 * step is about, then the one in use. `create` writes the new value to its standard output.
 *
 * What the program says otherwise is thrown away: it may hold a value.
 */
export function programHooks(
  program: string,
  name: string,
  environment: Readonly<Record<string, string>>,
): RotationHooks {
  const call = (step: string, values: readonly SecretValue[]): Promise<CommandResult> => {
    checkProgram(program)
    return fed(values, (input) =>
      run(program, [step, name], {
        environment,
        input,
        timeoutMs: TIMEOUT_MS,
        maxOutputBytes: 2 * LONGEST_VALUE_BYTES,
      }),
    )
  }
  return {
    async create(current) {
      const { stdout } = succeeded(program, 'create', await call('create', [current]))
      return valueOf(program, stdout)
    },
    verify: async (value, current) =>
      void succeeded(program, 'verify', await call('verify', [value, current])),
    revoke: async (old, current) => void succeeded(program, 'revoke', await call('revoke', [old, current])),
  }
}

/** Values as lines of base64 in a buffer that is wiped afterwards. */
async function fed<T>(values: readonly SecretValue[], work: (input: Uint8Array) => Promise<T>): Promise<T> {
  const lines = values.map((value) => value.use(base64Line))
  const input = Buffer.concat(lines)
  for (const line of lines) line.fill(0)
  try {
    return await work(input)
  } finally {
    input.fill(0)
  }
}

const ALPHABET = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/')

/** Base64 (RFC 4648, section 4) without the text ever being a string, which nothing could wipe. */
function base64Line(bytes: Uint8Array): Buffer {
  const line = Buffer.alloc(Math.ceil(bytes.length / 3) * 4 + 1, '=')
  for (let i = 0, at = 0; i < bytes.length; i += 3, at += 4) {
    const [a = 0, b = 0, c = 0] = bytes.subarray(i, i + 3)
    line[at] = ALPHABET[a >> 2] ?? 0
    line[at + 1] = ALPHABET[((a & 3) << 4) | (b >> 4)] ?? 0
    if (i + 1 < bytes.length) line[at + 2] = ALPHABET[((b & 15) << 2) | (c >> 6)] ?? 0
    if (i + 2 < bytes.length) line[at + 3] = ALPHABET[c & 63] ?? 0
  }
  line[line.length - 1] = 10
  return line
}

function succeeded(program: string, step: string, result: CommandResult): CommandResult {
  result.stderr.fill(0)
  if (result.reason === 'exited' && result.code === 0) return result
  result.stdout.fill(0)
  const how = result.reason === 'exited' ? `exit code ${result.code}` : result.reason
  throw new SecretsError(
    'ROTATION_FAILED',
    `${program} ${step} ended with ${how}`,
    'run the program by hand for that step and see what it says',
  )
}

/** What it wrote, without the line end that programs put behind what they say. */
export function valueOf(program: string, stdout: Buffer): SecretValue {
  const end = stdout.at(-1) === 10 ? (stdout.at(-2) === 13 ? 2 : 1) : 0
  const value = Uint8Array.from(stdout.subarray(0, stdout.length - end))
  stdout.fill(0)
  if (value.length > 0 && value.length <= LONGEST_VALUE_BYTES) return SecretValue.take(value)
  value.fill(0)
  throw new SecretsError(
    'STORE_UNAVAILABLE',
    `${program} gave no value, or more than ${LONGEST_VALUE_BYTES} bytes`,
    'let it write the value, and only that, to its standard output',
  )
}

/**
 * A program that is handed values must be one that only its owner or root can change.
 *
 * @throws SecretsError `STORE_REFUSED`
 */
export function checkProgram(path: string): void {
  const why = problemOf(path)
  if (why === undefined) return
  throw new SecretsError(
    'STORE_REFUSED',
    `${path} is not handed a secret: ${why}`,
    'name a program by its absolute path that belongs to you or root and that nobody else can write',
    { where: path },
  )
}

function problemOf(path: string): string | undefined {
  if (!path.startsWith('/')) return 'its path is not absolute'
  let fd: number
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    return messageOf(error)
  }
  try {
    const stat = fstatSync(fd)
    if (!stat.isFile()) return 'it is not a file'
    if (stat.uid !== 0 && stat.uid !== process.getuid?.()) return `it belongs to uid ${stat.uid}`
    if ((stat.mode & WRITABLE_BY_OTHERS) !== 0)
      return `others can write it (mode ${(stat.mode & 0o777).toString(8)})`
    return (stat.mode & 0o111) === 0 ? 'it is not executable' : undefined
  } finally {
    closeSync(fd)
  }
}
