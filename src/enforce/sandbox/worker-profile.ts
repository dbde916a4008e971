import { z } from 'zod'
import { messageOf } from '../../core/error.ts'
import { formatSize, parseDurationMs, parseSizeBytes } from '../../core/quantity.ts'

/** One device by its own name: never a directory, a wildcard or a way around. */
const device = z
  .string()
  .max(256)
  .regex(/^\/dev(\/[A-Za-z0-9_][A-Za-z0-9_.:-]*)+$/, { message: 'must be one device, such as /dev/nvidia0' })
  .refine((path) => !/\/\.{1,2}(\/|$)/.test(path), { message: 'must not hold "." or ".."' })

/** Milliseconds, written as a duration: `10m`. */
const duration = z.string().transform((text, context) => {
  try {
    return parseDurationMs(text)
  } catch (error) {
    context.addIssue({ code: 'custom', message: messageOf(error) })
    return z.NEVER
  }
})
const atLeastOneSecond = duration.refine((ms) => ms >= 1000, { message: 'must be at least 1s' })

/** What of /dev a worker is given besides the devices without a machine behind them (null, zero, full, random, urandom, tty). */
export const devicesField = z
  .strictObject({
    needed: z.array(device).max(32).default([]).describe('without one of these nothing starts'),
    if_present: z.array(device).max(32).default([]).describe('given where they are there'),
  })
  .optional()
  .describe('single devices, by name; nothing else of /dev is there')

/** When a worker has served long enough: what it holds of one task must not wait for another's. */
export const recycleField = z
  .strictObject({
    uses: z.int().min(1).max(1_000_000).optional().describe('after so many commands and connections'),
    after: atLeastOneSecond.optional().describe('this long after its start, whether it was used or not'),
    idle: atLeastOneSecond.optional().describe('when nobody has used it for this long since its last use'),
  })
  .refine((recycle) => Object.values(recycle).some((each) => each !== undefined), {
    message: 'needs one of uses, after and idle',
  })
  .optional()
  .describe('when it is ended, with everything it holds, and started afresh')

/** Where a task leaves what shall come out of it: in memory, of a fixed size, looked at before anybody else does. */
export const outboxField = z
  .strictObject({
    max_size: sizeOf(1024 ** 3).describe('of everything in it'),
    max_files: z.int().min(1).max(10_000).default(100),
  })
  .optional()
  .describe(
    'a folder /outbox whose files are scanned and kept for the owner when the task has ended by itself',
  )

/** Bytes, written as a size: `16MiB`; at most so many, because all of it is memory. */
function sizeOf(mostBytes: number) {
  return z.string().transform((text, context) => {
    try {
      const bytes = parseSizeBytes(text)
      if (bytes > 0 && bytes <= mostBytes) return bytes
      context.addIssue({
        code: 'custom',
        message: `must be more than nothing and at most ${formatSize(mostBytes)}`,
      })
    } catch (error) {
      context.addIssue({ code: 'custom', message: messageOf(error) })
    }
    return z.NEVER
  })
}

/** How long a worker lives, in milliseconds and uses; at least one is there. */
export interface Recycle {
  readonly uses?: number
  readonly afterMs?: number
  readonly idleMs?: number
}

/** The words of a profile as the figures of a spec. */
export function recycleOf(field: z.output<typeof recycleField>): Recycle | undefined {
  if (field === undefined) return undefined
  const { uses, after, idle } = field
  return {
    ...(uses === undefined ? {} : { uses }),
    ...(after === undefined ? {} : { afterMs: after }),
    ...(idle === undefined ? {} : { idleMs: idle }),
  }
}

/** The same in the words of a file again. */
export function recycleAsWritten(field: z.output<typeof recycleField>): z.input<typeof recycleField> {
  if (field === undefined) return undefined
  const { uses, after, idle } = field
  return {
    ...(uses === undefined ? {} : { uses }),
    ...(after === undefined ? {} : { after: `${after}ms` }),
    ...(idle === undefined ? {} : { idle: `${idle}ms` }),
  }
}
