import { closeSync, readlinkSync } from 'node:fs'
import { holdBind } from './descriptors.ts'
import { SandboxError } from './errors.ts'
import type { NativePrograms } from './native-programs.ts'
import type { SandboxSpec } from './spec.ts'

/**
 * Opens what a network needs that leads everything to a proxy: the program that makes it, and the proxy's socket, which
 * must still be the one that was decided on. Whoever gets the descriptors closes them; none where none is asked for.
 *
 * @throws SandboxError `SANDBOX_CHANGED`, or `SANDBOX_UNAVAILABLE` when the program was not built
 */
export function openTransparent({ network }: SandboxSpec, programs: NativePrograms): readonly number[] {
  if (network === undefined) return []
  const socket = holdBind(network.socket, network.socket, network.identity).fd
  try {
    return [programs.open('transparent'), socket]
  } catch (error) {
    closeSync(socket)
    throw error
  }
}

/**
 * The words before the builder's own: the program makes the network, then becomes the builder.
 *
 * @param first the number of the first of {@link openTransparent}'s descriptors, as that program sees it
 */
export function throughTransparent({ network }: SandboxSpec, first: number): readonly string[] {
  return network === undefined ? [] : [`/proc/self/fd/${first}`, '--socket', `${first + 1}`, '--']
}

/**
 * Looks from outside whether the finished sandbox stands in a network of its own. Here the builder was told to make
 * none, so that nothing else would notice if the one before it had made none either.
 *
 * @throws SandboxError `SANDBOX_FAILED`
 */
export function verifyNetwork(initPid: number, { network }: SandboxSpec): void {
  if (network === undefined || networkOf(initPid) !== networkOf('self')) return
  throw new SandboxError(
    'SANDBOX_FAILED',
    'the sandbox stands in the network of this machine',
    'build Warder again: npm run build',
  )
}

function networkOf(pid: number | 'self'): string {
  return readlinkSync(`/proc/${pid}/ns/net`)
}
