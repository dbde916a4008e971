/** How a run ended, as far as it matters for whether it is started again. */
export interface Ended {
  readonly reason: string
  readonly code?: number | undefined
}

/** Whether it failed by itself. Who was stopped, or came to a limit it was given, did not: it is not started again. */
export function hasFailed({ reason, code }: Ended): boolean {
  return (reason === 'exited' && code !== 0) || reason === 'memory' || reason === 'sandbox-failed'
}
