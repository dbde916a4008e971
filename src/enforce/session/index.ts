/**
 * The hooks of coding agents: a door that only answers. It understands what each harness tells its hook, says in policy's
 * words what a tool is about to do, answers in the harness's dialect, and finds out which sessions do not heed the
 * answer. It trusts neither the payload nor the harness; what it cannot read is refused. It decides nothing itself, and
 * it holds nobody: a harness that runs without its hook is held by the sandbox alone.
 */
export { canHarnessAsk, refusal, wordsFor, type HookAnswer, type HookWords } from './answer.ts'
export { HARNESSES, type Harness, type HookCall, type Moment } from './call.ts'
export { deedsOf, shellWord, type Deed } from './deed.ts'
export { HOOK_ERRORS, HookError } from './errors.ts'
export { LIVENESS, type HarnessProcess, type Session, type Standing } from './liveness.ts'
export { instruction, newNonce, nonceIn } from './marker.ts'
export { MAX_PAYLOAD_BYTES, readPayload } from './payload.ts'
export { SessionBook, type SessionBookOptions } from './sessions.ts'
export { fileSessionStore, memorySessionStore, type SessionStore } from './store.ts'
