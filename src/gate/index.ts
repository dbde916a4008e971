/**
 * The gate: the one path of every request, and the only maker of permits. It promises that nothing is allowed which
 * was not identified, inspected, judged against every stop and rule, and written down first; and that a permit opens
 * one door, once, for exactly what was decided. It refuses on any error. It trusts the rooms it is handed to answer,
 * never to have remembered: whoever spends a permit is judged again.
 */
export { pass, type Credential, type Request, type Rooms, type Verdict } from './gate.ts'
export { PermitBook, type PermitOptions, type Refusal } from './permits.ts'
export { createRecorder, type EventLog } from './record.ts'
export { outcomeEvent, verdictEvent, type EventType, type GateEvent } from './event.ts'
export { DeniedError, GATE_ERRORS, permitOf, throughDoor } from './act.ts'
