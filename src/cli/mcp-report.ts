import type { RiskLevel } from '../core/risk.ts'
import type { Out, Style } from './out.ts'

/** One thing that was found, where a person and a program look for it. */
export interface McpFound {
  readonly rule: string
  readonly severity: RiskLevel
  readonly reason: string
  readonly client: string
  /** The settings that name the server. */
  readonly path: string
  readonly server: string
  readonly kind?: string
  readonly name?: string
  /** JSON pointer within the definition. */
  readonly field?: string
}

export interface McpScanned {
  readonly client: string
  readonly path: string
  readonly server: string
  readonly state: 'listed' | 'off' | 'not listed'
  /** Why not. */
  readonly why?: string
  readonly counts: Readonly<Record<string, number>>
  /** What its tools say they can do, by label. */
  readonly can: Readonly<Record<string, readonly string[]>>
}

export interface McpScan {
  readonly servers: readonly McpScanned[]
  readonly findings: readonly McpFound[]
  /** Settings that could not be read. */
  readonly unread: readonly { readonly path: string; readonly why: string }[]
}

const LEVELS: Readonly<Record<RiskLevel, 'note' | 'warning' | 'error'>> = {
  low: 'note',
  medium: 'warning',
  high: 'error',
  critical: 'error',
}

/**
 * The findings as other tools read them; what could not be looked at is told as a failure of the tool, so that an empty
 * list of results is not taken for a clean one.
 *
 * @see SARIF 2.1.0 (OASIS), sections 3.13, 3.14, 3.20, 3.27
 */
export function sarifOf({ findings, servers, unread }: McpScan, version: string): object {
  const rules = [...new Map(findings.map(({ rule, reason }) => [rule, reason]))]
  const failed = [
    ...unread.map(({ path, why }) => `${path}: ${why}`),
    ...servers
      .filter(({ state }) => state === 'not listed')
      .map(({ server, path, why = '' }) => `${server} of ${path}: ${why}`),
  ]
  return {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'warder',
            version,
            rules: rules.map(([id, reason]) => ({ id, shortDescription: { text: reason } })),
          },
        },
        invocations: [
          {
            executionSuccessful: failed.length === 0,
            toolExecutionNotifications: failed.map((text) => ({ level: 'error', message: { text } })),
          },
        ],
        results: findings.map((found) => ({
          ruleId: found.rule,
          ruleIndex: rules.findIndex(([id]) => id === found.rule),
          level: LEVELS[found.severity],
          message: { text: `${placeOf(found)}: ${found.reason}` },
          locations: [
            {
              physicalLocation: { artifactLocation: { uri: uriOf(found.path) } },
              logicalLocations: [{ fullyQualifiedName: placeOf(found) }],
            },
          ],
          properties: { severity: found.severity, client: found.client },
        })),
      },
    ],
  }
}

function uriOf(path: string): string {
  return `file://${path.split('/').map(encodeURIComponent).join('/')}`
}

/** `server/tool/name#/description` */
export function placeOf({ server, kind, name, field }: McpFound): string {
  const inside = [server, kind, name].filter((part) => part !== undefined).join('/')
  return field === undefined || field === '' ? inside : `${inside}#${field}`
}

const COLOUR: Readonly<Record<RiskLevel, Style>> = {
  low: 'dim',
  medium: 'yellow',
  high: 'red',
  critical: 'red',
}

/** The scan for a person. */
export function scanText({ servers, findings, unread }: McpScan, out: Out): string {
  const lines = servers.flatMap((each) => {
    const { client, server, state, why = '', counts, can } = each
    const has = Object.entries(counts).filter(([, count]) => count > 0)
    const said = state === 'listed' ? has.map(([kind, count]) => `${count} ${kind}s`).join(', ') : why
    const colour = state === 'listed' ? 'bold' : state === 'off' ? 'dim' : 'red'
    return [
      `${out.style(colour, `${server} (${client})`)}: ${state === 'not listed' ? 'not listed: ' : ''}${said}`,
      ...Object.entries(can).map(([label, names]) => `  can ${label}: ${names.join(', ')}`),
    ]
  })
  const found = findings.map(
    (each) =>
      `${out.style(COLOUR[each.severity], each.severity)} ${each.rule} ${placeOf(each)}: ${each.reason}`,
  )
  const missing = unread.map(({ path, why }) => `${path}: ${out.style('red', 'not read')}: ${why}`)
  const count = (number: number, one: string): string => `${number} ${one}${number === 1 ? '' : 's'}`
  return [
    ...lines,
    ...found,
    ...missing,
    `${count(findings.length, 'finding')} in ${count(servers.length, 'server')}`,
  ].join('\n')
}
