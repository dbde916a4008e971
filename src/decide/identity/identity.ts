import { KnownError, type ErrorCatalogue } from '../../core/error.ts'
import { isAgentName, type Channel, type Principal } from '../../core/principal.ts'

export const IDENTITY_ERRORS = {
  IDENTITY_UNKNOWN: { kind: 'forbidden', meaning: 'nobody Warder knows stands behind the request' },
  IDENTITY_NAME: { kind: 'invalid', meaning: 'an agent name is not a name Warder accepts' },
} as const satisfies ErrorCatalogue

export class IdentityError extends KnownError<typeof IDENTITY_ERRORS> {
  override readonly name = 'IdentityError'
}

/** What the listener found out about the caller. */
export type Credential =
  | { readonly kind: 'peer'; readonly uid?: number; readonly as?: string }
  | { readonly kind: 'agent'; readonly name: string }
  | { readonly kind: 'library'; readonly as?: string }

/**
 * @param ownerUid the user this Warder guards; a peer of any other uid is nobody
 */
export function createIdentity({ ownerUid }: { readonly ownerUid: number }) {
  return {
    /** @throws IdentityError `IDENTITY_UNKNOWN`, `IDENTITY_NAME` */
    identify: (credential: Credential): Principal => {
      switch (credential.kind) {
        case 'agent':
          return agent(credential.name, 'agent-socket')
        case 'library':
          return credential.as === undefined ? owner('library') : agent(credential.as, 'library')
        case 'peer':
          // an absent uid means the kernel could not be asked; the socket's mode and secret vouched for the peer
          if (credential.uid !== undefined && credential.uid !== ownerUid) throw unknownPeer(credential.uid)
          return credential.as === undefined
            ? owner('local-socket', credential.uid)
            : agent(credential.as, 'local-socket', credential.uid)
        default:
          throw unknownPeer(credential satisfies never)
      }
    },
  }
}

function owner(channel: Channel, uid?: number): Principal {
  return Object.freeze({ id: 'owner', role: 'owner', channel, ...(uid === undefined ? {} : { uid }) })
}

function agent(name: string, channel: Channel, uid?: number): Principal {
  if (!isAgentName(name)) {
    throw new IdentityError(IDENTITY_ERRORS, 'IDENTITY_NAME', {
      what: `${JSON.stringify(name.slice(0, 80))} cannot name an agent`,
      fix: 'use 1 to 63 of a-z, 0-9, dot, dash, underscore, starting with a letter or digit; role names are taken',
    })
  }
  return Object.freeze({ id: name, role: 'agent', channel, ...(uid === undefined ? {} : { uid }) })
}

function unknownPeer(who: unknown): IdentityError {
  return new IdentityError(IDENTITY_ERRORS, 'IDENTITY_UNKNOWN', {
    what: `uid ${String(who)} is not the user this Warder guards`,
    fix: 'ask as the user who started it',
  })
}
