import { refuse } from './errors.ts'

const CAP_NET_ADMIN = 12n
const CAP_SYS_ADMIN = 21n

/**
 * @param statusText of `/proc/self/status`
 * @throws FirewallError `FIREWALL_RIGHTS`, saying what is missing, for a process that may not change the firewall
 */
export function requireNetAdmin(statusText: string, uid: number): void {
  if (has(statusText, CAP_NET_ADMIN)) return
  refuse(
    'FIREWALL_RIGHTS',
    `this needs CAP_NET_ADMIN, and this process (uid ${uid}) does not have it`,
    'run it as root: sudo warder firewall … (warder firewall plan needs no rights)',
  )
}

/** Of a process that may write the kernel settings under /proc/sys. */
export function requireRoot(statusText: string, uid: number): void {
  if (uid === 0 && (has(statusText, CAP_NET_ADMIN) || has(statusText, CAP_SYS_ADMIN))) return
  refuse(
    'FIREWALL_RIGHTS',
    `kernel settings can be written by root alone, and this is uid ${uid}`,
    'run it as root: sudo warder firewall sysctl apply',
  )
}

function has(statusText: string, capability: bigint): boolean {
  const [, mask = '0'] = /^CapEff:\s*([0-9a-f]+)$/m.exec(statusText) ?? []
  return ((BigInt(`0x${mask}`) >> capability) & 1n) === 1n
}
