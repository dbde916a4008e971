import type { Refusal } from './refusal.ts'

/** Why a session itself refuses, before or beside what a request is about. */

export function badRequest(rule: string, reason: string): Refusal {
  return {
    kind: 'argument',
    layer: 'inspection',
    rule,
    reason,
    fix: 'give each request an id of its own, and wait for answers',
  }
}

export function noMethod(method: string, server: string, isNamed: boolean): Refusal {
  const shown = JSON.stringify(method.slice(0, 80))
  return {
    ...{ kind: 'method', layer: 'policy', rule: isNamed ? `mcp.${server}.methods` : 'method.unknown' },
    reason: isNamed ? `no rule lets ${shown} through` : `${shown} is not passed on`,
    fix: isNamed
      ? `name it under mcp.servers.${server}.methods in the policy`
      : 'use the methods docs/mcp.md names',
  }
}

export function tookTooLong(ms: number): Refusal {
  return {
    ...{ kind: 'timeout', layer: 'policy', rule: 'limit.time' },
    reason: `no answer within ${Math.round(ms / 1000)} s`,
    fix: 'raise `timeout` of this server or tool in the policy, if it honestly takes longer',
  }
}

export function gone(why: string): Refusal {
  return {
    ...{ kind: 'server', layer: 'sandbox', rule: 'server.gone', reason: why },
    fix: 'start the client again; warder audit list tells how the server ended',
  }
}
