/**
 * Who asks. This room turns the credential a listener made into a frozen principal, and is the only one that makes
 * principals; it keeps the owner's passphrase and sessions, guests, paired devices, chat senders and capability tokens.
 * It promises that nobody is let in who did not prove a key or a secret, that what was taken back stays back, over a
 * restart too, and that a book which was altered lets nobody in. It trusts the listener for what the kernel and the
 * handshake told it, and nothing the caller says of itself: only the owner may speak for an agent, an agent for nobody
 * else, and anonymous exists only where the owner switched authentication off.
 */
export { AgentRuns, type RunIdentity } from './agent-run.ts'
export { PeopleBook, type BookOptions } from './book.ts'
export { ConsoleAccess, LINK_MS, type Began } from './console.ts'
export { CODE_SYMBOLS, newCode, readCode, shownCode } from './code.ts'
export { IDENTITY_ERRORS, IdentityError, identityError, type IdentityCode } from './errors.ts'
export { Authenticator, consolePrincipal, createIdentity, principalOf, type Credential } from './identity.ts'
export { ChatBridge } from './bridge.ts'
export { fingerprintOf } from '../../core/fingerprint.ts'
export { peopleKeys, readPublicKey, type LentSecret, type PeopleKeys } from './keys.ts'
export { Lockout } from './lockout.ts'
export { LONGEST_MS, Members, REDEEM_WITHIN_MS, type MemberRequest } from './member.ts'
export { type IssuedToken, type SignedRequest } from './member-token.ts'
export { OwnerAccess, type Source } from './owner.ts'
export { Passkeys, type Place, type Purpose } from './passkeys.ts'
export { PAIRING_MS, Pairings, type PairingTerms, type Stranger } from './pairing.ts'
export {
  CONSOLE_ROLES,
  CONSOLE_WAYS,
  type ConsolePerson,
  type ConsoleRole,
  type ConsoleWay,
  type Member,
  type Passkey,
  type Pairing,
  type PairingState,
  type Sender,
  type Session,
  type Slip,
} from './records.ts'
export { checkScope, isWide } from './scope.ts'
export { senderPrincipal, Senders, type Heard } from './sender.ts'
export { Sessions, type SessionTimes } from './session.ts'
export { LONGEST_SLIP_MS, Slips, type SlipClaims, type SlipRequest } from './slip.ts'
export { AssertionShape, RegistrationShape } from './webauthn.ts'
export { sqlitePeopleStore, type PeopleStore } from './store.ts'
export { memoryPeopleStore } from './store.memory.ts'
