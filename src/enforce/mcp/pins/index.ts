/**
 * Pins of MCP definitions: what a server defined when it was first approved, sealed. It promises that the same is good,
 * that a change names its field and how bad it is, and that what changed or came later is refused until the owner trusts
 * it. A book that was altered, put back or taken away is refused as a whole. It trusts the key of this host, the record's
 * count of changes, and whoever looked into the definitions.
 */
export { PinBook, type Comparison, type PinBookOptions, type PinNote, type PinSummary } from './book.ts'
export type { Offered, PinAnswer, PinRule, Waiting } from './waiting.ts'
export type { PinChange, Seen } from './diff.ts'
export { MCP_PIN_ERRORS, McpPinError } from './errors.ts'
export { fieldDigests, PIN_KINDS, type PinKind } from './pin.ts'
export { filePinStore, memoryPinStore, type Mac, type Pin, type PinStore } from './store.ts'
