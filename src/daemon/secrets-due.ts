import { messageOf } from '../core/error.ts'
import { isDue, programHooks, rotate, stateOf } from '../enforce/secrets/index.ts'
import type { GateEvent } from '../gate/index.ts'
import { secretEvent } from './secrets-events.ts'
import type { SecretsRoom } from './secrets-room.ts'

export interface DueOptions {
  readonly append: (event: GateEvent) => Promise<unknown>
  readonly now: () => number
}

/** Replaces the values whose time has come and that a program can replace; for all others there is the reminder. */
export async function rotateDue(room: SecretsRoom, { append, now }: DueOptions): Promise<void> {
  if (!room.isThere || room.isLocked) return
  const due = room.list().filter((each) => each.isAutomatic && each.disabled === null && isDue(each, now()))
  for (const { name, hook } of due) {
    if (hook === null) continue
    try {
      await rotate(room.book(), name, programHooks(hook, name, room.programEnvironment()))
      await append(secretEvent('rotate', name))
    } catch (error) {
      await append(secretEvent('rotate', name, messageOf(error)))
    }
  }
}

/** What the owner is reminded of. */
export function overdue(room: SecretsRoom, now: number): string[] {
  try {
    return room
      .list()
      .filter((record) => isDue(record, now) || stateOf(record, now) === 'rotating')
      .map((record) =>
        isDue(record, now)
          ? `secret ${record.name} is ${Math.floor((now - record.current.at) / 86_400_000)} days old: warder secret rotate ${record.name}`
          : `secret ${record.name}: a rotation was begun and not ended: warder secret rotate ${record.name}`,
      )
  } catch {
    return [] // told among the problems
  }
}
