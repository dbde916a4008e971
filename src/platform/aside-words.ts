import * as z from 'zod'

/** What a reader is asked for. */
export const LookShape = z.strictObject({ path: z.string(), mostBytes: z.int().nonnegative() })
export type Look = z.infer<typeof LookShape>

/** What it says: that it listens, and what it read; null for what is no plain file, or cannot be read. */
export const SaidShape = z.union([
  z.strictObject({ ready: z.literal(true) }),
  z.strictObject({ text: z.string().nullable() }),
])
export type Said = z.infer<typeof SaidShape>
