import type { Socket } from 'node:net'

/** One connection as the kernel knows it. */
export interface OutwardEnd {
  readonly localPort: number
  readonly address: string
  readonly port: number
}

export function endOf({ localPort, remoteAddress, remotePort }: Socket): OutwardEnd[] {
  if (localPort === undefined || remoteAddress === undefined || remotePort === undefined) return []
  return [{ localPort, address: remoteAddress, port: remotePort }]
}

/** Each once: one that was shut may not be closed yet. */
export function distinctEnds(ends: readonly OutwardEnd[]): OutwardEnd[] {
  return [...new Map(ends.map((end) => [`${end.localPort} ${end.address} ${end.port}`, end])).values()]
}
