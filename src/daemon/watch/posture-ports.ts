import { isExpected, isLoopback, isWildcard, parseDeclared, readListeners } from '../../watch/host/index.ts'
import type { OpenPort } from '../../watch/posture/index.ts'

/** Who listens on this machine now, and whether somebody declared it. @throws Error when a declaration is none */
export function openPorts(declared: readonly string[]): OpenPort[] {
  const known = declared.map(parseDeclared)
  return readListeners(new Map()).map((listener) => ({
    ...listener,
    ...{ isLoopback: isLoopback(listener.address), isWildcard: isWildcard(listener.address) },
    isDeclared: isExpected(listener, known),
  }))
}
