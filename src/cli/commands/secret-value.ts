import type { Context } from '../command.ts'
import { CLI_ERRORS, CliError } from '../failure.ts'
import { integerOption } from '../param.ts'
import { SecretInput } from '../secret-input.ts'
import { messageOf } from '../../core/error.ts'
import { readDescriptor } from '../../platform/handover.ts'

const MOST_BYTES = 64 * 1024

export const FD_OPTION = integerOption(
  'read it from this descriptor, whole, without the line end behind it',
  0,
  1023,
)

/**
 * A value as it goes to the daemon: asked for twice at the terminal, where nothing of it is shown, or read whole from a
 * descriptor, standard input when none is named. Never an argument, which everybody on the machine can read.
 *
 * @returns base64 @throws CliError `NEEDS_ANSWER`, `STDIN_INVALID`
 */
export async function valueFrom(context: Context, fd: number | undefined, what: string): Promise<string> {
  if (fd === undefined && context.canAsk)
    return Buffer.from(await new SecretInput(context, undefined).fresh(what)).toString('base64')
  const bytes = read(fd ?? 0)
  try {
    const end = bytes.at(-1) === 10 ? (bytes.at(-2) === 13 ? 2 : 1) : 0
    if (bytes.length > end) return bytes.subarray(0, bytes.length - end).toString('base64')
  } finally {
    bytes.fill(0)
  }
  throw new CliError(CLI_ERRORS, 'STDIN_INVALID', {
    what: `no value came on descriptor ${fd ?? 0}`,
    fix: 'write the value to standard input, or to the descriptor --fd names',
  })
}

export function read(fd: number, mostBytes = MOST_BYTES + 2): Buffer {
  try {
    return readDescriptor(fd, mostBytes)
  } catch (cause) {
    throw new CliError(CLI_ERRORS, 'STDIN_INVALID', {
      what: `descriptor ${fd} cannot be read: ${messageOf(cause)}`,
      fix: 'open it for this command, such as: 3< FILE, then --fd 3; a value has 64 KiB at most',
    })
  }
}
