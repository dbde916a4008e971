import { isHostNamed } from '../core/host-pattern.ts'
import { parseDurationMs, parseSizeBytes } from '../core/quantity.ts'
import type { EgressDocument, PolicyDocument } from '../decide/policy/index.ts'
import { DEFAULT_BUDGET, type EgressGrant, type Shape } from '../enforce/egress/index.ts'
import type { Place } from './ways-out-run.ts'

/** What the policy file says of one agent's way out; it opens nothing, the gate does. */
export type EgressOfAgent = Pick<EgressGrant, 'intercept' | 'content' | 'pins' | 'budget' | 'limits'> & {
  /** Any one of them may hold for a request; `undefined` where nothing is said, and everything there is open. */
  readonly shapesOf: (place: Place) => readonly Shape[] | undefined
}

/**
 * Reads what the policy in force says of how `agent` reaches what it may reach.
 *
 * @param usual what counts where the policy names no amount
 */
export function egressOf(
  policy: PolicyDocument,
  agent: string,
  usual: EgressGrant['budget'] = DEFAULT_BUDGET,
): EgressOfAgent {
  const entries = (policy.egress ?? []).filter(({ agents }) => isFor(agents, agent))
  const inspected = entries.filter(({ inspect }) => inspect === true)
  return {
    intercept: [...new Set(inspected.flatMap(({ hosts }) => hosts))],
    content: entries.flatMap(contentOf),
    pins: entries.flatMap(({ hosts, pins = [] }) =>
      pins.length === 0 ? [] : hosts.map((host) => ({ host, spkiSha256: pins })),
    ),
    limits: entries.flatMap(limitsOf),
    budget: budgetOf(policy.agents?.[agent]?.egress, usual),
    shapesOf: (place) => {
      const those = entries.filter((entry) => speaksOf(entry, place))
      return those.length === 0 ? undefined : those.map(shapeOf)
    },
  }
}

function isFor(agents: EgressDocument['agents'], agent: string): boolean {
  return agents === undefined || agents.includes('*') || agents.includes(agent)
}

function speaksOf({ hosts, ports }: EgressDocument, { host, port }: Place): boolean {
  return hosts.some((pattern) => isHostNamed(host, pattern)) && (ports === undefined || ports.includes(port))
}

function shapeOf({ id, methods, paths, opaque, addresses }: EgressDocument): Shape {
  return {
    id: `egress.${id}`,
    ...(methods === undefined ? {} : { methods }),
    ...(paths === undefined ? {} : { paths }),
    ...(opaque === undefined ? {} : { opaque }),
    ...(addresses === undefined ? {} : { addresses }),
  }
}

function limitsOf({ id, hosts, ports, at_once: atOnce, timeout }: EgressDocument): EgressGrant['limits'] {
  if (atOnce === undefined && timeout === undefined) return []
  return hosts.map((host) => ({
    ...{ id: `egress.${id}`, host },
    ...(ports === undefined ? {} : { ports }),
    ...(atOnce === undefined ? {} : { atOnce }),
    ...(timeout === undefined ? {} : { timeoutMs: parseDurationMs(timeout) }),
  }))
}

/** Where contents are seen, keys are looked for in what is sent unless somebody says otherwise. */
function contentOf({ id, hosts, inspect, outgoing, incoming }: EgressDocument): EgressGrant['content'] {
  if (inspect !== true && outgoing === undefined && incoming === undefined) return []
  return hosts.map((host) => ({
    id: `egress.${id}`,
    host,
    outgoing: { secrets: outgoing?.secrets ?? 'block', ...sized('maxBytes', outgoing?.max_size) },
    incoming: {
      ...sized('maxBytes', incoming?.max_size),
      ...(incoming?.types === undefined ? {} : { types: incoming.types }),
      // from YAML without tags, hence plain JSON
      ...(incoming?.schema === undefined ? {} : { schema: incoming.schema as JsonSchema }),
    },
  }))
}

function sized<K extends string>(key: K, text: string | undefined): Partial<Record<K, number>> {
  return text === undefined ? {} : ({ [key]: parseSizeBytes(text) } as Partial<Record<K, number>>)
}

type JsonSchema = NonNullable<NonNullable<EgressGrant['content'][number]['incoming']>['schema']>
type BudgetDocument = NonNullable<PolicyDocument['agents']>[string]['egress']

function budgetOf(written: BudgetDocument, usual: EgressGrant['budget']): EgressGrant['budget'] {
  return {
    requests: written?.requests ?? usual.requests,
    requestsPerMinute: written?.requests_per_minute ?? usual.requestsPerMinute,
    connectionsAtOnce: written?.connections ?? usual.connectionsAtOnce,
    bytesOut: bytesOr(written?.bytes_out, usual.bytesOut),
    bytesIn: bytesOr(written?.bytes_in, usual.bytesIn),
  }
}

function bytesOr(text: string | undefined, otherwise: number): number {
  return text === undefined ? otherwise : parseSizeBytes(text)
}
