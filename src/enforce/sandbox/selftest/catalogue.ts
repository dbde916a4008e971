import type { Attempt } from './attempt.ts'
import { FILE_ATTEMPTS } from './files.ts'
import { KERNEL_ATTEMPTS } from './kernel.ts'
import { LASTING_ATTEMPTS } from './lasting.ts'
import { REACH_ATTEMPTS } from './reach.ts'

/** Every way out that is tried, in the order it is told. */
export const ATTEMPTS: readonly Attempt[] = [
  ...FILE_ATTEMPTS,
  ...REACH_ATTEMPTS,
  ...KERNEL_ATTEMPTS,
  ...LASTING_ATTEMPTS,
]
