/**
 * The secret broker: agents hold placeholders, and the real values are put in here, on the way to the hosts they belong
 * to. The part promises that a value leaves only toward a host its binding names, in a place it names, within its
 * budget; that no answer of such a host shows it to the agent, whole or in a long piece, plain or under one encoding;
 * and that a placeholder, value or canary on its way elsewhere ends the request and is told. It refuses what it cannot
 * look into. It trusts the caller with the connection: that the host is the one it says, and that TLS was verified.
 *
 * What it cannot see: encryption, an agent's own compression or encoding (rot13, a byte per request), encodings laid
 * over each other in bodies (in addresses and headers three layers are taken off), and a server that hands a secret on
 * by other ways. The agent has only the placeholder, so that what could be carried away so is worth nothing.
 */
export {
  isAddress,
  isBoundTo,
  missingIntercepts,
  PLACES,
  type AwsSigning,
  type BrokerEvent,
  type Destination,
  type Place,
  type SecretBinding,
} from './binding.ts'
export { Broker, createBroker, type BrokerOptions, type Cleared, type ClearedAnswer } from './broker.ts'
export { BROKER_ERRORS, BrokerError } from './errors.ts'
export { lookalike, type RandomBytes } from './shape.ts'
export { isRefusal, Sieve, type Sifted } from './sieve.ts'
export { type Head, type Header } from './swap.ts'
