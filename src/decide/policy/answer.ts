import type { Action } from '../../core/action.ts'
import type { Principal } from '../../core/principal.ts'
import type { Clause, Operation } from './clause.ts'
import { defaultFix } from './fix.ts'
import type { Scan } from './scan.ts'
import { settled, type Settled } from './weigh.ts'

export function denied(clause: Clause, fix: string): Settled {
  return settled('deny', clause.rule, clause.reason, fix)
}

export function byDefault(who: Principal, action: Action, operation: Operation, scan: Scan): Settled {
  const fix = defaultFix(who, operation, scan, action.resource)
  return settled('deny', 'default', 'no rule and no grant allows it', fix)
}

export function invalidResource(problem: string): Settled {
  return settled(
    'deny',
    'resource.invalid',
    `the resource is refused: ${problem}`,
    'name the resolved path, host:port or name itself',
  )
}

export function unknownAction(action: Action): Settled {
  const name = `${String(action.namespace)}:${String(action.verb)}`.slice(0, 80)
  return settled('deny', 'action.unknown', `${JSON.stringify(name)} is not an action Warder knows`)
}
