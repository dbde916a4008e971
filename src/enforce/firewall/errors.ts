import { KnownError, type ErrorCatalogue } from '../../core/error.ts'

export const FIREWALL_ERRORS = {
  FIREWALL_SETTINGS: {
    kind: 'invalid',
    meaning: 'firewall.yaml is missing, unsafe or holds something the firewall cannot be made from',
  },
  FIREWALL_RIGHTS: {
    kind: 'forbidden',
    meaning: 'this process may not change the firewall or the kernel settings of this machine',
  },
  FIREWALL_UNSUPPORTED: { kind: 'unavailable', meaning: 'nftables is not there, or not on this system' },
  FIREWALL_REFUSED: { kind: 'invalid', meaning: 'nftables refused the rules; none of them is in force' },
  FIREWALL_PENDING: { kind: 'conflict', meaning: 'an earlier change still waits to be confirmed' },
  FIREWALL_NOT_PENDING: { kind: 'missing', meaning: 'no change waits to be confirmed, or its time is over' },
  FIREWALL_NOT_APPLIED: {
    kind: 'conflict',
    meaning: 'the firewall is not in force, so there is nothing to add to',
  },
  FIREWALL_BLOCK: { kind: 'invalid', meaning: 'an address is not one the firewall may block' },
  FIREWALL_OPENING: { kind: 'invalid', meaning: 'an opening is not one the firewall may have' },
  FIREWALL_UNKNOWN: { kind: 'missing', meaning: 'there is no opening of that id' },
  FIREWALL_STATE: { kind: 'unavailable', meaning: "the firewall's own notes cannot be read" },
  FIREWALL_UNGUARDED: {
    kind: 'unavailable',
    meaning: 'nobody could be set to take the change back, so it was not made',
  },
  FIREWALL_NOT_BACK: {
    kind: 'unavailable',
    meaning: 'a change could not be taken back; the machine is not as it was before',
  },
  SYSCTL_REFUSED: {
    kind: 'unavailable',
    meaning: 'the kernel did not take a setting; those before it were put back',
  },
} as const satisfies ErrorCatalogue

export class FirewallError extends KnownError<typeof FIREWALL_ERRORS> {
  override readonly name = 'FirewallError'
}

/** Throws it; shorter at the many places that refuse. */
export function refuse(
  code: keyof typeof FIREWALL_ERRORS,
  what: string,
  fix: string,
  more: { readonly where?: string; readonly cause?: unknown } = {},
): never {
  throw new FirewallError(FIREWALL_ERRORS, code, { what, fix, ...more })
}
