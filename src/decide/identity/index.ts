/**
 * Who asks. This room turns the credential a listener made into a frozen principal, and is the only one that makes
 * principals. It trusts the listener for what the kernel and the handshake told it, and nothing the caller says of
 * itself: only the owner may speak for an agent, an agent may speak for nobody else, and anonymous does not exist.
 */
export { createIdentity, IDENTITY_ERRORS, IdentityError } from './identity.ts'
